//! The parts of the system as one process runs them, alone or together.

mod checks;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access::rights::RightsWatch;
use access::{Hasher, KeyRing, LoggedOrganisations, SharedLimits, TrailTable, Vault, trail};
use anyhow::{Context as _, bail};
use axum::Router;
use command_api::CommandApi;
use command_api::identity::Issuer;
use command_api::rates::CommandRates;
use edge::{
    Check, Directory, OpenApiExt as _, Recorder, Revocations, SigningKey, TokenKeys, Trail, WebPolicy,
};
use event_store::relay::Relay;
use event_store::{Duty, EventStore, SessionPool, Upcasters, connect};
use projections::{Positions, runner};
use query_api::QueryApi;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};

use crate::config::{SiteArgs, token_settings};
use crate::post;
use crate::sampler::{Connections, NamedPool, Sampler};
use crate::site::Site;
use crate::standing::Observer;
use crate::tls::Authority;

/// Connections that each part opens at most.
const COMMAND_CONNECTIONS: u32 = 16;
const QUERY_CONNECTIONS: u32 = 24;
/// Of which a tenant may use so many at a time, and how long its other reads wait.
const TENANT_READS: usize = 12;
const TENANT_PATIENCE: Duration = Duration::from_secs(5);
const POSITION_CONNECTIONS: u32 = 2;
const PROJECTOR_CONNECTIONS: u32 = 12;
const IDENTITY_CONNECTIONS: u32 = 8;
const ORGANISATION_CONNECTIONS: u32 = 2;
const KEY_CONNECTIONS: u32 = 2;
const TRAIL_CONNECTIONS: u32 = 4;

/// What all parts of a process share.
pub struct Roles<'a> {
    args: &'a SiteArgs,
    site: &'a Site,
    pools: Mutex<Vec<NamedPool>>,
    rights: Mutex<Option<Rights>>,
    reading: Mutex<Option<Upcasters>>,
    limits: Mutex<Option<SharedLimits>>,
    trail: Mutex<Option<(Trail, JoinSet<()>)>>,
}

/// What the log says of who may do what, for all parts of a process.
struct Rights {
    revocations: Revocations,
    directory: Directory,
    _watch: RightsWatch,
}

impl<'a> Roles<'a> {
    /// The parts for these servers.
    pub fn new(args: &'a SiteArgs, site: &'a Site) -> Self {
        Self {
            args,
            site,
            pools: Mutex::default(),
            rights: Mutex::default(),
            reading: Mutex::default(),
            limits: Mutex::default(),
            trail: Mutex::default(),
        }
    }

    /// The command side, with its appender running, and what sends its mails. Without another word, links in them lead to the API
    /// at `own`.
    pub fn commands(&self, own: &str) -> anyhow::Result<(CommandApi, JoinSet<()>)> {
        let store = EventStore::start(
            self.named_pool("commands", Duty::Appender, COMMAND_CONNECTIONS)?,
            self.reading()?,
        )
        .with_cache(self.args.aggregate_cache_mib);
        let keys = self.keys()?;
        let signing_key = self.signing_key(&keys)?;
        let (revocations, directory) = self.rights()?;
        let api = CommandApi::new(store, keys)
            .with_revocations(revocations)
            .with_directory(directory)
            .with_origins(self.args.allowed_origins())
            .with_api_keys(self.key_ring()?, permissions(&openapi()))
            .with_proxies(self.args.proxies)
            .with_trail(self.trail()?);
        let mail = &self.args.mail;
        let mailer = mail.mailer(self.args, self.site)?;
        let mut issuer = self.issuer()?;
        if mailer.is_some() {
            issuer = issuer.with_post(mail.post(own)?);
        }
        if mail.public_url.is_some() || self.site.is_embedded() {
            let post = mail.post(own)?;
            let providers = &self.args.providers;
            issuer = issuer.with_federation(providers.federation(post.public_url(), self.site.authority())?);
        }
        let mut rates = CommandRates::new(self.args.command_limits());
        if let Some(shared) = self.shared_limits(signing_key.as_ref())? {
            issuer = issuer.with_shared_limits(&shared);
            rates = rates.shared_by(&shared);
        }
        if let Some(key) = signing_key {
            issuer = issuer.with_key(key, token_settings());
        }
        let api = api.with_issuer(issuer).with_rates(rates);
        let sending = post::start(&api, mailer);
        Ok((api, sending))
    }

