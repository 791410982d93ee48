//! A stage of a pipeline.

use serde::{Deserialize, Serialize};

use crate::{Percent, StageId, Text};

/// A stage: a step on the way to winning a deal. Won and lost are outcomes, not stages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its id, unique in the tenant.
    pub id: StageId,
    /// What people call it.
    pub name: Text<100>,
    /// How likely a deal in it is won, unless the deal says otherwise.
    pub probability: Percent,
}

impl Stage {
    /// Whether it bears `name`, in whatever case.
    pub fn is_called(&self, name: &Text<100>) -> bool {
        self.name.to_lowercase() == name.to_lowercase()
    }
}
