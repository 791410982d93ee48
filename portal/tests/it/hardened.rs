//! `CRM_HARDENED`, as operators meet it.

use std::process::{Command, Output};

fn crm(arguments: &[&str], named: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crm"));
    let folder = tempfile::tempdir().unwrap();
    command.env_clear().env("CRM_HARDENED", "true").env("CRM_DIR", folder.path());
    command.envs(named.iter().copied()).args(arguments).output().unwrap()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_hardened_installation_does_nothing_that_is_for_development() {
    for what in [&["token"][..], &["serve", "--embedded"], &["migrate"]] {
        let said = refused(&crm(what, &[]));
        assert!(said.contains("is for development, which CRM_HARDENED rules out"), "{what:?}: {said}");
    }
}

/// To connections from other machines as to others: the gateway's, and those of whoever reads metrics.
#[test]
fn a_hardened_installation_lets_nobody_in_from_other_machines_without_tls() {
    let named = [
        ("DATABASE_URL", "postgresql://crm@127.0.0.1:1/crm?sslmode=verify-full"),
        ("NATS_URL", "tls://127.0.0.1:1"),
    ];
    let served = ["--admin-listen", "0.0.0.0:9464"];
    for task in ["command-api", "query-api", "projector", "serve"] {
        let said = refused(&crm(&[&[task][..], &served].concat(), &named));
        assert!(said.contains("CRM_TLS_CERT is needed"), "{task}: {said}");
    }
    for listen in ["0.0.0.0:8080", "[::]:8080", "crm.invalid:8080"] {
        let said = refused(&crm(&["query-api", "--listen", listen], &named));
        assert!(said.contains("CRM_TLS_CERT is needed"), "{listen}: {said}");
    }
    // What comes next is that there is no database.
    let here = ["command-api", "--listen", "127.0.0.1:0", "--admin-listen", "[::1]:0"];
    let (certificate, key) = (("CRM_TLS_CERT", "crm.pem"), ("CRM_TLS_KEY", "crm.key"));
    for said in [
        refused(&crm(&here, &named)),
        refused(&crm(&["migrate"], &named)),
        refused(&crm(&["projector", served[0], served[1]], &[named[0], named[1], certificate, key])),
    ] {
        assert!(!said.contains("CRM_TLS_CERT is needed"), "{said}");
    }
}

/// Before anything is sent: the hosts do not exist.
#[test]
fn a_hardened_installation_takes_no_connection_that_others_could_read() {
    let named = [
        ("DATABASE_URL", "postgresql://crm:hunter2@db.invalid/crm?sslmode=require"),
        ("NATS_URL", "nats://nats.invalid:4222"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.invalid:4318"),
    ];
    for task in ["migrate", "command-api", "query-api", "projector", "status", "verify"] {
        let said = refused(&crm(&[task], &named));
        for one in
            ["DATABASE_URL needs ?sslmode=verify-full", "NATS_URL needs tls://", "ENDPOINT needs https://"]
        {
            assert!(said.contains(one), "{task}: {said}");
        }
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_hardened_installation_takes_secrets_by_files_only() {
    let named = [
        ("DATABASE_URL", "postgresql://crm:hunter2@db.invalid/crm?sslmode=verify-full"),
        ("NATS_URL", "tls://crm:hunter2@nats.invalid"),
        ("REDIS_URL", "rediss://:hunter2@redis.invalid"),
        ("SMTP_URL", "smtps://crm:hunter2@mail.invalid"),
        ("CRM_MASTER_KEY", "hunter2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2"),
    ];
    for task in [&["migrate"][..], &["command-api"], &["query-api"], &["projector"], &["service", "create"]] {
        let said = refused(&crm(task, &named));
        for (name, _) in named {
            assert!(said.contains(&format!("named by {name}_FILE")), "{task:?}: {said}");
        }
        assert!(!said.contains("hunter2"), "{said}");
    }
    let said = refused(&crm(&["migrate"], &[("PGPASSWORD", "hunter2")]));
    assert!(said.contains("PGPASSWORD is a secret") && !said.contains("hunter2"), "{said}");
}
