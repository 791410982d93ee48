//! The rules of users' accounts.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of users' accounts that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// An account is opened once.
    #[error("the user exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("an account cannot be changed in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("an account cannot have been changed before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// Who is shut out gets no new password: being let in again comes first.
    #[error("the user is disabled")]
    Disabled,
    /// An account that was erased stays closed.
    #[error("the user was erased")]
    Erased,
    /// Who has a password was in already: an invitation would be a way around it.
    #[error("the user has a password already")]
    HasPassword,
    /// A second factor is replaced by doing without it first.
    #[error("the user has a second factor already")]
    SecondFactorEnabled,
    /// Who has no second factor has no recovery codes.
    #[error("the user has no recovery code left")]
    NoRecoveryCode,
    /// Whoever made a first password knows it: it is not to be kept.
    #[error("a first password ends after it was made, and within a week")]
    FirstPasswordLife,
    /// A key that is over from the beginning opens nothing.
    #[error("a key ends after it was issued, and within a year")]
    KeyLife,
    /// Keys that nobody needs are a danger.
    #[error("a user has at most 50 keys")]
    TooManyKeys,
    /// A key is issued once.
    #[error("the key exists already")]
    KeyExists,
    /// The user has no such key.
    #[error("the user has no such key")]
    NoSuchKey,
    /// Whom a provider names is one user for ever: another one of the same address is somebody else.
    #[error("the provider knows the user as somebody else")]
    ProviderLinked,
    /// Of the users of a tenant, each has an address of their own, in whatever case. Raised by the caller, who alone can
    /// see the others.
    #[error("another user of the tenant has this e-mail address")]
    EmailTaken,
    /// Who runs a tenant cannot lock themselves out of it. Raised by the caller, who knows who asks.
    #[error("nobody disables or erases their own account, or takes the role of admin from it")]
    OwnAccount,
}

impl Rule for UserError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "user.not_found",
            Self::AlreadyExists => "user.already_exists",
            Self::OccurredInFuture => "user.occurred_in_future",
            Self::OccurredTooEarly => "user.occurred_too_early",
            Self::Disabled => "user.disabled",
            Self::Erased => "user.erased",
            Self::HasPassword => "user.has_password",
            Self::SecondFactorEnabled => "user.second_factor_enabled",
            Self::NoRecoveryCode => "user.no_recovery_code",
            Self::FirstPasswordLife => "user.first_password_life",
            Self::KeyLife => "user.key_life",
            Self::TooManyKeys => "user.too_many_keys",
            Self::KeyExists => "user.key_exists",
            Self::NoSuchKey => "user.no_such_key",
            Self::ProviderLinked => "user.provider_linked",
            Self::EmailTaken => "user.email_taken",
            Self::OwnAccount => "user.own_account",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound | Self::NoSuchKey => RuleKind::NotFound,
            Self::OccurredInFuture | Self::OccurredTooEarly | Self::FirstPasswordLife | Self::KeyLife => {
                RuleKind::Invalid
            }
            Self::AlreadyExists
            | Self::Disabled
            | Self::Erased
            | Self::HasPassword
            | Self::SecondFactorEnabled
            | Self::NoRecoveryCode
            | Self::TooManyKeys
            | Self::KeyExists
            | Self::ProviderLinked
            | Self::EmailTaken
            | Self::OwnAccount => RuleKind::Refused,
        }
    }
}
