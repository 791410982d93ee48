//! One example of each event of a policy.

use super::PolicyEvent;

/// One of each.
pub fn all() -> Vec<PolicyEvent> {
    vec![demanded(), made_optional()]
}

/// `policy.second_factor_demanded`
pub fn demanded() -> PolicyEvent {
    PolicyEvent::SecondFactorDemanded {}
}

/// `policy.second_factor_made_optional`
pub fn made_optional() -> PolicyEvent {
    PolicyEvent::SecondFactorMadeOptional {}
}
