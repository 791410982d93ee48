//! The custom role: state, decisions, and what events make of it.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{CustomRoleAction, CustomRoleCommand, CustomRoleError, CustomRoleEvent};
use crate::Text;
use crate::identity::field::HideableField;
use crate::identity::permission::Permission;
use crate::identity::{Grants, HiddenFields, Level};

/// A custom role, as the events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum CustomRole {
    /// Not defined yet.
    #[default]
    Unborn,
    /// In use.
    Defined(Definition),
    /// Out of use, for good.
    Retired,
}

/// What a custom role is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// What people call it.
    pub name: Text<100>,
    /// What it lets those do who have it.
    pub grants: Grants,
    /// The fields that it does not show them.
    #[serde(default)]
    pub hidden: HiddenFields,
}

impl CustomRole {
    /// What the role is, while it is in use.
    pub fn definition(&self) -> Option<&Definition> {
        match self {
            Self::Defined(definition) => Some(definition),
            Self::Unborn | Self::Retired => None,
        }
    }

    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: CustomRoleCommand) -> Result<Vec<CustomRoleEvent>, CustomRoleError> {
        command.not_in_future(CustomRoleError::OccurredInFuture)?;
        command.not_too_early(CustomRoleError::OccurredTooEarly)?;
        let event = match command.action {
            CustomRoleAction::Define { name, grants, hidden } => {
                if *self != Self::Unborn {
                    return Err(CustomRoleError::AlreadyExists);
                }
                check(&grants)?;
                check_fields(&hidden)?;
                Some(CustomRoleEvent::Defined { name, grants, hidden })
            }
            CustomRoleAction::Rename { name: to } => {
                let from = self.defined()?.name.clone();
                (from != to).then_some(CustomRoleEvent::Renamed { from, to })
            }
            CustomRoleAction::Grant { grants: to } => {
                let from = self.defined()?.grants.clone();
                check(&to)?;
                (from != to).then_some(CustomRoleEvent::Granted { from, to })
            }
            CustomRoleAction::Hide { hidden: to } => {
                let from = self.defined()?.hidden.clone();
                check_fields(&to)?;
                (from != to).then_some(CustomRoleEvent::FieldsHidden { from, to })
            }
            CustomRoleAction::Retire => match self {
                Self::Unborn => return Err(CustomRoleError::NotFound),
                Self::Defined(Definition { name, .. }) => {
                    Some(CustomRoleEvent::Retired { name: name.clone() })
                }
                Self::Retired => None,
            },
        };
        Ok(event.into_iter().collect())
    }

    fn defined(&self) -> Result<&Definition, CustomRoleError> {
        match self {
            Self::Unborn => Err(CustomRoleError::NotFound),
            Self::Defined(definition) => Ok(definition),
            Self::Retired => Err(CustomRoleError::Retired),
        }
    }
}

/// Whether all of this can be given.
fn check(grants: &Grants) -> Result<(), CustomRoleError> {
    for (name, level) in grants {
        let permission = Permission::of_name(name).filter(|permission| permission.can_be_given(Level::All));
        let permission = permission.ok_or(CustomRoleError::UnknownPermission)?;
        if !permission.can_be_given(*level) {
            return Err(CustomRoleError::NotOwned);
        }
    }
    Ok(())
}

/// Whether all of this can be hidden.
fn check_fields(hidden: &HiddenFields) -> Result<(), CustomRoleError> {
    let is_known = |name: &String| HideableField::of_name(name).is_some();
    if hidden.iter().all(is_known) { Ok(()) } else { Err(CustomRoleError::UnknownField) }
}

impl Aggregate for CustomRole {
    const TYPE: &'static str = "identity.custom_role";
    type Command = CustomRoleCommand;
    type Event = CustomRoleEvent;
    type Error = CustomRoleError;
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
        match (event, self) {
            (CustomRoleEvent::Defined { name, grants, hidden }, role) => {
                *role = Self::Defined(Definition { name, grants, hidden });
            }
            (CustomRoleEvent::Renamed { to, .. }, Self::Defined(definition)) => definition.name = to,
            (CustomRoleEvent::Granted { to, .. }, Self::Defined(definition)) => definition.grants = to,
            (CustomRoleEvent::FieldsHidden { to, .. }, Self::Defined(definition)) => definition.hidden = to,
            (CustomRoleEvent::Retired { .. }, role) => *role = Self::Retired,
            // Only a role that is in use has these; the log cannot hold others.
            (
                CustomRoleEvent::Renamed { .. }
                | CustomRoleEvent::Granted { .. }
                | CustomRoleEvent::FieldsHidden { .. },
                _,
            ) => {}
        }
    }
}
