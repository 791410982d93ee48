//! What has ended access tokens before their time: kept in memory, fed from the log, and never trusted when it is old.
//!
//! Somebody reads the log every so often and tells here which users lost rights and which sessions ended. It is remembered
//! for as long as tokens that it ends are good otherwise. A process that has not heard from the log for a second
//! does not guess: tokens of users wait for news, and then are refused with 503.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use uuid::Uuid;

use crate::bearer::SignIn;
use crate::{Problem, TenantId};

/// How long an access token of a session is valid.
pub const ACCESS_TOKEN_TTL: Duration = Duration::from_secs(15 * 60);
/// How long it is remembered that a user has other rights. Tokens that others issue for a user may be valid for as long, and
/// those that are for longer are refused.
pub const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the end of a session is remembered: as long as its tokens, whatever the clocks of two machines differ by.
const SESSION_REMEMBERED: Duration = Duration::from_secs(20 * 60);
/// How old the news may be.
const FRESH: Duration = Duration::from_millis(900);
/// How long a request waits for news.
const PATIENCE: Duration = Duration::from_secs(2);

/// Ended tokens. Clones share them.
#[derive(Clone, Debug)]
pub struct Revocations(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    ended: RwLock<Ended>,
    /// The beginning of the newest look at the log.
    looked: watch::Sender<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Ended {
    users: HashMap<(TenantId, Uuid), Rights>,
    sessions: HashMap<(TenantId, Uuid), Over>,
}

/// Since when a user has other rights than before.
#[derive(Clone, Copy, Debug)]
struct Rights {
    /// The version of the user that brought it.
    version: i64,
    /// Seconds since 1970, by the clock of the database.
    changed_at: i64,
    heard_at: Instant,
}

/// Which tokens of a session are over.
#[derive(Clone, Copy, Debug)]
struct Over {
    /// Those of older versions of the session than this.
    below: i64,
    heard_at: Instant,
}

/// Something that ends tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// A user has other rights: tokens that carry an older version are over.
    User {
        /// The tenant.
        tenant: TenantId,
        /// The user.
        user: Uuid,
        /// The version that the user has since.
        version: i64,
        /// Seconds since 1970.
        changed_at: i64,
    },
    /// A session is over, with all its tokens.
    Session {
        /// The tenant.
        tenant: TenantId,
        /// The session.
        session: Uuid,
    },
    /// The user of a session has shown anew who they are: its tokens of older versions are over.
    SteppedUp {
        /// The tenant.
        tenant: TenantId,
        /// The session.
        session: Uuid,
        /// The version that the session has since.
        version: i64,
    },
}

/// Whose token is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    pub tenant: TenantId,
    pub user: Uuid,
    pub issued_at: i64,
    pub sign_in: Option<SignIn>,
}

impl Default for Revocations {
    fn default() -> Self {
        Self::new()
    }
}

impl Revocations {
    /// Nothing has ended, as far as is known; and nothing is known yet.
    pub fn new() -> Self {
        Self(Arc::new(Parts { ended: RwLock::default(), looked: watch::Sender::new(None) }))
    }

    /// Takes in what a look at the log has found which may not be all. What is old enough is forgotten.
    pub fn hear(&self, found: impl IntoIterator<Item = Revocation>, looked: Instant) {
        let mut ended = self.write();
        for revocation in found {
            ended.add(revocation, looked);
        }
        ended.forget(looked);
    }

    /// Takes in all that a look at the log has found which began at `looked`: from then on it is known what ended before.
    pub fn tell(&self, found: impl IntoIterator<Item = Revocation>, looked: Instant) {
        self.hear(found, looked);
        self.0.looked.send_replace(Some(looked));
    }

    /// Whether the token of `subject` is still good.
    ///
    /// # Errors
    /// 401 if it is not; 503 if that cannot be told, since the log has not been heard from.
    pub(crate) async fn check(&self, subject: &Subject) -> Result<(), Problem> {
        self.news().await?;
        if self.read().ended(subject) { Err(Problem::token_revoked()) } else { Ok(()) }
    }

