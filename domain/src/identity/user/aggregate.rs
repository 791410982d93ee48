//! The account of a user: state, decisions, and what events make of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{UserAction, UserCommand, UserError, UserEvent};
use crate::identity::Role;
use crate::identity::provider::IssuerUrl;
use crate::{
    ApiKeyId, CustomRoleId, EmailAddress, PasswordId, Personal, ProviderLinkId, SecondFactorId, Text,
};

/// Keys that a user may have at a time.
const MAX_KEYS: usize = 50;
/// Days that a first password may be good for.
const MAX_FIRST_PASSWORD_DAYS: i64 = 7;
/// Days that a key may be good for.
const MAX_KEY_DAYS: i64 = 366;

/// A user, as the events made them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum User {
    /// No account was opened yet.
    #[default]
    Unborn,
    /// There is an account.
    Known(Box<Account>),
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
    /// The roles that the user has of those that the tenant has defined, retired ones included.
    pub custom_roles: BTreeSet<CustomRoleId>,
    /// Whether the user is shut out.
    pub disabled: bool,
    /// The current password; none if the user was never given one.
    pub password: Option<PasswordId>,
    /// Until when the password lets in, if it is one to choose another by.
    #[serde(default)]
    pub password_until: Option<DateTime<Utc>>,
    /// How often all sessions of the user were ended: by shutting the user out, by another password, or by signing out
    /// everywhere. A session belongs to the epoch in which it began, and is over when another begins.
    pub epoch: u32,
    /// Whether the user was ever invited.
    pub invited: bool,
    /// What the user is asked for beside the password, if anything.
    #[serde(default)]
    pub second_factor: Option<SecondFactor>,
    /// The keys by which programs act for the user, also those that are over by now.
    #[serde(default)]
    pub keys: BTreeMap<ApiKeyId, Key>,
    /// The rows of whom providers know the user as, of each provider one.
    #[serde(default)]
    pub provider_links: BTreeMap<IssuerUrl, ProviderLinkId>,
}

/// A second factor that a user is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// The row of its secret.
    pub id: SecondFactorId,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
}

/// A key by which programs act for a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The permissions that it may use, as far as the user has them.
    pub scopes: BTreeSet<Text<64>>,
    /// When it is over.
    pub expires_at: DateTime<Utc>,
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

    /// The roles that the user has of those that the tenant has defined; none without an account.
    pub fn custom_roles(&self) -> &BTreeSet<CustomRoleId> {
        static NONE: BTreeSet<CustomRoleId> = BTreeSet::new();
        self.account().map_or(&NONE, |account| &account.custom_roles)
    }

    /// The current password, if the user was ever given one.
    pub fn password(&self) -> Option<PasswordId> {
        self.account().and_then(|account| account.password)
    }

    /// Until when the current password lets in, if it is a first one that somebody else made: good for choosing another.
    pub fn first_password_until(&self) -> Option<DateTime<Utc>> {
        self.account().and_then(|account| account.password_until)
    }

    /// Whether the user was asked to choose a first password, may do so, and has not done it yet.
    pub fn awaits_invitation(&self) -> bool {
        self.account()
            .is_some_and(|account| account.invited && !account.disabled && account.password.is_none())
    }

    /// What the user is asked for beside the password, if anything.
    pub fn second_factor(&self) -> Option<SecondFactor> {
        self.account().and_then(|account| account.second_factor)
    }

    /// A key of the user, if it was not revoked.
    pub fn key(&self, id: ApiKeyId) -> Option<&Key> {
        self.account().and_then(|account| account.keys.get(&id))
    }

    /// The row of whom a provider knows the user as, if the user ever came in on its word.
    pub fn provider_link(&self, issuer: &IssuerUrl) -> Option<ProviderLinkId> {
        self.account().and_then(|account| account.provider_links.get(issuer).copied())
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
            UserAction::GrantCustomRole { role } => {
                let has = self.known()?.custom_roles.contains(&role);
                (!has).then_some(UserEvent::CustomRoleGranted { role })
            }
            UserAction::RevokeCustomRole { role } => {
                let has = self.known()?.custom_roles.contains(&role);
                has.then_some(UserEvent::CustomRoleRevoked { role })
            }
            UserAction::Disable => (!self.known()?.disabled).then_some(UserEvent::Disabled {}),
            UserAction::Enable => self.known()?.disabled.then_some(UserEvent::Enabled {}),
            UserAction::ChangePassword { password } => self.known()?.change_password(password, None)?,
            UserAction::GiveFirstPassword { password, until } => {
                if until <= command.now || until - command.now > Duration::days(MAX_FIRST_PASSWORD_DAYS) {
                    return Err(UserError::FirstPasswordLife);
                }
                self.known()?.change_password(password, Some(until))?
            }
            UserAction::SignOutEverywhere => {
                // The sessions of a user who is shut out are over already.
                (!self.known()?.disabled).then_some(UserEvent::SignedOutEverywhere {})
            }
            UserAction::Erase if *self == Self::Erased => None,
            UserAction::Erase => self.known().map(|_| Some(UserEvent::Erased {}))?,
            UserAction::Invite => Some(self.known()?.invite()?),
            UserAction::EnableSecondFactor { factor, recovery_codes } => {
                let account = self.active()?;
                if account.second_factor.is_some() {
                    return Err(UserError::SecondFactorEnabled);
                }
                Some(UserEvent::SecondFactorEnabled { factor, recovery_codes })
            }
            UserAction::DisableSecondFactor => {
                self.known()?.second_factor.is_some().then_some(UserEvent::SecondFactorDisabled {})
            }
            UserAction::UseRecoveryCode => {
                let left =
                    self.active()?.second_factor.and_then(|factor| factor.recovery_codes.checked_sub(1));
                Some(UserEvent::RecoveryCodeUsed { left: left.ok_or(UserError::NoRecoveryCode)? })
            }
            UserAction::IssueKey { key, name, scopes, expires_at } => {
                self.active()?.issue_key(key, command.now, expires_at)?;
                Some(UserEvent::KeyIssued { key, name, scopes, expires_at })
            }
            UserAction::RevokeKey { key } => {
                if !self.known()?.keys.contains_key(&key) {
                    return Err(UserError::NoSuchKey);
                }
                Some(UserEvent::KeyRevoked { key })
            }
            UserAction::LinkProvider { link, issuer } => self.active()?.link_provider(link, issuer)?,
            UserAction::UnlinkProvider => {
                (!self.known()?.provider_links.is_empty()).then_some(UserEvent::ProviderUnlinked {})
            }
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

    fn active(&self) -> Result<&Account, UserError> {
        let account = self.known()?;
        if account.disabled { Err(UserError::Disabled) } else { Ok(account) }
    }
}

