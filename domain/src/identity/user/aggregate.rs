//! The account of a user: state, decisions, and what events make of it.

use std::collections::BTreeSet;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{UserAction, UserCommand, UserError, UserEvent};
use crate::identity::Role;
use crate::{EmailAddress, Personal, Text};

/// A user, as the events made them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum User {
    /// No account was opened yet.
    #[default]
    Unborn,
    /// There is an account.
    Known(Account),
}

/// The account of a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// What the user is called.
    pub name: Personal<Text<200>>,
    /// Where mail reaches the user.
    pub email: Personal<EmailAddress>,
    /// The roles that the user has.
    pub roles: BTreeSet<Role>,
    /// Whether the user is shut out.
    pub disabled: bool,
}

impl User {
    /// The account, if there is one.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Unborn => None,
            Self::Known(account) => Some(account),
        }
    }

    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: UserCommand) -> Result<Vec<UserEvent>, UserError> {
        command.not_in_future(UserError::OccurredInFuture)?;
        command.not_too_early(UserError::OccurredTooEarly)?;
        let event = match command.action {
            UserAction::Register { name, email, roles } => {
                if self.account().is_some() {
                    return Err(UserError::AlreadyExists);
                }
                Some(UserEvent::Registered { name, email, roles })
            }
            UserAction::Rename { name } => self.known()?.rename(name),
            UserAction::ChangeEmail { email } => self.known()?.change_email(email),
            UserAction::GrantRole { role } => {
                let has = self.known()?.roles.contains(&role);
                (!has).then_some(UserEvent::RoleGranted { role })
            }
            UserAction::RevokeRole { role } => {
                let has = self.known()?.roles.contains(&role);
                has.then_some(UserEvent::RoleRevoked { role })
            }
            UserAction::Disable => (!self.known()?.disabled).then_some(UserEvent::Disabled {}),
            UserAction::Enable => self.known()?.disabled.then_some(UserEvent::Enabled {}),
        };
        Ok(event.into_iter().collect())
    }

    fn known(&self) -> Result<&Account, UserError> {
        self.account().ok_or(UserError::NotFound)
    }
}

impl Account {
    fn rename(&self, to: Personal<Text<200>>) -> Option<UserEvent> {
        (self.name != to).then(|| UserEvent::Renamed { from: self.name.clone(), to })
    }

    fn change_email(&self, to: Personal<EmailAddress>) -> Option<UserEvent> {
        (self.email != to).then(|| UserEvent::EmailChanged { from: self.email.clone(), to })
    }
}

impl Aggregate for User {
    const TYPE: &'static str = "identity.user";
    type Command = UserCommand;
    type Event = UserEvent;
    type Error = UserError;
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
        if let UserEvent::Registered { name, email, roles } = event {
            *self = Self::Known(Account { name, email, roles, disabled: false });
            return;
        }
        // Only an account that was opened has further events; the log cannot hold others.
        let Self::Known(account) = self else { return };
        match event {
            UserEvent::Registered { .. } => {}
            UserEvent::Renamed { to, .. } => account.name = to,
            UserEvent::EmailChanged { to, .. } => account.email = to,
            UserEvent::RoleGranted { role } => {
                account.roles.insert(role);
            }
            UserEvent::RoleRevoked { role } => {
                account.roles.remove(&role);
            }
            UserEvent::Disabled {} => account.disabled = true,
            UserEvent::Enabled {} => account.disabled = false,
        }
    }
}
