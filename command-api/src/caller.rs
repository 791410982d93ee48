//! Who sends a command and on which conditions: everything that handlers take from a request beside path and body.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use domain::identity::RecordKind;
use domain::identity::permission::{Given, Permission as Listed};
use edge::trail::Kind;
use edge::{
    Asker, Bearer, CorrelationId, EdgeState, IdempotencyKey, IfMatch, Permission, Permit, Permitted, Problem,
    Sight, TraceParent,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use crate::moment::Moment;
use crate::sent::Sent;
use crate::{Context, Idempotent};

/// A caller with permission `P`, and the conditions in the headers. The first argument of a handler, so that nothing
/// of the request is looked at before the permission.
#[derive(Debug)]
pub struct Caller<P> {
    permit: Permit<P>,
    bearer: Bearer,
    correlation_id: CorrelationId,
    trace: TraceParent,
    key: Option<IdempotencyKey>,
    if_match: Option<IfMatch>,
    method: String,
    path: String,
}

impl<P> Caller<P> {
    /// Makes sure that a user who is signed in here has just shown once more who they are.
    ///
    /// # Errors
    /// 401 `step_up.required`.
    pub fn check_recent(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        self.bearer.check_recent(now.timestamp())
    }

    /// The same for what changes how somebody signs in.
    ///
    /// # Errors
    /// 401 `step_up.required`; 403 `person.required` for a key.
    pub fn check_recent_person(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        self.bearer.check_recent_person(now.timestamp())
    }

    /// The circumstances of the command that `sent` asks for, which happened at `occurred_at`.
    pub fn context<T>(self, sent: &Sent<T>, occurred_at: Option<Moment>) -> Context {
        let request_hash = self.key.is_some().then(|| self.digest(sent));
        let (identity, reach) = self.permit.into_permitted().into_parts();
        let idempotency = self.key.zip(request_hash);
        Context {
            tenant: identity.tenant,
            actor: identity.subject,
            reach,
            correlation_id: self.correlation_id.to_string(),
            traceparent: Some(self.trace.to_string()),
            occurred_at: occurred_at.map(Moment::get),
            import: None,
            idempotency: idempotency
                .map(|(key, request_hash)| Idempotent { key: key.into_inner(), request_hash }),
            if_match: self.if_match.and_then(IfMatch::version),
        }
    }

    /// What makes two requests the same: who asks, for what, of what, with which body.
    fn digest<T>(&self, sent: &Sent<T>) -> Vec<u8> {
        let mut digest = Sha256::new();
        // None of the first three can hold a line break.
        for part in [&self.method, &self.path, &self.permit.subject] {
            digest.update(part);
            digest.update("\n");
        }
        digest.update(sent.canonical());
        digest.finalize().to_vec()
    }
}

impl<P: Permission, S: EdgeState> FromRequestParts<S> for Caller<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let asker = Asker::in_request(parts);
        asker.needs(P::NAME);
        let bearer = Bearer::from_request_parts(parts, state).await?;
        let permit = bearer.clone().permit()?;
        state.admit(bearer.identity()).map_err(Problem::too_many_commands)?;
        if let Some(trail) = state.trail().filter(|_| runs_the_tenant(P::NAME)) {
            trail.source(&asker).await?;
        }
        if let (Some(trail), true) = (state.trail(), P::NAME.ends_with(".erase"))
            && let Some(erasure) = asker.entry(Kind::Erasure)
        {
            trail.before(erasure).await?;
        }
        parts.extensions.insert(Writable::of(P::NAME, &permit));
        let correlation_id = CorrelationId::from_request_parts(parts, state).await?;
        let trace = TraceParent::from_request_parts(parts, state).await?;
        let key = <IdempotencyKey as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        let if_match = <IfMatch as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
        Ok(Self { permit, bearer, correlation_id, trace, key, if_match, method, path })
    }
}

/// Which members the body of a command may have: none that is a field which is hidden from the caller.
#[derive(Clone, Debug)]
pub(crate) struct Writable {
    kind: Option<RecordKind>,
    /// What the permission shows that the command needs, and the one by which its things are read.
    sights: [Sight; 2],
}

impl Writable {
    fn of(permission: &str, permitted: &Permitted) -> Self {
        // What a lead becomes is a deal, and that is what the body is about.
        let kind = match permission.split_once('.') {
            Some(("lead", "convert")) => Some(RecordKind::Opportunity),
            Some(("lead", _)) => Some(RecordKind::Lead),
            Some(("opportunity", _)) => Some(RecordKind::Opportunity),
            _ => None,
        };
        let read = kind.map(RecordKind::read).map(|read| permitted.sight_with(read.name, read.roles));
        Self { kind, sights: [permitted.sight().clone(), read.unwrap_or_default()] }
    }

    /// # Errors
    /// 403 `field.hidden`, which names the fields.
    pub(crate) fn check(&self, body: &[u8]) -> Result<(), Problem> {
        let Some(kind) = self.kind.filter(|_| !self.sights.iter().all(Sight::is_whole)) else {
            return Ok(());
        };
        // It was read as JSON before.
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let members = || body.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let members = || members().map(|name| written(kind, name));
        self.sights.iter().try_for_each(|sight| sight.check_body(kind, members()))
    }
}

/// What a member of a body is called as a field. The reason of a refusal is the only one that has another name there.
fn written(kind: RecordKind, member: &str) -> &str {
    match (kind, member) {
        (RecordKind::Lead, "reason") => "disqualified_reason",
        (RecordKind::Opportunity, "reason") => "lost_reason",
        _ => member,
    }
}

/// Whether a permission is to say who may do what, which no role can be given that a tenant defines.
fn runs_the_tenant(permission: &str) -> bool {
    Listed::of_name(permission).is_some_and(|permission| permission.given == Given::Never)
}

/// The headers of commands that create something, for the documentation.
#[derive(Clone, Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct CreateHeaders {
    /// Makes the command safe to send twice: one effect, one answer. A UUID will do.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255)]
    pub idempotency_key: Option<String>,
}

/// The headers of commands that change something, for the documentation.
#[derive(Clone, Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct ChangeHeaders {
    /// Makes the command safe to send twice: one effect, one answer. A UUID will do.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255)]
    pub idempotency_key: Option<String>,
    /// The `ETag` of the version that the caller has seen. With any other one now, the answer is 412.
    #[param(rename = "If-Match", example = "\"12\"")]
    pub if_match: Option<String>,
}
