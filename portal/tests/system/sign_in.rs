//! Users of the built binary: an account from the command line, and what ends its tokens, in processes of their own.

use std::process::Stdio;
use std::time::{Duration, Instant};

use embedded::testing;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use crate::crm::{Crm, Site};

const SECOND: Duration = Duration::from_secs(1);

impl Site {
    /// Opens an account of an admin with a password of this text, and signs in.
    pub async fn signed_in(&self, crm: &Crm, password: &str) -> String {
        let email = format!("grace.{}@engines.example", Uuid::now_v7());
        let tenant = self.tenant.to_string();
        let arguments =
            ["user", "register", "Grace", &email, "--role", "admin", "--stdin", "--tenant", &tenant];
        let mut child = self.command(&arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).await.unwrap();
        assert!(child.wait().await.unwrap().success());
        let body = json!({"tenant_id": tenant, "email": email, "password": password});
        let request = self.client.post(format!("{}/sessions", crm.api)).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["data"]["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    async fn status_of(&self, method: Method, url: String, token: &str) -> u16 {
        let request = self.client.request(method, url).bearer_auth(token);
        request.header("content-length", "0").send().await.unwrap().status().as_u16()
    }
}

/// A command API and two query APIs, each a process of its own; NATS goes away before anything ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_everywhere_counts_within_a_second_in_every_process_also_without_nats() {
    let mut nats = tokio::task::spawn_blocking(testing::own_nats).await.unwrap();
    let site = Site::with_nats(nats.url(), "crm".into()).await;
    let commands = site.start(&["command-api", "--listen", "127.0.0.1:0"]).await;
    let one = site.start(&["query-api", "--listen", "127.0.0.1:0"]).await;
    let other = site.start(&["query-api", "--listen", "127.0.0.1:0"]).await;
    for is_there in [true, false] {
        let token = site.signed_in(&commands, "correct horse").await;
        let read = async |crm: &Crm| site.status_of(Method::GET, format!("{}/leads", crm.api), &token).await;
        for crm in [&one, &other] {
            assert_eq!(read(crm).await, 200, "with NATS: {is_there}");
        }
        let everywhere = format!("{}/sessions", commands.api);
        assert_eq!(site.status_of(Method::DELETE, everywhere.clone(), &token).await, 200);
        let since = Instant::now();
        while read(&one).await != 401 || read(&other).await != 401 {
            assert!(since.elapsed() < SECOND, "with NATS: {is_there}");
        }
        while site.status_of(Method::DELETE, everywhere.clone(), &token).await != 401 {
            assert!(since.elapsed() < SECOND, "with NATS: {is_there}");
        }
        if is_there {
            nats = tokio::task::spawn_blocking(move || {
                nats.kill().unwrap();
                nats
            })
            .await
            .unwrap();
        }
    }
    drop(nats);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_from_the_command_line_is_one_to_sign_in_with() {
    let site = Site::new().await;
    let crm = site.serve().await;
    let tenant = site.tenant.to_string();
    let register =
        ["user", "register", "Grace", "grace@engines.example", "--role", "admin", "--tenant", &tenant];
    let (made, text) = site.run(&register).await;
    assert!(made, "{text}");
    let first = text.rsplit_once("password  ").unwrap().1.trim().to_owned();
    let (made, text) = site.run(&register).await;
    assert!(!made && text.contains("account was not opened"), "{text}");
    let (changed, text) = site.run(&["user", "password", "Grace@engines.example", "--tenant", &tenant]).await;
    assert!(changed, "{text}");
    let second = text.rsplit_once("password  ").unwrap().1.trim().to_owned();
    for (password, status) in [(first, 401), (second, 201)] {
        let body = json!({"tenant_id": tenant, "email": "grace@engines.example", "password": password});
        let answer = site.client.post(format!("{}/sessions", crm.api)).json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
    let (changed, text) =
        site.run(&["user", "password", "nobody@engines.example", "--tenant", &tenant]).await;
    assert!(!changed && text.contains("no user of this tenant"), "{text}");
    let (status, keys) = site.get(&format!("{}/.well-known/jwks.json", crm.address)).await;
    let keys: Value = serde_json::from_str(&keys).unwrap();
    assert_eq!((status, &keys["keys"][0]["kty"]), (200, &json!("OKP")));
}
