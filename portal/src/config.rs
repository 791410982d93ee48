//! Configuration: flags, each of which an environment variable can set too.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use access::{LeakedPasswords, SignInRules};
use anyhow::{Context as _, bail};
use clap::Args;
use command_api::identity::Issuer;
use command_api::rates::CommandLimits;
use edge::server::open_files;
use edge::{Limits, Origin, Origins, SigningKey, TokenSettings, WebPolicy};
use event_store::{AGGREGATE_CACHE_MIB, MasterKeys, StreamNames, Upcasters};

use crate::federation::ProviderArgs;
use crate::maintain::upcasters;
use crate::post::MailArgs;
use crate::secret_file::SecretFiles;
use crate::telemetry::LogFormat;
use crate::tls::{Authority, TlsArgs};

/// The tenant that `crm serve --embedded` sets up.
pub const DEMO_TENANT: &str = "00000000-0000-7000-8000-00000000de30";

/// Where leaked passwords are known.
const RANGES: &str = "https://api.pwnedpasswords.com/range/";

/// Seconds of a year.
const HSTS: u64 = 365 * 24 * 60 * 60;

/// Where the servers are, and what things are called on them.
#[derive(Args, Clone, Debug)]
pub struct SiteArgs {
    /// PostgreSQL 18 or newer: postgresql://user:password@host/database
    #[arg(long, env = "DATABASE_URL", global = true, hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// NATS with JetStream, 2.12 or newer: nats://user:password@host:4222, several separated by commas
    #[arg(long, env = "NATS_URL", global = true, hide_env_values = true, value_name = "URL")]
    pub nats_url: Option<String>,
    /// A Redis 6 or newer, or Valkey, through which command APIs share limits on guesses: redis://:password@host:6379, or rediss://
    /// for TLS; without it each counts for itself, and with it nobody signs in while it is away
    #[arg(long, env = "REDIS_URL", global = true, hide_env_values = true, value_name = "URL")]
    pub redis_url: Option<String>,
    /// The folder of the embedded servers and of the development key
    #[arg(long, env = "CRM_DIR", global = true, default_value = ".crm", value_name = "FOLDER")]
    pub dir: PathBuf,
    /// What the stream and subjects on NATS begin with; two installations on one NATS need two names
    #[arg(long, env = "CRM_NATS_ROOT", global = true, default_value = "crm", value_name = "NAME")]
    pub nats_root: String,
    /// Copies that a NATS cluster keeps of each message
    #[arg(long, env = "CRM_NATS_REPLICAS", global = true, default_value_t = 1, value_name = "1|3|5")]
    pub nats_replicas: usize,
    /// The PEM file of the public keys that tokens are checked with; without it, that of the private key
    #[arg(long, env = "CRM_TOKEN_PUBLIC_KEY", global = true, value_name = "FILE")]
    pub token_public_key: Option<PathBuf>,
    /// The PEM file of the Ed25519 key that tokens of users are signed with; without it, and without embedded servers, nobody can sign in
    #[arg(long, env = "CRM_TOKEN_PRIVATE_KEY", global = true, value_name = "FILE")]
    pub token_private_key: Option<PathBuf>,
    /// The master key that personal data is sealed under by way of others: base64 of 32 bytes, as `openssl rand -base64 32` prints.
    /// To change it, name the new one and the old one, separated by a comma, and run `crm rewrap`. Set CRM_MASTER_KEY_FILE, or this in
    /// the environment, since other users of the machine see arguments
    #[arg(long, env = "CRM_MASTER_KEY", global = true, hide_env_values = true, value_name = "BASE64")]
    pub master_key: Option<Hidden>,
    /// Take no connection to PostgreSQL, NATS, Redis, mail servers or collectors without TLS and a checked certificate, let nobody in
    /// from other machines without TLS, take no secret but by a file, and no URL that may name people; do nothing that is for
    /// development: no embedded servers, no `crm token`, no pages at /docs; take no password that leaked (CRM_LEAKED_PASSWORDS); and
    /// demand of every user a second factor, by SHA-256, of which each code counts for its 30 seconds
    #[arg(
        long,
        env = "CRM_HARDENED",
        global = true,
        num_args = 0..=1,
        default_value_t = false,
        default_missing_value = "true",
        require_equals = true,
        action = clap::ArgAction::Set,
        value_parser = clap::builder::BoolishValueParser::new(),
        value_name = "BOOL"
    )]
    pub hardened: bool,
    /// The service that is asked whether a password leaked, when one is chosen; it learns 5 of 40 digits of its SHA-1 (k-anonymity):
    /// https://api.pwnedpasswords.com/range/ is that of Have I Been Pwned. While it does not answer, nobody chooses a password
    #[arg(long, env = "CRM_LEAKED_PASSWORDS", global = true, value_name = "URL")]
    pub leaked_passwords: Option<String>,
    /// How many proxies stand before the APIs, each of which adds to X-Forwarded-For: so that guesses of passwords are counted
    /// by where they come from
    #[arg(long, env = "CRM_PROXIES", global = true, default_value_t = 0, value_name = "COUNT")]
    pub proxies: usize,
    /// Connections that one address may have to an API at a time, 512 unless there are proxies, whose connections are those of all; 0 is
    /// any number
    #[arg(long, env = "CRM_PEER_CONNECTIONS", global = true, value_name = "COUNT")]
    pub peer_connections: Option<usize>,
    /// The origins, beside the own one, whose pages may call and may act for whoever is signed in by cookie; several separated
    /// by commas
    #[arg(
        long = "origins",
        env = "CRM_ORIGINS",
        global = true,
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    pub origins: Vec<Origin>,
    /// Seconds for which browsers are told to come by TLS only, a year unless servers are embedded; 0 tells them nothing
    #[arg(long, env = "CRM_HSTS", global = true, value_name = "SECONDS")]
    pub hsts: Option<u64>,
    /// Whether that goes for the hosts below that of the API as well; false if browsers are to reach one of them without TLS
    #[arg(
        long,
        env = "CRM_HSTS_SUBDOMAINS",
        global = true,
        default_value_t = true,
        action = clap::ArgAction::Set,
        value_parser = clap::builder::BoolishValueParser::new(),
        value_name = "BOOL"
    )]
    pub hsts_subdomains: bool,
    /// Days for which the trail keeps who was refused and who took data out, at least 30
    #[arg(
        long,
        env = "CRM_TRAIL_DAYS",
        global = true,
        default_value_t = 365,
        value_parser = clap::value_parser!(u32).range(30..=36_500),
        value_name = "DAYS"
    )]
    pub trail_days: u32,
    /// Commands that a user may give at once, and then each minute; 0 is any number
    #[arg(long, env = "CRM_COMMANDS_PER_USER", global = true, default_value_t = CommandLimits::default().user, value_name = "COUNT")]
    pub commands_per_user: u32,
    /// Commands that the users of a tenant may give at once, and then each minute; 0 is any number
    #[arg(long, env = "CRM_COMMANDS_PER_TENANT", global = true, default_value_t = CommandLimits::default().tenant, value_name = "COUNT")]
    pub commands_per_tenant: u32,
    /// MiB of memory in which a command API keeps the things that commands were lately about, so that it need not read what happened to
    /// them again; 0 keeps none. What is heavier than all of it is not kept
    #[arg(
        long,
        env = "CRM_AGGREGATE_CACHE_MIB",
        global = true,
        default_value_t = AGGREGATE_CACHE_MIB,
        value_parser = clap::value_parser!(u32).range(..=1_048_576),
        value_name = "MIB"
    )]
    pub aggregate_cache_mib: u32,
    /// Hours after which a session is over that nobody uses; seven days end any
    #[arg(
        long,
        env = "CRM_SESSION_IDLE_HOURS",
        global = true,
        default_value_t = 72,
        value_parser = clap::value_parser!(u32).range(1..=168),
        value_name = "HOURS"
    )]
    pub session_idle_hours: u32,
    /// What log lines on stderr look like; RUST_LOG chooses which there are
    #[arg(long, env = "CRM_LOG", global = true, default_value = "auto", value_name = "FORMAT")]
    pub log: LogFormat,
    /// Where secrets lie
    #[command(flatten)]
    pub files: SecretFiles,
    /// Which certificate we show, and whose we take
    #[command(flatten)]
    pub tls: TlsArgs,
    /// How mails go
    #[command(flatten)]
    pub mail: MailArgs,
    /// Which OpenID providers may be asked
    #[command(flatten)]
    pub providers: ProviderArgs,
}

