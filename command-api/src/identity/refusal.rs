//! Why somebody was not signed in.

use std::time::Duration;

use access::limits::NotNow;
use access::password::{HashError, LeakedError};
use access::refresh::NoRandomNumbers;
use edge::Problem;
use edge::token::KeyError;
use event_store::LoadError;
use openid::ProviderError;

use crate::CommandError;

/// When to come back to a provider that could not be asked.
const PROVIDER: Duration = Duration::from_secs(5);
/// When to come back if too many sign in at once.
const BUSY: Duration = Duration::from_secs(2);
/// When to come back if nobody tells which passwords leaked.
const UNCHECKED: Duration = Duration::from_secs(5);
/// When to come back if limits that are shared cannot be asked.
const UNTOLD: Duration = Duration::from_secs(5);

/// Why somebody was not signed in, or their password not changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No such address, another password, or a user who is shut out: nobody is told which.
    #[error("the address or the password is wrong")]
    Credentials,
    /// The password that was asked for again is wrong.
    #[error("the password is wrong")]
    Password,
    /// The password is right, and somebody else made it: it is good for choosing another one.
    #[error("the password is a first one")]
    FirstPassword,
    /// The password is right, and was good for choosing another one in time.
    #[error("the time of the first password is over")]
    FirstPasswordOver,
    /// Whether the chosen password leaked cannot be told, so it is not taken.
    #[error("whether a password leaked cannot be told")]
    Unchecked(#[from] LeakedError),
    /// The password is right, and the user has a second factor, too.
    #[error("a second factor is needed")]
    SecondFactorRequired,
    /// A second factor is demanded, and the user has none yet that will do.
    #[error("a second factor is demanded")]
    SecondFactorDemanded,
    /// A tenant does without what the installation demands.
    #[error("the installation demands a second factor")]
    SecondFactorDemandedHere,
    /// The code is wrong, was taken before, or is no recovery code that is left.
    #[error("the second factor is wrong")]
    SecondFactor,
    /// There is no secret that a code could be of.
    #[error("no second factor was begun")]
    NotBegun,
    /// The tenant has no provider.
    #[error("the tenant has no provider")]
    NoProvider,
    /// This process asks no providers.
    #[error("no provider is asked here")]
    FederationOff,
    /// No such sign-in; it began in another browser, was used, or took too long; or the terms changed: nobody is told which.
    #[error("the sign-in is over")]
    SignInOver,
    /// The provider named somebody who is not let in.
    #[error("the provider's word does not let in")]
    NotLetIn,
    /// The provider's word does not count.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// No such refresh token, or its session is over.
    #[error("the session is over")]
    SessionOver,
    /// No such link; or it was used, another one took its place, or its time is over: nobody is told which.
    #[error("the link is over")]
    LinkOver,
    /// Tenants are made by whoever runs the portal.
    #[error("nobody signs up here")]
    SignUpOff,
    /// This process sends no mail.
    #[error("no mail is sent here")]
    NoMail,
    /// A page sent it that may not act for whoever is signed in by cookie.
    #[error("the page may not act for whoever is signed in")]
    Foreign(Problem),
    /// From where somebody comes could not be recorded, so they do not come in.
    #[error("the trail is not available")]
    Unrecorded(Problem),
    /// Too many wrong passwords: how long to wait before the next.
    #[error("too many wrong passwords")]
    Throttled(Duration),
    /// How many there were is counted together with other processes, and cannot be told now.
    #[error("how often somebody tried cannot be told")]
    Untold,
    /// Too many sign in at once.
    #[error("too many sign in at once")]
    Busy,
    /// This process has no key to sign tokens with.
    #[error("nobody can sign in here")]
    Off,
    /// The command that goes with it had no effect.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The tables of secrets are not available.
    #[error("the database is not available")]
    Unavailable(#[from] sqlx::Error),
    /// A fault of ours.
    #[error("signing in failed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<LoadError> for Refusal {
    fn from(error: LoadError) -> Self {
        CommandError::from(error).into()
    }
}

impl From<NotNow> for Refusal {
    fn from(not_now: NotNow) -> Self {
        match not_now {
            NotNow::Wait(wait) => Self::Throttled(wait),
            NotNow::Untold => Self::Untold,
        }
    }
}

impl From<HashError> for Refusal {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            HashError::Failed(_) | HashError::GivenUp => Self::Internal(error.into()),
        }
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<NoRandomNumbers> for Refusal {
    fn from(error: NoRandomNumbers) -> Self {
        Self::Internal(error.into())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Credentials => {
                Self::not_signed_in("credentials.wrong", "The e-mail address or the password is wrong.")
            }
            Refusal::Password => Self::not_signed_in("password.wrong", "The current password is wrong."),
            Refusal::FirstPassword => {
                Self::refused("password.first", "Choose a password of your own first: PUT /api/v1/password.")
            }
            Refusal::FirstPasswordOver => Self::not_signed_in(
                "password.over",
                "The time to choose another password by this one is over. Ask for a link to one: POST /api/v1/password-resets.",
            ),
            Refusal::Unchecked(error) => Self::unavailable_for(
                "password.unchecked",
                UNCHECKED,
                "Whether this password has leaked somewhere cannot be told right now, so it is not taken. Send it again later, with another code if you sent one.",
            )
            .with_source(error),
            Refusal::SecondFactorRequired => Self::not_signed_in(
                "second_factor.required",
                "Send a code of the second factor, too, or a recovery_code.",
            ),
            Refusal::SecondFactorDemanded => Self::refused(
                "second_factor.demanded",
                "A second factor is demanded here: begin with POST /api/v1/second-factor.",
            ),
            Refusal::SecondFactorDemandedHere => Self::refused(
                "policy.second_factor_demanded",
                "Whoever runs the portal demands a second factor of every user: no tenant does without.",
            ),
            Refusal::SecondFactor => Self::not_signed_in(
                "second_factor.wrong",
                "The code is wrong or was used before. Wait for the next one.",
            ),
            Refusal::NotBegun => Self::refused(
                "second_factor.not_begun",
                "Begin with POST /api/v1/second-factor, and confirm a code within 10 minutes.",
            ),
            Refusal::NoProvider => Self::refused(
                "provider.none",
                "Nobody signs in by an OpenID provider here: the tenant has none.",
            ),
            Refusal::FederationOff => Self::unavailable(
                Duration::from_secs(60),
                "Nobody signs in by an OpenID provider here: CRM_PUBLIC_URL is not set.",
            ),
            Refusal::SignInOver => Self::not_signed_in(
                "sign_in.over",
                "The sign-in is over, or began in another browser. Begin with POST /api/v1/sign-ins.",
            ),
            Refusal::NotLetIn => Self::not_signed_in(
                "sign_in.refused",
                "Whom the provider names is not let in here. Ask an administrator of yours.",
            ),
            Refusal::Provider(error) => match &error {
                ProviderError::Unreachable(_) => {
                    Self::unavailable(PROVIDER, "The provider cannot be asked now.").with_source(error)
                }
                ProviderError::Unfit(_) => {
                    let detail =
                        "The provider cannot be asked. An administrator of yours has to set it right.";
                    Self::refused("provider.unfit", detail).with_source(error)
                }
                ProviderError::Refused | ProviderError::Untrusted(_) => {
                    let detail =
                        "What the provider answered does not count. Begin with POST /api/v1/sign-ins.";
                    Self::not_signed_in("sign_in.failed", detail).with_source(error)
                }
            },
            Refusal::SessionOver => {
                Self::not_signed_in("session.over", "The session is over. Sign in again.")
            }
            Refusal::LinkOver => Self::refused(
                "link.over",
                "The link was used, or a newer one took its place, or its time is over. Ask for another one.",
            ),
            Refusal::SignUpOff => {
                Self::refused("sign_up.off", "Nobody signs up here. Ask whoever runs the portal.")
            }
            Refusal::NoMail => {
                Self::unavailable(Duration::from_secs(60), "No mail is sent here: SMTP_URL is not set.")
            }
            Refusal::Foreign(problem) | Refusal::Unrecorded(problem) => problem,
            Refusal::Throttled(wait) => Self::too_many_requests(wait),
            Refusal::Untold => Self::unavailable(
                UNTOLD,
                "Nobody can sign in or show who they are right now, since how often that was tried cannot be told. \
                 Whoever is signed in stays so.",
            ),
            Refusal::Busy => Self::unavailable(BUSY, "Too many sign in at once."),
            Refusal::Off => Self::unavailable(
                Duration::from_secs(60),
                "Nobody can sign in here: CRM_TOKEN_PRIVATE_KEY is not set.",
            ),
            Refusal::Command(error) => error.into(),
            Refusal::Unavailable(error) => {
                let detail = "The database is not available. Send it again.";
                Self::unavailable(Duration::from_secs(1), detail).with_source(error)
            }
            Refusal::Internal(source) => Self::internal(source),
        }
    }
}