    /// What keeps passwords.
    fn issuer(&self) -> anyhow::Result<Issuer> {
        let vault = Vault::new(self.named_pool("identity", Duty::Identity, IDENTITY_CONNECTIONS)?)
            .with_master_keys(self.args.master_keys()?)
            .with_idle(Duration::from_secs(u64::from(self.args.session_idle_hours) * 60 * 60));
        // Half of the cores at most, so that a flood of sign-ins leaves the others to everything else.
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() / 2);
        self.args.ruled(Issuer::new(vault, Hasher::new(cores)?), self.site.authority())
    }

    /// What limits are shared through, if anything is.
    fn shared_limits(&self, key: Option<&SigningKey>) -> anyhow::Result<Option<SharedLimits>> {
        let Some(url) = &self.args.redis_url else { return Ok(None) };
        let key = key.context(
            "REDIS_URL is set, so CRM_TOKEN_PRIVATE_KEY is needed too: what is counted is hidden under it",
        )?;
        let shared = SharedLimits::connect_trusting(
            url,
            key.secret_for("limits"),
            self.site.authority().map(Authority::pem),
        )?;
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = Some(shared.clone());
        Ok(Some(shared))
    }

    /// What tokens of users are signed with: the configured key; with embedded servers, the development key.
    fn signing_key(&self, keys: &TokenKeys) -> anyhow::Result<Option<SigningKey>> {
        let configured = self.args.private_key()?;
        let is_configured = configured.is_some();
        let key = match configured {
            Some(key) => Some(key),
            None if self.site.is_embedded() => {
                Some(SigningKey::from_pem(&std::fs::read_to_string(self.args.development_key())?)?)
            }
            None => None,
        };
        let is_taken = |key: &SigningKey| keys.jwks().keys.iter().any(|public| public.kid == key.kid());
        if is_configured && !key.as_ref().is_some_and(is_taken) {
            bail!(
                "CRM_TOKEN_PUBLIC_KEY lacks the public half of CRM_TOKEN_PRIVATE_KEY, so nobody would take its tokens"
            );
        }
        // Whoever names other keys to embedded servers has tokens issued elsewhere.
        Ok(key.filter(is_taken))
    }

    /// What browsers are told.
    pub fn web_policy(&self) -> WebPolicy {
        self.args.web_policy(self.site.is_embedded())
    }

    /// What has ended tokens before their time, and what custom roles give, as far as the log says. All parts of a process
    /// share one watch.
    fn rights(&self) -> anyhow::Result<(Revocations, Directory)> {
        let mut rights = self.rights.lock().unwrap_or_else(PoisonError::into_inner);
        let rights = match &mut *rights {
            Some(rights) => rights,
            none => none.insert(self.watch_rights()?),
        };
        Ok((rights.revocations.clone(), rights.directory.clone()))
    }

    fn watch_rights(&self) -> anyhow::Result<Rights> {
        let pool = self.named_pool("organisations", Duty::Reader, ORGANISATION_CONNECTIONS)?;
        let organisations = LoggedOrganisations::new(pool, self.reading()?, self.args.sign_in_rules());
        let directory = Directory::new(organisations);
        let revocations = Revocations::new();
        let watch = RightsWatch::start(self.pool(Duty::Identity, 1)?, revocations.clone(), directory.clone());
        Ok(Rights { revocations, directory, _watch: watch })
    }

    /// What records who is refused and who takes data out. All parts of a process share it; what is old is swept away meanwhile.
    pub fn trail(&self) -> anyhow::Result<Trail> {
        let mut trail = self.trail.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((trail, _)) = &*trail {
            return Ok(trail.clone());
        }
        let started =
            Trail::start(TrailTable::new(self.named_pool("trail", Duty::Trail, TRAIL_CONNECTIONS)?));
        let mut sweeping = JoinSet::new();
        sweeping.spawn(trail::sweep_for_ever(self.pool(Duty::Sweeper, 1)?, self.args.trail_days));
        *trail = Some((started.clone(), sweeping));
        Ok(started)
    }

    /// The routes of APIs and what surrounds them, as they are served: what is refused is recorded.
    pub fn site(&self, apis: Router, checks: Vec<Check>) -> anyhow::Result<Router> {
        let recorder = Recorder::new(self.trail()?, self.args.proxies);
        Ok(edge::finish_for(routes(apis, checks, self.args.hardened), &self.web_policy(), Some(recorder)))
    }

    /// The query side.
    pub async fn queries(&self) -> anyhow::Result<QueryApi> {
        let sessions = SessionPool::new(&self.site.database_url, Duty::Reader, QUERY_CONNECTIONS)?;
        self.name_pool("queries", Connections::Sessions(sessions.clone()));
        let client = self.site.nats().await?;
        // Not the pool of the reads: while they use it up, answers that are kept are still given.
        let looks = self.pool(Duty::Reader, POSITION_CONNECTIONS)?;
        let positions = Positions::start(client, &self.args.names(), looks);
        let (revocations, directory) = self.rights()?;
        Ok(QueryApi::new(sessions, positions, self.keys()?, self.reading()?)
            .with_revocations(revocations)
            .with_directory(directory)
            .with_api_keys(self.key_ring()?)
            .with_reads_of_a_tenant(TENANT_READS, TENANT_PATIENCE)
            .with_trail(self.trail()?))
    }

    /// What knows the keys of users.
    fn key_ring(&self) -> anyhow::Result<Arc<KeyRing>> {
        let vault = Vault::new(self.pool(Duty::Identity, KEY_CONNECTIONS)?);
        let log = self.pool(Duty::Reader, KEY_CONNECTIONS)?;
        Ok(Arc::new(KeyRing::new(vault, log, self.reading()?)))
    }

    /// Starts the relay and every projection. They stop when the set is dropped; that is safe at any point.
    pub async fn project(&self, appended: Arc<Notify>) -> anyhow::Result<JoinSet<()>> {
        let client = self.site.nats().await?;
        let pool = self.named_pool("projections", Duty::Projector, PROJECTOR_CONNECTIONS)?;
        let relay = Relay {
            database_url: self.site.database_url.clone(),
            jetstream: async_nats::jetstream::new(client.clone()),
            names: self.args.names(),
            replicas: self.args.nats_replicas,
            appended,
        };
        let mut tasks = runner::start_all(&pool, client, self.args.names(), self.reading()?);
        tasks.spawn(relay.run());
        Ok(tasks)
    }

    /// What reads from time to time how far everything is. Started after the parts, it tells of their pools too.
    pub async fn sampler(&self) -> anyhow::Result<Sampler> {
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Sampler::start(Observer::connect(self.args, self.site).await?, pools))
    }

    /// A pool that metrics tell of.
    fn named_pool(&self, name: &'static str, duty: Duty, connections: u32) -> anyhow::Result<PgPool> {
        let pool = self.pool(duty, connections)?;
        self.name_pool(name, Connections::Pool(pool.clone()));
        Ok(pool)
    }

    fn name_pool(&self, name: &'static str, connections: Connections) {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).push((name, connections));
    }

    fn pool(&self, duty: Duty, connections: u32) -> anyhow::Result<PgPool> {
        Ok(connect(&self.site.database_url, duty, connections)?)
    }

    /// How the log is read, with one set of master keys for all parts of the process.
    fn reading(&self) -> anyhow::Result<Upcasters> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = *reading {
            return Ok(known);
        }
        Ok(*reading.insert(self.args.reading()?))
    }

    /// The keys that tokens are checked with.
    pub fn keys(&self) -> anyhow::Result<TokenKeys> {
        Ok(TokenKeys::from_pem(&self.args.public_keys()?, &token_settings())?)
    }
}

