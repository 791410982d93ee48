//! The rules of legal entities.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of legal entities that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LegalEntityError {
    /// There is no such legal entity.
    #[error("there is no such legal entity")]
    NotFound,
    /// A legal entity is registered once.
    #[error("the legal entity exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("nothing can happen to a legal entity in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("nothing can have happened to a legal entity before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// There are bounds to numbers of tax offices.
    #[error("a legal entity has at most 5 tax ids")]
    TooManyTaxIds,
}

impl Rule for LegalEntityError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "legal_entity.not_found",
            Self::AlreadyExists => "legal_entity.already_exists",
            Self::OccurredInFuture => "legal_entity.occurred_in_future",
            Self::OccurredTooEarly => "legal_entity.occurred_too_early",
            Self::TooManyTaxIds => "legal_entity.too_many_tax_ids",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::AlreadyExists => RuleKind::Refused,
            Self::OccurredInFuture | Self::OccurredTooEarly | Self::TooManyTaxIds => RuleKind::Invalid,
        }
    }
}
