//! The session: state, decisions, and what events make of it.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{Method, SessionAction, SessionCommand, SessionError, SessionEvent};
use crate::UserId;

/// A session, one sign-in on one device, as its events made it.
///
/// Its events do not tell that all sessions of its user were ended: whoever asks whether it is over compares the user's
/// [`epoch`](crate::identity::user::User::epoch) too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Session {
    /// Not started yet.
    #[default]
    Unborn,
    /// Started, and without an end of its own.
    Live {
        /// Who signed in.
        user: UserId,
        /// How.
        #[serde(default)]
        method: Method,
    },
    /// Ended, for good.
    Ended {
        /// Who had signed in.
        user: UserId,
    },
}

impl Session {
    /// Who signed in; none before the start.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Unborn => None,
            Self::Live { user, .. } | Self::Ended { user } => Some(*user),
        }
    }

    /// How its user signed in, as long as it has no end of its own.
    pub fn method(&self) -> Option<Method> {
        match self {
            Self::Live { method, .. } => Some(*method),
            Self::Unborn | Self::Ended { .. } => None,
        }
    }

    /// Whether it started and has no end of its own.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: SessionCommand) -> Result<Vec<SessionEvent>, SessionError> {
        command.not_in_future(SessionError::OccurredInFuture)?;
        command.not_too_early(SessionError::OccurredTooEarly)?;
        let event = match (self, command.action) {
            (Self::Unborn, SessionAction::Start { user, device, method }) => {
                Some(SessionEvent::Started { user, device, method })
            }
            (Self::Live { .. } | Self::Ended { .. }, SessionAction::Start { .. }) => {
                return Err(SessionError::AlreadyExists);
            }
            (Self::Unborn, SessionAction::StepUp | SessionAction::End { .. })
            | (Self::Ended { .. }, SessionAction::StepUp) => return Err(SessionError::NotFound),
            (Self::Live { .. }, SessionAction::StepUp) => Some(SessionEvent::SteppedUp {}),
            (Self::Live { .. }, SessionAction::End { reason }) => Some(SessionEvent::Ended { reason }),
            (Self::Ended { .. }, SessionAction::End { .. }) => None,
        };
        Ok(event.into_iter().collect())
    }
}

impl Aggregate for Session {
    const TYPE: &'static str = "identity.session";
    type Command = SessionCommand;
    type Event = SessionEvent;
    type Error = SessionError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            SessionEvent::Started { user, method, .. } => *self = Self::Live { user, method },
            // What it changes is the version of the session, which its tokens tell.
            SessionEvent::SteppedUp {} => {}
            SessionEvent::Ended { .. } => {
                // Only a session that started ends; the log cannot hold others.
                if let Self::Live { user, .. } = self {
                    *self = Self::Ended { user: *user };
                }
            }
        }
    }
}
