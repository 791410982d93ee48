//! Mails to send. A row says about what and to whom; what it says, and the token in it, are made when it goes.

use std::time::Duration;

use domain::{TenantId, UserId};
use event_store::within_reason;
use serde_json::Value;
use sqlx::{Executor as _, FromRow};
use uuid::Uuid;

use super::Vault;
use crate::link::Purpose;

/// How long nobody else tries a mail that is being tried; and the first wait before the next try.
const LEASE: Duration = Duration::from_secs(60);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// How long a mail is kept back that is written down before what it tells of is done.
const HELD: Duration = Duration::from_secs(30);

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// It brings a link.
    Link(Purpose),
    /// It tells a user, at the address of now, that somebody asked for another one.
    EmailNotice,
}

/// To whom a mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// To a user.
    User(UserId),
    /// To whoever occupies this scope by an address, if anybody does.
    Scope(String),
}

/// A mail that is due.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The tenant.
    pub tenant: TenantId,
    /// The mail.
    pub id: Uuid,
    /// What it is about.
    pub kind: MailKind,
    /// To whom.
    pub to: Recipient,
    /// The address, if it is not to be looked up.
    pub address: Option<String>,
    /// Which try this is, from 1.
    pub attempt: i32,
    /// Whether it comes too late to be of use.
    pub is_over: bool,
}

/// What a link is to bring about, and who is told of it by mail.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// What for.
    pub purpose: Purpose,
    /// Whose link it is.
    pub user: UserId,
    /// The epoch of the user's sessions.
    pub epoch: i64,
    /// What it is to bring about.
    pub detail: Value,
    /// The address that gets a notice too.
    pub notice: Option<&'a str>,
}

#[derive(FromRow)]
struct Row {
    tenant_id: Uuid,
    id: Uuid,
    kind: String,
    user_id: Option<Uuid>,
    scope: Option<String>,
    address: Option<String>,
    attempts: i32,
    is_over: bool,
}

impl MailKind {
    /// Its name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link(purpose) => purpose.name(),
            Self::EmailNotice => "email_notice",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [
            Self::Link(Purpose::Invitation),
            Self::Link(Purpose::PasswordReset),
            Self::Link(Purpose::EmailChange),
            Self::Link(Purpose::SignUp),
            Self::EmailNotice,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }

    /// How long it is worth trying: as long as its link would have been good if it had gone at once.
    const fn patience(self) -> Duration {
        match self {
            Self::Link(purpose) => purpose.ttl(),
            Self::EmailNotice => Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

impl Row {
    /// The mail; nothing if it is of a kind that this build does not know.
    fn mail(self) -> Option<Mail> {
        let to = match (self.user_id, self.scope) {
            (Some(user), _) => Recipient::User(user.into()),
            (None, Some(scope)) => Recipient::Scope(scope),
            (None, None) => return None,
        };
        Some(Mail {
            tenant: self.tenant_id.into(),
            id: self.id,
            kind: MailKind::named(&self.kind)?,
            to,
            address: self.address,
            attempt: self.attempts,
            is_over: self.is_over,
        })
    }
}

impl Vault {
    /// Writes down a mail to send.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn post(&self, tenant: TenantId, kind: MailKind, to: &Recipient) -> Result<(), sqlx::Error> {
        self.post_at(tenant, kind, to, Duration::ZERO).await.map(|_| ())
    }

    /// Writes down a mail about what is yet to be done. Without another word it goes in half a minute.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn hold(&self, tenant: TenantId, kind: MailKind, to: &Recipient) -> Result<Uuid, sqlx::Error> {
        self.post_at(tenant, kind, to, HELD).await
    }

    async fn post_at(
        &self,
        tenant: TenantId,
        kind: MailKind,
        to: &Recipient,
        held: Duration,
    ) -> Result<Uuid, sqlx::Error> {
        let id = Uuid::now_v7();
        let (user, scope) = match to {
            Recipient::User(user) => (Some(user.as_uuid()), None),
            Recipient::Scope(scope) => (None, Some(scope)),
        };
        let query = sqlx::query(
            "insert into identity.mail (tenant_id, id, kind, user_id, scope, due_at, expires_at)
            values ($1, $2, $3, $4, $5, now() + $6, now() + $7)",
        )
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(kind.name())
        .bind(user)
        .bind(scope)
        .bind(held)
        .bind(kind.patience());
        self.write(tenant, query).await?;
        Ok(id)
    }

    /// Lets a mail go that was held.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn release(&self, tenant: TenantId, mail: Uuid) -> Result<(), sqlx::Error> {
        let sql = "update identity.mail set due_at = now() where tenant_id = $1 and id = $2 and attempts = 0";
        self.write(tenant, sqlx::query(sql).bind(tenant.as_uuid()).bind(mail)).await
    }

    /// Strikes a mail out: it was sent, or is not to be sent.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn strike(&self, tenant: TenantId, mail: Uuid) -> Result<(), sqlx::Error> {
        let sql = "delete from identity.mail where tenant_id = $1 and id = $2";
        self.write(tenant, sqlx::query(sql).bind(tenant.as_uuid()).bind(mail)).await
    }

    /// Writes down what a link is to bring about, in place of what one of the same purpose was to, and the mails that go with
    /// it: all or nothing.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn ask(&self, tenant: TenantId, asked: &Asked<'_>) -> Result<(), sqlx::Error> {
        let mut transaction = self.begin(tenant).await?;
        sqlx::query(include_str!("../sql/ask_link.sql"))
            .bind(tenant.as_uuid())
            .bind(asked.purpose.name())
            .bind(asked.user.as_uuid())
            .bind(asked.epoch)
            .bind(&asked.detail)
            // Its time begins when the mail goes; until then it is kept for as long as the mail is tried, and its time.
            .bind(asked.purpose.ttl() * 2)
            .execute(&mut *transaction)
            .await?;
        let link = (MailKind::Link(asked.purpose), None);
        let notice = asked.notice.map(|address| (MailKind::EmailNotice, Some(address)));
        for (kind, address) in [Some(link), notice].into_iter().flatten() {
            let sql = "insert into identity.mail (tenant_id, id, kind, user_id, address, due_at, expires_at)
                values ($1, $2, $3, $4, $5, now(), now() + $6)";
            sqlx::query(sql)
                .bind(tenant.as_uuid())
                .bind(Uuid::now_v7())
                .bind(kind.name())
                .bind(asked.user.as_uuid())
                .bind(address)
                .bind(kind.patience())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    /// Takes mails of all tenants that are due, at most `most`. Each is for one try: whoever took it strikes it out, or it comes
    /// back.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn due_mails(&self, most: i64) -> Result<Vec<Mail>, sqlx::Error> {
        let query =
            sqlx::query_as(include_str!("../sql/due_mails.sql")).bind(most).bind(LEASE).bind(LONGEST_WAIT);
        let rows: Vec<Row> = within_reason(query.fetch_all(&self.pool)).await?;
        Ok(rows.into_iter().filter_map(Row::mail).collect())
    }

    /// Clears away links that are too old, and mails of kinds that nobody knows how to write.
    ///
    /// # Errors
    /// The database is not there.
    pub async fn clear_links(&self) -> Result<(), sqlx::Error> {
        for sql in [
            "delete from identity.link where expires_at <= now()",
            "delete from identity.mail where expires_at <= now() - interval '1 day'",
        ] {
            within_reason(self.pool.execute(sql)).await?;
        }
        Ok(())
    }
}
