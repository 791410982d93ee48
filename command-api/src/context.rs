//! Under which circumstances a command is given, whatever it asks for.

use chrono::{DateTime, Utc};
use domain::sales::Owner;
use domain::{ImportId, TenantId};
use edge::Reach;

/// Who gives a command, when, why, and on which conditions.
#[derive(Clone, Debug)]
pub struct Context {
    /// The tenant that all of it is about.
    pub tenant: TenantId,
    /// The `sub` of the token, or the name of the process that acts.
    pub actor: String,
    /// Whose records it may see and change.
    pub reach: Reach,
    /// The request or run that causes it.
    pub correlation_id: String,
    /// The place of that request in a trace, as W3C `traceparent`.
    pub traceparent: Option<String>,
    /// Business time; the present if none.
    pub occurred_at: Option<DateTime<Utc>>,
    /// The import that brings it, if one does.
    pub import: Option<ImportId>,
    /// What makes it safe to give the command twice.
    pub idempotency: Option<Idempotent>,
    /// The version that the aggregate must have; any if none.
    pub if_match: Option<i64>,
}

/// A key under which a command has its effect once, and gets the same answer ever after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotent {
    /// The key, unique in the tenant.
    pub key: String,
    /// Digest of who asks for what: the key serves no other request.
    pub request_hash: Vec<u8>,
}

impl Context {
    /// A command of `actor`, happening now, on no conditions and about anything.
    pub fn new(tenant: TenantId, actor: impl Into<String>, correlation_id: impl Into<String>) -> Self {
        Self {
            tenant,
            actor: actor.into(),
            reach: Reach::All,
            correlation_id: correlation_id.into(),
            traceparent: None,
            occurred_at: None,
            import: None,
            idempotency: None,
            if_match: None,
        }
    }

    /// Who owns something new for which no owner is named: nobody, or whoever makes it if they could not see it otherwise.
    pub fn owner_or_own(&self, owner: Option<Owner>) -> Option<Owner> {
        match &self.reach {
            Reach::All => owner,
            Reach::Owners(_) => owner.or_else(|| Owner::parse(&self.actor).ok()),
        }
    }
}