impl Account {
    fn rename(&self, to: Personal<Text<200>>) -> Option<UserEvent> {
        (self.name != to).then(|| UserEvent::Renamed { from: self.name.clone(), to })
    }

    fn change_email(&self, to: Personal<EmailAddress>) -> Option<UserEvent> {
        (self.email != to).then(|| UserEvent::EmailChanged { from: self.email.clone(), to })
    }

    fn change_password(
        &self,
        to: PasswordId,
        until: Option<DateTime<Utc>>,
    ) -> Result<Option<UserEvent>, UserError> {
        if self.disabled {
            return Err(UserError::Disabled);
        }
        Ok((self.password != Some(to)).then_some(UserEvent::PasswordChanged { password: to, until }))
    }

    /// Each time, since each time there is a mail.
    fn invite(&self) -> Result<UserEvent, UserError> {
        if self.disabled {
            return Err(UserError::Disabled);
        }
        if self.password.is_some() {
            return Err(UserError::HasPassword);
        }
        Ok(UserEvent::Invited {})
    }

    fn issue_key(
        &self,
        key: ApiKeyId,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), UserError> {
        if self.keys.contains_key(&key) {
            return Err(UserError::KeyExists);
        }
        if expires_at <= now || expires_at - now > Duration::days(MAX_KEY_DAYS) {
            return Err(UserError::KeyLife);
        }
        let live = self.keys.values().filter(|other| other.expires_at > now).count();
        if live < MAX_KEYS { Ok(()) } else { Err(UserError::TooManyKeys) }
    }

    fn link_provider(&self, link: ProviderLinkId, issuer: IssuerUrl) -> Result<Option<UserEvent>, UserError> {
        match self.provider_links.get(&issuer) {
            None => Ok(Some(UserEvent::ProviderLinked { link, issuer })),
            Some(present) if *present == link => Ok(None),
            Some(_) => Err(UserError::ProviderLinked),
        }
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
            *self = Self::Known(Box::new(Account {
                name,
                email,
                roles,
                custom_roles: BTreeSet::new(),
                disabled: false,
                password: None,
                password_until: None,
                epoch: 0,
                invited: false,
                second_factor: None,
                keys: BTreeMap::new(),
                provider_links: BTreeMap::new(),
            }));
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
            UserEvent::CustomRoleGranted { role } => {
                account.custom_roles.insert(role);
            }
            UserEvent::CustomRoleRevoked { role } => {
                account.custom_roles.remove(&role);
            }
            UserEvent::Disabled {} => {
                account.disabled = true;
                account.end_sessions();
            }
            UserEvent::Enabled {} => account.disabled = false,
            UserEvent::PasswordChanged { password, until } => {
                account.password = Some(password);
                account.password_until = until;
                account.end_sessions();
            }
            UserEvent::SignedOutEverywhere {} => account.end_sessions(),
            UserEvent::Invited {} => account.invited = true,
            UserEvent::SecondFactorEnabled { factor, recovery_codes } => {
                account.second_factor = Some(SecondFactor { id: factor, recovery_codes });
            }
            UserEvent::SecondFactorDisabled {} => account.second_factor = None,
            UserEvent::RecoveryCodeUsed { left } => {
                if let Some(factor) = &mut account.second_factor {
                    factor.recovery_codes = left;
                }
            }
            UserEvent::KeyIssued { key, scopes, expires_at, .. } => {
                account.keys.insert(key, Key { scopes, expires_at });
            }
            UserEvent::KeyRevoked { key } => {
                account.keys.remove(&key);
            }
            UserEvent::ProviderLinked { link, issuer } => {
                account.provider_links.insert(issuer, link);
            }
            UserEvent::ProviderUnlinked {} => {
                account.provider_links.clear();
                account.end_sessions();
            }
        }
    }
}
