//! Both servers together.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::site::Site;
use crate::{Error, Nats, Postgres};

/// Where the servers come from, and where their files go.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder that `make tools` fills; see [`find_tools`](crate::find_tools).
    pub tools: PathBuf,
    /// The folder of the data and logs. It is made if it is missing, and used by one process at a time.
    pub dir: PathBuf,
}

/// A PostgreSQL and a nats-server that run as long as this process does. Dropping it stops them, without waiting.
pub struct Embedded {
    postgres: Postgres,
    nats: Nats,
}

impl Embedded {
    /// Starts both servers on free ports of 127.0.0.1 with the data of the last run, and returns when they take
    /// connections.
    ///
    /// # Errors
    /// Whatever a person has to mend first: tools missing or too old, the folder not writable or in use, a server that
    /// does not start.
    pub async fn start(config: Config) -> Result<Embedded, Error> {
        in_background(move || Embedded::start_in(Site::open(&config.tools, &config.dir)?)).await
    }

    pub(crate) fn start_in(site: Site) -> Result<Embedded, Error> {
        let site = Arc::new(site);
        let (postgres, nats) = thread::scope(|scope| {
            let postgres = scope.spawn(|| Postgres::start(site.clone()));
            let nats = Nats::start(site.clone());
            (postgres.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), nats)
        });
        Ok(Embedded { postgres: postgres?, nats: nats? })
    }

    /// Where the database `crm` is, as its owner, who is the superuser too: `postgresql://…`.
    pub fn database_url(&self) -> String {
        self.postgres.url()
    }

    /// Where the nats-server is: `nats://crm:<password>@127.0.0.1:<port>`. async-nats does not take the user and the
    /// password from a URL: whoever connects has to pass them as options.
    pub fn nats_url(&self) -> String {
        self.nats.url()
    }

    /// Returns when one of the servers has ended although nobody had asked it to, which is [`Error::Died`].
    pub async fn died(&mut self) -> Error {
        loop {
            if let Some(error) = self.postgres.died().or_else(|| self.nats.died()) {
                return error;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// Stops both servers cleanly, and returns when they are gone.
    ///
    /// # Errors
    /// If the system does not let us wait for them.
    pub async fn stop(self) -> Result<(), Error> {
        in_background(move || self.stop_now()).await
    }

    pub(crate) fn stop_now(mut self) -> Result<(), Error> {
        let (postgres, nats) = thread::scope(|scope| {
            let postgres = scope.spawn(|| self.postgres.stop());
            let nats = self.nats.stop();
            (postgres.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), nats)
        });
        postgres.and(nats)
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    spawn_blocking(work).await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}
