//! `crm service`: each service runs under a login of its own, which can do what its duties take and nothing else.

use std::collections::HashMap;

use futures::StreamExt as _;
use futures::future::ready;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::crm::{Crm, Site};
use crate::guarded_nats::GuardedNats;

/// Connection strings of the services, by their names; logins are those of the whole cluster, so that a test has some of its own.
struct Staff {
    suffix: String,
    urls: HashMap<&'static str, String>,
}

impl Staff {
    async fn hired(site: &Site) -> Self {
        let suffix = format!("t{}", &Uuid::now_v7().simple().to_string()[16..]);
        let (done, printed) = site.run(&["service", "create", "--suffix", &suffix]).await;
        assert!(done, "{printed}");
        let urls = ["command_api", "query_api", "projector"].map(|service| {
            let login = format!("//service_{service}_{suffix}:");
            let url = printed.lines().find(|line| line.contains(&login));
            (service, url.unwrap_or_else(|| panic!("no {login} in {printed}")).to_owned())
        });
        Self { suffix, urls: urls.into() }
    }

    async fn session(&self, service: &str) -> PgConnection {
        PgConnection::connect(&self.urls[service]).await.unwrap()
    }

    /// A service under its own login and its own user of NATS.
    async fn start(&self, site: &Site, nats: &GuardedNats, service: &str, arguments: &[&str]) -> Crm {
        let mut command = site.command(arguments);
        command.env("DATABASE_URL", &self.urls[service]);
        command.env("NATS_URL", nats.url(&service.replace('_', "-")));
        Crm::of(command).await
    }

    async fn dismissed(self, site: &Site) {
        let (done, printed) = site.run(&["service", "drop", "--suffix", &self.suffix]).await;
        assert!(done && printed.matches("can no longer log in").count() == 3, "{printed}");
    }
}

/// From the password of a user to a row of a read model, and to what operators are told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_does_its_work_under_its_own_login() {
    let nats = GuardedNats::start();
    let site = Site::with_nats(nats.url("operator"), "crm".into()).await;
    let staff = Staff::hired(&site).await;
    let listen = "127.0.0.1:0";
    let commands = staff.start(&site, &nats, "command_api", &["command-api", "--listen", listen]).await;
    let queries = staff.start(&site, &nats, "query_api", &["query-api", "--listen", listen]).await;
    let projector = staff.start(&site, &nats, "projector", &["projector", "--admin-listen", listen]).await;
    let token = site.signed_in(&commands, "correct horse").await;
    let request = site.client.post(format!("{}/leads", commands.api)).bearer_auth(&token);
    let answer = request.json(&json!({"name": "Ada Lovelace", "email": "ada@engines.example"}));
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let position = answer.headers()["x-position"].to_str().unwrap().to_owned();
    for path in ["/leads", "/users", "/sessions", "/trail", "/audit/events"] {
        let request = site.client.request(Method::GET, format!("{}{path}", queries.api));
        let answer = request.bearer_auth(&token).header("X-Min-Position", &position).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let body: Value = answer.json().await.unwrap();
        assert!(body["data"]["items"].as_array().is_some_and(|rows| !rows.is_empty()), "{path}: {body}");
    }
    for service in [&commands, &queries] {
        let (status, body) = site.get(&format!("{}/health/ready", service.address)).await;
        assert_eq!(status, 200, "{body}");
    }
    let operators = projector.operators.as_ref().unwrap_or(&projector.address);
    let (status, body) = site.get(&format!("{operators}/health/ready")).await;
    assert_eq!(status, 200, "{body}");
    let (code, printed) = site.status(&[]).await;
    assert_eq!(code, 0, "{printed}");
    drop((commands, queries, projector));
    staff.dismissed(&site).await;
}

