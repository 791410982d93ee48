//! The rules of providers.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of providers that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// There is none to remove.
    #[error("the tenant has no provider")]
    NotFound,
    /// Nothing occurs in the future.
    #[error("a provider cannot be changed in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("a provider cannot have been changed before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// Many providers let anybody in the world have an account.
    #[error("whoever has no account is let in only of domains that are named")]
    NewcomersOfAnyDomain,
    /// Who runs the tenant is told by the tenant.
    #[error("nobody becomes admin on the word of a provider")]
    NewcomersAsAdmins,
    /// A list of domains has an end.
    #[error("a provider lets in addresses of at most 50 domains")]
    TooManyDomains,
    /// So has a list of values.
    #[error("a provider tells of second factors by at most 20 values")]
    TooManyValues,
    /// A client without a secret is anybody. Raised by the caller, who alone sees secrets.
    #[error("the provider knows the portal by a client secret")]
    SecretMissing,
    /// The provider alone lets in. Raised by the caller, to whom a password was shown.
    #[error("passwords do not let in: the tenant's provider alone does")]
    PasswordsOff,
}

impl Rule for ProviderError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "provider.not_found",
            Self::OccurredInFuture => "provider.occurred_in_future",
            Self::OccurredTooEarly => "provider.occurred_too_early",
            Self::NewcomersOfAnyDomain => "provider.newcomers_of_any_domain",
            Self::NewcomersAsAdmins => "provider.newcomers_as_admins",
            Self::TooManyDomains => "provider.too_many_domains",
            Self::TooManyValues => "provider.too_many_values",
            Self::SecretMissing => "provider.secret_missing",
            Self::PasswordsOff => "password.off",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::PasswordsOff => RuleKind::Refused,
            Self::OccurredInFuture
            | Self::OccurredTooEarly
            | Self::NewcomersOfAnyDomain
            | Self::NewcomersAsAdmins
            | Self::TooManyDomains
            | Self::TooManyValues
            | Self::SecretMissing => RuleKind::Invalid,
        }
    }
}