/// The command side in this process, for commands of operators.
pub fn in_process(args: &SiteArgs, site: &Site, connections: u32) -> anyhow::Result<CommandApi> {
    let pool = connect(&site.database_url, Duty::Appender, connections)?;
    // No token is ever shown to it: whoever can reach the database needs none.
    let keys = TokenKeys::from_pem(&SigningKey::generate()?.public_pem()?, &token_settings())?;
    let store = EventStore::start(pool, args.reading()?).with_cache(args.aggregate_cache_mib);
    Ok(CommandApi::new(store, keys))
}

/// The document of both APIs, whichever of them a process serves.
pub fn openapi() -> OpenApi {
    let mut document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("CRM Portal")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(include_str!("openapi.md")))
                .build(),
        )
        .build();
    document.merge(command_api::openapi());
    document.merge(query_api::openapi());
    document.completed()
}

/// The permissions that a document names, but for those that need none to be given: of what is public, and of what is one's own.
fn permissions(document: &OpenApi) -> BTreeSet<String> {
    let operations =
        document.paths.paths.values().flat_map(|item| {
            [&item.get, &item.put, &item.post, &item.delete, &item.patch].into_iter().flatten()
        });
    let named =
        operations.filter_map(|operation| operation.extensions.as_ref()?.get("x-permission")?.as_str());
    named.filter(|name| !matches!(*name, "public" | "session.own")).map(str::to_owned).collect()
}

