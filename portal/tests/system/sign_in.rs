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
        let email = self.registered(password).await;
        let body = json!({"tenant_id": self.tenant, "email": email, "password": password});
        let request = self.client.post(format!("{}/sessions", crm.api)).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["data"]["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The address of a new account of an admin.
    pub async fn registered(&self, password: &str) -> String {
        let email = format!("grace.{}@engines.example", Uuid::now_v7());
        let tenant = self.tenant.to_string();
        let arguments =
            ["user", "register", "Grace", &email, "--role", "admin", "--stdin", "--tenant", &tenant];
        let mut child = self.command(&arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).await.unwrap();
        assert!(child.wait().await.unwrap().success());
        email
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

/// The command API and the query API, each a process of its own, and a browser that goes by what they say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_and_a_program_come_in_at_every_process() {
    let site = Site::new().await;
    let web = ["--origins", "https://app.example", "--hsts", "60", "--listen", "127.0.0.1:0"];
    let commands = site.start(&[&["command-api"][..], &web].concat()).await;
    let queries = site.start(&[&["query-api"][..], &web].concat()).await;
    let email = site.registered("correct horse").await;
    let body =
        json!({"tenant_id": site.tenant, "email": email, "password": "correct horse", "transport": "cookie"});
    let from = |request: reqwest::RequestBuilder| request.header("origin", "https://app.example");
    let answer =
        from(site.client.post(format!("{}/sessions", commands.api)).json(&body)).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    for (name, value) in [
        ("access-control-allow-origin", "https://app.example"),
        ("access-control-allow-credentials", "true"),
        ("strict-transport-security", "max-age=60; includeSubDomains"),
        ("content-security-policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    let cookies: Vec<String> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap().split_once(';').unwrap().0.to_owned())
        .collect();
    let cookies = cookies.join("; ");
    let signed_in: Value = answer.json().await.unwrap();
    let csrf = signed_in["data"]["csrf_token"].as_str().unwrap().to_owned();
    let read = async || {
        from(site.client.get(format!("{}/leads", queries.api)).header("cookie", &cookies)).send().await
    };
    assert_eq!(read().await.unwrap().status(), 200);
    let post = |to: &str, body: &Value| {
        let request = from(site.client.post(format!("{}{to}", commands.api)).header("cookie", &cookies));
        request.json(body)
    };
    let lead = json!({"name": "Ada"});
    assert_eq!(post("/leads", &lead).send().await.unwrap().status(), 403);
    assert_eq!(post("/leads", &lead).header("x-csrf-token", &csrf).send().await.unwrap().status(), 201);
    let stranger =
        post("/leads", &lead).header("x-csrf-token", &csrf).header("origin", "https://evil.example");
    assert_eq!(stranger.send().await.unwrap().status(), 403);
    // A key, for which the browser shows once more who it is.
    let shown =
        post("/sessions/step-up", &json!({"password": "correct horse"})).header("x-csrf-token", &csrf);
    let shown = shown.send().await.unwrap();
    assert_eq!(shown.status(), 200);
    let proven = shown.headers()["set-cookie"].to_str().unwrap().split_once(';').unwrap().0.to_owned();
    let expires_at = chrono::Utc::now() + chrono::TimeDelta::days(1);
    let key = json!({"name": "Web form", "scopes": ["lead.read", "lead.capture"], "expires_at": expires_at});
    let request = site.client.post(format!("{}/api-keys", commands.api)).header("cookie", &proven).json(&key);
    let issued: Value = request.header("x-csrf-token", &csrf).send().await.unwrap().json().await.unwrap();
    let key = issued["data"]["key"].as_str().unwrap_or_else(|| panic!("{issued}")).to_owned();
    let url = format!("{}/leads", queries.api);
    assert_eq!(site.status_of(Method::GET, url.clone(), &key).await, 200);
    assert_eq!(site.status_of(Method::GET, format!("{}/opportunities", queries.api), &key).await, 403);
    let user = signed_in["data"]["user_id"].as_str().unwrap();
    let disable = format!("{}/users/{user}/disable", commands.api);
    assert_eq!(site.status_of(Method::POST, disable, &site.token).await, 200);
    let since = Instant::now();
    while site.status_of(Method::GET, url.clone(), &key).await != 401 || read().await.unwrap().status() != 401
    {
        assert!(since.elapsed() < SECOND);
    }
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
    let sign_in = async |password: &str| {
        let body = json!({"tenant_id": tenant, "email": "grace@engines.example", "password": password});
        let answer = site.client.post(format!("{}/sessions", crm.api)).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["data"].clone())
    };
    assert_eq!(sign_in(&first).await.0, 401);
    let (status, signed_in) = sign_in(&second).await;
    assert_eq!((status, &signed_in["password_change_required"]), (201, &json!(true)));
    // It is good for choosing another one, and for nothing else.
    let token = signed_in["access_token"].as_str().unwrap();
    let users = site.client.get(format!("{}/users", crm.api)).bearer_auth(token).send().await.unwrap();
    assert_eq!(users.status(), 403);
    let body = json!({"current_password": second, "new_password": "battery staple"});
    let chosen = site.client.put(format!("{}/password", crm.api)).bearer_auth(token).json(&body);
    assert_eq!(chosen.send().await.unwrap().status(), 200);
    let (status, signed_in) = sign_in("battery staple").await;
    assert_eq!((status, &signed_in["password_change_required"]), (201, &json!(false)));
    let (changed, text) =
        site.run(&["user", "password", "nobody@engines.example", "--tenant", &tenant]).await;
    assert!(!changed && text.contains("no user of this tenant"), "{text}");
    let (status, keys) = site.get(&format!("{}/.well-known/jwks.json", crm.address)).await;
    let keys: Value = serde_json::from_str(&keys).unwrap();
    assert_eq!((status, &keys["keys"][0]["kty"]), (200, &json!("OKP")));
}
