//! The policy: state, decisions, and what events make of it.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{PolicyAction, PolicyCommand, PolicyError, PolicyEvent};

/// What a tenant asks of its users. One that nobody ever changed asks for a password and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whether every user has to show a second factor.
    pub demands_second_factor: bool,
}

impl Policy {
    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: PolicyCommand) -> Result<Vec<PolicyEvent>, PolicyError> {
        command.not_in_future(PolicyError::OccurredInFuture)?;
        command.not_too_early(PolicyError::OccurredTooEarly)?;
        let event = match (command.action, self.demands_second_factor) {
            (PolicyAction::DemandSecondFactor, false) => Some(PolicyEvent::SecondFactorDemanded {}),
            (PolicyAction::MakeSecondFactorOptional, true) => Some(PolicyEvent::SecondFactorMadeOptional {}),
            (PolicyAction::DemandSecondFactor, true) | (PolicyAction::MakeSecondFactorOptional, false) => {
                None
            }
        };
        Ok(event.into_iter().collect())
    }
}

impl Aggregate for Policy {
    const TYPE: &'static str = "identity.policy";
    type Command = PolicyCommand;
    type Event = PolicyEvent;
    type Error = PolicyError;
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
            PolicyEvent::SecondFactorDemanded {} => self.demands_second_factor = true,
            PolicyEvent::SecondFactorMadeOptional {} => self.demands_second_factor = false,
        }
    }
}
