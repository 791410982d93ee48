//! Second factors: codes that change each half minute (RFC 6238), and recovery codes in their place.

use std::fmt;

use domain::{TenantId, UserId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use totp_rs::{Algorithm, TOTP};

use crate::password::Guess;
use crate::refresh::{Digest, NoRandomNumbers};

/// Seconds of a time step, and digits of a code: what every app can do.
const STEP: i64 = 30;
const DIGITS: usize = 6;
/// Steps that the clock of a phone may be off, either way.
const LEEWAY: i64 = 1;
/// Bytes of a secret, as long as the digest that codes are made of (RFC 4226, section 4).
const SECRET: usize = 20;
/// Recovery codes that a user is told, and bytes of each.
pub const RECOVERY_CODES: usize = 10;
const RECOVERY: usize = 16;
/// Who issues codes, in the apps that show them.
const ISSUER: &str = "CRM";

/// The secret that codes are made of. Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A new secret.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn fresh() -> Result<Self, NoRandomNumbers> {
        random::<SECRET>().map(|bytes| Self(bytes.to_vec()))
    }

    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret as people type it into an app.
    pub fn reveal(&self) -> String {
        base32(&self.0)
    }

    /// The secret as apps read it from a picture, for the account of this name.
    pub fn url(&self, account: &str) -> String {
        let account = utf8_percent_encode(account, NON_ALPHANUMERIC);
        let secret = self.reveal();
        format!(
            "otpauth://totp/{ISSUER}:{account}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP}"
        )
    }

    /// The time step of a code, if it is one of about now, in seconds since 1970.
    pub fn step(&self, code: &Guess, now: i64) -> Option<i64> {
        let code: String = code.as_str().chars().filter(|c| !c.is_whitespace()).collect();
        let present = now.div_euclid(STEP);
        let mut found = None;
        // All of them are looked at, so that time does not tell how far off a clock is.
        for step in present - LEEWAY..=present + LEEWAY {
            if self.code(step).is_some_and(|right| is_equal(&right, &code)) {
                found = Some(step);
            }
        }
        found
    }

    fn code(&self, step: i64) -> Option<String> {
        let (step, period) = (u64::try_from(step).ok()?, STEP.unsigned_abs());
        let totp = TOTP::new(Algorithm::SHA1, DIGITS, 0, period, self.0.clone()).ok()?;
        Some(totp.generate(step * period))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What somebody says beside their password.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// A code of the second factor.
    pub code: Option<Guess>,
    /// A recovery code in its place.
    pub recovery_code: Option<Guess>,
}

/// New recovery codes, as the user is told them, once.
///
/// # Errors
/// The operating system has no random numbers.
pub fn recovery_codes() -> Result<Vec<String>, NoRandomNumbers> {
    (0..RECOVERY_CODES).map(|_| recovery_code()).collect()
}

fn recovery_code() -> Result<String, NoRandomNumbers> {
    let text = base32(&random::<RECOVERY>()?).to_lowercase();
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// By what a recovery code of a user is found. It has 128 random bits, so nobody tries them all.
pub fn recovery_digest(tenant: TenantId, user: UserId, code: &Guess) -> Digest {
    let plain: String =
        code.as_str().chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    Sha256::digest(format!("{tenant} {user} {plain}")).into()
}

fn random<const N: usize>() -> Result<[u8; N], NoRandomNumbers> {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(|_| NoRandomNumbers)?;
    Ok(bytes)
}

fn base32(bytes: &[u8]) -> String {
    totp_rs::Secret::Raw(bytes.to_vec()).to_encoded().to_string()
}

/// Compares without telling by time where the first difference is.
fn is_equal(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |found, (a, b)| found | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six digits of its eight, for SHA-1.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret(b"12345678901234567890".to_vec());
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.step(&Guess::new(code), time), Some(time / 30), "{time}");
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_the_ones_beside_it() {
        let secret = Secret(b"12345678901234567890".to_vec());
        let step = |code: &str, time| secret.step(&Guess::new(code), time);
        for time in [30_i64, 59, 60, 89] {
            assert_eq!(step("287082", time), Some(1), "{time}");
        }
        assert_eq!(step("287082", 29), Some(1));
        assert_eq!(step("287082", 90), None);
        assert_eq!(step("287 082", 59), Some(1));
        for bad in ["", "28708", "2870820", "287083", "94287082", "287082x"] {
            assert_eq!(step(bad, 59), None, "{bad}");
        }
    }

    #[test]
    fn a_secret_is_told_as_apps_read_it_and_prints_nothing() {
        let secret = Secret(b"12345678901234567890".to_vec());
        assert_eq!(secret.reveal(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            secret.url("grace+1@engines.example"),
            "otpauth://totp/CRM:grace%2B1%40engines%2Eexample?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=CRM\
             &algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_ne!(Secret::fresh().unwrap(), Secret::fresh().unwrap());
    }

    #[test]
    fn recovery_codes_are_found_however_they_are_typed() {
        let codes = recovery_codes().unwrap();
        assert_eq!(codes.len(), 10);
        let (tenant, user) = (TenantId::from_uuid(uuid::Uuid::nil()), UserId::from_uuid(uuid::Uuid::max()));
        let digest = |text: &str| recovery_digest(tenant, user, &Guess::new(text));
        for code in &codes {
            assert_eq!(code.len(), 32);
            assert_eq!(digest(code), digest(&code.replace('-', " ").to_uppercase()));
        }
        assert_ne!(digest(&codes[0]), digest(&codes[1]));
        assert_ne!(
            digest(&codes[0]),
            recovery_digest(tenant, UserId::from_uuid(uuid::Uuid::nil()), &Guess::new(&*codes[0]))
        );
    }
}
