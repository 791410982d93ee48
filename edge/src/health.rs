//! Whether the service lives, and whether it can be sent work.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use futures::future::join_all;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::{Answer, FieldError, Problem, ok};

/// The time that a check may take before it counts as failed.
pub const MAX_CHECK: Duration = Duration::from_secs(2);
/// How long what the checks came to is told again: anybody may ask, and a flood of questions must not become one of checks.
pub const TOLD_AGAIN: Duration = Duration::from_millis(500);

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Outcome = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// Something that must work before the service can be sent work, such as its database.
#[derive(Clone)]
pub struct Check {
    name: &'static str,
    needed: bool,
    run: Arc<dyn Fn() -> Outcome + Send + Sync>,
}

impl Check {
    /// A check by its name, which callers see, and what to do, whose error only the log sees.
    pub fn new<F, Fut, E>(name: &'static str, run: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let run = move || -> Outcome {
            let outcome = run();
            Box::pin(async move { outcome.await.map_err(Into::into) })
        };
        Self { name, needed: true, run: Arc::new(run) }
    }

    /// The same check of something that the service can do without for a while: it is told, and work goes on.
    #[must_use]
    pub fn told_only(self) -> Self {
        Self { needed: false, ..self }
    }

    async fn is_fine(&self) -> bool {
        match tokio::time::timeout(MAX_CHECK, (self.run)()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(check = self.name, %error, "not ready");
                false
            }
            Err(_) => {
                tracing::warn!(check = self.name, "not ready: no answer in time");
                false
            }
        }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

/// The data of both answers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `degraded` if something fails that the service can do without for a while.
    pub status: &'static str,
    /// The checks that were made.
    pub checks: Vec<&'static str>,
    /// Those of them that fail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<&'static str>,
}

/// `GET /health/live`: 200 as long as the process answers. `GET /health/ready`: 200 if all checks succeed that the service
/// needs, else 503 with the names of those that fail. Neither asks for a token.
pub fn router<S: Clone + Send + Sync + 'static>(checks: Vec<Check>) -> Router<S> {
    let readiness = Arc::new(Readiness { checks, last: Mutex::default() });
    Router::new()
        .route(
            "/health/live",
            get(async || ok(Health { status: "ok", checks: Vec::new(), degraded: Vec::new() })),
        )
        .route("/health/ready", get(move || ready(Arc::clone(&readiness))))
}

/// All checks, and what they came to when they were last made.
struct Readiness {
    checks: Vec<Check>,
    last: Mutex<Option<(Instant, Vec<bool>)>>,
}

impl Readiness {
    /// Which checks are fine. Who asks while they are being made waits for what they come to.
    async fn fine(&self) -> Vec<bool> {
        let mut last = self.last.lock().await;
        if let Some((made, fine)) = &*last
            && made.elapsed() < TOLD_AGAIN
        {
            return fine.clone();
        }
        let fine = join_all(self.checks.iter().map(Check::is_fine)).await;
        *last = Some((Instant::now(), fine.clone()));
        fine
    }
}

async fn ready(readiness: Arc<Readiness>) -> Result<Answer<Health>, Problem> {
    let (checks, fine) = (&readiness.checks, readiness.fine().await);
    let failing: Vec<&Check> =
        checks.iter().zip(fine).filter(|(_, fine)| !fine).map(|(check, _)| check).collect();
    if failing.iter().any(|check| check.needed) {
        let failed =
            failing.iter().map(|check| FieldError::new(check.name, "failed", "is not ready")).collect();
        return Err(
            Problem::unavailable(Duration::from_secs(1), "The service is not ready.").with_errors(failed)
        );
    }
    Ok(ok(Health {
        status: if failing.is_empty() { "ok" } else { "degraded" },
        checks: checks.iter().map(|check| check.name).collect(),
        degraded: failing.iter().map(|check| check.name).collect(),
    }))
}
