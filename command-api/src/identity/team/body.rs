//! Bodies of commands on teams.

use domain::{TeamId, Text, UserId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::moment::Moment;
use crate::patch::{clearable, given};

/// A team to form.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamIn {
    /// What people call it.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "North")]
    pub name: Text<100>,
    /// The user who manages it, which makes nobody a member.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub manager_id: Option<UserId>,
    /// The team above it.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub parent_id: Option<TeamId>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What to change about a team: fields that are left out stay, null empties a field.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamPatch {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100, example = "North and East")]
    pub name: Option<Text<100>>,
    /// The user who manages it.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub manager_id: Option<Option<UserId>>,
    /// The team above it, which is not below it.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub parent_id: Option<Option<TeamId>>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}
