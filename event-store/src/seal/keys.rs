//! The keys of tenants, for whoever seals; what keys are bound to.

use sqlx::PgPool;
use uuid::Uuid;

use super::cipher::Key;
use super::master::{MasterKeyError, MasterKeys};

/// Keys of tenants kept in memory per process.
const TENANTS: u64 = 10_000;

/// The keys of tenants, made when they are first needed.
#[derive(Clone)]
pub(crate) struct TenantKeys {
    pool: PgPool,
    masters: Option<&'static MasterKeys>,
    known: moka::sync::Cache<Uuid, TenantKey>,
}

/// The key of a tenant, which wraps those of its persons.
#[derive(Clone, Debug)]
pub(crate) struct TenantKey {
    pub(crate) id: Uuid,
    key: Key,
}

impl TenantKeys {
    pub(crate) fn new(pool: PgPool, masters: Option<&'static MasterKeys>) -> Self {
        Self { pool, masters, known: moka::sync::Cache::new(TENANTS) }
    }

    /// The key of a tenant. A key that was made and whose process then failed is found by the next one.
    pub(crate) async fn of(&self, tenant: Uuid) -> Result<TenantKey, sqlx::Error> {
        if let Some(known) = self.known.get(&tenant) {
            return Ok(known);
        }
        let masters = self.masters.ok_or(MasterKeyError::Absent)?;
        let found = match self.find(tenant, masters).await? {
            Some(found) => found,
            None => self.make(tenant, masters).await?,
        };
        self.known.insert(tenant, found.clone());
        Ok(found)
    }

    /// Asks the database the next time: it may have been put back to before the key was made.
    pub(crate) fn forget(&self, tenant: Uuid) {
        self.known.invalidate(&tenant);
    }

    async fn find(&self, tenant: Uuid, masters: &MasterKeys) -> Result<Option<TenantKey>, sqlx::Error> {
        let row: Option<(Uuid, String, Vec<u8>)> =
            sqlx::query_as("select id, master, wrapped from identity.tenant_key where tenant_id = $1")
                .bind(tenant)
                .fetch_optional(&self.pool)
                .await?;
        let Some((id, master, wrapped)) = row else { return Ok(None) };
        let key = masters.unwrap(tenant, id, &master, &wrapped)?;
        Ok(Some(TenantKey { id, key }))
    }

    async fn make(&self, tenant: Uuid, masters: &MasterKeys) -> Result<TenantKey, sqlx::Error> {
        let (id, key) = (Uuid::now_v7(), Key::generate().map_err(|_| MasterKeyError::Cipher)?);
        sqlx::query(
            "insert into identity.tenant_key (tenant_id, id, master, wrapped) values ($1, $2, $3, $4)
             on conflict (tenant_id) do nothing",
        )
        .bind(tenant)
        .bind(id)
        .bind(masters.current())
        .bind(masters.wrap(tenant, id, &key)?)
        .execute(&self.pool)
        .await?;
        // Of several processes that make one at once, the first one's is the key.
        self.find(tenant, masters).await?.ok_or(sqlx::Error::RowNotFound)
    }
}

impl TenantKey {
    pub(crate) fn new(id: Uuid, key: Key) -> Self {
        Self { id, key }
    }

    /// Wraps the key of a stream.
    pub(crate) fn wrap(&self, stream: Stream<'_>, key: &Key) -> Result<Vec<u8>, sqlx::Error> {
        Ok(self.key.wrap(&stream.context(), key).map_err(|_| MasterKeyError::Cipher)?)
    }

    /// Unwraps the key of a stream; nothing if it is another's, or was changed.
    pub(crate) fn unwrap(&self, stream: Stream<'_>, wrapped: &[u8]) -> Option<Key> {
        self.key.unwrap(&stream.context(), wrapped).ok()
    }
}

/// The events of one aggregate, which are sealed under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stream<'a> {
    pub(crate) tenant: Uuid,
    pub(crate) aggregate_type: &'a str,
    pub(crate) aggregate_id: Uuid,
}

impl Stream<'_> {
    /// What the key of the stream is bound to.
    fn context(&self) -> Vec<u8> {
        let Self { tenant, aggregate_type, aggregate_id } = self;
        [b"key\0", tenant.as_bytes().as_slice(), aggregate_id.as_bytes(), aggregate_type.as_bytes()].concat()
    }

    /// What a value of the stream is bound to: the event, and its place in there.
    pub(super) fn place(&self, event: Uuid, path: &str) -> Vec<u8> {
        let Self { tenant, aggregate_type, aggregate_id } = self;
        let ids = [tenant.as_bytes().as_slice(), aggregate_id.as_bytes(), event.as_bytes()].concat();
        [b"value\0", ids.as_slice(), aggregate_type.as_bytes(), b"\0", path.as_bytes()].concat()
    }
}

/// What the key of a tenant is bound to.
pub(super) fn tenant_context(tenant: Uuid, id: Uuid) -> Vec<u8> {
    [b"tenant\0", tenant.as_bytes().as_slice(), id.as_bytes()].concat()
}
