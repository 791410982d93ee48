//! What all processes count together, on a Redis.
//!
//! A decision is one script, so no two processes decide at once, and one round trip. The time is that of the server. What a key
//! is made of is hidden under a secret, and no key stays for longer than it counts.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo as _, RedisError, TlsCertificates,
};
use sha2::Sha256;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::metrics;

/// How long a decision may take.
const PATIENCE: Duration = Duration::from_millis(300);
/// How long it may take to connect, and to find out whether the server takes what it is told.
const LONGER: Duration = Duration::from_secs(1);
/// How often it is asked whether it is still there, and how often to connect again.
const INTERVAL: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(250);
/// What keys begin with.
const PREFIX: &str = "crm:limits";
/// What shows that the server takes what it is told: a replica, or one without room, does not.
const PROBE: &str = "crm:limits:probe";

/// A Redis that processes share, which may be away. Clones share the connection.
#[derive(Clone)]
pub struct SharedLimits(Arc<Parts>);

struct Parts {
    secret: [u8; 32],
    connection: watch::Receiver<Option<MultiplexedConnection>>,
    doubt: Arc<Notify>,
    keeper: JoinHandle<()>,
}

/// The URL names no Redis.
#[derive(Debug, thiserror::Error)]
#[error("REDIS_URL must look like redis://:password@host:6379, or rediss:// for TLS")]
pub struct BadUrl(#[source] RedisError);

/// The server did not answer in time, or did not take what it was told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("there is no connection")]
    Away,
    #[error("it took too long")]
    Late,
    #[error(transparent)]
    Refused(#[from] RedisError),
}

/// What is run there, on which keys and values.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub script: &'static str,
    pub keys: Vec<String>,
    pub values: Vec<u64>,
}

impl SharedLimits {
    /// Begins to connect to the server of `url`. Processes with the same `secret` count together.
    ///
    /// # Errors
    /// The URL names no Redis. That it does not answer is no error: it may come.
    pub fn connect(url: &str, secret: [u8; 32]) -> Result<Self, BadUrl> {
        Self::connect_trusting(url, secret, None)
    }

    /// The same; by TLS, the certificate of the server leads to one of these authorities, in PEM, and to no other.
    ///
    /// # Errors
    /// As [`SharedLimits::connect`].
    pub fn connect_trusting(url: &str, secret: [u8; 32], authority: Option<&[u8]>) -> Result<Self, BadUrl> {
        let client = client(url, authority).map_err(BadUrl)?;
        let (sender, connection) = watch::channel(None);
        let doubt = Arc::new(Notify::new());
        let keeper = tokio::spawn(keep(client, sender, Arc::clone(&doubt)));
        Ok(Self(Arc::new(Parts { secret, connection, doubt, keeper })))
    }

    /// Whether it answered when it was asked last, at most some seconds ago.
    pub fn is_there(&self) -> bool {
        self.0.connection.borrow().is_some()
    }

    /// The key under which something is counted.
    pub(super) fn key(&self, name: &str, kind: &str, parts: &[&[u8]]) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut digest = Hmac::<Sha256>::new_from_slice(&self.0.secret).expect("any length");
        digest.update(name.as_bytes());
        digest.update(kind.as_bytes());
        for part in parts {
            digest.update(&[0]);
            digest.update(part);
        }
        let digest = digest.finalize().into_bytes();
        format!("{PREFIX}:{name}:{kind}:{}", URL_SAFE_NO_PAD.encode(&digest[..16]))
    }

    /// Runs a script, in one round trip.
    pub(super) async fn run(&self, ask: &Ask) -> Result<Vec<i64>, Lost> {
        let connection = self.0.connection.borrow().clone();
        let mut connection = connection.ok_or(Lost::Away)?;
        // EVALSHA would be shorter, and after a restart of the server two round trips.
        let mut command = redis::cmd("EVAL");
        command.arg(ask.script).arg(ask.keys.len()).arg(&ask.keys).arg(&ask.values);
        let done = match tokio::time::timeout(PATIENCE, command.query_async(&mut connection)).await {
            Ok(done) => done.map_err(Lost::Refused),
            Err(_) => Err(Lost::Late),
        };
        if done.is_err() {
            self.0.doubt.notify_one();
        }
        done
    }

    /// Runs a script without waiting for it. If it is lost, more stays counted than happened.
    pub(super) fn send(&self, ask: Ask) {
        let shared = self.clone();
        tokio::spawn(async move {
            if let Err(error) = shared.run(&ask).await {
                tracing::debug!(%error, "what was counted of guesses stays counted");
            }
        });
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

fn client(url: &str, authority: Option<&[u8]>) -> Result<Client, RedisError> {
    let place = url.into_connection_info()?;
    let by_tls = matches!(place.addr(), ConnectionAddr::TcpTls { .. });
    match authority.filter(|_| by_tls) {
        Some(pem) => {
            let trusted = TlsCertificates { client_tls: None, root_cert: Some(pem.to_vec()) };
            Client::build_with_tls(place, trusted)
        }
        None => Client::open(place),
    }
}

/// Keeps a connection that works, and says whether there is one.
async fn keep(client: Client, there: watch::Sender<Option<MultiplexedConnection>>, doubt: Arc<Notify>) {
    metrics::shared_limits(false);
    let mut is_told = false;
    loop {
        match connected(&client).await {
            Ok(mut connection) => {
                tracing::info!("limits are shared through Redis");
                is_told = false;
                there.send_replace(Some(connection.clone()));
                metrics::shared_limits(true);
                let error = until_lost(&mut connection, &doubt).await;
                there.send_replace(None);
                metrics::shared_limits(false);
                tracing::warn!(%error, "Redis is lost: limits hold by the count of this process, and nobody signs in");
            }
            // Told once, not several times a second.
            Err(error) if !is_told => {
                is_told = true;
                tracing::warn!(%error, "Redis does not answer: nobody signs in until it does");
            }
            Err(_) => {}
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn connected(client: &Client) -> Result<MultiplexedConnection, Lost> {
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(LONGER)).set_response_timeout(Some(LONGER));
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    let mut connection = tokio::time::timeout(LONGER, connecting).await.map_err(|_| Lost::Late)??;
    probe(&mut connection).await?;
    Ok(connection)
}

/// Asks from time to time, and at once if somebody has reason to doubt. A connection that did not answer is given up.
async fn until_lost(connection: &mut MultiplexedConnection, doubt: &Notify) -> Lost {
    loop {
        let _either = tokio::time::timeout(INTERVAL, doubt.notified()).await;
        if let Err(error) = probe(connection).await {
            return error;
        }
    }
}

async fn probe(connection: &mut MultiplexedConnection) -> Result<(), Lost> {
    let mut command = redis::cmd("SET");
    command.arg(PROBE).arg(1).arg("PX").arg(60_000);
    // Longer than for a decision: one that is slow for a moment is not given up.
    tokio::time::timeout(LONGER, command.exec_async(connection)).await.map_err(|_| Lost::Late)??;
    Ok(())
}
