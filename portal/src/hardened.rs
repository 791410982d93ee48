//! `CRM_HARDENED`: an installation that takes no connection without TLS and a checked certificate, lets nobody in from other machines without
//! TLS, and does nothing that is for development.

use std::net::SocketAddr;
use std::str::FromStr as _;

use anyhow::bail;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::config::SiteArgs;

/// What names a collector of spans.
const COLLECTORS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

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

/// Refuses connections that others could read, or answer in place of a server, if the installation is hardened.
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
    if args.tls.tls_cert.is_none() && !addresses.into_iter().all(|address| is_here(address)) {
        wrong.push(
            "CRM_TLS_CERT is needed, and CRM_TLS_KEY, where other machines reach an API or what operators are told".to_owned(),
        );
    }
    if !wrong.is_empty() {
        bail!("CRM_HARDENED asks for TLS and checked certificates:\n  {}", wrong.join("\n  "))
    }
    Ok(())
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
    use clap::Parser;

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
            ],
            "http://collector.example:4318",
        );
        let names: Vec<_> = all.iter().map(|one| one.split(' ').next().unwrap()).collect();
        assert_eq!(
            names,
            ["DATABASE_URL", "NATS_URL", "REDIS_URL", "SMTP_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"]
        );
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
