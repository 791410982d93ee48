//! The system of one drill: servers, services, and a proxy between each two that talk.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use async_nats::jetstream;
use edge::SigningKey;
use embedded::{Nats, Postgres};
use event_store::StreamNames;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

use crate::client::{Client, Complaints, SharedBooks, Site, Tenant};
use crate::clocks::Clocks;
use crate::journal::Journal;
use crate::layout::Layout;
use crate::load::Load;
use crate::planted;
use crate::proxy::Proxy;
use crate::servers;
use crate::service::{Plan, Service};
use crate::settings::Settings;
use crate::token;

/// Tenants in each world.
const TENANTS: usize = 3;
/// How long everything may take to be up for the first time.
const START: Duration = Duration::from_secs(60);

/// A running system. [`World::close`] ends it in order.
pub struct World {
    /// PostgreSQL.
    pub postgres: Postgres,
    /// NATS.
    pub nats: Nats,
    /// The services by name: `command-api-1`, `query-api`, `projector-1`.
    pub services: BTreeMap<String, Service>,
    /// The proxies by the two that they join: `client → query-api`, `projector-1 → nats`.
    pub proxies: BTreeMap<String, Proxy>,
    /// What clients know.
    pub site: Arc<Site>,
    /// The key that signs tokens.
    pub key: SigningKey,
    /// As the owner of the database, past all proxies.
    pub pool: PgPool,
    /// Past all proxies.
    pub jetstream: jetstream::Context,
    /// Where the health of the first projector is told.
    pub projector_health: SocketAddr,
    /// The clients at work.
    load: Option<Load>,
    clients: AtomicUsize,
    crm: PathBuf,
    token_key: PathBuf,
    mounts: Vec<crate::drills::disk::Mount>,
    clocks: Option<Clocks>,
    folder: TempDir,
}

impl World {
    /// Starts all of it and returns when every part answers.
    ///
    /// # Errors
    /// A part does not.
    pub async fn start(settings: &Settings, drill: &str, layout: &Layout) -> anyhow::Result<Self> {
        let folder = servers::folder(drill)?;
        let mut mounts = Vec::new();
        for (name, bytes) in &layout.mounts {
            mounts.push(crate::drills::disk::Mount::new(&folder.path().join(name), *bytes)?);
        }
        let clocks = layout.clocks.then(Clocks::make).transpose()?;
        let (postgres, nats) = servers::start(folder.path(), clocks.as_ref()).await?;
        let key = SigningKey::generate()?;
        let token_key = folder.path().join("token-public-key.pem");
        std::fs::write(&token_key, key.public_pem()?)?;
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy(&postgres.url())?;
        if let Some(bug) = settings.planted {
            planted::prepare(&pool, bug).await?;
        }
        let jetstream = jetstream::new(event_store::nats::connect(&nats.url()).await?);
        let tenants = (0..TENANTS).map(|_| tenant(&key, &layout.tokens)).collect::<anyhow::Result<_>>()?;
        let site = Site {
            commands: Vec::new(),
            queries: SocketAddr::from(([127, 0, 0, 1], 0)),
            tenants,
            work: layout.work,
            journal: Journal::create(&folder.path().join("journal"))?,
            complaints: Complaints::default(),
            books: SharedBooks::default(),
            unsure: Default::default(),
        };
        let mut world = Self {
            postgres,
            nats,
            services: BTreeMap::new(),
            proxies: BTreeMap::new(),
            site: Arc::new(site),
            key,
            pool,
            jetstream,
            projector_health: free_address()?,
            load: None,
            clients: AtomicUsize::new(0),
            crm: settings.crm.clone(),
            token_key,
            mounts,
            clocks,
            folder,
        };
        world.start_services(settings, layout).await?;
        world.ready(layout).await?;
        Ok(world)
    }

