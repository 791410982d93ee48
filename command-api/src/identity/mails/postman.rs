//! Sends the mails that are written down, of all tenants.

use std::error::Error;
use std::time::{Duration, Instant};

use access::vault::{Mail, MailKind, Recipient};
use access::{LinkToken, Purpose, Vault};
use domain::{Text, UserId};
use futures::future::join_all;
use mail::{Letter, Mailer, SendError};

use super::Post;
use super::letter::{To, email_notice, with_link};
use crate::CommandApi;
use crate::identity::Refusal;
use crate::identity::aggregates::email_scope;
use crate::identity::email::EmailChange;
use crate::identity::session::user;
use crate::identity::sign_up::SignUpIn;
use crate::metrics::{Mailed, mailed};

/// Mails that are sent at a time.
const AT_ONCE: usize = 4;
/// How often it looks without being woken: for mails that other processes wrote down, and those that are due again.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often what is of no use any more is cleared away.
const CLEARING: Duration = Duration::from_secs(10 * 60);
/// How long after one mail with a link to a new password a user gets no other. Half as long as the link is good: since the one before
/// stays good, each is good for all of its time, however often somebody asks.
const PAUSE: Duration = Duration::from_secs(15 * 60);

/// Sends mails until it is dropped. Several processes may: each mail is tried by one of them at a time.
///
/// A mail goes at least once. What is in it is made when it goes, so no token is kept; a second try makes another token, and
/// then only that one counts, but for a link to a new password, where both do.
pub struct Postman {
    app: CommandApi,
    mailer: Mailer,
}

impl Postman {
    /// Sends by `mailer` what `app` has written down.
    pub fn new(app: CommandApi, mailer: Mailer) -> Self {
        Self { app, mailer }
    }

    /// Goes on until it is dropped.
    pub async fn run(self) {
        let Ok((vault, post)) = self.parts() else { return };
        let (mut is_failing, mut cleared) = (false, None::<Instant>);
        loop {
            match self.deliver(vault, post).await {
                Ok(AT_ONCE) => continue,
                Ok(_) => is_failing = false,
                // Told once, not every second.
                Err(error) if !is_failing => {
                    is_failing = true;
                    tracing::warn!(%error, "cannot tell which mails there are to send");
                }
                Err(_) => {}
            }
            if cleared.is_none_or(|at| at.elapsed() >= CLEARING) {
                cleared = Some(Instant::now());
                if let Err(error) = vault.clear_links().await {
                    tracing::warn!(%error, "links that are too old are kept for now");
                }
            }
            let _either = tokio::time::timeout(INTERVAL, post.woken()).await;
        }
    }

    fn parts(&self) -> Result<(&Vault, &Post), Refusal> {
        let issuer = self.app.issuer()?;
        Ok((issuer.vault(), issuer.post()?))
    }

    /// Tries some mails that are due, and tells how many.
    async fn deliver(&self, vault: &Vault, post: &Post) -> Result<usize, sqlx::Error> {
        let due = vault.due_mails(i64::try_from(AT_ONCE).unwrap_or(1)).await?;
        join_all(due.iter().map(|mail| self.try_one(vault, post, mail))).await;
        Ok(due.len())
    }

    async fn try_one(&self, vault: &Vault, post: &Post, mail: &Mail) {
        let (id, kind, attempt) = (mail.id, mail.kind.name(), mail.attempt);
        let outcome = self.sent(vault, post, mail).await;
        mailed(kind, outcome);
        match outcome {
            Mailed::Later => return,
            Mailed::GivenUp => tracing::warn!(mail = %id, kind, attempt, "a mail is given up"),
            Mailed::Sent | Mailed::Needless | Mailed::Refused => {
                tracing::debug!(mail = %id, kind, ?outcome, "mailed")
            }
        }
        if let Err(error) = vault.strike(mail.tenant, id).await {
            tracing::warn!(%error, mail = %id, kind, "a mail that is done with may go once more");
        }
    }

