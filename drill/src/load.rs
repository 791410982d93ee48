//! Clients at work in the background.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rand::Rng as _;
use tokio::task::JoinSet;

use crate::client::{Client, Site};

/// How long clients go on asking about their last command when they are to stop.
const LAST_TRIES: Duration = Duration::from_secs(60);

/// Clients that work until they are stopped.
pub struct Load {
    site: Arc<Site>,
    clients: JoinSet<anyhow::Result<()>>,
    stop: Arc<OnceLock<Instant>>,
}

impl Load {
    /// Has the clients work, each of which waits up to `think` between two commands.
    pub fn start(site: Arc<Site>, clients: Vec<Client>, think: Duration) -> Self {
        let stop = Arc::new(OnceLock::new());
        let works = clients.into_iter().map(|client| work(client, stop.clone(), think));
        Self { site, clients: works.collect(), stop }
    }

    /// Returns when so many more commands were acknowledged, or `false` after `patience`.
    pub async fn acknowledges(&self, more: u64, patience: Duration) -> bool {
        let enough = self.site.journal.count() + more;
        let deadline = Instant::now() + patience;
        while self.site.journal.count() < enough {
            if Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        true
    }

    /// Lets every client finish its command, and returns when all have.
    ///
    /// # Errors
    /// The journal could not be written.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.get_or_init(Instant::now);
        while let Some(client) = self.clients.join_next().await {
            client??;
        }
        Ok(())
    }
}

async fn work(mut client: Client, stop: Arc<OnceLock<Instant>>, think: Duration) -> anyhow::Result<()> {
    while stop.get().is_none() {
        client.step(|| stop.get().is_some_and(|at| at.elapsed() > LAST_TRIES)).await?;
        let pause = rand::rng().random_range(0..=think.as_micros().max(1));
        tokio::time::sleep(Duration::from_micros(u64::try_from(pause)?)).await;
    }
    Ok(())
}
