//! Sessions for requests, each of which may end at any point.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Executor as _, PgConnection};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Session, Sessions};
use crate::database::{Duty, PING, options};

/// How long one waits for a session.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sessions of which so many are in use at most. Who wants one more waits for a while.
#[derive(Clone)]
pub struct SessionPool {
    sessions: Sessions,
    places: Arc<Semaphore>,
    most: u32,
    patience: Duration,
}

/// A session that is given back when it is dropped, once what was begun on it has been undone.
pub struct PooledSession(Option<Loan>);

struct Loan {
    session: Session,
    sessions: Sessions,
    _place: OwnedSemaphorePermit,
}

/// How many sessions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Open, and not in use.
    pub idle: u32,
    /// In use, or being opened for whoever will use it.
    pub in_use: u32,
    /// How many may be in use.
    pub most: u32,
}

impl SessionPool {
    /// At most `most` sessions of the database at `url`, in the role of `duty`. Their statements are planned as it suits the
    /// values.
    ///
    /// Connects lazily: a database that is away shows at the first use, not here.
    ///
    /// # Errors
    /// `url` is not one of a database.
    pub fn new(url: &str, duty: Duty, most: u32) -> Result<Self, sqlx::Error> {
        Ok(Self {
            sessions: Sessions::of(options(url, duty)?),
            places: Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS))),
            most,
            patience: PATIENCE,
        })
    }

    /// Lets those who find all sessions in use wait for another time.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// A session on which nothing is open.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolTimedOut`] if there was none for too long; else, the server is not there.
    pub async fn acquire(&self) -> Result<PooledSession, sqlx::Error> {
        let acquired = async {
            let place = Arc::clone(&self.places).acquire_owned().await;
            let place = place.map_err(|_| sqlx::Error::PoolClosed)?;
            let session = self.sessions.take().await?;
            Ok(PooledSession(Some(Loan { session, sessions: self.sessions.clone(), _place: place })))
        };
        tokio::time::timeout(self.patience, acquired).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// How much is in use now.
    pub fn usage(&self) -> Usage {
        let free = u32::try_from(self.places.available_permits()).unwrap_or(u32::MAX);
        let idle = u32::try_from(self.sessions.lock().len()).unwrap_or(u32::MAX);
        Usage { idle, in_use: self.most.saturating_sub(free), most: self.most }
    }
}

impl Loan {
    /// Undoes what was begun. A session on which that takes long is closed, and the server then does it.
    async fn end(mut self) {
        let undone = tokio::time::timeout(PING, self.session.execute("rollback")).await;
        if matches!(undone, Ok(Ok(_))) {
            self.sessions.give_back(self.session);
        }
    }
}

impl Deref for PooledSession {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0.as_ref().expect("only dropping takes it").session
    }
}

impl DerefMut for PooledSession {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0.as_mut().expect("only dropping takes it").session
    }
}

impl Drop for PooledSession {
    fn drop(&mut self) {
        if let (Some(loan), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(loan.end());
        }
    }
}
