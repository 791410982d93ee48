//! `CRM_HARDENED`: an installation that takes no connection without TLS and a checked certificate and no secret but by a file, lets nobody
//! in from other machines without TLS, and does nothing that is for development.
//!
//! What it asks of whoever signs in is said by [`SiteArgs::sign_in_rules`].

use std::net::SocketAddr;
use std::str::FromStr as _;

use anyhow::bail;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::config::SiteArgs;

/// What names a collector of spans.
const COLLECTORS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
/// What may open it.
const HEADERS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];

/// What PostgreSQL is shown if its URL has no password.
const PASSWORD: &str = "PGPASSWORD";

/// Refuses what a hardened installation may not do.
///
/// # Errors
/// `what` is for development, and the installation is hardened.
pub fn refuse_development(args: &SiteArgs, what: &str) -> anyhow::Result<()> {
    if args.hardened {
        bail!("{what} is for development, which CRM_HARDENED rules out")
    }
    Ok(())
}

/// Refuses connections that others could read, or answer in place of a server, and secrets that are in the environment or among the
/// arguments, if the installation is hardened.
///
/// # Errors
/// All of them, and what each has to be.
pub fn check(args: &SiteArgs) -> anyhow::Result<()> {
    check_serving(args, [])
}

/// The same, and clients of other machines that are let in without TLS at one of these addresses.
///
/// # Errors
/// As [`check`].
pub fn check_serving<'a>(
    args: &SiteArgs,
    addresses: impl IntoIterator<Item = &'a String>,
) -> anyhow::Result<()> {
    if !args.hardened {
        return Ok(());
    }
    let collectors = COLLECTORS.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?)));
    let mut wrong = unsafe_connections(args, collectors);
    wrong.extend(open_secrets(args, HEADERS.into_iter().filter(|name| std::env::var_os(name).is_some())));
    if std::env::var_os(PASSWORD).is_some() {
        wrong.push(format!(
            "{PASSWORD} is a secret in the environment: put it into the file of DATABASE_URL_FILE"
        ));
    }
    if args.tls.tls_cert.is_none() && !addresses.into_iter().all(|address| is_here(address)) {
        wrong.push(
            "CRM_TLS_CERT is needed, and CRM_TLS_KEY, where other machines reach an API or what operators are told".to_owned(),
        );
    }
    if !wrong.is_empty() {
        bail!(
            "CRM_HARDENED asks for TLS, checked certificates, and secrets in files:\n  {}",
            wrong.join("\n  ")
        )
    }
    Ok(())
}

/// Secrets that came by no file.
fn open_secrets(args: &SiteArgs, headers: impl Iterator<Item = &'static str>) -> Vec<String> {
    let files = &args.files;
    let urls = [
        ("DATABASE_URL", &args.database_url, &files.database_url_file),
        ("NATS_URL", &args.nats_url, &files.nats_url_file),
        ("REDIS_URL", &args.redis_url, &files.redis_url_file),
        ("SMTP_URL", &args.mail.smtp_url, &files.smtp_url_file),
    ];
    let open = urls.into_iter().filter(|(name, url, file)| {
        file.is_none() && url.as_deref().is_some_and(|url| has_password(url, *name == "NATS_URL"))
    });
    let mut wrong: Vec<String> = open
        .map(|(name, ..)| format!("{name} has a password, so it needs a file, named by {name}_FILE"))
        .collect();
    if args.master_key.is_some() && files.master_key_file.is_none() {
        wrong.push("CRM_MASTER_KEY needs a file, named by CRM_MASTER_KEY_FILE".to_owned());
    }
    wrong.extend(headers.map(|name| format!("{name} needs a file, named by {}_FILE", HEADERS[1])));
    wrong
}

/// Of several servers, any may have one; and whoever NATS knows by one word, it knows by a token.
fn has_password(url: &str, is_nats: bool) -> bool {
    if is_nats {
        return url.contains('@');
    }
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let user = rest.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':')) || url.contains("password=")
}

fn unsafe_connections(
    args: &SiteArgs,
    collectors: impl Iterator<Item = (&'static str, String)>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut ask = |is_safe: bool, what: &str| {
        if !is_safe {
            wrong.push(what.to_owned());
        }
    };
    if let Some(url) = &args.database_url {
        ask(is_postgres_safe(url), "DATABASE_URL needs ?sslmode=verify-full, or a socket of this machine");
    }
    if let Some(urls) = &args.nats_url {
        let is_safe = urls.split(',').all(|url| url.trim().starts_with("tls://"));
        ask(is_safe, "NATS_URL needs tls:// before each server");
    }
    if let Some(url) = &args.redis_url {
        let is_safe = url.starts_with("rediss://") && !url.contains("#insecure");
        ask(is_safe, "REDIS_URL needs rediss://, and no #insecure");
    }
    if let Some(url) = &args.mail.smtp_url {
        let is_safe = url.starts_with("smtps://") || url.contains("tls=required");
        ask(is_safe, "SMTP_URL needs smtps://, or ?tls=required");
    }
    if let Some(url) = &args.leaked_passwords {
        ask(url.starts_with("https://"), "CRM_LEAKED_PASSWORDS needs https://");
    }
    for (name, url) in collectors.filter(|(_, url)| !url.is_empty()) {
        ask(url.starts_with("https://"), &format!("{name} needs https://"));
    }
    wrong
}

/// Whether only this machine gets to an address.
fn is_here(address: &str) -> bool {
    address.starts_with("localhost:")
        || address.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback())
}

