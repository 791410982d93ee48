//! The aggregates of identity, as dispatch sees them.

use domain::identity::custom_role::{
    CustomRole, CustomRoleAction, CustomRoleCommand, CustomRoleError, CustomRoleEvent,
};
use domain::identity::policy::{Policy, PolicyAction, PolicyCommand, PolicyError, PolicyEvent};
use domain::identity::provider::{Provider, ProviderAction, ProviderCommand, ProviderError, ProviderEvent};
use domain::identity::session::{Session, SessionAction, SessionCommand, SessionError, SessionEvent};
use domain::identity::team::{Team, TeamAction, TeamCommand, TeamError, TeamEvent};
use domain::identity::tenant::{Tenant, TenantAction, TenantCommand, TenantError, TenantEvent};
use domain::identity::user::{User, UserAction, UserCommand, UserError, UserEvent};
use domain::{EmailAddress, Text};
use event_store::Claim;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::CommandError;
use crate::decide::{Decide, Occupancy};

/// What the user with this address occupies by their id. Whose address it is does not depend on its case; claims hold a
/// digest of it, since they are shown in errors and logs.
///
/// A digest of an address can be guessed, so it is given free when its user is erased.
pub(super) fn email_scope(email: &EmailAddress) -> String {
    let digest = Sha256::digest(email.as_str().to_lowercase());
    format!("user.email.{digest:x}")
}

/// A request that lacks an address.
pub(super) fn no_email() -> CommandError {
    CommandError::field("email", "must be an e-mail address")
}

/// What a user occupies by an address.
pub(super) fn email_claim(user: Uuid, email: &EmailAddress) -> Claim {
    Claim { scope: email_scope(email), value: user.to_string() }
}

impl Decide for User {
    type Action = UserAction;

    fn decide(&self, command: UserCommand) -> Result<Vec<UserEvent>, UserError> {
        self.decide(command)
    }

    fn occupancy(&self, id: Uuid, event: &UserEvent) -> Occupancy {
        let claim = |email| email_claim(id, email);
        Occupancy::new(event.email_taken().map(claim), event.email_left().map(claim))
    }
}

impl Decide for Session {
    type Action = SessionAction;

    fn decide(&self, command: SessionCommand) -> Result<Vec<SessionEvent>, SessionError> {
        self.decide(command)
    }

    fn person(&self, id: Uuid) -> Uuid {
        self.user().map_or(id, |user| user.as_uuid())
    }
}

impl Decide for CustomRole {
    type Action = CustomRoleAction;

    fn decide(&self, command: CustomRoleCommand) -> Result<Vec<CustomRoleEvent>, CustomRoleError> {
        self.decide(command)
    }

    fn occupancy(&self, _: Uuid, event: &CustomRoleEvent) -> Occupancy {
        let claim = |name: &Text<100>| Claim {
            scope: "custom_role.name".to_owned(),
            value: name.as_str().to_lowercase(),
        };
        Occupancy::new(event.name_taken().map(claim), event.name_left().map(claim))
    }
}

impl Decide for Team {
    type Action = TeamAction;

    fn decide(&self, command: TeamCommand) -> Result<Vec<TeamEvent>, TeamError> {
        self.decide(command)
    }
}

impl Decide for Tenant {
    type Action = TenantAction;

    fn decide(&self, command: TenantCommand) -> Result<Vec<TenantEvent>, TenantError> {
        self.decide(command)
    }
}

impl Decide for Policy {
    type Action = PolicyAction;

    fn decide(&self, command: PolicyCommand) -> Result<Vec<PolicyEvent>, PolicyError> {
        self.decide(command)
    }
}

impl Decide for Provider {
    type Action = ProviderAction;

    fn decide(&self, command: ProviderCommand) -> Result<Vec<ProviderEvent>, ProviderError> {
        self.decide(command)
    }
}
