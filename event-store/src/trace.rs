//! How a trace goes on from the request that caused an event to whoever works on that event later.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use serde::Deserialize;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::event::{RawRecorded, Recorded};

/// The key in an event's metadata, and the header of its message: a W3C `traceparent`.
pub const TRACEPARENT: &str = "traceparent";

/// The `traceparent` in an event's metadata, if it is a valid one: metadata may have come from anywhere.
pub fn traceparent(event: &Recorded) -> Option<&str> {
    event.metadata.get(TRACEPARENT)?.as_str().filter(|text| context(text).is_some())
}

/// As [`traceparent`], of metadata that nobody has read.
pub(crate) fn raw_traceparent(event: &RawRecorded) -> Option<String> {
    #[derive(Deserialize)]
    struct Traced {
        traceparent: Option<String>,
    }
    let text = serde_json::from_str::<Traced>(event.metadata.get()).ok()?.traceparent?;
    context(&text).is_some().then_some(text)
}

/// The trace id within a `traceparent`.
pub fn trace_id(traceparent: &str) -> &str {
    traceparent.get(3..35).unwrap_or_default()
}

/// Makes a span that was not entered yet go on with the trace of an event.
pub fn follow(span: &Span, traceparent: &str) {
    if let Some(context) = context(traceparent) {
        // Refused where spans are not exported: then nobody needs it.
        let _set = span.set_parent(Context::new().with_remote_span_context(context));
    }
}

/// The span of one event's way to the stream, in the trace of the request that caused it.
pub(crate) fn publishing(event: &RawRecorded) -> Span {
    if !tracing::span_enabled!(Level::DEBUG) {
        return Span::none();
    }
    let Some(traceparent) = raw_traceparent(event) else { return Span::none() };
    let span = tracing::debug_span!("publish", position = event.position, trace_id = trace_id(&traceparent));
    follow(&span, &traceparent);
    span
}

fn context(text: &str) -> Option<SpanContext> {
    let mut fields = text.split('-');
    let mut field = |length: usize| fields.next().filter(|field| field.len() == length);
    field(2).filter(|version| *version == "00")?;
    let trace = TraceId::from_hex(field(32)?).ok()?;
    let span = SpanId::from_hex(field(16)?).ok()?;
    let flags = u8::from_str_radix(field(2)?, 16).ok()?;
    let context = SpanContext::new(trace, span, TraceFlags::new(flags), true, TraceState::default());
    (context.is_valid() && fields.next().is_none()).then_some(context)
}

#[cfg(test)]
mod tests {
    use super::{context, trace_id};

    #[test]
    fn only_a_valid_traceparent_is_followed() {
        let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(context(valid).is_some());
        assert_eq!(trace_id(valid), "4bf92f3577b34da6a3ce929d0e0e4736");
        let zeros = valid.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32));
        let split = format!("{valid}\r\nx: y");
        for wrong in ["", "x", &valid[1..], "00-x-y-01", &zeros, &split, &valid.replacen("00", "ff", 1)] {
            assert!(context(wrong).is_none(), "{wrong}");
        }
    }
}
