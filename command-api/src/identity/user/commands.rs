//! Commands on users, for the routes and for callers in process.

use std::collections::BTreeSet;

use domain::identity::Role;
use domain::identity::custom_role::CustomRole;
use domain::identity::user::{User, UserAction, UserError};
use domain::{CustomRoleId, UserId};
use event_store::Loaded;

use super::body::{UserIn, UserPatch};
use crate::dispatch::{change as change_aggregate, dispatch};
use crate::identity::aggregates::{email_claim, email_scope};
use crate::unit::Unit;
use crate::{Accepted, CommandApi, CommandError, Context};

/// Opens an account under an id that was never used.
///
/// # Errors
/// `user.email_taken` and other rules of users, or those of [`crate::dispatch()`].
pub async fn register(
    app: &CommandApi,
    context: &Context,
    id: UserId,
    user: UserIn,
) -> Result<Accepted, CommandError> {
    let UserIn { name, email, roles, invite, .. } = &user;
    let register = || UserAction::Register { name: name.clone(), email: email.clone(), roles: roles.clone() };
    let actions = || [register()].into_iter().chain(invite.then_some(UserAction::Invite));
    let done = dispatch(app, context, move |mut unit| async move {
        let loaded = unit.unborn::<User>(id.as_uuid()).await?;
        let next = unit.decide(&loaded, actions())?;
        claim_email(&mut unit, &loaded, &next);
        Ok(unit.done(Accepted { created: loaded.sequence == 0, ..Accepted::of(id.as_uuid(), next.sequence) }))
    });
    done.await.map_err(email_taken)
}

/// Changes the name of a user, the address, or both.
///
/// # Errors
/// `user.email_taken` and other rules of users, or those of [`crate::dispatch()`].
pub async fn change(
    app: &CommandApi,
    context: &Context,
    id: UserId,
    patch: UserPatch,
) -> Result<Accepted, CommandError> {
    let rename = patch.name.map(|name| UserAction::Rename { name });
    let move_to = patch.email.map(|email| UserAction::ChangeEmail { email });
    let actions: Vec<UserAction> = rename.into_iter().chain(move_to).collect();
    let actions = &actions;
    let done = dispatch(app, context, move |mut unit| async move {
        let loaded = unit.target::<User>(id.as_uuid()).await?;
        let next = unit.decide(&loaded, actions.iter().cloned())?;
        claim_email(&mut unit, &loaded, &next);
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    });
    done.await.map_err(email_taken)
}

/// Gives and takes roles until the user has exactly these.
///
/// # Errors
/// `user.own_account` and other rules of users, or those of [`crate::dispatch()`].
pub async fn assign_roles(
    app: &CommandApi,
    context: &Context,
    id: UserId,
    roles: &BTreeSet<Role>,
    custom_roles: &BTreeSet<CustomRoleId>,
) -> Result<Accepted, CommandError> {
    dispatch(app, context, move |mut unit| async move {
        let loaded = unit.target::<User>(id.as_uuid()).await?;
        let has = loaded.state.roles();
        let revoked = has.difference(roles).map(|role| UserAction::RevokeRole { role: *role });
        let granted = roles.difference(has).map(|role| UserAction::GrantRole { role: *role });
        let has = loaded.state.custom_roles();
        for role in custom_roles.difference(has) {
            check_role(&mut unit, *role).await?;
        }
        let taken = has.difference(custom_roles).map(|role| UserAction::RevokeCustomRole { role: *role });
        let given = custom_roles.difference(has).map(|role| UserAction::GrantCustomRole { role: *role });
        let actions: Vec<UserAction> = revoked.chain(granted).chain(taken).chain(given).collect();
        if actions.contains(&UserAction::RevokeRole { role: Role::Admin }) {
            check_not_own(context, id)?;
        }
        let next = unit.decide(&loaded, actions)?;
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    })
    .await
}