/// What is no address is left to whoever connects to it, who can say why.
fn is_postgres_safe(url: &str) -> bool {
    PgConnectOptions::from_str(url).map_or(true, |options| {
        options.get_socket().is_some() || matches!(options.get_ssl_mode(), PgSslMode::VerifyFull)
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::routing::get;
    use clap::Parser;
    use tower::ServiceExt as _;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        site: SiteArgs,
    }

    fn wrong(args: &[&str], collector: &str) -> Vec<String> {
        let named = ["crm"].into_iter().chain(args.iter().copied());
        let collectors = [(COLLECTORS[1], collector.to_owned())].into_iter();
        unsafe_connections(&Only::parse_from(named).site, collectors)
    }

    #[test]
    fn every_connection_without_tls_or_a_checked_certificate_is_named() {
        let database = ["disable", "prefer", "require", "verify-ca"];
        for mode in database {
            let url = format!("postgresql://crm@db.example/crm?sslmode={mode}");
            let [one] = &wrong(&["--database-url", &url], "")[..] else { panic!("{mode} passes") };
            assert!(one.starts_with("DATABASE_URL"), "{one}");
        }
        let all = wrong(
            &[
                "--database-url=postgresql://db.example/crm",
                "--nats-url=tls://one.example,nats://two.example",
                "--redis-url=rediss://redis.example/#insecure",
                "--smtp-url=smtp://mail.example",
                "--leaked-passwords=http://127.0.0.1:8000/range/",
            ],
            "http://collector.example:4318",
        );
        let names: Vec<_> = all.iter().map(|one| one.split(' ').next().unwrap()).collect();
        assert_eq!(
            names,
            [
                "DATABASE_URL",
                "NATS_URL",
                "REDIS_URL",
                "SMTP_URL",
                "CRM_LEAKED_PASSWORDS",
                "OTEL_EXPORTER_OTLP_ENDPOINT"
            ]
        );
    }

    fn open(args: &[&str]) -> Vec<String> {
        let named = ["crm"].into_iter().chain(args.iter().copied());
        open_secrets(&Only::parse_from(named).site, [].into_iter())
    }

    #[test]
    fn every_secret_that_came_by_no_file_is_named_and_not_told() {
        let all = open(&[
            "--database-url=postgresql://crm:hunter2@db.example/crm",
            "--nats-url=tls://one.example,tls://crm:hunter2@two.example",
            "--redis-url=rediss://:hunter2@redis.example",
            "--smtp-url=smtps://crm:hunter2@mail.example",
            "--master-key=hunter2",
        ]);
        let names: Vec<_> = all.iter().map(|one| one.split(' ').next().unwrap()).collect();
        assert_eq!(names, ["DATABASE_URL", "NATS_URL", "REDIS_URL", "SMTP_URL", "CRM_MASTER_KEY"]);
        assert!(!all.concat().contains("hunter2"), "{all:?}");
        for one in [
            "--database-url=postgresql://db.example/crm?user=crm&password=hunter2",
            "--database-url=postgresql://crm:hunter/2@db.example/crm",
            "--nats-url=tls://hunter2@nats.example",
        ] {
            assert_eq!(open(&[one]).len(), 1, "{one}");
        }
        let headers = open_secrets(&Only::parse_from(["crm"]).site, HEADERS.into_iter());
        assert_eq!(headers.len(), 2);
    }

    #[test]
    fn urls_without_a_password_need_no_file_and_what_is_in_one_is_not_asked_for() {
        let all = [
            "--database-url=postgresql://crm@db.example:5432/crm?sslmode=verify-full",
            "--nats-url=tls://one.example:4222,tls://two.example:4222",
            "--redis-url=rediss://redis.example:6379",
            "--smtp-url=smtps://mail.example",
        ];
        assert!(open(&all).is_empty());
        let mut site = Only::parse_from(["crm", "--database-url-file=/a", "--master-key-file=/b"]).site;
        site.database_url = Some("postgresql://crm:hunter2@db.example/crm".to_owned());
        site.master_key = Some("hunter2".to_owned().into());
        assert!(open_secrets(&site, [].into_iter()).is_empty());
    }

    #[tokio::test]
    async fn its_apis_take_no_names_from_urls() {
        for (args, status) in [(&["crm", "--hardened"][..], 400), (&["crm"], 200)] {
            let web = Only::parse_from(args).site.web_policy(false);
            let routes = Router::new().route("/leads", get(async || "leads"));
            let request = Request::get("/leads?q=Ada").body(Body::empty()).unwrap();
            let answer = edge::finish_for(routes, &web, None).oneshot(request).await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{args:?}");
        }
    }

    #[test]
    fn what_only_this_machine_gets_to_needs_no_tls() {
        for here in ["127.0.0.1:8080", "127.1.2.3:0", "[::1]:8080", "localhost:8080"] {
            assert!(is_here(here), "{here}");
        }
        for other in
            ["0.0.0.0:8080", "[::]:8080", "10.0.0.1:8080", "crm.example:8080", "localhost.example:1", ""]
        {
            assert!(!is_here(other), "{other}");
        }
    }

    #[test]
    fn connections_with_checked_certificates_pass() {
        let all = [
            "--database-url=postgresql://db.example/crm?sslmode=verify-full",
            "--nats-url=tls://one.example, tls://two.example",
            "--redis-url=rediss://redis.example",
            "--smtp-url=smtps://mail.example",
            "--leaked-passwords=https://api.pwnedpasswords.com/range/",
        ];
        assert!(wrong(&all, "https://collector.example").is_empty());
        let near = [
            "--database-url=postgresql:///crm?host=/run/postgresql",
            "--smtp-url=smtp://m.example?tls=required",
        ];
        assert!(wrong(&near, "").is_empty());
        assert!(wrong(&[], "").is_empty());
    }
}
