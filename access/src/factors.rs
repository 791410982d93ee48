//! The secrets of second factors, as they are kept.

use std::time::Duration;

use domain::{SecondFactorId, TenantId, UserId};
use event_store::MasterKeys;
use event_store::seal::MasterKeyError;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::Vault;
use crate::refresh::Digest;
use crate::second_factor::{CodeAlgorithm, Secret};

/// How long after it was told a secret can be confirmed.
pub const CONFIRM: Duration = Duration::from_secs(10 * 60);

/// A secret as it is kept.
#[derive(FromRow)]
struct Sealed {
    secret: Vec<u8>,
    master: Option<String>,
    algorithm: String,
}

#[derive(FromRow)]
struct Pending {
    id: Uuid,
    #[sqlx(flatten)]
    sealed: Sealed,
}

impl Vault {
    /// Keeps a secret that nobody is asked for yet, in place of the one that the user was told before.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn keep_factor(
        &self,
        tenant: TenantId,
        user: UserId,
        factor: SecondFactorId,
        secret: &Secret,
    ) -> Result<(), sqlx::Error> {
        let keys = self.master_keys()?;
        let sealed = keys.seal(&place(tenant.as_uuid(), user.as_uuid()), secret.bytes())?;
        let query = sqlx::query(include_str!("sql/keep_factor.sql"))
            .bind(tenant.as_uuid())
            .bind(user.as_uuid())
            .bind(factor.as_uuid())
            .bind(sealed)
            .bind(CONFIRM)
            .bind(keys.current())
            .bind(secret.algorithm().name());
        self.write(tenant, query).await
    }

    /// The newest secret that a user was told and has not confirmed.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn pending_factor(
        &self,
        tenant: TenantId,
        user: UserId,
        current: Option<SecondFactorId>,
    ) -> Result<Option<(SecondFactorId, Secret)>, sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        let found: Option<Pending> = sqlx::query_as(include_str!("sql/pending_factor.sql"))
            .bind(tenant.as_uuid())
            .bind(user.as_uuid())
            .bind(current.map(SecondFactorId::as_uuid))
            .bind(CONFIRM)
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let opened = |Pending { id, sealed }: Pending| Ok((id.into(), self.opened(tenant, user, sealed)?));
        found.map(opened).transpose()
    }

    /// The secret of a factor.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn factor(
        &self,
        tenant: TenantId,
        user: UserId,
        factor: SecondFactorId,
    ) -> Result<Option<Secret>, sqlx::Error> {
        let found: Option<Sealed> = self.kept("secret, master, algorithm", (tenant, user, factor)).await?;
        found.map(|sealed| self.opened(tenant, user, sealed)).transpose()
    }

    fn opened(&self, tenant: TenantId, user: UserId, sealed: Sealed) -> Result<Secret, sqlx::Error> {
        let Sealed { secret, master, algorithm } = sealed;
        let algorithm = algorithm_named(&algorithm)?;
        let Some(master) = master else { return Ok(Secret::of(secret, algorithm)) };
        let place = place(tenant.as_uuid(), user.as_uuid());
        let opened = self.master_keys()?.open(&master, &place, &secret)?;
        Ok(Secret::of(opened.to_vec(), algorithm))
    }

    /// By what codes of a factor are made.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn factor_algorithm(
        &self,
        tenant: TenantId,
        user: UserId,
        factor: SecondFactorId,
    ) -> Result<Option<CodeAlgorithm>, sqlx::Error> {
        let found: Option<(String,)> = self.kept("algorithm", (tenant, user, factor)).await?;
        found.map(|(name,)| algorithm_named(&name)).transpose()
    }

    /// What is kept of a factor of a user.
    async fn kept<R>(
        &self,
        columns: &str,
        (tenant, user, factor): (TenantId, UserId, SecondFactorId),
    ) -> Result<Option<R>, sqlx::Error>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut transaction = self.begin(tenant).await?;
        let sql = format!(
            "select {columns} from identity.second_factor
             where tenant_id = $1 and user_id = $2 and id = $3"
        );
        let found = sqlx::query_as(&sql)
            .bind(tenant.as_uuid())
            .bind(user.as_uuid())
            .bind(factor.as_uuid())
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Takes the code of a time step, unless one of it or of a later one was taken.
    ///
    /// # Errors
    /// The database is not there. The code may have been taken nevertheless.
    pub async fn take_step(
        &self,
        tenant: TenantId,
        user: UserId,
        factor: SecondFactorId,
        step: i64,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        let taken = sqlx::query(include_str!("sql/take_step.sql"))
            .bind(tenant.as_uuid())
            .bind(user.as_uuid())
            .bind(factor.as_uuid())
            .bind(step)
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(taken.is_some())
    }

    /// Keeps a factor under a new id, with recovery codes, if the code of this time step was not taken before.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn confirm_factor(
        &self,
        (tenant, user): (TenantId, UserId),
        pending: SecondFactorId,
        step: i64,
        factor: SecondFactorId,
        recovery_codes: &[Digest],
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        let kept = sqlx::query(include_str!("sql/confirm_factor.sql"))
            .bind(tenant.as_uuid())
            .bind(user.as_uuid())
            .bind(pending.as_uuid())
            .bind(step)
            .bind(factor.as_uuid())
            .bind(recovery_codes.iter().map(|digest| digest.to_vec()).collect::<Vec<_>>())
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(kept.is_some())
    }

    /// Forgets what was kept of all factors of a user but one, if any is asked for.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn forget_other_factors(
        &self,
        tenant: TenantId,
        user: UserId,
        factor: Option<SecondFactorId>,
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        for sql in [
            "delete from identity.second_factor where tenant_id = $1 and user_id = $2 and id is distinct from $3",
            "delete from identity.recovery_code where tenant_id = $1 and user_id = $2 and factor_id is distinct from $3",
        ] {
            sqlx::query(sql)
                .bind(tenant.as_uuid())
                .bind(user.as_uuid())
                .bind(factor.map(SecondFactorId::as_uuid))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    /// Spends a recovery code, unless it was spent.
    ///
    /// # Errors
    /// The database is not there. The code may have been spent nevertheless.
    pub async fn spend_recovery_code(
        &self,
        tenant: TenantId,
        user: UserId,
        factor: SecondFactorId,
        digest: &Digest,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        let sql = "delete from identity.recovery_code
            where tenant_id = $1 and user_id = $2 and factor_id = $3 and digest = $4";
        let spent = sqlx::query(sql)
            .bind(tenant.as_uuid())
            .bind(user.as_uuid())
            .bind(factor.as_uuid())
            .bind(digest)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(spent.rows_affected() > 0)
    }
}