/// Shuts a user out.
///
/// # Errors
/// `user.own_account` and other rules of users, or those of [`crate::dispatch()`].
pub async fn disable(app: &CommandApi, context: &Context, id: UserId) -> Result<Accepted, CommandError> {
    check_not_own(context, id)?;
    change_aggregate::<User>(app, context, id.as_uuid(), vec![UserAction::Disable]).await
}

/// Lets a user in again.
///
/// # Errors
/// A rule of users, or those of [`crate::dispatch()`].
pub async fn enable(app: &CommandApi, context: &Context, id: UserId) -> Result<Accepted, CommandError> {
    change_aggregate::<User>(app, context, id.as_uuid(), vec![UserAction::Enable]).await
}

/// Erases who a user is, closes the account for good, revokes its keys, and gives the address free. Hashes of passwords and
/// whatever else is kept of the user beside the log go with it.
///
/// # Errors
/// `user.own_account` and other rules of users, or those of [`crate::dispatch()`].
pub async fn erase(app: &CommandApi, context: &Context, id: UserId) -> Result<Accepted, CommandError> {
    check_not_own(context, id)?;
    let accepted = dispatch(app, context, move |mut unit| async move {
        let loaded = unit.target::<User>(id.as_uuid()).await?;
        let keys = loaded.state.account().into_iter().flat_map(|account| account.keys.keys());
        let revoke = keys.map(|key| UserAction::RevokeKey { key: *key });
        let next = unit.decide(&loaded, revoke.chain([UserAction::Erase]))?;
        if next.sequence > loaded.sequence {
            unit.erase(id.as_uuid());
            let email = loaded.state.account().and_then(|account| account.email.reveal());
            email.into_iter().for_each(|email| unit.leave(email_claim(id.as_uuid(), email)));
        }
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    })
    .await?;
    // None of them opens anything any more. If this fails, erasing the user again does it.
    if let Ok(issuer) = app.issuer() {
        issuer.vault().forget_user(context.tenant, id).await.map_err(CommandError::unavailable)?;
    }
    Ok(accepted)
}

/// Says that a user is asked by mail to come in. The mail is the caller's.
///
/// # Errors
/// `user.has_password` and other rules of users, or those of [`crate::dispatch()`].
pub async fn invite(app: &CommandApi, context: &Context, id: UserId) -> Result<Accepted, CommandError> {
    change_aggregate::<User>(app, context, id.as_uuid(), vec![UserAction::Invite]).await
}

fn check_not_own(context: &Context, id: UserId) -> Result<(), CommandError> {
    let is_own = UserId::parse(&context.actor).is_ok_and(|actor| actor == id);
    if is_own { Err(CommandError::rule(&UserError::OwnAccount)) } else { Ok(()) }
}

/// A role that is retired meanwhile gives nothing, so nothing hangs on what becomes of it.
async fn check_role(unit: &mut Unit<'_>, role: CustomRoleId) -> Result<(), CommandError> {
    let loaded = unit.load::<CustomRole>(role.as_uuid()).await?;
    if loaded.state.definition().is_none() {
        return Err(CommandError::field("custom_roles", "must be roles that the tenant has defined"));
    }
    Ok(())
}

/// Requires that nobody has the address that the user comes to have.
pub(in crate::identity) fn claim_email(unit: &mut Unit<'_>, before: &Loaded<User>, after: &Loaded<User>) {
    let scope = |user: &Loaded<User>| {
        user.state.account().and_then(|account| account.email.reveal()).map(email_scope)
    };
    let (had, has) = (scope(before), scope(after));
    if let Some(scope) = has.filter(|scope| had.as_ref() != Some(scope)) {
        unit.require_unoccupied(scope);
    }
}

fn email_taken(error: CommandError) -> CommandError {
    if !matches!(error, CommandError::Occupied) {
        return error;
    }
    CommandError::rule(&UserError::EmailTaken).at("email", "must be an address that no other user has")
}
