//! Roles: what a token says about its bearer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A role of a user in a tenant, in snake case in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the tenant.
    Admin,
    /// Leads a sales team.
    SalesManager,
    /// Sells.
    SalesRep,
    /// Looks.
    Viewer,
    /// Reads the history.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] =
        &[Self::Admin, Self::SalesManager, Self::SalesRep, Self::Viewer, Self::Auditor];

    /// Its name in tokens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::SalesManager => "sales_manager",
            Self::SalesRep => "sales_rep",
            Self::Viewer => "viewer",
            Self::Auditor => "auditor",
        }
    }

    /// The role of a name; none for a name that is not known here, which is to be ignored.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }
}
