//! The tables of secrets, for one tenant at a time.

mod links;
mod mails;
mod providers;

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{PasswordId, SessionId, TenantId, UserId};
use event_store::seal::MasterKeyError;
use event_store::{MasterKeys, measured, within_reason};
use sqlx::postgres::{PgArguments, PgPool};
use sqlx::query::Query;
use sqlx::{Executor as _, FromRow, Postgres, Transaction};
use uuid::Uuid;

use crate::refresh::{Digest, Nonce, RefreshToken};
pub use links::Link;
pub use mails::{Asked, Mail, MailKind, Recipient};
pub(crate) use providers::reseal;
pub use providers::{Begun, SIGN_IN};

/// How long a session lasts, however often it is refreshed.
pub const SESSION_TTL: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a session lasts that nobody refreshes, unless another time is set.
pub const SESSION_IDLE: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// How long after its use a token is answered once more, if the client is the same and has not used the answer.
pub const RETRY: Duration = Duration::from_secs(10);

/// Passwords and refresh tokens, by connections of [`event_store::Duty::Identity`].
#[derive(Clone)]
pub struct Vault {
    pool: PgPool,
    idle: Duration,
    pub(crate) master_keys: Option<MasterKeys>,
}

/// A user found by their address.
pub struct Found {
    /// The user.
    pub user: UserId,
    passwords: Vec<(PasswordId, String)>,
}

/// A refresh token, as it is kept.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Kept {
    session_id: Uuid,
    user_id: Uuid,
    epoch: i64,
    /// When its session is over.
    pub expires_at: DateTime<Utc>,
}

/// What became of the use of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// It is spent, or was a moment ago by the same client, which is told once more.
    Spent {
        /// The next token.
        next: RefreshToken,
        /// When the next one was issued, by the clock of whoever did.
        at: DateTime<Utc>,
        /// Whether this is the answer to an earlier request.
        replayed: bool,
    },
    /// It had been spent, and somebody else has it now.
    Reused,
    /// It is over, or gone.
    Over,
}

#[derive(FromRow)]
struct HowSpent {
    issued_at: Option<DateTime<Utc>>,
    spent_by: Vec<u8>,
    nonce: Vec<u8>,
    is_recent: bool,
    is_latest: bool,
}

impl Found {
    /// The hash of the password that the user has.
    pub fn hash(&self, current: Option<PasswordId>) -> Option<String> {
        let current = current?;
        self.passwords.iter().find(|(id, _)| *id == current).map(|(_, hash)| hash.clone())
    }
}

impl Kept {
    /// The session that the token belongs to.
    pub fn session(&self) -> SessionId {
        self.session_id.into()
    }

    /// Whose session it is.
    pub fn user(&self) -> UserId {
        self.user_id.into()
    }

    /// The epoch of the user in which the session began.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }
}

impl Vault {
    /// Over a pool of [`event_store::Duty::Identity`].
    pub fn new(pool: PgPool) -> Self {
        Self { pool, idle: SESSION_IDLE, master_keys: None }
    }

    /// The same, where a session that nobody refreshes for so long is over.
    #[must_use]
    pub fn with_idle(self, idle: Duration) -> Self {
        Self { idle, ..self }
    }

    /// The same with what it seals secrets under that must be known in plain text to be of use.
    #[must_use]
    pub fn with_master_keys(self, keys: MasterKeys) -> Self {
        Self { master_keys: Some(keys), ..self }
    }

    /// The user who occupies `scope` by an address.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn account(&self, tenant: TenantId, scope: &str) -> Result<Option<Found>, sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        let rows: Vec<(Uuid, Option<Uuid>, Option<String>)> = sqlx::query_as(include_str!("sql/account.sql"))
            .bind(tenant.as_uuid())
            .bind(scope)
            .fetch_all(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let user = rows.first().map(|(user, ..)| UserId::from_uuid(*user));
        let passwords =
            rows.into_iter().filter_map(|(_, id, hash)| Some((PasswordId::from_uuid(id?), hash?))).collect();
        Ok(user.map(|user| Found { user, passwords }))
    }

