//! The spans of folding, each in the trace of the request that caused the event.

use std::sync::Arc;

use event_store::Recorded;
use event_store::trace::{follow, trace_id, traceparent};
use tracing::{Level, Span};

/// Spans of a batch, alive while it is folded. None are made while nobody looks.
pub(crate) struct Folding(Vec<Span>);

impl Folding {
    /// Begins a span for each event that a request caused.
    pub(crate) fn begin(view: &'static str, events: &[Arc<Recorded>]) -> Self {
        if !tracing::span_enabled!(Level::DEBUG) {
            return Self(Vec::new());
        }
        let span = |event: &Arc<Recorded>| {
            let traceparent = traceparent(event)?;
            let span = tracing::debug_span!(
                "fold",
                view,
                position = event.position,
                event_type = event.event_type,
                trace_id = trace_id(traceparent),
            );
            follow(&span, traceparent);
            Some(span)
        };
        Self(events.iter().filter_map(span).collect())
    }

    /// Says of each event that its rows are there.
    pub(crate) fn end(self) {
        for span in self.0 {
            span.in_scope(|| tracing::debug!("folded"));
        }
    }
}
