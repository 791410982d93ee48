//! What is kept of providers: secrets that are shown to them, sign-ins under way, and whom they name.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{ClientSecretId, ProviderLinkId, SessionId, TenantId, UserId};
use event_store::MasterKeys;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::Vault;
use crate::provider::{BrowserSecret, SignInState};
use crate::secret::Digest;

/// How long a sign-in may take from its beginning to its end.
pub const SIGN_IN: Duration = Duration::from_secs(10 * 60);

/// A sign-in under way, which goes on here and nowhere else.
#[derive(Clone, Debug, FromRow)]
pub struct Begun {
    /// The version of the provider's terms when it began.
    pub version: i64,
    user_id: Option<Uuid>,
    /// When it began.
    pub made_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl Begun {
    /// The user whom the provider has named already.
    pub fn named(&self) -> Option<UserId> {
        self.user_id.map(UserId::from_uuid)
    }
}

impl Vault {
    /// Keeps a secret, sealed, that counts once an event says so.
    ///
    /// # Errors
    /// The database or the master key is not there.
    pub async fn keep_client_secret(
        &self,
        tenant: TenantId,
        id: ClientSecretId,
        secret: &str,
    ) -> Result<(), sqlx::Error> {
        let keys = self.master_keys()?;
        let sealed = keys.seal(&place(tenant.as_uuid(), id.as_uuid()), secret.as_bytes())?;
        let sql =
            "insert into identity.client_secret (tenant_id, id, secret, master) values ($1, $2, $3, $4)";
        let query =
            sqlx::query(sql).bind(tenant.as_uuid()).bind(id.as_uuid()).bind(sealed).bind(keys.current());
        self.write(tenant, query).await
    }

    /// A secret that the portal shows to a provider.
    ///
    /// # Errors
    /// The database or the master key is not there.
    pub async fn client_secret(
        &self,
        tenant: TenantId,
        id: ClientSecretId,
    ) -> Result<Option<String>, sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        let sql = "select secret, master from identity.client_secret where tenant_id = $1 and id = $2";
        let found: Option<(Vec<u8>, String)> = sqlx::query_as(sql)
            .bind(tenant.as_uuid())
            .bind(id.as_uuid())
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let Some((sealed, master)) = found else { return Ok(None) };
        let place = place(tenant.as_uuid(), id.as_uuid());
        let opened = self.master_keys()?.open(&master, &place, &sealed)?;
        let text = String::from_utf8(opened.to_vec());
        Ok(Some(text.map_err(|error| sqlx::Error::Decode(error.utf8_error().into()))?))
    }

