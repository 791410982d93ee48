//! The database: state behind locks, backups, and connections that end when it is put back to one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use event_store::{Append, AppendError};
use tokio::sync::{Mutex as Lock, Notify, OwnedMutexGuard};
use uuid::Uuid;

use super::link::Weather;
use super::state::State;
use crate::plant::Plant;

/// The server. What is asked of it takes effect at one moment, between two awaits.
pub struct Database {
    pub weather: Arc<Weather>,
    pub plant: Plant,
    /// Notified after each append, as by `NOTIFY`.
    pub appended: Arc<Notify>,
    inner: Mutex<Inner>,
}

struct Inner {
    state: State,
    generation: u64,
    gate: Arc<Lock<()>>,
    views: BTreeMap<String, Arc<Lock<()>>>,
    relay: Weak<()>,
    drawn: i64,
}

/// A statement's connection was cut.
pub struct Cut;

impl Database {
    pub fn new(weather: Arc<Weather>, plant: Plant) -> Arc<Self> {
        let inner = Inner {
            state: State::default(),
            generation: 0,
            gate: Arc::default(),
            views: BTreeMap::new(),
            relay: Weak::new(),
            drawn: 0,
        };
        Arc::new(Self { weather, plant, appended: Arc::default(), inner: Mutex::new(inner) })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// How often it was put back. A connection lives in one generation.
    pub fn generation(&self) -> u64 {
        self.inner().generation
    }

    pub fn backup(&self) -> State {
        self.inner().state.clone()
    }

    /// Puts everything back. Locks and connections are gone.
    pub fn restore(&self, backup: State) {
        let mut inner = self.inner();
        self.weather.trace.step(format_args!("restore from {} to {}", inner.state.head, backup.head));
        inner.drawn = backup.head;
        inner.state = backup;
        inner.generation += 1;
        inner.gate = Arc::default();
        inner.views.clear();
        inner.relay = Weak::new();
    }

    /// Looks at what is committed.
    pub fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.inner().state)
    }

    /// Changes what is committed, unless the connection was cut.
    pub fn change<T>(&self, generation: u64, change: impl FnOnce(&mut State) -> T) -> Result<T, Cut> {
        let mut inner = self.inner();
        if inner.generation == generation { Ok(change(&mut inner.state)) } else { Err(Cut) }
    }

    /// The gate of the log.
    pub async fn enter(&self) -> (OwnedMutexGuard<()>, u64) {
        let (lock, generation) = {
            let inner = self.inner();
            (inner.gate.clone(), inner.generation)
        };
        (lock.lock_owned().await, generation)
    }

    /// The row lock of a checkpoint.
    pub async fn lock_view(&self, view: &str) -> OwnedMutexGuard<()> {
        let lock = self.inner().views.entry(view.to_owned()).or_default().clone();
        lock.lock_owned().await
    }

    /// Takes the advisory lock for as long as `holder` lives.
    pub fn lock_relay(&self, generation: u64, holder: &Arc<()>) -> Result<bool, Cut> {
        let mut inner = self.inner();
        if inner.generation != generation {
            return Err(Cut);
        }
        if let Some(other) = inner.relay.upgrade() {
            return Ok(Arc::ptr_eq(&other, holder));
        }
        inner.relay = Arc::downgrade(holder);
        Ok(true)
    }

    /// The position before the next event: within the gate, the last one. The planted log draws numbers
    /// as a sequence does, at once and for good.
    pub fn base(&self, events: i64) -> i64 {
        let mut inner = self.inner();
        if self.plant != Plant::NoGate {
            return inner.state.head;
        }
        let base = inner.drawn;
        inner.drawn += events;
        base
    }

    /// What a client learns by asking again with its key.
    pub fn is_stored(&self, tenant: Uuid, key: &str) -> Option<i64> {
        self.look(|state| state.answer(tenant, key).map(|stored| stored.position))
    }
}

/// Events of a batch.
pub fn count(batch: &[Append]) -> i64 {
    i64::try_from(batch.iter().map(|append| append.events.len()).sum::<usize>()).unwrap()
}

/// Whether asking again may help.
pub fn is_open(error: &AppendError) -> bool {
    matches!(error, AppendError::Unavailable(_) | AppendError::Closed)
}
