//! Loading aggregates and committing what they decided.

use std::sync::Arc;

use cqrs_es::Aggregate;
use serde_json::Value;
use sqlx::PgPool;
use tokio::sync::Notify;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::append::{Append, AppendError, Appended, Stored, WrappedKey};
use crate::appender::{Appender, Postgres};
use crate::cache::AggregateCache;
use crate::change::{Change, NewKey};
use crate::event::Recorded;
use crate::read::History;
use crate::seal::{Key, Stream, TenantKeys, open_stream};
use crate::upcast::Upcasters;

/// The log, as the command side sees it. Clones share one appender and one cache.
#[derive(Clone)]
pub struct EventStore {
    pool: PgPool,
    appender: Appender,
    cache: AggregateCache,
    upcasters: Upcasters,
    tenant_keys: TenantKeys,
    appended: Arc<Notify>,
}

/// An aggregate with the place in its history that it stands for.
#[derive(Clone, Debug)]
pub struct Loaded<A> {
    /// The tenant it belongs to.
    pub tenant: Uuid,
    /// Its id.
    pub id: Uuid,
    /// The state, or the default one if it has no event.
    pub state: A,
    /// The sequence of its last event; 0 if it has none. This is the version that clients see.
    pub sequence: i64,
    /// The position of its last event; 0 if it has none.
    pub position: i64,
    /// The key that its personal data is sealed under, if it has any.
    pub key: Option<Key>,
    /// About the bytes of its events, for the cache: its state holds no more than they say.
    pub weight: u32,
}

impl<A: Default> Loaded<A> {
    /// An aggregate without events.
    pub fn unborn(tenant: Uuid, id: Uuid) -> Self {
        Self { tenant, id, state: A::default(), sequence: 0, position: 0, key: None, weight: 0 }
    }
}

impl<A: Aggregate> Loaded<A> {
    fn apply(&mut self, recorded: Recorded, upcasters: Upcasters) -> Result<(), LoadError> {
        let Recorded { sequence, position, event_type, event_version, payload, .. } = recorded;
        self.weight = self.weight.saturating_add(weight_of(&payload));
        let payload = upcasters.newest(&event_type, event_version, payload);
        let event = serde_json::from_value(payload).map_err(|source| LoadError::Undecodable {
            event_type,
            event_version,
            position,
            source,
        })?;
        self.state.apply(event);
        (self.sequence, self.position) = (sequence, position);
        Ok(())
    }
}

/// Why an aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// An event in its history is not readable by this build.
    #[error("event {event_type} v{event_version} at position {position} cannot be decoded")]
    Undecodable {
        /// Its type.
        event_type: String,
        /// Version of its shape.
        event_version: i32,
        /// Where it is.
        position: i64,
        /// What the decoder says.
        #[source]
        source: serde_json::Error,
    },
    /// The database did not answer.
    #[error("the log is not available")]
    Unavailable(#[from] sqlx::Error),
}

impl EventStore {
    /// Starts the appender on `pool`, whose role must be that of [`crate::Duty::Appender`].
    pub fn start(pool: PgPool, upcasters: Upcasters) -> Self {
        let appended = Arc::new(Notify::new());
        let (appender, task) = Appender::new(Postgres::new(pool.clone()), appended.clone());
        tokio::spawn(task);
        let tenant_keys = TenantKeys::new(pool.clone(), upcasters.master_keys());
        Self { pool, appender, cache: AggregateCache::new(), upcasters, tenant_keys, appended }
    }

    /// Notified after each commit of this process; wakes a relay in the same process.
    pub fn appended(&self) -> Arc<Notify> {
        self.appended.clone()
    }

    /// The aggregate, from memory if it is hot; possibly behind what other processes appended.
    pub async fn load<A>(&self, tenant: Uuid, id: Uuid) -> Result<Loaded<A>, LoadError>
    where
        A: Aggregate + Clone + 'static,
    {
        match self.cache.get::<Loaded<A>>(&(tenant, A::TYPE, id)) {
            Some(hot) => Ok(Loaded::clone(&hot)),
            None => self.load_newest(tenant, id).await,
        }
    }