/// Text that shows nowhere.
#[derive(Clone)]
pub struct Hidden(String);

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for Hidden {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.to_owned().into())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// Where an API listens.
#[derive(Args, Clone, Debug)]
pub struct ListenArgs {
    /// Address and port
    #[arg(long, env = "CRM_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: String,
}

/// Where a service tells operators how it is.
#[derive(Args, Clone, Debug)]
pub struct AdminArgs {
    /// Address and port of /metrics and /health, for operators only; not served unless given, or embedded
    #[arg(long, alias = "health-listen", env = "CRM_ADMIN_LISTEN", value_name = "ADDRESS")]
    pub admin_listen: Option<String>,
}

impl SiteArgs {
    /// The names on NATS.
    pub fn names(&self) -> StreamNames {
        StreamNames::rooted(self.nats_root.clone())
    }

    /// The origins whose pages may call.
    pub fn allowed_origins(&self) -> Origins {
        Origins::new(self.origins.iter().cloned())
    }

    /// What clients may take of an API. An address that the connections of a proxy come from is no client's.
    pub fn limits(&self) -> Limits {
        let limits = Limits::default().within(open_files());
        let unless_said = if self.proxies > 0 { 0 } else { limits.peer };
        match self.peer_connections.unwrap_or(unless_said) {
            0 => Limits { peer: usize::MAX, ..limits },
            peer => Limits { peer, ..limits },
        }
    }

