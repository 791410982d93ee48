//! Links inside data: where else to go, and which commands the caller may send now.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where to go and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// A path of this API, with its query.
    #[schema(example = "/api/v1/leads/01890a5d-ac96-774b-bcce-b302099a8057/qualify")]
    pub href: String,
    /// The HTTP method.
    #[schema(example = "POST")]
    pub method: Cow<'static, str>,
}

/// Links by name: `self`, `next`, or the name of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Links(BTreeMap<Cow<'static, str>, Link>);

impl Links {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Links to the thing itself.
    #[must_use]
    pub fn itself(self, href: impl Into<String>) -> Self {
        self.get("self", href)
    }

    /// Links to something to be read.
    #[must_use]
    pub fn get(self, name: &'static str, href: impl Into<String>) -> Self {
        self.with(name, "GET", href)
    }

    /// Links to a command that goes by `POST`.
    #[must_use]
    pub fn post(self, name: &'static str, href: impl Into<String>) -> Self {
        self.with(name, "POST", href)
    }

    /// Links to anything.
    #[must_use]
    pub fn with(mut self, name: &'static str, method: &'static str, href: impl Into<String>) -> Self {
        self.0.insert(name.into(), Link { href: href.into(), method: method.into() });
        self
    }

    /// The link of a name.
    pub fn named(&self, name: &str) -> Option<&Link> {
        self.0.get(name)
    }
}
