//! What is known of the progress of all read models: to wait for a position, so that a client reads its own write, and to
//! tell whether rows that were read some time ago are still those of the present.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use event_store::StreamNames;
use futures::StreamExt;
use sqlx::{FromRow, PgPool};
use tokio::sync::{Mutex, watch};

use crate::progress::{LEASE, Progress, Stamp, Verdict};

/// How often the checkpoints themselves are read while an announcement is awaited.
const POLL: Duration = Duration::from_millis(100);

type Known = HashMap<String, Progress>;

/// What is known about the progress of all read models. Clones share it.
#[derive(Clone)]
pub struct Positions {
    known: Arc<watch::Sender<Known>>,
    /// When the last look at the checkpoints began; held while somebody looks, so that all who want to look at once
    /// share one statement.
    looked: Arc<Mutex<Option<Instant>>>,
    pool: PgPool,
}

#[derive(FromRow)]
struct Row {
    view: String,
    #[sqlx(flatten)]
    stamp: Stamp,
}

impl Positions {
    /// Listens to announcements until the last clone is dropped. `pool` should not be one that slow reads may exhaust.
    pub fn start(client: async_nats::Client, names: &StreamNames, pool: PgPool) -> Self {
        let known = Arc::new(watch::Sender::new(Known::new()));
        tokio::spawn(listen(client, names.moved("*"), Arc::downgrade(&known)));
        Self { known, looked: Arc::default(), pool }
    }

    /// Waits, at most `limit`, until the read model has folded `position`. Tells how far it is.
    pub async fn wait(&self, view: &str, position: i64, limit: Duration) -> Result<i64, sqlx::Error> {
        let deadline = Instant::now() + limit;
        let mut announced = self.known.subscribe();
        let mut look = Instant::now();
        loop {
            let known = announced.borrow_and_update().get(view).map_or(0, Progress::position);
            let now = Instant::now();
            if known >= position || now > deadline {
                return Ok(known);
            }
            // Announcements are of all read models and cost nothing; the database is asked only now and then.
            if now >= look.min(deadline) {
                self.look(if now >= deadline { Duration::ZERO } else { POLL }).await?;
                look = now + POLL;
                continue;
            }
            // Either an announcement or the time to look: both lead back to the top.
            let _elapsed = tokio::time::timeout_at(look.min(deadline).into(), announced.changed()).await;
        }
    }

    /// Whether the rows are still those that were read when `stamps` were seen in the same snapshot.
    pub fn verdict(&self, stamps: &[(&'static str, Stamp)]) -> Verdict {
        let (known, now) = (self.known.borrow(), Instant::now());
        let mut all = Verdict::Current;
        for (view, stamp) in stamps {
            match known.get(*view).map_or(Verdict::Unknown, |progress| progress.verdict(*stamp, now)) {
                Verdict::Current => {}
                Verdict::Over => return Verdict::Over,
                Verdict::Unknown => all = Verdict::Unknown,
            }
        }
        all
    }

    /// The same, but looks at the checkpoints if nobody has for [`LEASE`].
    pub async fn is_current(&self, stamps: &[(&'static str, Stamp)]) -> Result<bool, sqlx::Error> {
        let mut verdict = self.verdict(stamps);
        if verdict == Verdict::Unknown {
            self.look(LEASE).await?;
            verdict = self.verdict(stamps);
        }
        Ok(verdict == Verdict::Current)
    }

    /// How far the read models are known to be: no older than any state that this process has shown of them.
    pub fn reached(&self, views: &[&'static str]) -> Vec<(i64, i64)> {
        let known = self.known.borrow();
        views.iter().map(|view| known.get(*view).map_or((0, 0), Progress::reached)).collect()
    }

    /// Takes what a snapshot showed that was taken since `began`.
    pub fn saw(&self, stamps: &[(&'static str, Stamp)], began: Instant) {
        let ended = Instant::now();
        let stamps = stamps.iter().map(|(view, stamp)| (*view, *stamp));
        self.known.send_if_modified(|known| take(known, stamps, began, ended));
    }

    /// Looks at the checkpoints, unless a look that began less than `age` ago has told.
    async fn look(&self, age: Duration) -> Result<(), sqlx::Error> {
        let asked = Instant::now();
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|began| began >= asked || asked.duration_since(began) < age) {
            return Ok(());
        }
        let began = Instant::now();
        let rows: Vec<Row> =
            sqlx::query_as("select view, position, revision, moved_at from read_model.checkpoint")
                .fetch_all(&self.pool)
                .await?;
        let ended = Instant::now();
        let stamps = rows.iter().map(|row| (row.view.as_str(), row.stamp));
        self.known.send_if_modified(|known| take(known, stamps, began, ended));
        *looked = Some(began);
        Ok(())
    }
}

/// Takes what was seen, and tells whether any read model is further than was known.
fn take<'s>(
    known: &mut Known,
    stamps: impl Iterator<Item = (&'s str, Stamp)>,
    began: Instant,
    ended: Instant,
) -> bool {
    let mut further = false;
    for (view, stamp) in stamps {
        let progress = entry(known, view);
        let before = progress.position();
        progress.see(stamp, began, ended);
        further |= progress.position() > before;
    }
    further
}

fn entry<'k>(known: &'k mut Known, view: &str) -> &'k mut Progress {
    known.entry(view.to_owned()).or_default()
}

async fn listen(client: async_nats::Client, subject: String, known: Weak<watch::Sender<Known>>) {
    let Ok(mut moves) = client.subscribe(subject).await else { return };
    while let Some(message) = moves.next().await {
        let Some(known) = known.upgrade() else { return };
        let view = message.subject.rsplit('.').next().unwrap_or_default();
        let text = std::str::from_utf8(&message.payload);
        let Some(position) = text.ok().and_then(|text| text.parse::<i64>().ok()) else {
            continue;
        };
        known.send_modify(|known| entry(known, view).hear(position, Instant::now()));
    }
}
