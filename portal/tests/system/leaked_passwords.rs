//! `CRM_LEAKED_PASSWORDS`: the built binary asks a service about passwords, on the command line and over HTTP.

use std::process::Stdio;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::crm::{Crm, Site};

const LEAKED: &str = "Tr0ub4dor&3x";
const GRACE: &str = "grace@engines.example";

/// Where a service is that knows one password.
async fn service() -> (String, JoinSet<()>) {
    let range = async |Path(told): Path<String>| {
        let leaked = u8::from(told == "C6432");
        format!("46DB75853796634F3ACB9C5218398F34D98:{leaked}\r\n")
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/range/", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    let router = Router::new().route("/range/{told}", get(range));
    serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, serving)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leaked_is_refused_on_the_command_line_and_over_http() {
    let (site, (url, _serving)) = (Site::new().await, service().await);
    let tenant = site.tenant.to_string();
    let chosen = async |task: &[&str], password: &str| {
        let mut command = site.command(&["user"]);
        command.args(task).args(["--stdin", "--tenant", &tenant]).env("CRM_LEAKED_PASSWORDS", &url);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (done, said) = chosen(&["register", "Grace", GRACE], LEAKED).await;
    assert!(!done && said.contains("must not be one that has leaked") && !said.contains(LEAKED), "{said}");
    let (done, said) = chosen(&["password", GRACE], "correct horse").await;
    assert!(done, "{said}");
    let mut command = site.command(&["command-api", "--listen", "127.0.0.1:0"]);
    command.env("CRM_LEAKED_PASSWORDS", &url);
    let crm = Crm::of(command).await;
    let body = json!({"tenant_id": site.tenant, "email": GRACE, "password": "correct horse"});
    let answer = site.client.post(format!("{}/sessions", crm.api)).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let token = answer["data"]["access_token"].as_str().unwrap_or_else(|| panic!("{answer}"));
    for (new, status) in [(LEAKED, 422), ("battery staple", 200)] {
        let body = json!({"current_password": "correct horse", "new_password": new});
        let request = site.client.put(format!("{}/password", crm.api)).bearer_auth(token).json(&body);
        assert_eq!(request.send().await.unwrap().status(), status, "{new}");
    }
}
