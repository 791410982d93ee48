//! The digests of keys, as they are kept.

use chrono::{DateTime, Utc};
use domain::{ApiKeyId, TenantId, UserId};
use uuid::Uuid;

use crate::Vault;
use crate::api_key::ApiKey;
use crate::refresh::Digest;

impl Vault {
    /// Keeps the digest of a key, which is good for nothing until an event says for what. Some of those that are over go.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn keep_key(
        &self,
        key: &ApiKey,
        user: UserId,
        expires_at: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let query = sqlx::query(include_str!("sql/keep_key.sql"))
            .bind(key.tenant.as_uuid())
            .bind(key.id.as_uuid())
            .bind(user.as_uuid())
            .bind(key.digest())
            .bind(expires_at);
        self.write(key.tenant, query).await
    }

    /// Forgets the digest of a key.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn forget_key(&self, tenant: TenantId, key: ApiKeyId) -> Result<(), sqlx::Error> {
        let query = sqlx::query("delete from identity.api_key where tenant_id = $1 and id = $2")
            .bind(tenant.as_uuid())
            .bind(key.as_uuid());
        self.write(tenant, query).await
    }

    /// Whose key has this id and digest.
    pub(crate) async fn key_holder(
        &self,
        tenant: TenantId,
        key: ApiKeyId,
        digest: &Digest,
    ) -> Result<Option<UserId>, sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        let sql = "select user_id from identity.api_key where tenant_id = $1 and id = $2 and digest = $3";
        let user: Option<Uuid> = sqlx::query_scalar(sql)
            .bind(tenant.as_uuid())
            .bind(key.as_uuid())
            .bind(digest)
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(user.map(Into::into))
    }
}
