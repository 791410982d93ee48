//! A new master key for all secrets beside the log that are sealed.

use event_store::{Duty, MasterKeys};
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::{factors, vault};

/// Seals the secrets of second factors and of clients of providers, of all tenants, by the first of the master keys. Returns how
/// many were not before.
///
/// `connection` belongs to the owner of the schema. All of them, or none.
///
/// # Errors
/// The database is not there; a master key is missing.
pub async fn rewrap(connection: &mut PgConnection, keys: &MasterKeys) -> Result<usize, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    transaction.execute(format!("set local role {}", Duty::Appender.role()).as_str()).await?;
    // Who has a second factor has personal data, so each tenant of theirs has a key; one that has a provider is given one.
    let tenants: Vec<Uuid> =
        sqlx::query_scalar("select tenant_id from identity.tenant_key").fetch_all(&mut *transaction).await?;
    transaction.execute(format!("set local role {}", Duty::Identity.role()).as_str()).await?;
    let mut sealed = 0;
    for tenant in tenants {
        // A UUID needs no quoting.
        transaction.execute(format!("set local crm.tenant = '{tenant}'").as_str()).await?;
        sealed += factors::reseal(&mut transaction, tenant, keys).await?;
        sealed += vault::reseal(&mut transaction, tenant, keys).await?;
    }
    transaction.commit().await?;
    Ok(sealed)
}
