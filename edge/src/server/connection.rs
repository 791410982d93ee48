//! One connection, from its first byte to its last.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::answering::Answers;
use super::farewell::{self, Farewells};
use super::stream::Stream;
use super::wire::Wire;
use super::{Limits, Stage, Tls};
use crate::Problem;
use crate::layers::MAX_HEADERS;

/// Bytes that are read of a header, and so the most that it can have. hyper's own limits on it are larger, since it
/// answers them without a body.
pub(super) const MAX_HEADER: usize = 60 * 1024;
/// Bytes that are read ahead, and that are written at a time.
const MAX_BUFFER: usize = 64 * 1024;

/// What the parts of a connection know of each other. All of them run in one task.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Requests whose header is there, and whose answer is not wholly handed over.
    under_way: AtomicUsize,
    /// Bytes that were read since.
    read: AtomicUsize,
    /// Whether the client has to take something before more can be written.
    blocked: AtomicBool,
    /// Whether something that the client sent or will send is not read.
    unread: AtomicBool,
}

impl Progress {
    pub(super) fn begin(&self) {
        self.under_way.fetch_add(1, Relaxed);
        self.read.store(0, Relaxed);
        self.unread.store(false, Relaxed);
    }

    pub(super) fn end(&self) {
        self.under_way.fetch_sub(1, Relaxed);
        self.read.store(0, Relaxed);
    }

    /// Bytes that may be read now: what is left of a header, or any number of a body.
    pub(super) fn may_read(&self) -> usize {
        match self.under_way.load(Relaxed) {
            0 => MAX_HEADER.saturating_sub(self.read.load(Relaxed)),
            _ => usize::MAX,
        }
    }

    pub(super) fn has_read(&self, bytes: usize) {
        self.read.fetch_add(bytes, Relaxed);
    }

    /// Whether a header has begun to arrive. Of an idle connection none has.
    fn has_begun(&self) -> bool {
        self.read.load(Relaxed) > 0
    }

    pub(super) fn block(&self, blocked: bool) {
        self.blocked.store(blocked, Relaxed);
    }

    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Relaxed);
    }

    /// Whether nothing that was asked has still to be answered.
    fn is_idle(&self) -> bool {
        self.under_way.load(Relaxed) == 0 && !self.blocked.load(Relaxed)
    }
}

/// A connection whose client has shaken hands; nothing if it cannot, or takes too long, or the end comes first.
async fn handshake(
    stream: TcpStream,
    tls: Tls,
    patience: Duration,
    mut stages: watch::Receiver<Stage>,
) -> Option<Wire> {
    tokio::select! {
        shaken = timeout(patience, tls.accept(stream)) => match shaken {
            Ok(Ok(stream)) => Some(stream.into()),
            Ok(Err(error)) => {
                tracing::debug!(%error, "no TLS");
                None
            }
            Err(_) => {
                tracing::debug!("the handshake took too long");
                None
            }
        },
        // Whoever has not shaken hands has not asked for anything.
        _ = stages.wait_for(|stage| *stage == Stage::Hurrying) => None,
    }
}

/// Serves a connection until it ends, or is ended.
pub(super) async fn serve(
    stream: TcpStream,
    tls: Option<Tls>,
    address: SocketAddr,
    router: Router,
    limits: Limits,
    mut stages: watch::Receiver<Stage>,
    farewells: Farewells,
) {
    // Answers are written whole, so waiting for more to send with them only costs time.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let stream = match tls {
        None => Wire::Plain(stream),
        Some(tls) => match Box::pin(handshake(stream, tls, limits.handshake, stages.clone())).await {
            Some(stream) => stream,
            None => return,
        },
    };
    let progress = Arc::new(Progress::default());
    let service = Answers::new(router, address, limits.body, &progress, &stages);
    let stream = Stream::new(stream, limits.stall, &progress);
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    let mut stage = Stage::Open;
    let ended = loop {
        let next = poll_fn(|context| match connection.poll_without_shutdown(context) {
            Poll::Pending if stage == Stage::Hurrying && progress.is_idle() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
        });
        tokio::select! {
            biased;
            ended = next => break ended,
            Ok(()) = stages.changed() => {
                stage = *stages.borrow_and_update();
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let mut stream = connection.into_parts().io.into_inner();
    match ended {
        Some(Ok(())) => {
            // TLS may hold back the end of an answer.
            if stream.flush().await.is_ok() {
                farewell::close(stream.into_inner(), progress.unread.load(Relaxed)).await;
            }
        }
        Some(Err(error)) => {
            tracing::debug!(%error, "connection ended");
            if let Some(problem) = reproach(&error, &stream, &progress) {
                farewells.say(stream.into_inner(), &problem).await;
            } else if error.is_parse() {
                // hyper has said so itself, though without a problem.
                farewell::close(stream.into_inner(), true).await;
            } else if error.is_timeout() && progress.is_idle() {
                // HTTP has no word for this end, but TLS has.
                farewell::close(stream.into_inner(), false).await;
            }
        }
        None => tracing::debug!("connection ended without a request under way"),
    }
}

/// What is wrong with a request that never came to its end.
fn reproach(error: &hyper::Error, stream: &Stream, progress: &Progress) -> Option<Problem> {
    if !progress.is_idle() {
        None
    } else if stream.is_beyond() {
        Some(Problem::headers_too_large())
    } else if error.is_timeout() && progress.has_begun() {
        Some(Problem::too_slow("The header of the request took too long to arrive."))
    } else {
        None
    }
}