    /// Forgets the secrets that were kept before this one; and this one too, unless it counts. One that is about to count was kept
    /// later.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn forget_client_secrets(
        &self,
        tenant: TenantId,
        last: ClientSecretId,
        counts: bool,
    ) -> Result<(), sqlx::Error> {
        let query = sqlx::query(include_str!("../sql/forget_client_secrets.sql"))
            .bind(tenant.as_uuid())
            .bind(last.as_uuid())
            .bind(!counts);
        self.write(tenant, query).await
    }

    /// Forgets a secret that will never count.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn forget_client_secret(
        &self,
        tenant: TenantId,
        secret: ClientSecretId,
    ) -> Result<(), sqlx::Error> {
        let sql = "delete from identity.client_secret where tenant_id = $1 and id = $2";
        let query = sqlx::query(sql).bind(tenant.as_uuid()).bind(secret.as_uuid());
        self.write(tenant, query).await
    }

    /// Keeps what a sign-in is known again by; with a session, it is of somebody who shows anew who they are.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn begin_sign_in(
        &self,
        state: &SignInState,
        browser: &BrowserSecret,
        version: i64,
        session: Option<SessionId>,
    ) -> Result<(), sqlx::Error> {
        let query = sqlx::query(include_str!("../sql/begin_sign_in.sql"))
            .bind(state.tenant().as_uuid())
            .bind(state.digest())
            .bind(browser.digest())
            .bind(version)
            .bind(session.map(SessionId::as_uuid))
            .bind(SIGN_IN);
        self.write(state.tenant(), query).await
    }

    /// Takes a sign-in, once, if it began in this browser, for this session or none, and not too long ago.
    ///
    /// # Errors
    /// The database is not there. It may have been taken nevertheless.
    pub async fn take_sign_in(
        &self,
        state: &SignInState,
        browser: &BrowserSecret,
        session: Option<SessionId>,
    ) -> Result<Option<Begun>, sqlx::Error> {
        let mut transaction = self.begin(state.tenant()).await?;
        let begun = sqlx::query_as(include_str!("../sql/take_sign_in.sql"))
            .bind(state.tenant().as_uuid())
            .bind(state.digest())
            .bind(browser.digest())
            .bind(session.map(SessionId::as_uuid))
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(begun)
    }

    /// Puts a sign-in back that goes on with a second factor of the user whom the provider has named. It does not last longer for it.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn put_back_sign_in(
        &self,
        state: &SignInState,
        browser: &BrowserSecret,
        begun: &Begun,
        session: Option<SessionId>,
        user: UserId,
    ) -> Result<(), sqlx::Error> {
        let sql = "insert into identity.provider_sign_in
            (tenant_id, digest, browser, version, session_id, user_id, made_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)";
        let query = sqlx::query(sql)
            .bind(state.tenant().as_uuid())
            .bind(state.digest())
            .bind(browser.digest())
            .bind(begun.version)
            .bind(session.map(SessionId::as_uuid))
            .bind(user.as_uuid())
            .bind(begun.made_at)
            .bind(begun.expires_at);
        self.write(state.tenant(), query).await
    }

    /// The users that whoever a provider names may be, each by the row that says so. Which row counts, the users' events tell.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn linked(
        &self,
        tenant: TenantId,
        person: &Digest,
    ) -> Result<Vec<(UserId, ProviderLinkId)>, sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        let sql = "select user_id, id from identity.provider_link where tenant_id = $1 and digest = $2";
        let rows: Vec<(Uuid, Uuid)> =
            sqlx::query_as(sql).bind(tenant.as_uuid()).bind(person).fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(rows.into_iter().map(|(user, id)| (user.into(), id.into())).collect())
    }

    /// Keeps that whoever a provider names is a user, which counts once an event says so. Tells the row.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn link_provider(
        &self,
        tenant: TenantId,
        person: &Digest,
        user: UserId,
    ) -> Result<ProviderLinkId, sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        let id: Uuid = sqlx::query_scalar(include_str!("../sql/link_provider.sql"))
            .bind(tenant.as_uuid())
            .bind(person)
            .bind(user.as_uuid())
            .bind(Uuid::now_v7())
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(id.into())
    }

    /// Forgets whom providers knew as a user.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn forget_links(&self, tenant: TenantId, user: UserId) -> Result<(), sqlx::Error> {
        let sql = "delete from identity.provider_link where tenant_id = $1 and user_id = $2";
        let query = sqlx::query(sql).bind(tenant.as_uuid()).bind(user.as_uuid());
        self.write(tenant, query).await
    }
}

/// What a secret is bound to.
fn place(tenant: Uuid, id: Uuid) -> String {
    format!("client secret {id} of {tenant}")
}

/// Seals the client secrets of a tenant by the first of the master keys, in a transaction that sees the tenant. Returns how many
/// were not before.
pub(crate) async fn reseal(
    transaction: &mut PgConnection,
    tenant: Uuid,
    keys: &MasterKeys,
) -> Result<usize, sqlx::Error> {
    let old: Vec<(Uuid, Vec<u8>, String)> = sqlx::query_as(
        "select id, secret, master from identity.client_secret
        where tenant_id = $1 and master is distinct from $2 for update",
    )
    .bind(tenant)
    .bind(keys.current())
    .fetch_all(&mut *transaction)
    .await?;
    for (id, sealed, master) in &old {
        let place = place(tenant, *id);
        let anew = keys.seal(&place, &keys.open(master, &place, sealed)?)?;
        sqlx::query(
            "update identity.client_secret set secret = $3, master = $4 where tenant_id = $1 and id = $2",
        )
        .bind(tenant)
        .bind(id)
        .bind(anew)
        .bind(keys.current())
        .execute(&mut *transaction)
        .await?;
    }
    Ok(old.len())
}
