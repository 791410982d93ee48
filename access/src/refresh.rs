//! Refresh tokens: random bits of which only digests are kept, each good for one use.

use std::fmt;

use domain::TenantId;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::secret::TenantSecret;
pub use crate::secret::{Digest, NoRandomNumbers, random};

/// What a refresh token begins with, so that whoever finds one lying about knows what it is.
const PREFIX: &str = "crm_rt_";

/// What makes the successor of a token unpredictable: it is kept, and worth nothing without the token.
pub type Nonce = [u8; 32];

/// A refresh token: the tenant, and 256 random bits. Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(TenantSecret);

impl RefreshToken {
    /// A new token.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn fresh(tenant: TenantId) -> Result<Self, NoRandomNumbers> {
        TenantSecret::fresh(tenant).map(Self)
    }

    /// Reads what a client sent; nothing if it is no refresh token.
    pub fn parse(text: &str) -> Option<Self> {
        TenantSecret::parse(PREFIX, text).map(Self)
    }

    /// What is sent to the client, once.
    pub fn reveal(&self) -> String {
        self.0.reveal(PREFIX)
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.0.tenant
    }

    /// By what the token is found.
    pub fn digest(&self) -> Digest {
        self.0.digest()
    }

    /// The token that comes after this one. Whoever has this one and is told the nonce has the next; so a client whose
    /// answer was lost can be given the same one again, although it is kept nowhere.
    pub fn successor(&self, nonce: &Nonce) -> Self {
        let mut mac =
            <Hmac<Sha256> as hmac::Mac>::new_from_slice(&self.0.bytes).expect("a key of any length goes");
        mac.update(nonce);
        Self(TenantSecret { tenant: self.0.tenant, bytes: mac.finalize().into_bytes().into() })
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

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
