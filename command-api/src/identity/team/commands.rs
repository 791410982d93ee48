//! Commands on teams, for the routes and for callers in process.

use domain::identity::team::{Team, TeamAction, TeamError};
use domain::identity::user::User;
use domain::{TeamId, UserId};

use super::body::{TeamIn, TeamPatch};
use crate::dispatch::{change as change_aggregate, dispatch};
use crate::unit::Unit;
use crate::{Accepted, CommandApi, CommandError, Context};

/// The most teams above one.
const MAX_DEPTH: usize = 20;

/// Forms a team under an id that was never used.
///
/// # Errors
/// A rule of teams, or those of [`crate::dispatch()`].
pub async fn form(
    app: &CommandApi,
    context: &Context,
    id: TeamId,
    team: TeamIn,
) -> Result<Accepted, CommandError> {
    let team = &team;
    dispatch(app, context, move |mut unit| async move {
        let loaded = unit.unborn::<Team>(id.as_uuid()).await?;
        if let Some(manager) = team.manager_id {
            check_user(&mut unit, manager, "manager_id").await?;
        }
        check_above(&mut unit, id, team.parent_id).await?;
        let (name, manager, parent) = (team.name.clone(), team.manager_id, team.parent_id);
        let next = unit.decide(&loaded, [TeamAction::Form { name, manager, parent }])?;
        Ok(unit.done(Accepted { created: loaded.sequence == 0, ..Accepted::of(id.as_uuid(), next.sequence) }))
    })
    .await
}

/// Changes the name of a team, its manager, and the team above it, as far as they are given.
///
/// # Errors
/// A rule of teams, or those of [`crate::dispatch()`].
pub async fn change(
    app: &CommandApi,
    context: &Context,
    id: TeamId,
    patch: TeamPatch,
) -> Result<Accepted, CommandError> {
    let patch = &patch;
    dispatch(app, context, move |mut unit| async move {
        let loaded = unit.target::<Team>(id.as_uuid()).await?;
        if let Some(Some(manager)) = patch.manager_id {
            check_user(&mut unit, manager, "manager_id").await?;
        }
        check_above(&mut unit, id, patch.parent_id.flatten()).await?;
        let rename = patch.name.clone().map(|name| TeamAction::Rename { name });
        let appoint = patch.manager_id.map(|manager| TeamAction::Appoint { manager });
        let place = patch.parent_id.map(|parent| TeamAction::Place { parent });
        let next = unit.decide(&loaded, rename.into_iter().chain(appoint).chain(place))?;
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    })
    .await
}

/// Takes a user in.
///
/// # Errors
/// A rule of teams, or those of [`crate::dispatch()`]. An unknown user is not found.
pub async fn add_member(
    app: &CommandApi,
    context: &Context,
    id: TeamId,
    user: UserId,
) -> Result<Accepted, CommandError> {
    dispatch(app, context, move |mut unit| async move {
        let loaded = unit.target::<Team>(id.as_uuid()).await?;
        if unit.load::<User>(user.as_uuid()).await?.sequence == 0 {
            return Err(CommandError::NotFound);
        }
        let next = unit.decide(&loaded, [TeamAction::AddMember { user }])?;
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    })
    .await
}

/// Lets a user go.
///
/// # Errors
/// A rule of teams, or those of [`crate::dispatch()`].
pub async fn remove_member(
    app: &CommandApi,
    context: &Context,
    id: TeamId,
    user: UserId,
) -> Result<Accepted, CommandError> {
    change_aggregate::<Team>(app, context, id.as_uuid(), vec![TeamAction::RemoveMember { user }]).await
}

/// Ends a team.
///
/// # Errors
/// A rule of teams, or those of [`crate::dispatch()`].
pub async fn dissolve(app: &CommandApi, context: &Context, id: TeamId) -> Result<Accepted, CommandError> {
    change_aggregate::<Team>(app, context, id.as_uuid(), vec![TeamAction::Dissolve]).await
}

/// Accounts are never closed, so nothing hangs on what becomes of the user.
async fn check_user(unit: &mut Unit<'_>, user: UserId, field: &str) -> Result<(), CommandError> {
    let loaded = unit.load::<User>(user.as_uuid()).await?;
    if loaded.sequence == 0 {
        Err(CommandError::field(field, "must be a user of the tenant"))
    } else {
        Ok(())
    }
}

/// Requires that the team to be above exists, and that the team `id` is not above it in turn. What was looked at must not
/// have moved when the events are appended, or two teams could come to be below each other at the same time.
async fn check_above(unit: &mut Unit<'_>, id: TeamId, above: Option<TeamId>) -> Result<(), CommandError> {
    let below_itself =
        || CommandError::rule(&TeamError::BelowItself).at("parent_id", "must not be below the team");
    let (mut next, mut depth) = (above, 0);
    while let Some(parent) = next {
        depth += 1;
        if parent == id || depth > MAX_DEPTH {
            return Err(below_itself());
        }
        let loaded = unit.load::<Team>(parent.as_uuid()).await?;
        match loaded.state.roster() {
            Some(roster) => next = roster.parent,
            None if depth == 1 => {
                return Err(CommandError::field("parent_id", "must be a team that there is"));
            }
            // Below a team that was dissolved, a branch ends.
            None => next = None,
        }
        unit.rely_on(&loaded);
    }
    Ok(())
}