/// The table takes no others.
fn algorithm_named(name: &str) -> Result<CodeAlgorithm, sqlx::Error> {
    CodeAlgorithm::named(name).ok_or_else(|| sqlx::Error::Decode("codes of no known algorithm".into()))
}

/// What a secret is bound to.
fn place(tenant: Uuid, user: Uuid) -> String {
    format!("second factor of {user} of {tenant}")
}

#[derive(FromRow)]
struct Kept {
    user_id: Uuid,
    id: Uuid,
    secret: Vec<u8>,
    master: Option<String>,
}

/// Seals the secrets of second factors of a tenant by the first of the master keys, in a transaction that sees the tenant.
/// Returns how many were not before.
pub(crate) async fn reseal(
    transaction: &mut PgConnection,
    tenant: Uuid,
    keys: &MasterKeys,
) -> Result<usize, sqlx::Error> {
    let old: Vec<Kept> = sqlx::query_as(
        "select user_id, id, secret, master from identity.second_factor
        where tenant_id = $1 and master is distinct from $2 for update",
    )
    .bind(tenant)
    .bind(keys.current())
    .fetch_all(&mut *transaction)
    .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let anew: Vec<Vec<u8>> = old.iter().map(|kept| kept.sealed_by(keys, tenant)).collect::<Result<_, _>>()?;
    sqlx::query(include_str!("sql/reseal_factors.sql"))
        .bind(tenant)
        .bind(keys.current())
        .bind(old.iter().map(|kept| kept.user_id).collect::<Vec<_>>())
        .bind(old.iter().map(|kept| kept.id).collect::<Vec<_>>())
        .bind(anew)
        .execute(&mut *transaction)
        .await?;
    Ok(old.len())
}

impl Kept {
    fn sealed_by(&self, keys: &MasterKeys, tenant: Uuid) -> Result<Vec<u8>, MasterKeyError> {
        let place = place(tenant, self.user_id);
        let Some(master) = &self.master else { return keys.seal(&place, &self.secret) };
        let plain = keys.open(master, &place, &self.secret)?;
        keys.seal(&place, &plain)
    }
}
