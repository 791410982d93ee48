//! What the trail holds.

use std::borrow::Cow;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{CorrelationId, TenantId};

/// What sort of thing was done, or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing by itself: from where a request came of which events tell the rest.
    Source,
    /// Somebody did not show who they are: a password, a second factor, or too many guesses.
    SignInRefused,
    /// A token or key was good once, or claims to be.
    TokenRefused,
    /// Somebody who is known may not do it.
    Denied,
    /// Data leaves, much at a time.
    Export,
    /// Personal data is erased.
    Erasure,
}

impl Kind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::SignInRefused => "sign_in_refused",
            Self::TokenRefused => "token_refused",
            Self::Denied => "denied",
            Self::Export => "export",
            Self::Erasure => "erasure",
        }
    }
}

/// An entry of the trail. It holds neither what people wrote nor a secret: ids, names of ours, and from where.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The tenant.
    pub tenant: TenantId,
    /// Its own id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Until when, if it counts several.
    pub until: Option<DateTime<Utc>>,
    /// What sort.
    pub kind: Kind,
    /// Who: a user, or the subject of a token.
    pub actor: Option<String>,
    /// The key by which a program acted.
    pub key: Option<Uuid>,
    /// From where.
    pub address: Option<IpAddr>,
    /// On what, in the words of the client, cut short.
    pub agent: Option<String>,
    /// The request.
    pub correlation_id: String,
    /// Its trace.
    pub trace_id: Option<String>,
    /// Why it was refused, or what became of it.
    pub code: Option<Cow<'static, str>>,
    /// The method of the request.
    pub method: Option<String>,
    /// The template of its route.
    pub route: Option<String>,
    /// The permission that the route asks for.
    pub permission: Option<Cow<'static, str>>,
    /// The thing that it was about.
    pub record: Option<Uuid>,
    /// How many it stands for.
    pub count: u64,
    /// What else there is to say, by names of ours.
    pub detail: Option<Value>,
}

impl Entry {
    /// An entry without a request, for commands of operators and for work that nobody waits for.
    pub fn new(kind: Kind, tenant: TenantId, actor: impl Into<String>) -> Self {
        Self {
            tenant,
            id: Uuid::now_v7(),
            at: Utc::now(),
            until: None,
            kind,
            actor: Some(actor.into()),
            key: None,
            address: None,
            agent: None,
            correlation_id: CorrelationId::fresh().to_string(),
            trace_id: None,
            code: None,
            method: None,
            route: None,
            permission: None,
            record: None,
            count: 1,
            detail: None,
        }
    }

    /// The erasure of a person's data, to be recorded before it is done: [`crate::Trail::before`].
    pub fn erasure(tenant: TenantId, actor: impl Into<String>, record: Uuid) -> Self {
        Self { record: Some(record), ..Self::new(Kind::Erasure, tenant, actor) }
    }

    /// The same, with what became of it or why it was refused.
    #[must_use]
    pub fn with_code(self, code: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Some(code.into()), ..self }
    }

    /// The same, with what else there is to say. Neither what people wrote nor a secret.
    #[must_use]
    pub fn with_detail(self, detail: Value) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// Another entry of the same request, now.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { id: Uuid::now_v7(), at: Utc::now(), ..self.clone() }
    }
}