    /// How many commands users and tenants may give.
    pub fn command_limits(&self) -> CommandLimits {
        CommandLimits { user: self.commands_per_user, tenant: self.commands_per_tenant }
    }

    /// What is asked of whoever signs in, whatever their tenant asks.
    pub fn sign_in_rules(&self) -> SignInRules {
        if self.hardened { SignInRules::HARDENED } else { SignInRules::default() }
    }

    /// What signs users in, or sets their passwords, by the rules of this installation. The service of leaked passwords may be of one of
    /// these authorities.
    pub fn ruled(&self, issuer: Issuer, authority: Option<&Authority>) -> anyhow::Result<Issuer> {
        let issuer = issuer.with_rules(self.sign_in_rules());
        match &self.leaked_passwords {
            Some(url) => {
                let leaked = LeakedPasswords::trusting(url, authority.map(Authority::pem));
                Ok(issuer.with_leaked_passwords(leaked.context("CRM_LEAKED_PASSWORDS is of no use")?))
            }
            None if self.hardened => bail!(
                "CRM_HARDENED lets nobody choose a password that leaked: set CRM_LEAKED_PASSWORDS to {RANGES}, or to a mirror of it"
            ),
            None => Ok(issuer),
        }
    }

    /// What browsers are told, and what URLs may have in them. With embedded servers, nobody has put TLS before the APIs.
    pub fn web_policy(&self, is_embedded: bool) -> WebPolicy {
        let mut web = WebPolicy::default().with_origins(self.allowed_origins());
        if self.hardened {
            web = web.without_names_in_urls();
        }
        match self.hsts.unwrap_or(if is_embedded { 0 } else { HSTS }) {
            0 => web,
            seconds if self.hsts_subdomains => web.with_hsts(Duration::from_secs(seconds)),
            seconds => web.with_hsts(Duration::from_secs(seconds)).without_subdomains(),
        }
    }

    /// The private key of `crm token`, made by the first `crm serve --embedded`.
    pub fn development_key(&self) -> PathBuf {
        self.dir.join("token-key.pem")
    }

    /// The PEM text of the public keys: the configured ones, or that of the private key, or that of the development key.
    pub fn public_keys(&self) -> anyhow::Result<String> {
        if let Some(file) = &self.token_public_key {
            return std::fs::read_to_string(file)
                .with_context(|| format!("cannot read the public key {}", file.display()));
        }
        if let Some(key) = self.private_key()? {
            return Ok(key.public_pem()?);
        }
        let file = self.development_key();
        let pem = std::fs::read_to_string(&file).with_context(|| {
            format!(
                "no key to check tokens with: set CRM_TOKEN_PUBLIC_KEY, or run `crm serve --embedded` once, which \
                 makes {}",
                file.display()
            )
        })?;
        Ok(SigningKey::from_pem(&pem)?.public_pem()?)
    }

    /// The key of `crm token`: the configured one, or the development key.
    pub fn own_key(&self) -> anyhow::Result<SigningKey> {
        if let Some(key) = self.private_key()? {
            return Ok(key);
        }
        let file = self.development_key();
        let pem = std::fs::read_to_string(&file).with_context(|| {
            format!("cannot read the development key {}; `crm serve --embedded` makes it", file.display())
        })?;
        Ok(SigningKey::from_pem(&pem)?)
    }

    /// The master key of embedded servers, made when they first start.
    pub fn embedded_master_key(&self) -> PathBuf {
        self.dir.join("master-key")
    }

    /// The master keys: the configured ones, or that of embedded servers in the folder.
    pub fn master_keys(&self) -> anyhow::Result<MasterKeys> {
        if let Some(Hidden(text)) = &self.master_key {
            return MasterKeys::parse(text).context("CRM_MASTER_KEY is of no use");
        }
        let file = self.embedded_master_key();
        let text = std::fs::read_to_string(&file).with_context(|| {
            format!(
                "no key to seal personal data with: set CRM_MASTER_KEY_FILE to a file with what `openssl rand -base64 32` prints, and \
                 keep it; or run `crm serve --embedded` once, which makes {}",
                file.display()
            )
        })?;
        MasterKeys::parse(&text).with_context(|| format!("{} is of no use", file.display()))
    }

    /// How this process reads the log: shapes of older builds, and what is sealed.
    pub fn reading(&self) -> anyhow::Result<Upcasters> {
        Ok(upcasters().with_master_keys(self.master_keys()?))
    }

    /// The key that tokens of users are signed with, if one is configured.
    pub fn private_key(&self) -> anyhow::Result<Option<SigningKey>> {
        let Some(file) = &self.token_private_key else { return Ok(None) };
        let pem = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the private key {}", file.display()))?;
        let key = SigningKey::from_pem(&pem);
        Ok(Some(key.with_context(|| format!("{} is of no use", file.display()))?))
    }
}

/// Issuer and audience of all tokens.
pub fn token_settings() -> TokenSettings {
    TokenSettings::default()
}
