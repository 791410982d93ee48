//! Tokens that were found valid, so that a signature is checked once and not with every request.
//!
//! A token is found again by the digest of all its bytes, and only between the times that it names itself: before and
//! after them, and within the leeway of the clocks, it is checked as if it had never been seen. What was found belongs to
//! the keys it was found with: other keys begin with nothing.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::bearer::Bearer;

/// Tokens that are kept.
const CAPACITY: u64 = 10_000;

/// The digest of a token.
pub(crate) type TokenDigest = [u8; 32];

/// Valid tokens by their digests.
#[derive(Clone)]
pub(crate) struct VerifiedTokens(Cache<TokenDigest, Arc<Verified>>);

struct Verified {
    bearer: Bearer,
    /// Seconds since 1970.
    times: Range<i64>,
}

impl VerifiedTokens {
    pub(crate) fn new() -> Self {
        Self(Cache::new(CAPACITY))
    }

    pub(crate) fn digest(token: &str) -> TokenDigest {
        Sha256::digest(token).into()
    }

    /// Who bears the token, if it was found valid and its times include `now`.
    pub(crate) fn get(&self, digest: &TokenDigest, now: i64) -> Option<Bearer> {
        let verified = self.0.get(digest)?;
        verified.times.contains(&now).then(|| verified.bearer.clone())
    }

    /// Keeps who bears a valid token.
    pub(crate) fn keep(&self, digest: TokenDigest, bearer: Bearer, times: Range<i64>) {
        self.0.insert(digest, Arc::new(Verified { bearer, times }));
    }
}

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifiedTokens(…)")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{Identity, TenantId};

    #[test]
    fn a_token_is_found_between_its_times_and_by_all_its_bytes() {
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let ada = Bearer::new(Identity::new("ada", tenant, Vec::new()), 100, None);
        let tokens = VerifiedTokens::new();
        let digest = VerifiedTokens::digest("a.b.c");
        tokens.keep(digest, ada.clone(), 100..160);
        assert_eq!(tokens.get(&digest, 99), None);
        assert_eq!(tokens.get(&digest, 100), Some(ada.clone()));
        assert_eq!(tokens.get(&digest, 159), Some(ada));
        assert_eq!(tokens.get(&digest, 160), None);
        assert_eq!(tokens.get(&VerifiedTokens::digest("a.b.d"), 100), None);
        assert_eq!(format!("{tokens:?}"), "VerifiedTokens(…)");
    }
}
