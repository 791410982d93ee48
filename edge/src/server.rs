//! Serves a router over HTTP/1.1, by TLS if there is a certificate, until it is told to stop, whatever its clients do.

mod answering;
mod body;
mod connection;
mod farewell;
mod limits;
mod listener;
mod peers;
mod stream;
mod tls;
mod wire;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::{Semaphore, watch};

pub(crate) use body::Late;
pub use limits::{Limits, open_files};
pub use listener::Listener;
use peers::Peers;
pub use tls::{BadCertificate, Tls};

use crate::{Problem, WebPolicy};
use farewell::Farewells;

/// Connections beyond the limit that are told so at a time. More are closed without a word.
const MAX_TURNED_AWAY: usize = 32;

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Requests are taken.
    Open,
    /// Those that have begun are waited for.
    Stopping,
    /// Those that are wholly there are waited for.
    Hurrying,
}

/// Serves `router` on `listener` within `limits` until `stop` is ready; then takes no more connections, lets the
/// requests under way end for up to [`Limits::stop`], and returns. Handlers may ask for `ConnectInfo<SocketAddr>`.
///
/// # Errors
/// The listener has no address, which means that it is broken.
pub async fn serve(
    listener: impl Into<Listener>,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_for(listener, router, limits, &WebPolicy::default(), stop).await
}

/// The same, for browsers that this policy is about: that of the router does not see what never became a request.
///
/// # Errors
/// The listener has no address, which means that it is broken.
pub async fn serve_for(
    listener: impl Into<Listener>,
    router: Router,
    limits: Limits,
    web: &WebPolicy,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = listener.into();
    tracing::info!(url = listener.url()?, "serving");
    let Listener { tcp: listener, tls } = listener;
    let farewells = Farewells::new(web);
    let (seats, turned_away) = (Semaphore::new(limits.seats()), Semaphore::new(MAX_TURNED_AWAY));
    let (seats, turned_away) = (Arc::new(seats), Arc::new(turned_away));
    let peers = Peers::new(limits.peer);
    let (stage, stages) = watch::channel(Stage::Open);
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    let Some(peer) = peers.enter(address.ip()) else {
                        farewells.turn_away(stream, tls.clone(), &turned_away, Problem::too_many_connections());
                        continue;
                    };
                    let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else {
                        farewells.turn_away(stream, tls.clone(), &turned_away, Problem::full());
                        continue;
                    };
                    let served = connection::serve(
                        stream, tls.clone(), address, router.clone(), limits, stages.clone(), farewells.clone(),
                    );
                    tokio::spawn(async move {
                        served.await;
                        drop((seat, peer));
                    });
                }
                Err(error) => refused(&error).await,
            },
        }
    }
    drop(listener);
    tracing::info!(connections = limits.seats() - seats.available_permits(), "stopping");
    stage.send_replace(Stage::Stopping);
    let mut ended = pin!(seats.acquire_many(u32::try_from(limits.seats()).unwrap_or(u32::MAX)));
    if tokio::time::timeout(limits.hurry, &mut ended).await.is_err() {
        stage.send_replace(Stage::Hurrying);
        if tokio::time::timeout(limits.stop.saturating_sub(limits.hurry), ended).await.is_err() {
            tracing::warn!("stopped with requests under way");
        }
    }
    Ok(())
}

/// Waits a moment after a connection could not be accepted for want of file handles, instead of spinning.
async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "cannot accept connections");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
