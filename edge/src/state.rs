//! What the extractors of this crate need from the state of a router.

use crate::TokenKeys;

/// The state of an API: the one bound that [`crate::Identity`] and [`crate::Permit`] ask for.
pub trait EdgeState: Clone + Send + Sync + 'static {
    /// The keys that tokens are checked with.
    fn token_keys(&self) -> &TokenKeys;
}

/// Enough of a state for tests and for services that keep nothing else.
impl EdgeState for std::sync::Arc<TokenKeys> {
    fn token_keys(&self) -> &TokenKeys {
        self
    }
}
