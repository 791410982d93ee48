//! Bodies of commands on users.

use std::collections::BTreeSet;

use domain::identity::Role;
use domain::{CustomRoleId, EmailAddress, Personal, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::moment::Moment;
use crate::patch::given;

/// A user to open an account for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserIn {
    /// What the user is called.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Grace Hopper")]
    pub name: Personal<Text<200>>,
    /// Where mail reaches the user. No other user of the tenant has it, in whatever case.
    #[schema(value_type = String, format = "email", max_length = 254, example = "grace@engines.example")]
    pub email: Personal<EmailAddress>,
    /// What the user may do.
    #[serde(default)]
    #[schema(value_type = Vec<RoleShape>, required = false)]
    pub roles: BTreeSet<Role>,
    /// Whether to ask the user by mail to come in.
    #[serde(default)]
    #[schema(required = false)]
    pub invite: bool,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What to change about a user: fields that are left out stay.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    /// What the user is called.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, example = "Grace Hopper")]
    pub name: Option<Personal<Text<200>>>,
    /// Where mail reaches the user. No other user of the tenant has it, in whatever case.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, format = "email", max_length = 254, example = "grace@engines.example")]
    pub email: Option<Personal<EmailAddress>>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// The roles that a user is to have.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolesIn {
    /// All of them.
    #[schema(value_type = Vec<RoleShape>)]
    pub roles: BTreeSet<Role>,
    /// All of those that the tenant has defined; none if left out.
    #[serde(default)]
    #[schema(value_type = Vec<uuid::Uuid>, required = false)]
    pub custom_roles: BTreeSet<CustomRoleId>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What a user may do.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "snake_case")]
pub enum RoleShape {
    /// Runs the tenant.
    Admin,
    /// Leads a sales team.
    SalesManager,
    /// Sells.
    SalesRep,
    /// Helps customers.
    Support,
    /// Counts money.
    Finance,
    /// Looks.
    Viewer,
    /// Reads the history.
    Auditor,
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema as _;

    use super::*;

    #[test]
    fn the_document_names_every_role() {
        let schema = serde_json::to_value(RoleShape::schema()).unwrap();
        let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        assert_eq!(schema["enum"], serde_json::json!(names));
    }
}
