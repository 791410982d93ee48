//! Bodies of commands on the roles that a tenant defines.

use domain::Text;
use domain::identity::{Grants, HiddenFields};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::moment::Moment;
use crate::patch::given;

/// A role to define.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleIn {
    /// What people call it. No other role of the tenant is called so, in whatever case.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "Field sales")]
    pub name: Text<100>,
    /// What it lets users do: permissions by their names, as in the list of permissions, each with its level.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, LevelShape>, required = false, example = json!({"lead.read": "team", "lead.correct": "own"}))]
    pub grants: Grants,
    /// The fields that it does not show, by their names. A field is shown if any role that lets see the thing shows it.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, example = json!(["lead.email", "opportunity.amount"]))]
    pub hidden: HiddenFields,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What to change about a role: fields that are left out stay.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolePatch {
    /// What people call it. No other role of the tenant is called so, in whatever case.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100, example = "Field sales, North")]
    pub name: Option<Text<100>>,
    /// All that it lets users do from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = BTreeMap<String, LevelShape>, required = false, example = json!({"lead.read": "all"}))]
    pub grants: Option<Grants>,
    /// All fields that it does not show from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, required = false, example = json!(["lead.email"]))]
    pub hidden: Option<HiddenFields>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// How far a permission reaches, for the documentation.
#[derive(ToSchema)]
#[schema(as = Level, rename_all = "snake_case")]
pub enum LevelShape {
    /// What the user owns.
    Own,
    /// Also what is owned by the members of teams that the user manages, and of the teams below.
    Team,
    /// Everything.
    All,
}
