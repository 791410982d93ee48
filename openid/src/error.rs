//! What can be wrong with a provider and its answers.

use openidconnect::core::CoreErrorResponseType;
use openidconnect::{
    ClaimsVerificationError, DiscoveryError, RequestTokenError, StandardErrorResponse, UserInfoError,
};

use crate::web::AskError;

/// Why a provider's word does not count. Nothing of what it said is repeated: that may be a secret, or about somebody.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or not now. That passes.
    #[error("the provider cannot be asked now")]
    Unreachable(#[source] AskError),
    /// It is not one that can be asked: its address, or what it publishes of itself.
    #[error("the provider is not fit to be asked: {0}")]
    Unfit(&'static str),
    /// It does not know the code, or the portal.
    #[error("the provider refused the code")]
    Refused,
    /// Its answer is not what it should be.
    #[error("the provider's answer is not to be trusted: {0}")]
    Untrusted(&'static str),
}

impl From<AskError> for ProviderError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Unnamed
            | AskError::Scheme
            | AskError::Private
            | AskError::Malformed
            | AskError::TooMuch => Self::Unfit(error.reason()),
            AskError::Busy | AskError::Slow | AskError::Failing | AskError::Transport(_) => {
                // A name that leads to a private address is found out by whoever looks it up, deep within a failed connection.
                if error.is_private() {
                    Self::Unfit(AskError::Private.reason())
                } else {
                    Self::Unreachable(error)
                }
            }
        }
    }
}

impl From<DiscoveryError<AskError>> for ProviderError {
    fn from(error: DiscoveryError<AskError>) -> Self {
        match error {
            DiscoveryError::Request(error) => error.into(),
            DiscoveryError::Validation(_) => Self::Unfit("it calls itself by another name"),
            DiscoveryError::Response(..)
            | DiscoveryError::Parse(_)
            | DiscoveryError::UrlParse(_)
            | DiscoveryError::Other(_)
            | _ => Self::Unfit("it does not publish what OpenID Connect Discovery asks for"),
        }
    }
}

/// What a token endpoint says that gives no token.
type TokenRefusal = StandardErrorResponse<CoreErrorResponseType>;

impl From<RequestTokenError<AskError, TokenRefusal>> for ProviderError {
    fn from(error: RequestTokenError<AskError, TokenRefusal>) -> Self {
        match error {
            RequestTokenError::Request(error) => error.into(),
            RequestTokenError::ServerResponse(_) => Self::Refused,
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                Self::Untrusted("its token endpoint answers something else")
            }
        }
    }
}

impl From<UserInfoError<AskError>> for ProviderError {
    fn from(error: UserInfoError<AskError>) -> Self {
        match error {
            UserInfoError::Request(error) => error.into(),
            UserInfoError::ClaimsVerification(error) => error.into(),
            UserInfoError::Parse(_) | UserInfoError::Response(..) | UserInfoError::Other(_) | _ => {
                Self::Untrusted("its userinfo endpoint answers something else")
            }
        }
    }
}

impl From<ClaimsVerificationError> for ProviderError {
    fn from(error: ClaimsVerificationError) -> Self {
        Self::Untrusted(match error {
            ClaimsVerificationError::Expired(_) => "the id token is too old, or of the future",
            ClaimsVerificationError::InvalidAudience(_) => "the id token is for somebody else",
            ClaimsVerificationError::InvalidAuthTime(_) => "the user was not asked anew",
            ClaimsVerificationError::InvalidIssuer(_) => "the id token is of another issuer",
            ClaimsVerificationError::InvalidNonce(_) => "the id token belongs to another sign-in",
            ClaimsVerificationError::InvalidSubject(_) => "the answer is about another user",
            ClaimsVerificationError::SignatureVerification(_) => "the id token is not signed by the provider",
            ClaimsVerificationError::InvalidAuthContext(_)
            | ClaimsVerificationError::Unsupported(_)
            | ClaimsVerificationError::Other(_)
            | _ => "the id token is none",
        })
    }
}
