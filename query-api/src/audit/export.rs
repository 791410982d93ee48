//! Events as lines: as many as there are, in constant memory.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use edge::{Asker, Permitted, Problem, Reach, Sight, TenantId, headers};
use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::sync::OwnedSemaphorePermit;

use super::record::ExportRecord;
use super::search::{Found, Sought, Span, portion};
use crate::app::QueryApi;
use crate::failure::{self, ReadError};

/// One JSON object a line.
pub(super) const MEDIA_TYPE: &str = "application/x-ndjson";

/// Events that are read at a time, and so in memory.
const EVENTS: usize = 2_000;
/// When to come again if there is no place for an export.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Why an export ends before its end. The connection is then aborted, since a proper end would say that it is complete.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the log is not available")]
    Log(#[from] ReadError),
    #[error("an event cannot be written as JSON")]
    Unwritable(#[from] serde_json::Error),
}

impl From<sqlx::Error> for Broken {
    fn from(error: sqlx::Error) -> Self {
        ReadError::from(error).into()
    }
}

/// An export on its way.
struct Export {
    app: QueryApi,
    tenant: TenantId,
    sight: Sight,
    sought: Sought,
    left: Option<Span>,
    record: ExportRecord,
    _place: OwnedSemaphorePermit,
}

/// The answer with all events that are sought, one a line.
///
/// Lines are read only when the client has taken those before, each time in a short transaction of its own: who stops
/// reading stops the reading, and holds nothing but memory for one portion and a place among the exports.
pub(super) async fn lines(
    app: &QueryApi,
    (caller, asker): (&Permitted, &Asker),
    sought: Sought,
    span: Span,
    end: i64,
) -> Result<Response, Problem> {
    let place = Arc::clone(&app.0.exports).try_acquire_owned().map_err(|_| {
        Problem::unavailable(RETRY_AFTER, "Too many exports are under way. Come again when one has ended.")
    })?;
    let record = app.begin_export(asker, "audit.events", "ndjson", &sought.filters()).await?;
    let (tenant, sight) = (caller.tenant, caller.sight().clone());
    let mut export =
        Export { app: app.clone(), tenant, sight, sought, left: Some(span), record, _place: place };
    // Read before the answer begins, so that what fails at once is answered as a problem.
    let first = export.next().await.map_err(|broken| match broken {
        Broken::Log(error) => failure::database(error),
        Broken::Unwritable(error) => Problem::internal(error),
    })?;
    let rest = stream::try_unfold(export, |mut export| async move {
        Ok::<_, Broken>(export.next().await?.map(|lines| (lines, export)))
    });
    let rest = rest.inspect_err(|broken| {
        let error: &dyn std::error::Error = broken;
        tracing::error!(error, "an export was aborted");
    });
    let lines = stream::iter(first.map(Ok)).chain(rest);
    let mut answer = Body::from_stream(lines).into_response();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    let (name, value) = headers::x_position(end);
    answer.headers_mut().insert(name, value);
    Ok(answer)
}

impl Export {
    /// The next lines; none at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        while let Some(span) = self.left {
            let mut transaction = self.app.0.reads.begin(self.tenant, &Reach::All).await?;
            let sought = (&self.sought, &self.sight);
            let Found { events, left } =
                portion(&mut transaction, sought, span, EVENTS, self.app.0.upcasters).await?;
            self.left = left;
            if events.is_empty() {
                continue;
            }
            self.record.add(events.len());
            let mut lines = Vec::new();
            for event in &events {
                serde_json::to_writer(&mut lines, event)?;
                lines.push(b'\n');
            }
            return Ok(Some(lines.into()));
        }
        self.record.finish();
        Ok(None)
    }
}
