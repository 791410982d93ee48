//! What happens to a session.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::Device;
use crate::{Personal, UserId};

/// Why a session ended on its own, not with all others of its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EndReason {
    /// Its user signed out.
    SignedOut,
    /// A refresh token came back that was spent already: somebody has a copy of it.
    Reused,
}

/// How somebody showed who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Method {
    /// By a password.
    #[default]
    Password,
    /// By the word of the tenant's provider.
    Provider,
    /// By the word of the tenant's provider, which told of a second factor too, and that counted.
    ProviderSecondFactor,
}

/// An event of a session. Refresh tokens and their digests are in none of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SessionEvent {
    /// A user signed in.
    Started {
        /// Who.
        user: UserId,
        /// On what, as the client says.
        device: Personal<Device>,
        /// How. Before there was a choice, it was by a password.
        #[serde(default)]
        method: Method,
    },
    /// Its user showed once more who they are. Access tokens of before are over.
    SteppedUp {},
    /// It is over, for good.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

impl DomainEvent for SessionEvent {
    fn event_type(&self) -> String {
        format!("session.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
