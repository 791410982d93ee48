//! Roles: what a user may do.

use serde::{Deserialize, Serialize};

/// A role of a user in a tenant, in snake case in events and tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
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

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[
        Self::Admin,
        Self::SalesManager,
        Self::SalesRep,
        Self::Support,
        Self::Finance,
        Self::Viewer,
        Self::Auditor,
    ];

    /// Its name in events and tokens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::SalesManager => "sales_manager",
            Self::SalesRep => "sales_rep",
            Self::Support => "support",
            Self::Finance => "finance",
            Self::Viewer => "viewer",
            Self::Auditor => "auditor",
        }
    }

    /// The role of a name; none for a name that is not known here.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_written_by_its_name() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
            assert_eq!(Role::of_name(role.name()), Some(*role));
        }
        assert_eq!(Role::of_name("owner"), None);
    }
}
