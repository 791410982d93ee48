//! Bodies that arrive in time, or not at all.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Stage;
use super::connection::Progress;

/// Why a body is not waited for any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Late {
    #[error("the body took too long to arrive")]
    Slow,
    #[error("the server stops, and the body is not there yet")]
    Stopping,
}

/// A body on its way, which fails when its time is up.
pub(super) struct Timely {
    body: Incoming,
    until: Instant,
    stages: watch::Receiver<Stage>,
    /// Made only for a body that has to be waited for.
    late: Option<Pin<Box<dyn Future<Output = Late> + Send>>>,
    progress: Arc<Progress>,
}

impl Timely {
    pub(super) fn new(
        body: Incoming,
        time: Duration,
        stages: &watch::Receiver<Stage>,
        progress: &Arc<Progress>,
    ) -> Self {
        let (stages, progress) = (stages.clone(), Arc::clone(progress));
        Self { body, until: Instant::now() + time, stages, late: None, progress }
    }
}

async fn late(until: Instant, mut stages: watch::Receiver<Stage>) -> Late {
    tokio::select! {
        () = sleep_until(until) => Late::Slow,
        // Without a server there is nothing to wait for either.
        _ = stages.wait_for(|stage| *stage == Stage::Hurrying) => Late::Stopping,
    }
}

impl Body for Timely {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let Self { until, stages, late: waited, .. } = &mut *self;
        let waited = waited.get_or_insert_with(|| Box::pin(late(*until, stages.clone())));
        let late = ready!(waited.as_mut().poll(context));
        Poll::Ready(Some(Err(late.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Timely {
    fn drop(&mut self) {
        if !self.body.is_end_stream() {
            self.progress.leave_unread();
        }
    }
}
