//! Links in mails, of which there is one for each purpose and user; of those to a new password, the one before as well.

use std::time::Duration;

use domain::UserId;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::Vault;
use crate::link::{LinkToken, Purpose};

/// A link, as it is kept.
#[derive(Clone, Debug, FromRow)]
pub struct Link {
    user_id: Uuid,
    epoch: i64,
    /// What it brings about, if that is not plain from its purpose; else the scope of the address that it went to.
    pub detail: Option<Value>,
}

impl Link {
    /// Whose link it is.
    pub fn user(&self) -> UserId {
        self.user_id.into()
    }

    /// The epoch of the user's sessions in which it was made.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }
}

impl Vault {
    /// Keeps the digest of a new link, in place of the one that the user had for this purpose, or beside it if that stays good. `scope` is what the user occupies
    /// by the address that the link goes to.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn keep_link(
        &self,
        token: &LinkToken,
        purpose: Purpose,
        user: UserId,
        epoch: i64,
        scope: &str,
    ) -> Result<(), sqlx::Error> {
        self.keep_link_after(token, purpose, user, epoch, scope, None).await.map(|_| ())
    }

    /// The same, unless the user was sent a link of this purpose within `pause`. Of several at once, one is kept. Tells whether
    /// this one was.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn keep_link_after(
        &self,
        token: &LinkToken,
        purpose: Purpose,
        user: UserId,
        epoch: i64,
        scope: &str,
        pause: Option<Duration>,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.begin(token.tenant()).await?;
        let kept = sqlx::query(include_str!("../sql/keep_link.sql"))
            .bind(token.tenant().as_uuid())
            .bind(purpose.name())
            .bind(user.as_uuid())
            .bind(token.digest())
            .bind(epoch)
            .bind(Value::from(scope))
            .bind(purpose.ttl())
            .bind(pause)
            .bind(purpose.keeps_earlier())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(kept.rows_affected() > 0)
    }

    /// Gives a link that was asked for its token, and tells what it brings about; nothing if the link is gone.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn arm_link(
        &self,
        token: &LinkToken,
        purpose: Purpose,
        user: UserId,
    ) -> Result<Option<Link>, sqlx::Error> {
        let mut transaction = self.begin(token.tenant()).await?;
        let sql = "update identity.link set digest = $4, made_at = now(), expires_at = now() + $5
            where tenant_id = $1 and purpose = $2 and user_id = $3 and expires_at > now()
            returning user_id, epoch, detail";
        let link = sqlx::query_as(sql)
            .bind(token.tenant().as_uuid())
            .bind(purpose.name())
            .bind(user.as_uuid())
            .bind(token.digest())
            .bind(purpose.ttl())
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(link)
    }

    /// The link that a token opens, unless it is too old, was used, or another one took its place.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn link(&self, token: &LinkToken, purpose: Purpose) -> Result<Option<Link>, sqlx::Error> {
        let mut transaction = self.begin(token.tenant()).await?;
        let link = sqlx::query_as(include_str!("../sql/find_link.sql"))
            .bind(token.tenant().as_uuid())
            .bind(token.digest())
            .bind(purpose.name())
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(link)
    }

    /// Takes a link away that was used, with all that was kept for it.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn forget_link(&self, token: &LinkToken) -> Result<(), sqlx::Error> {
        let sql = "delete from identity.link where tenant_id = $1 and (digest = $2 or earlier_digest = $2)";
        let query = sqlx::query(sql).bind(token.tenant().as_uuid()).bind(token.digest());
        self.write(token.tenant(), query).await
    }
}
