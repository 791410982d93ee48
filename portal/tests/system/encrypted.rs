//! TLS between services, by an authority of one's own: gateway and operators to services, services to servers.

use std::path::Path;
use std::time::Duration;

use embedded::testing::{Opening, TestAuthority, tls_before};
use reqwest::{Certificate, Client};

use crate::crm::{Crm, Site};
use crate::guarded_nats::GuardedNats;
use crate::receiver::Receiver;

const ADMIN: [&str; 2] = ["--admin-listen", "127.0.0.1:0"];
const LONG: Duration = Duration::from_secs(60);

/// What takes the word of this authority and of no other.
fn trusting(authority: &TestAuthority) -> Client {
    let pem = std::fs::read(authority.file()).unwrap();
    let client = Client::builder().tls_built_in_root_certs(false).timeout(Duration::from_secs(20)).no_proxy();
    client.add_root_certificate(Certificate::from_pem(&pem).unwrap()).build().unwrap()
}

/// A service with a certificate of its own.
async fn start(site: &Site, files: (&Path, &Path), arguments: &[&str]) -> Crm {
    let mut command = site.command(arguments);
    command.env("CRM_TLS_CERT", files.0).env("CRM_TLS_KEY", files.1);
    Crm::of(command).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_are_reached_by_tls_and_reach_nats_by_tls_as_their_own_authority_says() {
    let authority = TestAuthority::new();
    let nats = GuardedNats::start_by_tls(&authority);
    let mut site = Site::with_nats(nats.url("operator"), "crm".into()).await;
    site.authority = Some(authority.file());
    site.client = trusting(&authority);
    let (certificate, key) = authority.issue("127.0.0.1");
    let files = (certificate.as_path(), key.as_path());
    let listen = ["--listen", "127.0.0.1:0", ADMIN[0], ADMIN[1]];
    let commands = start(&site, files, &[&["command-api"][..], &listen].concat()).await;
    let queries = start(&site, files, &[&["query-api"][..], &listen].concat()).await;
    let projector = start(&site, files, &["projector", ADMIN[0], ADMIN[1]]).await;
    let position = site.open(&commands, "by-TLS").await.unwrap().position;
    // It comes there over NATS.
    let on_nats = |text: &str| text.contains(&format!("crm_stream_position {position}"));
    site.until_scraped(&projector, on_nats).await;
    let read = site.read(&queries, "/opportunities", position).await;
    assert_eq!(read["data"]["items"][0]["name"], "by-TLS", "{read}");

    let addresses = [&commands.address, &queries.address].into_iter().cloned();
    let operators = [&commands, &queries, &projector].map(|crm| crm.operators.clone().unwrap());
    for address in addresses.chain(operators) {
        assert!(address.starts_with("https://127.0.0.1:"), "{address}");
        let live = format!("{address}/health/live");
        assert_eq!(site.get(&live).await.0, 200, "{address}");
        for client in [Client::new(), trusting(&TestAuthority::new())] {
            assert!(client.get(&live).send().await.unwrap_err().is_connect(), "{address}");
        }
        let plain = live.replace("https://", "http://");
        assert!(Client::new().get(&plain).send().await.is_err(), "{address}");
    }

    let (code, text) = site.status(&[]).await;
    assert!(code == 0 && text.contains("nats=up"), "{text}");
    let other = TestAuthority::new();
    for trusted in [None, Some(other.file())] {
        site.authority = trusted;
        let (code, text) = site.status(&[]).await;
        assert!(code == 2 && text.contains("nats=down"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_by_tls_is_of_an_authority_of_ones_own_or_not_spoken_to() {
    let mut site = Site::new().await;
    let authority = TestAuthority::new();
    let (start, rest) = site.database.url().rsplit_once('@').unwrap();
    let (address, name) = rest.split_once('/').unwrap();
    let before = tls_before(address.parse().unwrap(), &authority, Opening::Postgres).await;
    let url = format!("{start}@127.0.0.1:{}/{name}?sslmode=verify-full", before.port);
    let other = TestAuthority::new();
    for (trusted, is_trusted) in [(Some(&authority), true), (None, false), (Some(&other), false)] {
        site.authority = trusted.map(TestAuthority::file);
        let output = site.command(&["migrate"]).env("DATABASE_URL", &url).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), is_trusted, "{said}");
        assert!(is_trusted || said.contains("invalid peer certificate"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_by_tls_is_of_an_authority_of_ones_own_or_gets_no_span() {
    let collector = Receiver::start().await;
    let authority = TestAuthority::new();
    let behind = collector.url.strip_prefix("http://").unwrap().parse().unwrap();
    let mut site = Site::new().await;
    let other = TestAuthority::new();
    for trusted in [None, Some(other.file())] {
        let before = tls_before(behind, &authority, Opening::None).await;
        site = site.exporting_to(&format!("https://127.0.0.1:{}", before.port));
        site.authority = trusted;
        let crm = site.start(&["command-api", "--listen", "127.0.0.1:0"]).await;
        site.open(&crm, "unseen").await.unwrap();
        tokio::time::timeout(LONG, before.refused()).await.expect("the client goes away");
    }
    let before = tls_before(behind, &authority, Opening::None).await;
    site = site.exporting_to(&format!("https://127.0.0.1:{}", before.port));
    site.authority = Some(authority.file());
    let crm = site.start(&["command-api", "--listen", "127.0.0.1:0"]).await;
    site.open(&crm, "seen").await.unwrap();
    let spans = collector.spans(|spans| spans.iter().any(|(_, span)| span.name == "append"));
    tokio::time::timeout(LONG, spans).await.expect("spans come");
}

#[tokio::test]
async fn an_authority_that_is_none_is_named_before_anything_is_sent() {
    let mut site = Site::new().await;
    site.authority = Some("/nowhere/ca.pem".into());
    for task in ["migrate", "command-api", "query-api", "projector", "status"] {
        let (_, text) = site.run(&[task]).await;
        assert!(text.contains("CRM_CA_FILE is of no use: cannot read /nowhere/ca.pem"), "{task}: {text}");
    }
}
