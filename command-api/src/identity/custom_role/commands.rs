//! Commands on the roles that a tenant defines, for the routes and for callers in process.

use domain::CustomRoleId;
use domain::identity::custom_role::{CustomRole, CustomRoleAction, CustomRoleError};

use super::body::{RoleIn, RolePatch};
use crate::dispatch::{change as change_aggregate, create};
use crate::{Accepted, CommandApi, CommandError, Context};

/// Defines a role under an id that was never used.
///
/// # Errors
/// `custom_role.name_taken` and other rules of roles, or those of [`crate::dispatch()`].
pub async fn define(
    app: &CommandApi,
    context: &Context,
    id: CustomRoleId,
    role: RoleIn,
) -> Result<Accepted, CommandError> {
    let define = CustomRoleAction::Define { name: role.name, grants: role.grants, hidden: role.hidden };
    create::<CustomRole>(app, context, id.as_uuid(), define).await.map_err(naming_fields)
}

/// Changes the name of a role, what it lets users do, and what it does not show them.
///
/// # Errors
/// `custom_role.name_taken` and other rules of roles, or those of [`crate::dispatch()`].
pub async fn change(
    app: &CommandApi,
    context: &Context,
    id: CustomRoleId,
    patch: RolePatch,
) -> Result<Accepted, CommandError> {
    let rename = patch.name.map(|name| CustomRoleAction::Rename { name });
    let grant = patch.grants.map(|grants| CustomRoleAction::Grant { grants });
    let hide = patch.hidden.map(|hidden| CustomRoleAction::Hide { hidden });
    let actions = rename.into_iter().chain(grant).chain(hide).collect();
    change_aggregate::<CustomRole>(app, context, id.as_uuid(), actions).await.map_err(naming_fields)
}

/// Takes a role from whoever has it.
///
/// # Errors
/// A rule of roles, or those of [`crate::dispatch()`].
pub async fn retire(app: &CommandApi, context: &Context, id: CustomRoleId) -> Result<Accepted, CommandError> {
    change_aggregate::<CustomRole>(app, context, id.as_uuid(), vec![CustomRoleAction::Retire]).await
}

fn naming_fields(error: CommandError) -> CommandError {
    match error.code() {
        "claim.taken" => CommandError::rule(&CustomRoleError::NameTaken)
            .at("name", "must be a name that no other role has"),
        "custom_role.unknown_permission" => error.at("grants", "must name permissions that can be given"),
        "custom_role.unknown_field" => error.at("hidden", "must name fields that can be hidden"),
        "custom_role.not_owned" => error.at("grants", "must give all of what has no owners"),
        _ => error,
    }
}
