//! The place of a request in a trace that may have begun at the caller and goes on behind us: W3C Trace Context.

use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::{Asker, Problem};

/// The header that carries it.
pub const TRACEPARENT: &str = "traceparent";

/// Bytes of a `traceparent` of version 00.
const LENGTH: usize = 55;

/// What `traceparent` says: `00-<trace id>-<span id>-<flags>`, all in lower-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

impl TraceParent {
    /// What the caller sent, if it is valid.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(TRACEPARENT)?.to_str().ok()?)
    }

    /// Reads a `traceparent`; of a version to come, the part that every version begins with.
    pub fn parse(text: &str) -> Option<Self> {
        let (known, rest) = text.split_at_checked(LENGTH)?;
        let mut fields = known.split('-');
        let mut field = |length: usize| {
            fields.next().filter(|text| {
                text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            })
        };
        let version = field(2).filter(|version| *version != "ff")?;
        let trace_id = u128::from_str_radix(field(32)?, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(field(16)?, 16).ok().filter(|id| *id != 0)?;
        let flags = u8::from_str_radix(field(2)?, 16).ok()?;
        let ends = rest.is_empty() || (version != "00" && rest.starts_with('-'));
        ends.then_some(Self { trace_id, span_id, flags })
    }

    /// A trace that begins here. Nobody is asked to record it.
    pub fn fresh() -> Self {
        Self {
            trace_id: rand::random_range(1..=u128::MAX),
            span_id: rand::random_range(1..=u64::MAX),
            flags: 0,
        }
    }

    /// Makes `span` a child of what the caller sent, and tells the place of `span` itself.
    ///
    /// Without an exporter of spans there is no such place; then it is a made-up one in the caller's trace, so that the
    /// trace id is the same all the way.
    pub(crate) fn enter(span: &Span, headers: &HeaderMap) -> Self {
        let caller = Self::of(headers);
        let made_up = || match caller {
            Some(caller) => Self { span_id: Self::fresh().span_id, ..caller },
            None => Self::fresh(),
        };
        if span.is_disabled() {
            return made_up();
        }
        if let Some(caller) = caller {
            // Refused where no exporter is set up: then nobody needs it.
            let _set = span.set_parent(caller.context());
        }
        let context = span.context();
        Self::from_context(context.span().span_context()).unwrap_or_else(made_up)
    }

    fn context(self) -> opentelemetry::Context {
        opentelemetry::Context::new().with_remote_span_context(SpanContext::new(
            TraceId::from(self.trace_id),
            SpanId::from(self.span_id),
            TraceFlags::new(self.flags),
            true,
            TraceState::default(),
        ))
    }

    fn from_context(context: &SpanContext) -> Option<Self> {
        context.is_valid().then(|| Self {
            trace_id: u128::from_be_bytes(context.trace_id().to_bytes()),
            span_id: u64::from_be_bytes(context.span_id().to_bytes()),
            flags: context.trace_flags().to_u8(),
        })
    }

    /// The trace id as 32 hex digits.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

impl<S: Sync> FromRequestParts<S> for TraceParent {
    type Rejection = Problem;

    /// What [`crate::finish`] found; without that layer, what the header says, or a trace that begins here.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let entered = parts.extensions.get::<Asker>().and_then(Asker::trace);
        Ok(entered.or_else(|| Self::of(&parts.headers)).unwrap_or_else(Self::fresh))
    }
}
