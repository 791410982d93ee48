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
/// Bytes of secrets, at least as many as the digest has that codes are made of (RFC 6238, section 5.1). They are a multiple of five, so
/// that base32 needs no filling: there are apps that refuse secrets which would.
const SECRET_SHA1: usize = 20;
const SECRET_SHA256: usize = 35;
/// Recovery codes that a user is told, and bytes of each.
pub const RECOVERY_CODES: usize = 10;
const RECOVERY: usize = 16;
/// Who issues codes, in the apps that show them.
const ISSUER: &str = "CRM";

/// The hash function of the HMAC that codes are made by, the weaker one first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CodeAlgorithm {
    /// What every app can do.
    #[default]
    Sha1,
    /// What some apps can do. Others take it for SHA-1, and show codes that are wrong.
    Sha256,
}

impl CodeAlgorithm {
    /// What apps call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256].into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// The secret that codes are made of, and by what. Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    bytes: Vec<u8>,
    algorithm: CodeAlgorithm,
}

impl Secret {
    /// A new secret.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn fresh(algorithm: CodeAlgorithm) -> Result<Self, NoRandomNumbers> {
        let bytes = match algorithm {
            CodeAlgorithm::Sha1 => random::<SECRET_SHA1>()?.to_vec(),
            CodeAlgorithm::Sha256 => random::<SECRET_SHA256>()?.to_vec(),
        };
        Ok(Self { bytes, algorithm })
    }

    pub(crate) fn of(bytes: Vec<u8>, algorithm: CodeAlgorithm) -> Self {
        Self { bytes, algorithm }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// By what codes are made.
    pub fn algorithm(&self) -> CodeAlgorithm {
        self.algorithm
    }

    /// The secret as people type it into an app.
    pub fn reveal(&self) -> String {
        base32(&self.bytes)
    }

    /// The secret as apps read it from a picture, for the account of this name.
    pub fn url(&self, account: &str) -> String {
        let account = utf8_percent_encode(account, NON_ALPHANUMERIC);
        let (secret, algorithm) = (self.reveal(), self.algorithm.name());
        format!(
            "otpauth://totp/{ISSUER}:{account}?secret={secret}&issuer={ISSUER}&algorithm={algorithm}&digits={DIGITS}&period={STEP}"
        )
    }

    /// The time step of a code, if it is one of now, in seconds since 1970, or of as many steps before and after as `leeway` says.
    pub fn step(&self, code: &Guess, now: i64, leeway: u8) -> Option<i64> {
        let code: String = code.as_str().chars().filter(|c| !c.is_whitespace()).collect();
        let (present, leeway) = (now.div_euclid(STEP), i64::from(leeway));
        let mut found = None;
        // All of them are looked at, so that time does not tell how far off a clock is.
        for step in present - leeway..=present + leeway {
            if self.code(step).is_some_and(|right| is_equal(&right, &code)) {
                found = Some(step);
            }
        }
        found
    }

    fn code(&self, step: i64) -> Option<String> {
        let (step, period) = (u64::try_from(step).ok()?, STEP.unsigned_abs());
        let algorithm = match self.algorithm {
            CodeAlgorithm::Sha1 => Algorithm::SHA1,
            CodeAlgorithm::Sha256 => Algorithm::SHA256,
        };
        let totp = TOTP::new(algorithm, DIGITS, 0, period, self.bytes.clone()).ok()?;
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

    fn sha1() -> Secret {
        Secret::of(b"12345678901234567890".to_vec(), CodeAlgorithm::Sha1)
    }

    fn sha256() -> Secret {
        Secret::of(b"12345678901234567890123456789012".to_vec(), CodeAlgorithm::Sha256)
    }

    /// RFC 6238, appendix B: the last six digits of its eight.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (time, by_sha1, by_sha256) in [
            (59, "287082", "119246"),
            (1_111_111_109, "081804", "084774"),
            (1_111_111_111, "050471", "062674"),
            (1_234_567_890, "005924", "819424"),
            (2_000_000_000, "279037", "698825"),
            (20_000_000_000, "353130", "737706"),
        ] {
            assert_eq!(sha1().step(&Guess::new(by_sha1), time, 0), Some(time / 30), "{time}");
            assert_eq!(sha256().step(&Guess::new(by_sha256), time, 0), Some(time / 30), "{time}");
        }
    }

    #[test]
    fn a_code_without_leeway_is_good_for_its_own_30_seconds_only() {
        for (secret, code) in [(sha1(), "287082"), (sha256(), "119246")] {
            let step = |time| secret.step(&Guess::new(code), time, 0);
            assert_eq!([29, 30, 59, 60].map(step), [None, Some(1), Some(1), None]);
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_the_ones_beside_it() {
        let secret = sha1();
        let step = |code: &str, time| secret.step(&Guess::new(code), time, 1);
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
        let secret = sha1();
        assert_eq!(secret.reveal(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            secret.url("grace+1@engines.example"),
            "otpauth://totp/CRM:grace%2B1%40engines%2Eexample?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=CRM\
             &algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert!(sha256().url("grace").ends_with("&issuer=CRM&algorithm=SHA256&digits=6&period=30"));
    }

    #[test]
    fn a_new_secret_is_as_long_as_the_digest_at_least_and_base32_does_not_fill_it_up() {
        for (algorithm, bytes) in [(CodeAlgorithm::Sha1, 20), (CodeAlgorithm::Sha256, 32)] {
            let [one, other] = [(); 2].map(|()| Secret::fresh(algorithm).unwrap());
            assert_ne!(one, other);
            assert!(one.bytes().len() >= bytes && one.reveal().len().is_multiple_of(8), "{}", one.reveal());
            assert_eq!(CodeAlgorithm::named(algorithm.name()), Some(algorithm));
        }
        assert_eq!(CodeAlgorithm::named("MD5"), None);
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
