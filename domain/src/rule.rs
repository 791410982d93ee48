//! What all errors of aggregates have in common, so that one mapping to answers serves them all.

/// A rule of the business that refused a command.
pub trait Rule: std::error::Error {
    /// The stable name of the rule, `<aggregate>.<rule>`, such as `opportunity.closed`. Clients match on it.
    fn code(&self) -> &'static str;

    /// What sort of refusal it is.
    fn kind(&self) -> RuleKind;
}

/// The sorts of refusals that a caller must tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// There is no such thing (404).
    NotFound,
    /// It does not go in the present state (409).
    Refused,
    /// The values can never go (422).
    Invalid,
}