/// Both APIs, or one of them, with the document of both, its pages unless the installation is hardened, and health.
fn routes(apis: Router, checks: Vec<Check>, is_hardened: bool) -> Router {
    let docs = if is_hardened { edge::docs::document(openapi()) } else { edge::docs::router(openapi()) };
    apis.merge(docs).merge(edge::health::router(checks))
}

/// `crm openapi`.
pub fn print_openapi() -> anyhow::Result<ExitCode> {
    println!("{}", openapi_text()?);
    Ok(ExitCode::SUCCESS)
}

/// The document as text that is the same each time: extensions of an operation come in any order otherwise.
fn openapi_text() -> serde_json::Result<String> {
    let mut document = serde_json::to_value(openapi())?;
    document.sort_all_objects();
    serde_json::to_string_pretty(&document)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use access::SignInRules;
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        site: SiteArgs,
    }

    fn issuer(more: &[&str]) -> anyhow::Result<Issuer> {
        let named = ["crm", "--master-key", event_store::fixtures::MASTER_KEY];
        let args = Only::parse_from(named.iter().chain(more)).site;
        Roles::new(&args, &Site::nowhere()).issuer()
    }

    #[tokio::test]
    async fn a_hardened_installation_signs_in_by_rules_of_its_own_and_lets_nobody_choose_what_leaked() {
        let open = issuer(&[]).unwrap();
        assert_eq!((open.rules(), open.leaked_passwords().is_some()), (SignInRules::default(), false));
        let ranges = "--leaked-passwords=https://api.pwnedpasswords.com/range/";
        let hardened = issuer(&["--hardened", ranges]).unwrap();
        assert_eq!((hardened.rules(), hardened.leaked_passwords().is_some()), (SignInRules::HARDENED, true));
        let Err(error) = issuer(&["--hardened"]) else { panic!("nobody is asked what leaked") };
        assert!(error.to_string().contains("set CRM_LEAKED_PASSWORDS to https://"), "{error}");
        let Err(error) = issuer(&["--leaked-passwords=api.pwnedpasswords.com"]) else { panic!("no URL") };
        assert!(
            format!("{error:#}").contains("CRM_LEAKED_PASSWORDS is of no use: must look like"),
            "{error:#}"
        );
    }

    /// A changed contract is a visible diff: `UPDATE_OPENAPI=1 cargo test -p portal` writes it anew.
    #[test]
    fn the_published_document_is_that_of_the_routes() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
        let document = super::openapi_text().unwrap() + "\n";
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(&file, &document).unwrap();
        }
        let published = std::fs::read_to_string(&file).unwrap();
        assert!(published == document, "docs/openapi.json differs; UPDATE_OPENAPI=1 writes it anew");
    }
}
