//! Waiting until a read model has folded a position, so that a client reads its own write.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use event_store::StreamNames;
use futures::StreamExt;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::checkpoint;

/// How often the checkpoint itself is read while an announcement is awaited.
const POLL: Duration = Duration::from_millis(100);

/// What is known about the progress of all read models.
#[derive(Clone)]
pub struct Positions {
    known: Arc<watch::Sender<HashMap<String, i64>>>,
    pool: PgPool,
}

impl Positions {
    /// Listens to announcements until the last clone is dropped.
    pub fn start(client: async_nats::Client, names: &StreamNames, pool: PgPool) -> Self {
        let known = Arc::new(watch::Sender::new(HashMap::new()));
        tokio::spawn(listen(client, names.moved("*"), Arc::downgrade(&known)));
        Self { known, pool }
    }

    /// Waits, at most `limit`, until the read model has folded `position`. Tells how far it is.
    pub async fn wait(&self, view: &str, position: i64, limit: Duration) -> Result<i64, sqlx::Error> {
        let deadline = Instant::now() + limit;
        let mut announced = self.known.subscribe();
        let mut look = Instant::now();
        loop {
            let known = announced.borrow_and_update().get(view).copied().unwrap_or(0);
            if known >= position {
                return Ok(known);
            }
            // Announcements are of all read models and cost nothing; the database is asked only now and then.
            let now = Instant::now();
            if now >= look.min(deadline) {
                let reached = checkpoint::position(&self.pool, view).await?;
                if reached >= position || now >= deadline {
                    return Ok(reached);
                }
                look = now + POLL;
            }
            // Either an announcement or the time to look: both lead back to the top.
            let _elapsed = tokio::time::timeout_at(look.min(deadline), announced.changed()).await;
        }
    }
}

async fn listen(
    client: async_nats::Client,
    subject: String,
    known: std::sync::Weak<watch::Sender<HashMap<String, i64>>>,
) {
    let Ok(mut moves) = client.subscribe(subject).await else { return };
    while let Some(message) = moves.next().await {
        let Some(known) = known.upgrade() else { return };
        let view = message.subject.rsplit('.').next().unwrap_or_default();
        let text = std::str::from_utf8(&message.payload);
        let Some(position) = text.ok().and_then(|text| text.parse::<i64>().ok()) else {
            continue;
        };
        known.send_modify(|known| {
            let at = known.entry(view.to_owned()).or_insert(0);
            *at = position.max(*at);
        });
    }
}
