//! How far a caller may reach with the permission that a route asks for.

use std::collections::BTreeSet;
use std::sync::Arc;

/// Whose records a caller may see or change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Those of the whole tenant, and those that nobody owns.
    #[default]
    All,
    /// Those of these owners.
    Owners(Arc<BTreeSet<String>>),
}

impl Reach {
    /// Whether a record of this owner, or of nobody, is within reach.
    pub fn covers(&self, owner: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Owners(owners) => owner.is_some_and(|owner| owners.contains(owner)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_owns_is_within_reach_of_those_who_reach_everything() {
        let sam = Reach::Owners(Arc::new(BTreeSet::from(["sam".to_owned()])));
        assert!(Reach::All.covers(None) && Reach::All.covers(Some("kim")));
        assert!(sam.covers(Some("sam")));
        assert!(!sam.covers(Some("kim")) && !sam.covers(None));
    }
}