    /// The same; that there is none is kept in memory, too. For what is asked for again and again, and mostly is not there.
    pub async fn load_if_any<A>(&self, tenant: Uuid, id: Uuid) -> Result<Loaded<A>, LoadError>
    where
        A: Aggregate + Clone + 'static,
    {
        let loaded = self.load::<A>(tenant, id).await?;
        if loaded.sequence == 0 {
            self.cache.put((tenant, A::TYPE, id), loaded.clone(), loaded.weight);
        }
        Ok(loaded)
    }

    /// The aggregate as the log has it now.
    pub async fn load_newest<A>(&self, tenant: Uuid, id: Uuid) -> Result<Loaded<A>, LoadError>
    where
        A: Aggregate + Clone + 'static,
    {
        let key = (tenant, A::TYPE, id);
        let mut loaded = match self.cache.get::<Loaded<A>>(&key) {
            Some(hot) => Loaded::clone(&hot),
            None => Loaded::unborn(tenant, id),
        };
        let known = loaded.sequence;
        let mut history = History::after(tenant, (A::TYPE, id), known);
        let mut connection = self.pool.acquire().await?;
        while let Some(events) = history.next(&mut *connection).await? {
            let (events, sealed_under) =
                open_stream(&mut connection, events, self.upcasters.master_keys()).await?;
            loaded.key = sealed_under.or(loaded.key);
            for recorded in events {
                loaded.apply(recorded, self.upcasters)?;
            }
        }
        drop(connection);
        if loaded.sequence > known {
            self.cache.put(key, loaded.clone(), loaded.weight);
        }
        Ok(loaded)
    }

    /// Appends the whole change or nothing, and keeps the aggregates it touched in memory.
    pub async fn commit(&self, change: Change) -> Result<Appended, AppendError> {
        let (mut append, keys, outcomes) = change.into_parts();
        let (tenant, erases) = (append.tenant, !append.erased.is_empty());
        let span = tracing::debug_span!("append", events = append.events.len());
        let result = match self.wrap(&mut append, keys).await {
            Ok(()) => self.appender.append(append).instrument(span).await,
            Err(error) => Err(AppendError::Unavailable(Arc::new(error))),
        };
        if result.is_err() {
            self.tenant_keys.forget(tenant);
        }
        for outcome in outcomes {
            match &result {
                // What is left of an erased person is read from the log the next time: nothing in plain text, and no key.
                Ok(appended) if !erases => (outcome.keep)(&self.cache, appended.position),
                Ok(_) | Err(_) => self.cache.forget(&outcome.key),
            }
        }
        result
    }

    /// Has new keys kept in the statement of the events that they seal.
    async fn wrap(&self, append: &mut Append, keys: Vec<NewKey>) -> Result<(), sqlx::Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let by = self.tenant_keys.of(append.tenant).await?;
        for NewKey { aggregate_type, aggregate_id, person, key } in keys {
            let stream = Stream { tenant: append.tenant, aggregate_type, aggregate_id };
            let wrapped = by.wrap(stream, &key)?;
            append.keys.push(WrappedKey { aggregate_type, aggregate_id, person, tenant_key: by.id, wrapped });
        }
        Ok(())
    }

    /// Has the key of a tenant made, if there is none. Whoever changes the master key finds by it what is sealed beside the log.
    ///
    /// # Errors
    /// The database or the master key is not there.
    pub async fn ensure_tenant_key(&self, tenant: Uuid) -> Result<(), sqlx::Error> {
        self.tenant_keys.of(tenant).await.map(drop)
    }

    /// The answer that was kept for an idempotency key.
    pub async fn stored_answer(&self, tenant: Uuid, key: &str) -> Result<Option<Stored>, sqlx::Error> {
        crate::read::stored_answer(&self.pool, tenant, key).await
    }

    /// The pool of the appender's role, for reads of the log that belong to a command.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
}

/// About how many bytes of text a payload is.
fn weight_of(payload: &Value) -> u32 {
    let bytes = match payload {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => u32::try_from(text.len()).unwrap_or(u32::MAX),
        Value::Array(elements) => elements.iter().map(weight_of).fold(0, u32::saturating_add),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                weight_of(value).saturating_add(u32::try_from(name.len()).unwrap_or(u32::MAX))
            })
            .fold(0, u32::saturating_add),
    };
    bytes.saturating_add(8)
}
