//! Tenants, each of which begins with its first admin: for signing up, and for callers in process.

use domain::identity::Role;
use domain::identity::tenant::{Tenant, TenantAction};
use domain::identity::user::{User, UserAction};
use domain::{EmailAddress, PasswordId, Personal, TenantId, Text, UserId};

use super::user::claim_email;
use crate::dispatch::{change, dispatch};
use crate::{Accepted, CommandApi, CommandError, Context};

/// Who runs a tenant first.
#[derive(Clone, Debug)]
pub struct FirstAdmin {
    /// An id that was never used.
    pub id: UserId,
    /// What they are called.
    pub name: Personal<Text<200>>,
    /// Where mail reaches them.
    pub email: Personal<EmailAddress>,
    /// How they come in.
    pub entry: Entry,
}

/// How somebody comes in for the first time.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// They are asked to choose a password.
    Invited,
    /// They chose one, of which the hash is kept.
    Password(PasswordId),
}

/// Begins the tenant of `context`, together with its first admin: both or neither.
///
/// # Errors
/// `tenant.already_exists` and other rules, or those of [`crate::dispatch()`].
pub async fn create(
    app: &CommandApi,
    context: &Context,
    name: &Text<200>,
    admin: &FirstAdmin,
) -> Result<Accepted, CommandError> {
    dispatch(app, context, move |mut unit| async move {
        let id = unit.tenant().as_uuid();
        let tenant = unit.unborn::<Tenant>(id).await?;
        let user = unit.unborn::<User>(admin.id.as_uuid()).await?;
        let next = unit.decide(&tenant, [TenantAction::Create { name: name.clone() }])?;
        let comes_in = unit.decide(&user, admin.actions())?;
        claim_email(&mut unit, &user, &comes_in);
        Ok(unit.done(Accepted { created: tenant.sequence == 0, ..Accepted::of(id, next.sequence) }))
    })
    .await
}

/// Calls the tenant of `context` something else.
///
/// # Errors
/// [`CommandError::NotFound`] for one that did not begin by [`create`], or those of [`crate::dispatch()`].
pub async fn rename(app: &CommandApi, context: &Context, name: Text<200>) -> Result<Accepted, CommandError> {
    change::<Tenant>(app, context, context.tenant.as_uuid(), vec![TenantAction::Rename { name }]).await
}

/// What a tenant is called now; nothing if it did not begin by [`create`].
///
/// # Errors
/// The log is not available.
pub async fn name(app: &CommandApi, tenant: TenantId) -> Result<Option<Text<200>>, CommandError> {
    let loaded = app.store().load_newest::<Tenant>(tenant.as_uuid(), tenant.as_uuid()).await?;
    Ok(loaded.state.name().cloned())
}

impl FirstAdmin {
    fn actions(&self) -> [UserAction; 2] {
        let (name, email) = (self.name.clone(), self.email.clone());
        let register = UserAction::Register { name, email, roles: [Role::Admin].into() };
        let enter = match self.entry {
            Entry::Invited => UserAction::Invite,
            Entry::Password(password) => UserAction::ChangePassword { password },
        };
        [register, enter]
    }
}
