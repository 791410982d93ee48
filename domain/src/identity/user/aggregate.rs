//! The account of a user: state, decisions, and what events make of it.

use std::collections::BTreeSet;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{UserAction, UserCommand, UserError, UserEvent};
use crate::identity::Role;
use crate::{EmailAddress, PasswordId, Personal, Text};

/// A user, as the events made them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum User {
    /// No account was opened yet.
    #[default]
    Unborn,
    /// There is an account.
    Known(Account),
    /// There was one, whose user is erased.
    Erased,
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
    /// The current password; none if the user was never given one.
    pub password: Option<PasswordId>,
    /// How often all sessions of the user were ended: by shutting the user out, by another password, or by signing out
    /// everywhere. A session belongs to the epoch in which it began, and is over when another begins.
    pub epoch: u32,
}

impl User {
    /// The account, if there is one.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Unborn | Self::Erased => None,
            Self::Known(account) => Some(account),
        }
    }

    /// Whether there is an account whose user is not shut out.
    pub fn is_active(&self) -> bool {
        self.account().is_some_and(|account| !account.disabled)
    }

    /// The roles that the user has; none without an account.
    pub fn roles(&self) -> &BTreeSet<Role> {
        static NONE: BTreeSet<Role> = BTreeSet::new();
        self.account().map_or(&NONE, |account| &account.roles)
    }

    /// The current password, if the user was ever given one.
    pub fn password(&self) -> Option<PasswordId> {
        self.account().and_then(|account| account.password)
    }

    /// The [epoch](Account::epoch) of the user's sessions; 0 without an account.
    pub fn epoch(&self) -> u32 {
        self.account().map_or(0, |account| account.epoch)
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
                if *self != Self::Unborn {
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
            UserAction::ChangePassword { password } => self.known()?.change_password(password)?,
            UserAction::SignOutEverywhere => {
                // The sessions of a user who is shut out are over already.
                (!self.known()?.disabled).then_some(UserEvent::SignedOutEverywhere {})
            }
            UserAction::Erase if *self == Self::Erased => None,
            UserAction::Erase => self.known().map(|_| Some(UserEvent::Erased {}))?,
        };
        Ok(event.into_iter().collect())
    }

    fn known(&self) -> Result<&Account, UserError> {
        match self {
            Self::Unborn => Err(UserError::NotFound),
            Self::Known(account) => Ok(account),
            Self::Erased => Err(UserError::Erased),
        }
    }
}

impl Account {
    fn rename(&self, to: Personal<Text<200>>) -> Option<UserEvent> {
        (self.name != to).then(|| UserEvent::Renamed { from: self.name.clone(), to })
    }

    fn change_email(&self, to: Personal<EmailAddress>) -> Option<UserEvent> {
        (self.email != to).then(|| UserEvent::EmailChanged { from: self.email.clone(), to })
    }

    fn change_password(&self, to: PasswordId) -> Result<Option<UserEvent>, UserError> {
        if self.disabled {
            return Err(UserError::Disabled);
        }
        Ok((self.password != Some(to)).then_some(UserEvent::PasswordChanged { password: to }))
    }

    fn end_sessions(&mut self) {
        self.epoch = self.epoch.saturating_add(1);
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
            let account = Account { name, email, roles, disabled: false, password: None, epoch: 0 };
            *self = Self::Known(account);
            return;
        }
        if event == (UserEvent::Erased {}) {
            *self = Self::Erased;
            return;
        }
        // Only an account that was opened has further events; the log cannot hold others.
        let Self::Known(account) = self else { return };
        match event {
            UserEvent::Registered { .. } | UserEvent::Erased {} => {}
            UserEvent::Renamed { to, .. } => account.name = to,
            UserEvent::EmailChanged { to, .. } => account.email = to,
            UserEvent::RoleGranted { role } => {
                account.roles.insert(role);
            }
            UserEvent::RoleRevoked { role } => {
                account.roles.remove(&role);
            }
            UserEvent::Disabled {} => {
                account.disabled = true;
                account.end_sessions();
            }
            UserEvent::Enabled {} => account.disabled = false,
            UserEvent::PasswordChanged { password } => {
                account.password = Some(password);
                account.end_sessions();
            }
            UserEvent::SignedOutEverywhere {} => account.end_sessions(),
        }
    }
}
