//! Links inside data: where else to go, and which commands the caller may send now.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where to go and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// A path of this API, with its query, but for what goes by `X-Query`.
    #[schema(example = "/api/v1/leads/01890a5d-ac96-774b-bcce-b302099a8057/qualify")]
    pub href: String,
    /// The HTTP method.
    #[schema(example = "POST")]
    pub method: Cow<'static, str>,
    /// What to send along as `X-Query`. It is there if the list was asked for by that header, or has to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "q=Ada")]
    pub query: Option<String>,
}

/// Links by name: `self`, `next`, or the name of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Links(BTreeMap<Cow<'static, str>, Link>);

impl Link {
    /// Where something is to be read.
    pub fn get(href: impl Into<String>) -> Self {
        Self { href: href.into(), method: "GET".into(), query: None }
    }

    /// The same, with what to send along as `X-Query`, if that is anything.
    #[must_use]
    pub fn with_query(self, query: String) -> Self {
        Self { query: Some(query).filter(|query| !query.is_empty()), ..self }
    }
}

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
        self.to(name, Link::get(href))
    }

    /// Links to where a link leads.
    #[must_use]
    pub fn to(mut self, name: &'static str, link: Link) -> Self {
        self.0.insert(name.into(), link);
        self
    }

    /// Links to a command that goes by `POST`.
    #[must_use]
    pub fn post(self, name: &'static str, href: impl Into<String>) -> Self {
        self.with(name, "POST", href)
    }

    /// Links to anything.
    #[must_use]
    pub fn with(self, name: &'static str, method: &'static str, href: impl Into<String>) -> Self {
        self.to(name, Link { method: method.into(), ..Link::get(href) })
    }

    /// The link of a name.
    pub fn named(&self, name: &str) -> Option<&Link> {
        self.0.get(name)
    }
}
