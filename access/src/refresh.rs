//! Refresh tokens: random bits of which only digests are kept, each good for one use.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::TenantId;
use hmac::{Hmac, Mac as _};
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What a refresh token begins with, so that whoever finds one lying about knows what it is.
const PREFIX: &str = "crm_rt_";
const TENANT_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

/// The digest of a token, by which it is found.
pub type Digest = [u8; 32];
/// What makes the successor of a token unpredictable: it is kept, and worth nothing without the token.
pub type Nonce = [u8; 32];

/// A refresh token: the tenant, and 256 random bits. Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    tenant: TenantId,
    secret: [u8; SECRET_BYTES],
}

/// The operating system has no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the operating system has no random numbers")]
pub struct NoRandomNumbers;

impl RefreshToken {
    /// A new token.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn fresh(tenant: TenantId) -> Result<Self, NoRandomNumbers> {
        Ok(Self { tenant, secret: random()? })
    }

    /// Reads what a client sent; nothing if it is no refresh token.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (tenant, secret) = bytes.split_at_checked(TENANT_BYTES)?;
        let tenant = TenantId::from_uuid(Uuid::from_slice(tenant).ok()?);
        Some(Self { tenant, secret: secret.try_into().ok()? })
    }

    /// What is sent to the client, once.
    pub fn reveal(&self) -> String {
        let bytes = [&self.tenant.as_uuid().as_bytes()[..], &self.secret].concat();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// By what the token is found.
    pub fn digest(&self) -> Digest {
        let mut digest = Sha256::new();
        digest.update(self.tenant.as_uuid().as_bytes());
        digest.update(self.secret);
        digest.finalize().into()
    }

    /// The token that comes after this one. Whoever has this one and is told the nonce has the next; so a client whose
    /// answer was lost can be given the same one again, although it is kept nowhere.
    pub fn successor(&self, nonce: &Nonce) -> Self {
        let mut mac =
            <Hmac<Sha256> as hmac::Mac>::new_from_slice(&self.secret).expect("a key of any length goes");
        mac.update(nonce);
        Self { tenant: self.tenant, secret: mac.finalize().into_bytes().into() }
    }
}

/// 256 bits from the random numbers of the operating system.
///
/// # Errors
/// It has none.
pub fn random() -> Result<[u8; 32], NoRandomNumbers> {
    let mut bytes = [0; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|_| NoRandomNumbers)?;
    Ok(bytes)
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant() -> TenantId {
        TenantId::from_uuid(Uuid::from_u128(1))
    }

    #[test]
    fn a_token_is_read_back_and_nothing_else_is_one() {
        let token = RefreshToken::fresh(tenant()).unwrap();
        let text = token.reveal();
        assert_eq!(RefreshToken::parse(&text), Some(token.clone()));
        assert_ne!(RefreshToken::fresh(tenant()).unwrap(), token);
        let bare = text.strip_prefix(PREFIX).unwrap();
        for bad in ["", PREFIX, bare, &text[..text.len() - 2], &format!("{text}AA"), &format!("{text}=")] {
            assert_eq!(RefreshToken::parse(bad), None, "{bad}");
        }
        assert_eq!(format!("{token:?}"), "RefreshToken(…)");
    }

    #[test]
    fn the_successor_follows_from_token_and_nonce_together() {
        let (one, other) = (RefreshToken::fresh(tenant()).unwrap(), RefreshToken::fresh(tenant()).unwrap());
        let (nonce, another) = (random().unwrap(), random().unwrap());
        assert_eq!(one.successor(&nonce), one.successor(&nonce));
        assert_ne!(one.successor(&nonce), one.successor(&another));
        assert_ne!(one.successor(&nonce), other.successor(&nonce));
        assert_ne!(one.successor(&nonce).digest(), one.digest());
    }
}
