//! Loading aggregates and committing what they decided.

use std::collections::HashMap;
use std::sync::Arc;

use cqrs_es::Aggregate;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Notify;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::append::{Append, AppendError, Appended, Stored, WrappedKey};
use crate::appender::{Appender, Postgres};
use crate::cache::{AGGREGATE_CACHE_MIB, AggregateCache};
use crate::change::{Change, NewKey};
use crate::event::Recorded;
use crate::history::{Histories, History};
use crate::read;
use crate::seal::{Key, Stream, TenantKeys, open_streams};
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
    /// Its last event, which tells this history from another one that the log was restored to.
    pub last_event: Option<Uuid>,
    /// The key that its personal data is sealed under, if it has any.
    pub key: Option<Key>,
}

impl<A: Default> Loaded<A> {
    /// An aggregate without events.
    pub fn unborn(tenant: Uuid, id: Uuid) -> Self {
        let (state, last_event, key) = (A::default(), None, None);
        Self { tenant, id, state, sequence: 0, position: 0, last_event, key }
    }
}

impl<A: Aggregate> Loaded<A> {
    fn apply(&mut self, recorded: Recorded, upcasters: Upcasters) -> Result<(), LoadError> {
        let Recorded { sequence, position, event_id, event_type, event_version, payload, .. } = recorded;
        let payload = upcasters.newest(&event_type, event_version, payload);
        let event = serde_json::from_value(payload).map_err(|source| LoadError::Undecodable {
            event_type,
            event_version,
            position,
            source,
        })?;
        self.state.apply(event);
        (self.sequence, self.position, self.last_event) = (sequence, position, Some(event_id));
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
        let cache = AggregateCache::of(mebibytes(AGGREGATE_CACHE_MIB));
        Self { pool, appender, cache, upcasters, tenant_keys, appended }
    }

    /// The same, with room for so many MiB of aggregates in memory instead of [`AGGREGATE_CACHE_MIB`]. Nothing is kept so far.
    #[must_use]
    pub fn with_cache(self, mib: u32) -> Self {
        Self { cache: AggregateCache::of(mebibytes(mib)), ..self }
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
        match self.cache.get::<A>(tenant, id) {
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
            self.cache.put(loaded.clone());
        }
        Ok(loaded)
    }

    /// The aggregate as the log has it now.
    pub async fn load_newest<A>(&self, tenant: Uuid, id: Uuid) -> Result<Loaded<A>, LoadError>
    where
        A: Aggregate + Clone + 'static,
    {
        let mut connection = self.pool.acquire().await?;
        let carried_on = match self.cache.beginning::<A>(tenant, id) {
            Some(hot) => self.carry_on(&mut connection, Loaded::clone(&hot)).await?,
            None => None,
        };
        let loaded = match carried_on {
            Some(loaded) => loaded,
            None => {
                let history = History::of(tenant, (A::TYPE, id));
                self.read(&mut connection, history, Loaded::unborn(tenant, id)).await?
            }
        };
        drop(connection);
        if loaded.sequence > 0 {
            self.cache.put(loaded.clone());
        } else {
            self.cache.forget(&(tenant, A::TYPE, id));
        }
        Ok(loaded)
    }

    /// Several aggregates of one type, in the order of their ids: those that are in memory, and all others by one query if their
    /// histories are short.
    pub async fn load_all<A>(&self, tenant: Uuid, ids: &[Uuid]) -> Result<Vec<Loaded<A>>, LoadError>
    where
        A: Aggregate + Clone + 'static,
    {
        let hot = |id: &Uuid| self.cache.get::<A>(tenant, *id).map(|hot| (*id, Loaded::clone(&hot)));
        let known: HashMap<Uuid, Loaded<A>> = ids.iter().filter_map(hot).collect();
        self.load_others(tenant, ids, known).await
    }

