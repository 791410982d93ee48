//! What can be asked of a tenant's provider.

use super::Settings;
use crate::Command;

/// An action on a provider, with its times.
pub type ProviderCommand = Command<ProviderAction>;

/// What to do with a provider.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ProviderAction {
    /// Let users in on its word, on these terms. The row of the secret is there before.
    Configure {
        /// The terms.
        settings: Settings,
    },
    /// Let nobody in on its word any more.
    Remove,
}