    /// The hash of a password of a user.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn hash(
        &self,
        tenant: TenantId,
        user: UserId,
        password: PasswordId,
    ) -> Result<Option<String>, sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        let sql = "select hash from identity.password where tenant_id = $1 and user_id = $2 and id = $3";
        let hash = sqlx::query_scalar(sql)
            .bind(tenant.as_uuid())
            .bind(user.as_uuid())
            .bind(password.as_uuid())
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(hash)
    }

    /// Keeps a hash under a new id. It is that of nobody until an event says that the user has it.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn keep_hash(
        &self,
        tenant: TenantId,
        user: UserId,
        password: PasswordId,
        hash: &str,
    ) -> Result<(), sqlx::Error> {
        let query = sqlx::query(
            "insert into identity.password (tenant_id, user_id, id, hash) values ($1, $2, $3, $4)",
        )
        .bind(tenant.as_uuid())
        .bind(user.as_uuid())
        .bind(password.as_uuid())
        .bind(hash);
        self.write(tenant, query).await
    }

    /// Puts a stronger hash of the same password in place of a kept one.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn strengthen(
        &self,
        tenant: TenantId,
        user: UserId,
        password: PasswordId,
        hash: &str,
    ) -> Result<(), sqlx::Error> {
        let query = sqlx::query(
            "update identity.password set hash = $4 where tenant_id = $1 and user_id = $2 and id = $3",
        )
        .bind(tenant.as_uuid())
        .bind(user.as_uuid())
        .bind(password.as_uuid())
        .bind(hash);
        self.write(tenant, query).await
    }

    /// Forgets the hashes that were kept before the one that a user has now, among them those that no event ever named.
    ///
    /// A change that began on what this one made was kept later, by the clock of the database; any other is refused.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn forget_older(
        &self,
        tenant: TenantId,
        user: UserId,
        current: PasswordId,
    ) -> Result<(), sqlx::Error> {
        let query = sqlx::query(include_str!("sql/forget_older.sql"))
            .bind(tenant.as_uuid())
            .bind(user.as_uuid())
            .bind(current.as_uuid());
        self.write(tenant, query).await
    }

    /// Forgets all hashes and tokens of a user.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn forget_user(&self, tenant: TenantId, user: UserId) -> Result<(), sqlx::Error> {
        let query =
            sqlx::query(include_str!("sql/forget_user.sql")).bind(tenant.as_uuid()).bind(user.as_uuid());
        self.write(tenant, query).await
    }

    /// Keeps the first token of a session, and says when the session is over.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn begin_session(
        &self,
        token: &RefreshToken,
        session: SessionId,
        user: UserId,
        epoch: i64,
    ) -> Result<DateTime<Utc>, sqlx::Error> {
        let mut transaction = self.begin(token.tenant()).await?;
        let expires_at = sqlx::query_scalar(include_str!("sql/begin.sql"))
            .bind(token.tenant().as_uuid())
            .bind(token.digest())
            .bind(session.as_uuid())
            .bind(user.as_uuid())
            .bind(epoch)
            .bind(SESSION_TTL)
            .bind(self.idle)
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(expires_at)
    }

    /// What is kept of a token, used or not, until its session is over, be it that nobody used it for too long.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn find(&self, token: &RefreshToken) -> Result<Option<Kept>, sqlx::Error> {
        let mut transaction = self.begin(token.tenant()).await?;
        let kept = sqlx::query_as(include_str!("sql/find_token.sql"))
            .bind(token.tenant().as_uuid())
            .bind(token.digest())
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(kept)
    }

    /// Uses a token. Of many who do so at once, one is the first; `nonce` makes its successor, issued `now`. The others are told of the same
    /// successor if they are the same `client`, and for a moment only.
    ///
    /// # Errors
    /// The database is not there. The token may have been used nevertheless: the same client may try again.
    pub async fn spend(
        &self,
        token: &RefreshToken,
        client: &Digest,
        nonce: &Nonce,
        now: DateTime<Utc>,
    ) -> Result<Use, sqlx::Error> {
        let next = token.successor(nonce);
        let mut transaction = self.begin(token.tenant()).await?;
        let issued_at: Option<DateTime<Utc>> = sqlx::query_scalar(include_str!("sql/spend.sql"))
            .bind(token.tenant().as_uuid())
            .bind(token.digest())
            .bind(client)
            .bind(nonce)
            .bind(next.digest())
            .bind(now)
            .bind(self.idle)
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(at) = issued_at {
            transaction.commit().await?;
            return Ok(Use::Spent { next, at, replayed: false });
        }
        let how: Option<HowSpent> = sqlx::query_as(include_str!("sql/spent.sql"))
            .bind(token.tenant().as_uuid())
            .bind(token.digest())
            .bind(RETRY)
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let Some(how) = how else { return Ok(Use::Over) };
        let is_retry = how.is_recent && how.is_latest && how.spent_by == client;
        match (Nonce::try_from(how.nonce), how.issued_at) {
            (Ok(nonce), Some(at)) if is_retry => {
                Ok(Use::Spent { next: token.successor(&nonce), at, replayed: true })
            }
            (Ok(_) | Err(_), _) => Ok(Use::Reused),
        }
    }

    pub(crate) fn master_keys(&self) -> Result<&MasterKeys, MasterKeyError> {
        self.master_keys.as_ref().ok_or(MasterKeyError::Absent)
    }

    /// Writes in a transaction of its own.
    pub(crate) async fn write(
        &self,
        tenant: TenantId,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        query.execute(&mut *transaction).await?;
        transaction.commit().await
    }

    /// Begins a transaction that sees one tenant.
    pub(crate) async fn begin(
        &self,
        tenant: TenantId,
    ) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        within_reason(async {
            let mut transaction = measured("identity", self.pool.begin()).await?;
            // A UUID needs no quoting.
            let sql = format!("set local crm.tenant = '{tenant}'; set local statement_timeout = '10s'");
            transaction.execute(sql.as_str()).await?;
            Ok(transaction)
        })
        .await
    }
}
