//! Mails of the built binary: to a real SMTP server, and into a folder.

use std::time::{Duration, Instant};

use embedded::testing::{smtp_on, unused_port};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::crm::{Crm, Site};

const GRACE: &str = "grace@engines.example";
const PUBLIC_URL: &str = "https://crm.engines.example";

impl Site {
    async fn send(&self, crm: &Crm, path: &str, body: Value) -> (StatusCode, Value) {
        let request = self.client.post(format!("{}{path}", crm.api)).bearer_auth(&self.token).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn start_mailing(&self, smtp_url: &str) -> Crm {
        let mut site = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        site.env_remove("CRM_MAIL_DIR")
            .env("SMTP_URL", smtp_url)
            .env("CRM_MAIL_FROM", "CRM <crm@engines.example>")
            .env("CRM_PUBLIC_URL", PUBLIC_URL);
        Crm::of(site).await
    }
}

/// The word after `token=`.
fn token(text: &str) -> String {
    text.split_once("token=").unwrap().1.split_whitespace().next().unwrap().to_owned()
}

/// The process dies with the mail unsent: the next one sends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_was_asked_for_goes_although_server_and_process_died() {
    let site = Site::new().await;
    let port = unused_port();
    let smtp_url = format!("smtp://127.0.0.1:{port}");
    let mut crm = site.start_mailing(&smtp_url).await;
    let body = json!({"name": "Grace", "email": GRACE, "roles": ["viewer"], "invite": true});
    let (status, answer) = site.send(&crm, "/users", body).await;
    assert_eq!(status, 201, "{answer}");
    crm.kill().await;
    let mut server = smtp_on(port).await;
    let crm = site.start_mailing(&smtp_url).await;
    // Not to wait a minute for the next try.
    sqlx::query("update identity.mail set due_at = now()").execute(&site.pool()).await.unwrap();
    let mail = server.next().await;
    assert_eq!((mail.to.as_slice(), mail.from.as_str()), (&[GRACE.to_owned()][..], "crm@engines.example"));
    assert!(mail.text.contains(&format!("{PUBLIC_URL}/accept#token={}", mail.token())), "{}", mail.text);
    let chosen = json!({"token": mail.token(), "password": "battery staple"});
    let (status, answer) = site.send(&crm, "/invitations/accept", chosen).await;
    assert_eq!(status, 200, "{answer}");
    let sign_in = json!({"tenant_id": site.tenant, "email": GRACE, "password": "battery staple"});
    assert_eq!(site.send(&crm, "/sessions", sign_in).await.0, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_begins_on_the_command_line_and_its_admin_comes_in_by_the_link() {
    let site = Site::new().await;
    let crm = site.serve().await;
    let create = ["tenant", "create", "--name", "Example Engines", "--admin-email", GRACE];
    let (made, text) = site.run(&create).await;
    assert!(made && text.contains("http://127.0.0.1:8080/accept#token=crm_link_"), "{text}");
    let tenant = text.split_once("tenant    ").unwrap().1.split_whitespace().next().unwrap().to_owned();
    let (listed, text_of_list) = site.run(&["tenant", "list"]).await;
    assert!(
        listed && text_of_list.contains(&tenant) && text_of_list.contains("Example Engines"),
        "{text_of_list}"
    );
    let chosen = json!({"token": token(&text), "password": "battery staple"});
    let (status, answer) = site.send(&crm, "/invitations/accept", chosen.clone()).await;
    assert_eq!(
        (status.as_u16(), answer["data"]["tenant_id"].as_str()),
        (200, Some(tenant.as_str())),
        "{answer}"
    );
    assert_eq!(site.send(&crm, "/invitations/accept", chosen).await.1["error"]["code"], "link.over");
    let sign_in = json!({"tenant_id": tenant, "email": GRACE, "password": "battery staple"});
    let (status, tokens) = site.send(&crm, "/sessions", sign_in).await;
    assert_eq!(status, 201);
    let users = site.client.get(format!("{}/users", crm.api));
    let users =
        users.bearer_auth(tokens["data"]["access_token"].as_str().unwrap()).header("X-Min-Position", "4");
    let users: Value = users.send().await.unwrap().json().await.unwrap();
    assert_eq!(users["data"]["items"][0]["roles"], json!(["admin"]), "{users}");
    let (invited, text) = site.run(&["user", "invite", GRACE, "--tenant", &tenant]).await;
    assert!(!invited && text.contains("has a password already"), "{text}");
    let (renamed, text) = site.run(&["tenant", "rename", &tenant, "Engines Ltd"]).await;
    assert!(renamed, "{text}");
    assert!(site.run(&["tenant", "list"]).await.1.contains("Engines Ltd"));
    let before = ["tenant", "rename", "00000000-0000-7000-8000-00000000de30", "Demo"];
    let (renamed, text) = site.run(&before).await;
    assert!(!renamed && text.contains("was not renamed"), "{text}");
    site.assert_verified().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_mail_server_mails_are_kept_in_a_folder_and_whoever_signs_up_finds_theirs() {
    let site = Site::new().await;
    let crm = site.serve().await;
    let body = json!({"company": "Example Engines", "name": "Grace", "email": GRACE});
    assert_eq!(site.send(&crm, "/sign-ups", body).await.0, 202);
    let since = Instant::now();
    let mail = loop {
        let files = std::fs::read_dir(site.mail_dir()).unwrap().map(|file| file.unwrap().path());
        if let Some(mail) = files.into_iter().find(|file| file.extension().is_some_and(|end| end == "eml")) {
            break std::fs::read_to_string(mail).unwrap();
        }
        assert!(since.elapsed() < Duration::from_secs(20));
        tokio::task::yield_now().await;
    };
    let chosen = json!({"token": token(&mail), "password": "battery staple"});
    let (status, begun) = site.send(&crm, "/sign-ups/complete", chosen).await;
    assert_eq!(status, 201, "{begun}");
    let sign_in =
        json!({"tenant_id": begun["data"]["tenant_id"], "email": GRACE, "password": "battery staple"});
    assert_eq!(site.send(&crm, "/sessions", sign_in).await.0, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_to_send_mails_is_told_at_the_start() {
    let site = Site::new().await;
    let from = ("CRM_MAIL_FROM", "CRM <crm@engines.example>");
    let url = ("CRM_PUBLIC_URL", PUBLIC_URL);
    for (smtp, set, told) in [
        ("smtp://127.0.0.1", vec![url], "CRM_MAIL_FROM is needed"),
        ("smtp://127.0.0.1", vec![from], "CRM_PUBLIC_URL is needed"),
        ("smtp://127.0.0.1", vec![from, ("CRM_PUBLIC_URL", "crm")], "CRM_PUBLIC_URL must look like"),
        ("http://127.0.0.1", vec![from, url], "SMTP_URL must look like"),
        ("smtp://crm:kanarie@mail.example", vec![from, url], "no TLS"),
    ] {
        let mut command = site.command(&["command-api", "--listen", "127.0.0.1:0"]);
        command.env_remove("CRM_MAIL_DIR").env("SMTP_URL", smtp).envs(set);
        let output = command.output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && text.contains(told) && !text.contains("kanarie"),
            "{told}: {text}"
        );
    }
}
