//! What a client shows to be let in: 256 random bits of a tenant, of which only a digest is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::TenantId;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

const TENANT_BYTES: usize = 16;

/// The digest of a secret, by which it is found.
pub type Digest = [u8; 32];

/// The operating system has no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the operating system has no random numbers")]
pub struct NoRandomNumbers;

/// A secret of a tenant, written as a prefix, which tells whoever finds it what it is, and 64 characters.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TenantSecret {
    pub tenant: TenantId,
    pub bytes: [u8; 32],
}

impl TenantSecret {
    pub fn fresh(tenant: TenantId) -> Result<Self, NoRandomNumbers> {
        Ok(Self { tenant, bytes: random()? })
    }

    pub fn parse(prefix: &str, text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(prefix)?).ok()?;
        let (tenant, bytes) = bytes.split_at_checked(TENANT_BYTES)?;
        let tenant = TenantId::from_uuid(Uuid::from_slice(tenant).ok()?);
        Some(Self { tenant, bytes: bytes.try_into().ok()? })
    }

    pub fn reveal(&self, prefix: &str) -> String {
        let bytes = [&self.tenant.as_uuid().as_bytes()[..], &self.bytes].concat();
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    pub fn digest(&self) -> Digest {
        let mut digest = Sha256::new();
        digest.update(self.tenant.as_uuid().as_bytes());
        digest.update(self.bytes);
        digest.finalize().into()
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
