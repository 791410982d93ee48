//! `identity_custom_role_list`: the roles that a tenant has defined.

use chrono::{DateTime, Utc};
use domain::identity::custom_role::CustomRoleEvent;
use domain::identity::{Grants, HiddenFields};
use domain::{CustomRoleId, Event, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::CUSTOM_ROLE;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomRoleRow {
    /// Its id, which tokens name it by.
    pub id: CustomRoleId,
    /// What people call it.
    pub name: Text<100>,
    /// What it lets users do.
    pub grants: Grants,
    /// The fields that it does not show them.
    #[serde(default, skip_serializing_if = "HiddenFields::is_empty")]
    pub hidden: HiddenFields,
    /// Whether anybody can have it.
    pub status: CustomRoleStatus,
    /// When it was defined.
    pub defined_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of its last event.
    pub version: i64,
}

/// Whether a role is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomRoleStatus {
    /// Yes.
    Defined,
    /// No longer.
    Retired,
}

/// The read model.
pub struct CustomRoleList;

impl Projection for CustomRoleList {
    type Row = CustomRoleRow;
    const NAME: &'static str = "identity_custom_role_list";
    const READS: &'static [&'static str] = &[CUSTOM_ROLE];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<CustomRoleRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::CustomRole(event) = &fact.payload else { return Ok(()) };
        if let CustomRoleEvent::Defined { name, grants, hidden } = event {
            *row = Some(CustomRoleRow {
                id: CustomRoleId::from_uuid(key),
                name: name.clone(),
                grants: grants.clone(),
                hidden: hidden.clone(),
                status: CustomRoleStatus::Defined,
                defined_at: fact.metadata.occurred_at,
                updated_at: fact.recorded_at,
                version: fact.sequence,
            });
            return Ok(());
        }
        let role = existing(row, key, fact)?;
        match event {
            CustomRoleEvent::Defined { .. } => {}
            CustomRoleEvent::Renamed { to, .. } => role.name = to.clone(),
            CustomRoleEvent::Granted { to, .. } => role.grants = to.clone(),
            CustomRoleEvent::FieldsHidden { to, .. } => role.hidden = to.clone(),
            CustomRoleEvent::Retired { .. } => role.status = CustomRoleStatus::Retired,
        }
        role.updated_at = fact.recorded_at;
        role.version = fact.sequence;
        Ok(())
    }
}