#[tokio::test]
async fn on_nats_nobody_can_do_what_is_the_projectors() {
    let nats = GuardedNats::start();
    let operator = event_store::nats::connect(&nats.url("operator")).await.unwrap();
    let mut heard = operator.subscribe(">").await.unwrap();
    // Once it hears itself it hears everybody.
    operator.publish("ready", "".into()).await.unwrap();
    assert_eq!(heard.next().await.unwrap().subject.as_str(), "ready");
    assert!(async_nats::connect(nats.url_without_a_user()).await.is_err());
    for (user, subject) in [
        ("command-api", "crm.events.x"),
        ("command-api", "crm.moved.sales_lead_list"),
        ("query-api", "crm.events.x"),
        ("query-api", "crm.moved.sales_lead_list"),
        ("query-api", "$JS.API.STREAM.DELETE.CRM_EVENTS"),
        ("query-api", "$JS.API.CONSUMER.CREATE.CRM_EVENTS"),
        ("projector", "crm.moved.sales_lead_list"),
    ] {
        let client = event_store::nats::connect(&nats.url(user)).await.unwrap();
        client.publish(subject, user.into()).await.unwrap();
        client.flush().await.unwrap();
    }
    let mut heard = heard.skip_while(|message| ready(message.subject.starts_with("$SYS.")));
    let first = heard.next().await.unwrap();
    assert_eq!(
        (first.subject.as_str(), first.payload.as_ref()),
        ("crm.moved.sales_lead_list", b"projector".as_slice())
    );
}

#[tokio::test]
async fn a_login_of_a_service_can_do_nothing_beyond_its_duties() {
    let site = Site::new().await;
    let staff = Staff::hired(&site).await;
    let refused = [
        ("command_api", "set role crm_projector"),
        ("command_api", "set role crm_relay"),
        ("command_api", "set role crm_analyst"),
        ("query_api", "set role crm_appender"),
        ("query_api", "set role crm_projector"),
        ("query_api", "set role crm_relay"),
        ("projector", "set role crm_appender"),
        ("projector", "set role crm_identity"),
        ("projector", "set role crm_reader"),
        ("command_api", "select from log.event"),
        ("query_api", "select from read_model.sales_lead_list"),
        ("projector", "select from identity.person_key"),
        ("projector", "delete from read_model.checkpoint"),
        ("command_api", "create table public.mine (id int)"),
        ("query_api", "create role mine"),
        ("command_api", "set role crm_appender; delete from log.event"),
        ("query_api", "set role crm_observer; select payload from log.event"),
        ("query_api", "set role crm_observer; select error from read_model.parked"),
    ];
    for (service, sql) in refused {
        let mut session = staff.session(service).await;
        let error = session.execute(sql).await.expect_err(sql);
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
        assert_eq!(code, "42501", "{service}: {sql}: {error}");
    }
    staff.dismissed(&site).await;
}

#[tokio::test]
async fn making_a_login_again_gives_it_another_password() {
    let site = Site::new().await;
    let staff = Staff::hired(&site).await;
    let create = ["service", "create", "query-api", "--suffix", &staff.suffix];
    let mut chosen = site.command(&create);
    chosen.env("CRM_QUERY_API_PASSWORD", "correct-horse-battery");
    let chosen = chosen.output().await.unwrap();
    assert!(chosen.status.success(), "{}", String::from_utf8_lossy(&chosen.stderr));
    assert!(!String::from_utf8_lossy(&chosen.stdout).contains("correct-horse"));
    let before = &staff.urls["query_api"];
    assert!(PgConnection::connect(before).await.is_err());
    let password = before.split(['@', ':']).nth(2).unwrap();
    PgConnection::connect(&before.replace(password, "correct-horse-battery")).await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "battery-staple-by-file\n").unwrap();
    let mut by_file = site.command(&create);
    let by_file = by_file.env("CRM_QUERY_API_PASSWORD_FILE", file.path()).output().await.unwrap();
    assert!(by_file.status.success(), "{}", String::from_utf8_lossy(&by_file.stderr));
    PgConnection::connect(&before.replace(password, "battery-staple-by-file")).await.unwrap();
    let mut bad = site.command(&create);
    let bad = bad.env("CRM_QUERY_API_PASSWORD", "correct horse").output().await.unwrap();
    let told = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(!bad.status.success() && told.contains("CRM_QUERY_API_PASSWORD"), "{told}");
    let (done, listed) = site.run(&["service", "list"]).await;
    let name = format!("service_projector_{}", staff.suffix);
    let line = listed.lines().find(|line| line.starts_with(&name)).unwrap();
    assert!(done && line.ends_with("crm_observer crm_projector crm_relay"), "{listed}");
    staff.dismissed(&site).await;
}
