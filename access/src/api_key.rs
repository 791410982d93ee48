//! Keys by which programs act for a user: random bits of which only a digest is kept.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{ApiKeyId, TenantId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::refresh::{Digest, NoRandomNumbers, random};

const PREFIX: &str = "crm_";
/// Characters of the id, which is that of the tenant and of the key, and of the secret.
const ID: usize = 43;
const SECRET: usize = 43;

/// A key: `crm_<id>_<secret>`. Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The tenant.
    pub tenant: TenantId,
    /// The key's own id.
    pub id: ApiKeyId,
    secret: [u8; 32],
}

impl ApiKey {
    /// A new key.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn fresh(tenant: TenantId, id: ApiKeyId) -> Result<Self, NoRandomNumbers> {
        Ok(Self { tenant, id, secret: random()? })
    }

    /// Reads what a client sent; nothing if it is no key.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, rest) = text.strip_prefix(PREFIX)?.split_at_checked(ID)?;
        let secret = rest.strip_prefix('_').filter(|secret| secret.len() == SECRET)?;
        let id = URL_SAFE_NO_PAD.decode(id).ok()?;
        let (tenant, id) = id.split_at_checked(16)?;
        Some(Self {
            tenant: TenantId::from_uuid(Uuid::from_slice(tenant).ok()?),
            id: ApiKeyId::from_uuid(Uuid::from_slice(id).ok()?),
            secret: URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?,
        })
    }

    /// What is shown to the user, once.
    pub fn reveal(&self) -> String {
        let id = [*self.tenant.as_uuid().as_bytes(), *self.id.as_uuid().as_bytes()].concat();
        format!("{PREFIX}{}_{}", URL_SAFE_NO_PAD.encode(id), URL_SAFE_NO_PAD.encode(self.secret))
    }

    /// What is kept of it. The secret has 256 random bits, so a plain digest is enough.
    pub fn digest(&self) -> Digest {
        Sha256::digest(self.reveal()).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RefreshToken;

    #[test]
    fn a_key_is_read_back_and_nothing_else_is_one() {
        let (tenant, id) = (TenantId::from_uuid(Uuid::from_u128(1)), ApiKeyId::from_uuid(Uuid::from_u128(2)));
        let key = ApiKey::fresh(tenant, id).unwrap();
        let text = key.reveal();
        assert_eq!(ApiKey::parse(&text), Some(key.clone()));
        assert_ne!(ApiKey::fresh(tenant, id).unwrap(), key);
        let refresh = RefreshToken::fresh(tenant).unwrap().reveal();
        let parts = (&text[..47], &text[48..]);
        for bad in [
            "",
            "crm_",
            &text[4..],
            &text[..text.len() - 1],
            &format!("{text}A"),
            &format!("{text}="),
            &format!("{}-{}", parts.0, parts.1),
            &format!("{}_{}", parts.0, "é".repeat(22)),
            &refresh,
        ] {
            assert_eq!(ApiKey::parse(bad), None, "{bad}");
        }
        assert_eq!(format!("{key:?}"), "ApiKey(…)");
    }
}
