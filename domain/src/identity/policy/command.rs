//! What can be asked of a policy.

use crate::Command;

/// An action on a policy, with its times.
pub type PolicyCommand = Command<PolicyAction>;

/// What to do with a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PolicyAction {
    /// Have every user show a second factor.
    DemandSecondFactor,
    /// Leave it to each user.
    MakeSecondFactorOptional,
}
