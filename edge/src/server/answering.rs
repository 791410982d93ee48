//! Requests of a connection to the router, and its answers back, counted while they are under way.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use axum::routing::future::RouteFuture;
use hyper::body::{Body as _, Bytes, Frame, Incoming, SizeHint};
use hyper::service::Service;
use tokio::sync::watch;
use tower::Service as _;

use super::Stage;
use super::body::Timely;
use super::connection::Progress;

/// The router, as one connection sees it.
pub(super) struct Answers {
    router: Router,
    address: SocketAddr,
    body_time: Duration,
    progress: Arc<Progress>,
    stages: watch::Receiver<Stage>,
}

/// A request under way, until it is dropped.
struct UnderWay(Arc<Progress>);

/// An answer that is being made.
pub(super) struct Answering {
    answer: RouteFuture<Infallible>,
    under_way: Option<UnderWay>,
}

/// The body of an answer. Its request is under way until all of it is handed over.
pub(super) struct Counted {
    body: Body,
    _under_way: Option<UnderWay>,
}

impl Answers {
    pub(super) fn new(
        router: Router,
        address: SocketAddr,
        body_time: Duration,
        progress: &Arc<Progress>,
        stages: &watch::Receiver<Stage>,
    ) -> Self {
        Self { router, address, body_time, progress: Arc::clone(progress), stages: stages.clone() }
    }
}

impl Service<Request<Incoming>> for Answers {
    type Response = Response<Counted>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        self.progress.begin();
        let under_way = Some(UnderWay(Arc::clone(&self.progress)));
        let mut request = request.map(|body| {
            if body.is_end_stream() {
                return Body::empty();
            }
            Body::new(Timely::new(body, self.body_time, &self.stages, &self.progress))
        });
        request.extensions_mut().insert(ConnectInfo(self.address));
        // A router is always ready.
        Answering { answer: self.router.clone().call(request), under_way }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Future for Answering {
    type Output = Result<Response<Counted>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.answer).poll(context))?;
        let under_way = self.under_way.take();
        Poll::Ready(Ok(answer.map(|body| Counted { body, _under_way: under_way })))
    }
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
