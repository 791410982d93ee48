//! The tenant: state, decisions, and what events make of it.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{TenantAction, TenantCommand, TenantError, TenantEvent};
use crate::Text;

/// A tenant, as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Tenant {
    /// Not begun, or of before there were such events.
    #[default]
    Unborn,
    /// Begun.
    Known {
        /// What the company is called.
        name: Text<200>,
    },
}

impl Tenant {
    /// What the company is called, if it began with an event.
    pub fn name(&self) -> Option<&Text<200>> {
        match self {
            Self::Unborn => None,
            Self::Known { name } => Some(name),
        }
    }

    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: TenantCommand) -> Result<Vec<TenantEvent>, TenantError> {
        command.not_in_future(TenantError::OccurredInFuture)?;
        command.not_too_early(TenantError::OccurredTooEarly)?;
        let event = match (self, command.action) {
            (Self::Unborn, TenantAction::Create { name }) => Some(TenantEvent::Created { name }),
            (Self::Known { .. }, TenantAction::Create { .. }) => return Err(TenantError::AlreadyExists),
            (Self::Unborn, TenantAction::Rename { .. }) => return Err(TenantError::NotFound),
            (Self::Known { name }, TenantAction::Rename { name: to }) => {
                (*name != to).then(|| TenantEvent::Renamed { from: name.clone(), to })
            }
        };
        Ok(event.into_iter().collect())
    }
}

impl Aggregate for Tenant {
    const TYPE: &'static str = "identity.tenant";
    type Command = TenantCommand;
    type Event = TenantEvent;
    type Error = TenantError;
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
            TenantEvent::Created { name } | TenantEvent::Renamed { to: name, .. } => {
                *self = Self::Known { name }
            }
        }
    }
}
