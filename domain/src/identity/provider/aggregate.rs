//! The provider: state, decisions, and what events make of it.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{ProviderAction, ProviderCommand, ProviderError, ProviderEvent, Settings};

/// The provider of a tenant, if it has one. Without one, passwords let in and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// The terms of now.
    pub settings: Option<Settings>,
}

impl Provider {
    /// Makes sure that a password lets in.
    ///
    /// # Errors
    /// [`ProviderError::PasswordsOff`]
    pub fn check_password(&self) -> Result<(), ProviderError> {
        let takes = self.settings.as_ref().is_none_or(|settings| settings.passwords);
        if takes { Ok(()) } else { Err(ProviderError::PasswordsOff) }
    }

    /// Whether a second factor that the provider tells of counts.
    pub fn vouches_for_second_factors(&self) -> bool {
        self.settings.as_ref().is_some_and(|settings| !settings.second_factor_values.is_empty())
    }

    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: ProviderCommand) -> Result<Vec<ProviderEvent>, ProviderError> {
        command.not_in_future(ProviderError::OccurredInFuture)?;
        command.not_too_early(ProviderError::OccurredTooEarly)?;
        let event = match (command.action, &self.settings) {
            (ProviderAction::Configure { settings }, present) => {
                settings.check()?;
                (present.as_ref() != Some(&settings)).then_some(ProviderEvent::Configured(settings))
            }
            (ProviderAction::Remove, Some(_)) => Some(ProviderEvent::Removed {}),
            (ProviderAction::Remove, None) => return Err(ProviderError::NotFound),
        };
        Ok(event.into_iter().collect())
    }
}

impl Aggregate for Provider {
    const TYPE: &'static str = "identity.provider";
    type Command = ProviderCommand;
    type Event = ProviderEvent;
    type Error = ProviderError;
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
        self.settings = match event {
            ProviderEvent::Configured(settings) => Some(settings),
            ProviderEvent::Removed {} => None,
        };
    }
}
