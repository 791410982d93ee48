//! That mails are sent at all, and how often.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use access::limits::Rate;
use access::throttle::Limits;
use access::vault::{MailKind, Recipient};
use access::{Guesses, Rates, SharedLimits, Throttle};
use domain::{TenantId, UserId};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

use crate::dispatch::kept_answer;
use crate::identity::Refusal;
use crate::{Accepted, CommandApi, CommandError, Context};

/// Mails that strangers may ask for: of one account from one address, from one address, and of one account.
const LIMITS: Limits = Limits { free: 3, longest: Duration::from_secs(15 * 60), address: 10, account: 3 };

/// In which time mails are counted that users ask for.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Such mails of one tenant, and to or about one user.
const OF_TENANT: Rate = Rate { of: "tenant", most: 200, period: HOUR };
const OF_USER: Rate = Rate { of: "user", most: 5, period: HOUR };

/// Where links lead, and who is woken to send mails. Clones share everything.
#[derive(Clone)]
pub struct Post(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    public_url: String,
    signs_up: bool,
    guesses: Guesses,
    asked: Rates,
    wake: Arc<Notify>,
}

impl Post {
    /// With links to pages below `public_url`. Nobody signs up.
    pub fn new(public_url: &str) -> Self {
        let public_url = public_url.trim_end_matches('/').to_owned();
        let (guesses, wake) = (Guesses::new("mail", Throttle::new(LIMITS)), Arc::new(Notify::new()));
        let asked = Rates::new("mail_hour", HOUR);
        Self(Arc::new(Parts { public_url, signs_up: false, guesses, asked, wake }))
    }

    /// The same, and whoever wants to may become the first user of a new tenant.
    #[must_use]
    pub fn with_sign_up(self) -> Self {
        Self(Arc::new(Parts { signs_up: true, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same, with other limits.
    #[must_use]
    pub fn with_throttle(self, throttle: Throttle) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        parts.guesses = parts.guesses.with_throttle(throttle);
        Self(Arc::new(parts))
    }

    /// The same, which counts together with other processes.
    #[must_use]
    pub fn with_shared_limits(self, shared: &SharedLimits) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        parts.guesses = parts.guesses.shared_by(shared.clone());
        parts.asked = parts.asked.shared_by(shared.clone());
        Self(Arc::new(parts))
    }

    /// Where links lead.
    pub fn public_url(&self) -> &str {
        &self.0.public_url
    }

    pub(crate) fn signs_up(&self) -> bool {
        self.0.signs_up
    }

    /// Sends what was written down.
    pub(crate) fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Waits until somebody has something to send.
    pub(super) async fn woken(&self) {
        self.0.wake.notified().await;
    }

    /// Counts a mail that somebody asks for, who need not be who gets it.
    ///
    /// # Errors
    /// [`Refusal::Throttled`] or [`Refusal::Untold`].
    pub(crate) async fn admit(&self, tenant: &str, name: &str, address: IpAddr) -> Result<(), Refusal> {
        let account = Sha256::digest(format!("{tenant} {name}")).into();
        self.0.guesses.guess(account, address).await?;
        Ok(())
    }

    /// Counts a mail that a user of a tenant asks for, to or about a user of it.
    ///
    /// # Errors
    /// [`Refusal::Throttled`].
    pub(crate) async fn admit_asked(&self, tenant: TenantId, user: UserId) -> Result<(), Refusal> {
        let of_tenant = Sha256::digest(tenant.to_string()).into();
        let of_user = Sha256::digest(format!("{tenant} {user}")).into();
        let wanted = [(OF_USER, of_user), (OF_TENANT, of_tenant)];
        self.0.asked.take(&wanted).await.map_err(Refusal::Throttled)
    }
}

/// Gives a command that a mail goes with, unless there were too many of these mails lately. The mail is written down before, kept back until the command is done, and goes if it
/// is. If a crash comes between, it goes half a minute later, unless the log does not have what it tells of.
///
/// # Errors
/// [`Refusal::NoMail`] or [`Refusal::Throttled`]; those of the command; or the database is not available.
pub(crate) async fn posted(
    app: &CommandApi,
    context: &Context,
    user: UserId,
    kind: MailKind,
    command: impl Future<Output = Result<Accepted, CommandError>>,
) -> Result<Accepted, Refusal> {
    let (vault, post, tenant) = (app.issuer()?.vault(), app.issuer()?.post()?, context.tenant);
    // Whoever sends it once more gets the answer of the first time, however many there were since.
    if let Some(kept) = kept_answer(app, context).await? {
        return Ok(kept);
    }
    post.admit_asked(tenant, user).await?;
    let mail = vault.hold(tenant, kind, &Recipient::User(user)).await?;
    let done = command.await;
    let told = match &done {
        Ok(accepted) if !accepted.replayed => vault.release(tenant, mail).await,
        // The mail of the first time is on its way.
        Ok(_) => vault.strike(tenant, mail).await,
        Err(error) if error.is_refusal() => vault.strike(tenant, mail).await,
        // Nobody knows yet whether it was done: whoever sends the mail looks.
        Err(_) => Ok(()),
    };
    if let Err(error) = told {
        tracing::warn!(%error, "a mail goes half a minute late");
    }
    post.wake();
    Ok(done?)
}