    /// The same, as the log has them now.
    pub async fn load_all_newest<A>(&self, tenant: Uuid, ids: &[Uuid]) -> Result<Vec<Loaded<A>>, LoadError>
    where
        A: Aggregate + Clone + 'static,
    {
        self.load_others(tenant, ids, HashMap::new()).await
    }

    async fn load_others<A>(
        &self,
        tenant: Uuid,
        ids: &[Uuid],
        mut known: HashMap<Uuid, Loaded<A>>,
    ) -> Result<Vec<Loaded<A>>, LoadError>
    where
        A: Aggregate + Clone + 'static,
    {
        let unknown: Vec<Uuid> = ids.iter().copied().filter(|id| !known.contains_key(id)).collect();
        if !unknown.is_empty() {
            let mut connection = self.pool.acquire().await?;
            let mut histories = Histories::of(tenant, A::TYPE, unknown.clone());
            while let Some(events) = histories.next(&mut connection).await? {
                let (events, mut keys) =
                    open_streams(&mut connection, events, self.upcasters.master_keys()).await?;
                for recorded in events {
                    let id = recorded.aggregate_id;
                    let loaded = known.entry(id).or_insert_with(|| Loaded::unborn(tenant, id));
                    loaded.key = keys.remove(&id).or(loaded.key.take());
                    loaded.apply(recorded, self.upcasters)?;
                }
            }
            drop(connection);
            for loaded in unknown.iter().filter_map(|id| known.get(id)) {
                self.cache.put(loaded.clone());
            }
        }
        let loaded = |id: &Uuid| known.get(id).cloned().unwrap_or_else(|| Loaded::unborn(tenant, *id));
        Ok(ids.iter().map(loaded).collect())
    }

    /// What an aggregate in memory has become since, without reading again what came before. Nothing if that is not to be relied
    /// on: the log was restored to another history, or personal data in it may have been erased with what is new.
    async fn carry_on<A: Aggregate>(
        &self,
        connection: &mut PgConnection,
        hot: Loaded<A>,
    ) -> Result<Option<Loaded<A>>, LoadError> {
        let Some(known) = hot.last_event else { return Ok(None) };
        let mut history = History::after(hot.tenant, (A::TYPE, hot.id), hot.sequence - 1);
        let mut events = history.next(&mut *connection).await?.unwrap_or_default();
        let is_known = events.first().is_some_and(|last| last.event_id == known);
        let has_news = events.len() > 1 || !history.is_over();
        if !is_known || (has_news && hot.key.is_some()) {
            return Ok(None);
        }
        let new = events.split_off(1);
        let newer = self.apply(connection, new, hot).await?;
        self.read(connection, history, newer).await.map(Some)
    }

    async fn read<A: Aggregate>(
        &self,
        connection: &mut PgConnection,
        mut history: History<'_>,
        mut loaded: Loaded<A>,
    ) -> Result<Loaded<A>, LoadError> {
        while let Some(events) = history.next(&mut *connection).await? {
            loaded = self.apply(connection, events, loaded).await?;
        }
        Ok(loaded)
    }

    async fn apply<A: Aggregate>(
        &self,
        connection: &mut PgConnection,
        events: Vec<Recorded>,
        mut loaded: Loaded<A>,
    ) -> Result<Loaded<A>, LoadError> {
        let (events, mut keys) = open_streams(connection, events, self.upcasters.master_keys()).await?;
        loaded.key = keys.remove(&loaded.id).or(loaded.key);
        for recorded in events {
            loaded.apply(recorded, self.upcasters)?;
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
                Ok(_) | Err(_) if erases => self.cache.forget(&outcome.key),
                Ok(appended) => (outcome.keep)(&self.cache, appended.position),
                Err(_) => self.cache.doubt(outcome.key),
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
        read::stored_answer(&self.pool, tenant, key).await
    }

    /// The pool of the appender's role, for reads of the log that belong to a command.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
}

fn mebibytes(mib: u32) -> u64 {
    u64::from(mib) * 1024 * 1024
}
