//! What can be asked of a session.

use super::{Device, EndReason, Method};
use crate::{Command, Personal, UserId};

/// An action on a session, with its times.
pub type SessionCommand = Command<SessionAction>;

/// What to do with a session.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SessionAction {
    /// Begin, after a sign-in. That the user exists, is not shut out and has shown who they are, the caller has checked.
    Start {
        /// Who signed in.
        user: UserId,
        /// On what.
        device: Personal<Device>,
        /// How.
        method: Method,
    },
    /// Go on under tokens that tell that the user has just shown once more who they are, which the caller has checked.
    StepUp,
    /// Finish, for good.
    End {
        /// Why.
        reason: EndReason,
    },
}