    /// Returns once what is known is fresh.
    pub(crate) async fn news(&self) -> Result<(), Problem> {
        let is_fresh = |looked: &Option<Instant>| looked.is_some_and(|looked| looked.elapsed() < FRESH);
        if is_fresh(&self.0.looked.borrow()) {
            return Ok(());
        }
        let mut looked = self.0.looked.subscribe();
        match tokio::time::timeout(PATIENCE, looked.wait_for(is_fresh)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => {
                let detail =
                    "Whether this token is still good cannot be told, since the log does not answer.";
                Err(Problem::unavailable(Duration::from_secs(1), detail))
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Ended> {
        self.0.ended.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Ended> {
        self.0.ended.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ended {
    fn add(&mut self, revocation: Revocation, heard_at: Instant) {
        match revocation {
            Revocation::User { tenant, user, version, changed_at } => {
                self.users.insert((tenant, user), Rights { version, changed_at, heard_at });
            }
            Revocation::Session { tenant, session } => self.end((tenant, session), i64::MAX, heard_at),
            Revocation::SteppedUp { tenant, session, version } => {
                self.end((tenant, session), version, heard_at);
            }
        }
    }

    /// What has ended once stays so: the log may be read again from further back.
    fn end(&mut self, session: (TenantId, Uuid), below: i64, heard_at: Instant) {
        let over = self.sessions.entry(session).or_insert(Over { below, heard_at });
        *over = Over { below: below.max(over.below), heard_at };
    }

    fn forget(&mut self, now: Instant) {
        let age = |heard_at: Instant| now.saturating_duration_since(heard_at);
        self.users.retain(|_, rights| age(rights.heard_at) < REMEMBERED);
        self.sessions.retain(|_, over| age(over.heard_at) < SESSION_REMEMBERED);
    }

    fn ended(&self, subject: &Subject) -> bool {
        let rights = self.users.get(&(subject.tenant, subject.user));
        match subject.sign_in {
            Some(sign_in) => {
                let over = self.sessions.get(&(subject.tenant, sign_in.session));
                rights.is_some_and(|rights| sign_in.rights < rights.version)
                    || over.is_some_and(|over| sign_in.version < over.below)
            }
            // Issued elsewhere: it says nothing of versions, but when it was issued.
            None => rights.is_some_and(|rights| subject.issued_at <= rights.changed_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(number: u128) -> TenantId {
        TenantId::from_uuid(Uuid::from_u128(number))
    }

    fn subject(session: u128, rights: i64) -> Subject {
        let sign_in = Some(SignIn { session: Uuid::from_u128(session), rights, version: 1 });
        Subject { tenant: tenant(1), user: Uuid::from_u128(7), issued_at: 100, sign_in }
    }

    fn change(version: i64) -> Revocation {
        Revocation::User { tenant: tenant(1), user: Uuid::from_u128(7), version, changed_at: 100 }
    }

    #[tokio::test]
    async fn a_change_of_rights_ends_older_tokens_of_that_user_in_that_tenant() {
        let revocations = Revocations::new();
        revocations.tell([change(4)], Instant::now());
        let code = async |subject: Subject| {
            revocations.check(&subject).await.err().map(|problem| problem.body().code.to_string())
        };
        let over = Some("token.revoked".to_owned());
        assert_eq!(code(subject(1, 3)).await, over);
        assert_eq!(code(subject(1, 4)).await, None);
        assert_eq!(code(Subject { tenant: tenant(2), ..subject(1, 3) }).await, None);
        assert_eq!(code(Subject { user: Uuid::from_u128(8), ..subject(1, 3) }).await, None);
        assert_eq!(code(Subject { sign_in: None, ..subject(1, 3) }).await, over);
        assert_eq!(code(Subject { sign_in: None, issued_at: 101, ..subject(1, 3) }).await, None);
    }

    #[tokio::test]
    async fn the_end_of_a_session_ends_its_tokens_and_no_others() {
        let revocations = Revocations::new();
        let ended = Revocation::Session { tenant: tenant(1), session: Uuid::from_u128(1) };
        revocations.tell([ended], Instant::now());
        assert!(revocations.check(&subject(1, 3)).await.is_err());
        assert!(revocations.check(&subject(2, 3)).await.is_ok());
        assert!(revocations.check(&Subject { tenant: tenant(2), ..subject(1, 3) }).await.is_ok());
    }

    #[tokio::test]
    async fn showing_anew_who_one_is_ends_older_tokens_of_that_session() {
        let revocations = Revocations::new();
        let session = Uuid::from_u128(1);
        let stepped_up = |version| Revocation::SteppedUp { tenant: tenant(1), session, version };
        let of = |version| {
            let sign_in = Some(SignIn { session, rights: 3, version });
            Subject { sign_in, ..subject(1, 3) }
        };
        revocations.tell([stepped_up(3), stepped_up(2)], Instant::now());
        for (version, is_good) in [(0, false), (2, false), (3, true), (4, true)] {
            assert_eq!(revocations.check(&of(version)).await.is_ok(), is_good, "{version}");
        }
        assert!(revocations.check(&subject(2, 3)).await.is_ok());
        let ended = Revocation::Session { tenant: tenant(1), session };
        revocations.tell([ended, stepped_up(4)], Instant::now());
        assert!(revocations.check(&of(4)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn without_news_of_the_log_nobody_gets_in_and_with_news_everybody_who_waits() {
        let revocations = Revocations::new();
        let error = revocations.check(&subject(1, 3)).await.unwrap_err();
        assert_eq!((error.status().as_u16(), error.body().code.as_ref()), (503, "unavailable"));
        let old = Instant::now().checked_sub(FRESH).unwrap();
        revocations.tell([], old);
        assert_eq!(revocations.check(&subject(1, 3)).await.unwrap_err().status().as_u16(), 503);
        let waiting = tokio::spawn({
            let revocations = revocations.clone();
            async move { revocations.check(&subject(1, 3)).await.is_ok() }
        });
        tokio::task::yield_now().await;
        revocations.tell([], Instant::now());
        assert!(waiting.await.unwrap());
    }

    #[test]
    fn what_no_token_can_outlive_is_forgotten() {
        let (mut ended, then) = (Ended::default(), Instant::now());
        ended.add(change(4), then);
        ended.add(Revocation::Session { tenant: tenant(1), session: Uuid::from_u128(1) }, then);
        ended.forget(then + ACCESS_TOKEN_TTL + Duration::from_secs(60));
        assert_eq!((ended.users.len(), ended.sessions.len()), (1, 1));
        ended.forget(then + SESSION_REMEMBERED);
        assert_eq!((ended.users.len(), ended.sessions.len()), (1, 0));
        ended.forget(then + REMEMBERED);
        assert_eq!((ended.users.len(), ended.sessions.len()), (0, 0));
    }
}