    /// The folder of the drill.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    async fn start_services(&mut self, settings: &Settings, layout: &Layout) -> anyhow::Result<()> {
        let mut commands = Vec::new();
        for number in 1..=layout.command_apis {
            let name = format!("command-api-{number}");
            commands.push(self.api(settings, layout, &name, "command-api").await?);
        }
        let queries = self.api(settings, layout, "query-api", "query-api").await?;
        for number in 1..=layout.projectors {
            let name = format!("projector-{number}");
            let mut arguments = vec!["projector".to_owned()];
            if number == 1 {
                arguments.extend(["--admin-listen".to_owned(), self.projector_health.to_string()]);
            }
            let (unused, _) = watch::channel(None);
            self.service(settings, layout, &name, arguments, unused).await?;
        }
        let site = Arc::get_mut(&mut self.site).context("clients run before the services")?;
        (site.commands, site.queries) = (commands, queries);
        Ok(())
    }

    /// Starts an API, and tells where its clients connect.
    async fn api(
        &mut self,
        settings: &Settings,
        layout: &Layout,
        name: &str,
        role: &str,
    ) -> anyhow::Result<SocketAddr> {
        let (address, far) = watch::channel(None);
        let proxy = Proxy::start(far).await?;
        let near = proxy.address;
        self.proxies.insert(format!("client → {name}"), proxy);
        let arguments = [role, "--listen", "127.0.0.1:0"].map(str::to_owned).to_vec();
        self.service(settings, layout, name, arguments, address).await?;
        Ok(near)
    }

    async fn service(
        &mut self,
        settings: &Settings,
        layout: &Layout,
        name: &str,
        arguments: Vec<String>,
        address: watch::Sender<Option<SocketAddr>>,
    ) -> anyhow::Result<()> {
        let database_url = self.joined(name, "postgres", &self.postgres.url()).await?;
        let nats_url = self.joined(name, "nats", &self.nats.url()).await?;
        let mut environment = vec![
            ("DATABASE_URL".to_owned(), database_url),
            ("NATS_URL".to_owned(), nats_url),
            ("CRM_NATS_ROOT".to_owned(), "crm".to_owned()),
            ("CRM_TOKEN_PUBLIC_KEY".to_owned(), self.token_key.display().to_string()),
            ("CRM_MASTER_KEY".to_owned(), event_store::fixtures::MASTER_KEY.to_owned()),
            // One user gives all commands here.
            ("CRM_COMMANDS_PER_USER".to_owned(), "0".to_owned()),
            ("CRM_COMMANDS_PER_TENANT".to_owned(), "0".to_owned()),
        ];
        if let Some(bug) = settings.planted {
            environment.push(("CRM_PLANTED".to_owned(), bug.to_owned()));
        }
        if let Some(clocks) = &self.clocks {
            environment.extend(clocks.environment(name)?);
        }
        let own = layout.environment.iter().filter(|(service, ..)| *service == name);
        environment.extend(own.map(|(_, name, value)| (name.clone(), value.clone())));
        let plan = Plan {
            name: name.to_owned(),
            program: settings.crm.clone(),
            arguments,
            environment,
            log: self.dir().join(format!("{name}.log")),
        };
        self.services.insert(name.to_owned(), Service::start(plan, address));
        Ok(())
    }

    /// The URL of a server through a new proxy.
    async fn joined(&mut self, service: &str, server: &str, url: &str) -> anyhow::Result<String> {
        let (_, far) = watch::channel(Some(servers::address(url)?));
        let proxy = Proxy::start(far).await?;
        let joined = servers::through(url, proxy.address)?;
        self.proxies.insert(format!("{service} → {server}"), proxy);
        Ok(joined)
    }

    async fn ready(&self, layout: &Layout) -> anyhow::Result<()> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(2)).no_proxy().build()?;
        let apis = self.site.commands.iter().chain([&self.site.queries]);
        let mut waiting: Vec<SocketAddr> = apis.copied().collect();
        if layout.projectors > 0 {
            waiting.push(self.projector_health);
        }
        let deadline = Instant::now() + START;
        while let Some(address) = waiting.last() {
            let answer = http.get(format!("http://{address}/health/ready")).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                waiting.pop();
                continue;
            }
            if Instant::now() > deadline {
                bail!("a service is not ready after {START:?}; {}", self.last_words());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The last line that each service said.
    pub fn last_words(&self) -> String {
        let of = |name: &String| {
            let text = std::fs::read_to_string(self.dir().join(format!("{name}.log"))).unwrap_or_default();
            let line = text.lines().last().unwrap_or("nothing").to_owned();
            format!("{name} said last: {line}")
        };
        self.services.keys().map(of).collect::<Vec<_>>().join("; ")
    }

    /// A command of the binary, past all proxies: whether it succeeded, and what it printed.
    ///
    /// # Errors
    /// It cannot be run.
    pub async fn run(&self, arguments: &[&str]) -> anyhow::Result<(bool, String)> {
        let output = tokio::process::Command::new(&self.crm)
            .args(arguments)
            .env("DATABASE_URL", self.postgres.url())
            .env("NATS_URL", self.nats.url())
            .env("CRM_NATS_ROOT", "crm")
            .env("CRM_MASTER_KEY", event_store::fixtures::MASTER_KEY)
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        Ok((output.status.success(), text.into_owned()))
    }

    /// A new client of one of the tenants, beside those at work.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn client(&self, tenant: usize) -> anyhow::Result<Client> {
        let number = self.clients.fetch_add(1, Ordering::AcqRel);
        Client::new(self.site.clone(), number, tenant, StdRng::seed_from_u64(number as u64))
    }

    /// Starts clients, all of them new: they know of nothing that there was before.
    ///
    /// # Errors
    /// One cannot be made.
    pub fn start_load(&mut self) -> anyhow::Result<()> {
        let work = self.site.work;
        let clients = (0..work.clients()).map(|place| self.client(work.tenant(place)));
        let clients = clients.collect::<anyhow::Result<_>>()?;
        self.load = Some(Load::start(self.site.clone(), clients, work.think()));
        Ok(())
    }

    /// Lets the clients finish what they do, and lets them go.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub async fn stop_load(&mut self) -> anyhow::Result<()> {
        match self.load.take() {
            Some(load) => load.stop().await,
            None => Ok(()),
        }
    }

    /// Whether the clients at work are told of so many more commands that they are done, within half a minute.
    pub async fn acknowledges(&self, more: u64) -> bool {
        match &self.load {
            Some(load) => load.acknowledges(more, Duration::from_secs(30)).await,
            None => false,
        }
    }

    /// The service of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn service_named(&self, name: &str) -> anyhow::Result<&Service> {
        self.services.get(name).with_context(|| format!("there is no service {name}"))
    }

    /// The wall clocks that can be set.
    ///
    /// # Errors
    /// The layout asks for none.
    pub fn clocks(&self) -> anyhow::Result<&Clocks> {
        self.clocks.as_ref().context("no clock can be set")
    }

    /// The names on NATS.
    pub fn names(&self) -> StreamNames {
        StreamNames::default()
    }

    /// Ends all of it; with `keep` the folder stays, and its path is told.
    pub fn close(mut self, keep: bool) -> Option<PathBuf> {
        self.services.clear();
        self.proxies.clear();
        // Whether the servers end well no longer matters: what they were to keep has been judged.
        tokio::task::block_in_place(|| {
            let _ended = (self.postgres.stop(), self.nats.stop());
        });
        let Self { postgres, nats, mounts, folder, .. } = self;
        drop((postgres, nats, mounts));
        keep.then(|| folder.keep())
    }
}

fn tenant(key: &SigningKey, times: &Range<i64>) -> anyhow::Result<Tenant> {
    let id = Uuid::now_v7();
    Ok(Tenant { id, token: token::sign(key, id, times)? })
}

/// An address that nobody listens on at this moment.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
