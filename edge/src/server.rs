//! Serves a router over HTTP/1.1 until it is told to stop.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::layers::MAX_HEADERS;

/// The time that a client has to send the header of a request, against those who send it drop by drop. An idle
/// connection is closed after it too, so it is longer than the 60 s for which proxies keep theirs.
pub const MAX_HEADER_TIME: Duration = Duration::from_secs(75);
/// The time that requests under way have to end after the signal to stop.
pub const MAX_STOP_TIME: Duration = Duration::from_secs(10);
/// Bytes that are read ahead of a request, and so the most that its header can have.
const MAX_BUFFER: usize = 64 * 1024;

/// Serves `router` on `listener` until `stop` is ready; then takes no more connections, lets the requests under way
/// end for up to [`MAX_STOP_TIME`], and returns. Handlers may ask for `ConnectInfo<SocketAddr>`.
///
/// # Errors
/// The listener has no address, which means that it is broken.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) -> io::Result<()> {
    tracing::info!(address = %listener.local_addr()?, "serving");
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => connect(stream, ConnectInfo(address), &router, &connections),
                Err(error) => refused(&error).await,
            },
        }
    }
    drop(listener);
    tracing::info!(connections = connections.count(), "stopping");
    if tokio::time::timeout(MAX_STOP_TIME, connections.shutdown()).await.is_err() {
        tracing::warn!("stopped with requests under way");
    }
    Ok(())
}

fn connect<A: Clone + Send + Sync + 'static>(
    stream: TcpStream,
    address: ConnectInfo<A>,
    router: &Router,
    connections: &GracefulShutdown,
) {
    // Answers are written whole, so waiting for more to send with them only costs time.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let router = router.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(address.clone());
        let answer = router.clone().oneshot(request);
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(MAX_HEADER_TIME)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended");
        }
    });
}

/// Waits a moment after a connection could not be accepted for want of file handles, instead of spinning.
async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "cannot accept connections");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