    async fn sent(&self, vault: &Vault, post: &Post, mail: &Mail) -> Mailed {
        let (id, kind, attempt) = (mail.id, mail.kind.name(), mail.attempt);
        if mail.is_over {
            return Mailed::GivenUp;
        }
        let letter = match self.written(vault, post, mail).await {
            Ok(Some(letter)) => letter,
            Ok(None) => return Mailed::Needless,
            Err(error) => {
                let error: &(dyn Error + 'static) = &error;
                tracing::warn!(error, mail = %id, kind, attempt, "a mail cannot be written now");
                return Mailed::Later;
            }
        };
        let Err(error) = self.mailer.send(&letter).await else { return Mailed::Sent };
        let outcome = match &error {
            SendError::Refused(_) => Mailed::Refused,
            SendError::Later(_) => Mailed::Later,
        };
        let error: &(dyn Error + 'static) = &error;
        tracing::warn!(error, mail = %id, kind, attempt, "a mail did not go");
        outcome
    }

    /// What a mail says; nothing if there is no reason for it any more.
    async fn written(&self, vault: &Vault, post: &Post, mail: &Mail) -> Result<Option<Letter>, Refusal> {
        match (mail.kind, &mail.to) {
            (MailKind::Link(Purpose::Invitation), Recipient::User(id)) => {
                self.invitation(vault, post, mail, *id).await
            }
            (MailKind::Link(Purpose::PasswordReset), Recipient::Scope(scope)) => {
                self.password_reset(vault, post, mail, scope).await
            }
            (MailKind::Link(Purpose::EmailChange), Recipient::User(id)) => {
                self.email_change(vault, post, mail, *id).await
            }
            (MailKind::Link(Purpose::SignUp), Recipient::User(id)) => {
                self.sign_up(vault, post, mail, *id).await
            }
            (MailKind::EmailNotice, Recipient::User(id)) => self.email_notice(mail, *id).await,
            (MailKind::Link(_) | MailKind::EmailNotice, Recipient::User(_) | Recipient::Scope(_)) => Ok(None),
        }
    }

    async fn invitation(
        &self,
        vault: &Vault,
        post: &Post,
        mail: &Mail,
        id: UserId,
    ) -> Result<Option<Letter>, Refusal> {
        let user = user(&self.app, mail.tenant, id).await?;
        let Some(account) = user.state.account().filter(|_| user.state.awaits_invitation()) else {
            return Ok(None);
        };
        let (purpose, token) = (Purpose::Invitation, LinkToken::fresh(mail.tenant)?);
        let Some(email) = account.email.reveal() else { return Ok(None) };
        let scope = email_scope(email);
        vault.keep_link(&token, purpose, id, account.epoch.into(), &scope).await?;
        // The address and the name are what somebody else typed.
        let to = To { address: email.as_str(), name: None };
        Ok(Some(with_link(post.public_url(), &to, purpose, &token)))
    }

    /// Looked up here, out of sight of whoever asked: they cannot tell whether there is somebody.
    async fn password_reset(
        &self,
        vault: &Vault,
        post: &Post,
        mail: &Mail,
        scope: &str,
    ) -> Result<Option<Letter>, Refusal> {
        let Some(found) = vault.account(mail.tenant, scope).await? else { return Ok(None) };
        let user = user(&self.app, mail.tenant, found.user).await?;
        let Some(account) = user.state.account().filter(|_| user.state.is_active()) else { return Ok(None) };
        let (purpose, token) = (Purpose::PasswordReset, LinkToken::fresh(mail.tenant)?);
        // A second try is for a mail that may not have arrived.
        let pause = (mail.attempt == 1).then_some(PAUSE);
        let epoch = account.epoch.into();
        if !vault.keep_link_after(&token, purpose, found.user, epoch, scope, pause).await? {
            return Ok(None);
        }
        Ok(To::of(account).map(|to| with_link(post.public_url(), &to, purpose, &token)))
    }

    async fn email_change(
        &self,
        vault: &Vault,
        post: &Post,
        mail: &Mail,
        id: UserId,
    ) -> Result<Option<Letter>, Refusal> {
        let (purpose, token) = (Purpose::EmailChange, LinkToken::fresh(mail.tenant)?);
        let Some(link) = vault.arm_link(&token, purpose, id).await? else { return Ok(None) };
        let Some(change) = EmailChange::of(&link) else { return Ok(None) };
        let user = user(&self.app, mail.tenant, id).await?;
        if !change.is_open(&user, &link) {
            return Ok(None);
        }
        let Some(address) = change.to.reveal() else { return Ok(None) };
        // Whether the user reads what goes there is yet to be shown.
        let to = To { address: address.as_str(), name: None };
        Ok(Some(with_link(post.public_url(), &to, purpose, &token)))
    }

    /// To somebody who may never have heard of us: it repeats nothing of what was typed.
    async fn sign_up(
        &self,
        vault: &Vault,
        post: &Post,
        mail: &Mail,
        id: UserId,
    ) -> Result<Option<Letter>, Refusal> {
        let (purpose, token) = (Purpose::SignUp, LinkToken::fresh(mail.tenant)?);
        let Some(link) = vault.arm_link(&token, purpose, id).await? else { return Ok(None) };
        let Some(wanted) = SignUpIn::of(&link) else { return Ok(None) };
        let Some(address) = wanted.email.reveal() else { return Ok(None) };
        let to = To { address: address.as_str(), name: None };
        Ok(Some(with_link(post.public_url(), &to, purpose, &token)))
    }

    /// To the address of when it was asked for, whatever it is by now.
    async fn email_notice(&self, mail: &Mail, id: UserId) -> Result<Option<Letter>, Refusal> {
        let user = user(&self.app, mail.tenant, id).await?;
        let name = user.state.account().and_then(|account| account.name.reveal()).map(Text::as_str);
        Ok(mail.address.as_deref().map(|address| email_notice(&To { address, name })))
    }
}
