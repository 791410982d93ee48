//! Who sends a request, as far as it has been found out so far, and from where.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, Uri};
use chrono::Utc;
use domain::identity::session::Device;
use uuid::Uuid;

use super::{Entry, Kind};
use crate::address::client;
use crate::whose::Named;
use crate::{CorrelationId, TenantId, TraceParent};

/// Who sends a request. All that looks at the request tells what it finds out; the trail asks at the end.
#[derive(Clone)]
pub struct Asker(Arc<Sent>);

struct Sent {
    address: Option<IpAddr>,
    agent: Option<HeaderValue>,
    correlation_id: CorrelationId,
    trace: OnceLock<TraceParent>,
    method: Method,
    route: Option<MatchedPath>,
    uri: Uri,
    /// For whoever writes log lines, once a token has told.
    named: OnceLock<Named>,
    told: Mutex<Told>,
}

#[derive(Clone, Debug, Default)]
struct Told {
    tenant: Option<TenantId>,
    actor: Option<String>,
    key: Option<Uuid>,
    proven: bool,
    permission: Option<&'static str>,
    reason: Option<&'static str>,
}

impl Asker {
    /// Whoever sends a request that came through so many proxies of ours.
    pub(crate) fn of(
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        extensions: &Extensions,
        proxies: usize,
    ) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Self(Arc::new(Sent {
            address: client(headers, peer, proxies),
            agent: headers.get(USER_AGENT).cloned(),
            correlation_id: CorrelationId::of(headers),
            trace: OnceLock::new(),
            method: method.clone(),
            route: extensions.get().cloned(),
            uri: uri.clone(),
            named: OnceLock::new(),
            told: Mutex::default(),
        }))
    }

    /// The one of a request; found here if no layer did.
    pub fn in_request(parts: &mut Parts) -> Self {
        if let Some(found) = parts.extensions.get::<Self>() {
            return found.clone();
        }
        let found = Self::of(&parts.method, &parts.uri, &parts.headers, &parts.extensions, 0);
        parts.extensions.insert(found.clone());
        found
    }

    /// The same, whose place in a trace is known by now.
    pub(crate) fn traced(self, trace: TraceParent) -> Self {
        let _first = self.0.trace.set(trace);
        self
    }

    pub(crate) fn trace(&self) -> Option<TraceParent> {
        self.0.trace.get().copied()
    }

    pub(crate) fn correlation_id(&self) -> &CorrelationId {
        &self.0.correlation_id
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.0.uri
    }

    /// Whoever a good token named.
    pub(crate) fn named(&self) -> Option<Named> {
        self.0.named.get().copied()
    }

    /// It is this one: a good signature says so.
    pub fn is(&self, tenant: TenantId, actor: &str, key: Option<Uuid>) {
        // Of two tokens in one request the first was taken, and there are none.
        let _first = self.0.named.set(Named::new(tenant, actor, key));
        let mut told = self.told();
        *told =
            Told { tenant: Some(tenant), actor: Some(actor.to_owned()), key, proven: true, ..told.clone() };
    }

    /// It says to be of this tenant, and perhaps somebody.
    pub fn claims(&self, tenant: TenantId, actor: Option<String>, key: Option<Uuid>) {
        let mut told = self.told();
        if !told.proven {
            *told = Told { tenant: Some(tenant), actor, key, ..told.clone() };
        }
    }

    /// What the route asks for.
    pub fn needs(&self, permission: &'static str) {
        self.told().permission = Some(permission);
    }

    /// Why it is refused, where whoever asks is told less.
    pub fn because(&self, reason: &'static str) {
        self.told().reason = Some(reason);
    }

    /// Whether somebody's word is not all that there is for the tenant.
    pub(super) fn is_proven(&self) -> bool {
        self.told().proven
    }

    /// Why it is refused, if the trail is to say more than the answer.
    pub(super) fn reason(&self) -> Option<&'static str> {
        self.told().reason
    }

    /// An entry of this request; none as long as nobody knows the tenant.
    pub fn entry(&self, kind: Kind) -> Option<Entry> {
        let Told { tenant, actor, key, permission, .. } = self.told().clone();
        Some(Entry {
            actor,
            key,
            address: self.0.address,
            agent: self.0.agent.as_ref().map(named),
            correlation_id: self.0.correlation_id.to_string(),
            trace_id: self.trace().map(|trace| trace.trace_id()),
            method: Some(self.0.method.to_string().chars().take(20).collect()),
            route: self.0.route.as_ref().map(|route| route.as_str().to_owned()),
            permission: permission.map(Into::into),
            record: self.record(),
            at: Utc::now(),
            ..Entry::new(kind, tenant?, "")
        })
    }

    /// The first thing that the path names.
    fn record(&self) -> Option<Uuid> {
        let template = self.0.route.as_ref()?.as_str();
        let named = template.split('/').zip(self.0.uri.path().split('/'));
        named.filter(|(name, _)| name.starts_with('{')).find_map(|(_, value)| Uuid::try_parse(value).ok())
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client calls itself, harmless and of a bounded length.
fn named(agent: &HeaderValue) -> String {
    Device::of(&String::from_utf8_lossy(agent.as_bytes())).to_string()
}

/// Who it is and what they ask for is for no log.
impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asker(…)")
    }
}

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::in_request(parts))
    }
}
