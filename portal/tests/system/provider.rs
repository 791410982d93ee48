//! Signing in by a real OpenID provider, as the example of the documentation does it against the built binary.

use std::process::Stdio;

use embedded::testing::{self, TestProvider};
use serde_json::Value;
use tokio::process::Command;

use crate::crm::Site;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/sign-in-oidc");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_signs_in_by_a_provider_which_an_operator_removes_and_no_secret_is_logged() {
    let site = Site::new().await;
    let place = format!("https://crm.example/sign-in/oidc/{}", site.tenant);
    let provider = testing::provider(&[place]).await;
    let issuer = provider.issuer();
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--public-url",
        "https://crm.example",
        "--oidc-origins",
        &issuer,
    ];
    let (mut crm, log) = site.start_logged(&arguments, "trace").await;
    let mut example = Command::new("sh");
    example.arg(EXAMPLE).arg(&issuer).env("API", &crm.api).env("TENANT", site.tenant.to_string());
    example.env("ADMIN", &site.token).env("SECRET", TestProvider::CLIENT_SECRET);
    let output = example.stderr(Stdio::inherit()).output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let signed_in: Value = serde_json::from_str(text.trim().lines().last().unwrap()).unwrap();
    let told = |field: &str| signed_in["data"][field].as_str().unwrap_or_else(|| panic!("{text}"));
    let head = async || -> i64 {
        let sql = "select max(position) from log.event";
        sqlx::query_scalar(sql).fetch_one(&site.pool()).await.unwrap()
    };
    let terms = site.read(&crm, "/identity-provider", head().await).await;
    assert_eq!(terms["data"]["issuer"], issuer);
    let user = site.read(&crm, &format!("/users/{}", told("user_id")), head().await).await;
    assert_eq!(user["data"]["email"], "grace@engines.example");
    let (is_done, said) = site.run(&["tenant", "remove-provider", &site.tenant.to_string()]).await;
    assert!(is_done, "{said}");
    let gone = site.read(&crm, "/identity-provider", head().await).await;
    assert_eq!(gone["error"]["status"], 404);
    crm.signal("TERM").await;
    crm.child.wait().await.unwrap();
    let log = log.whole().await;
    assert!(log.contains("/api/v1/sign-ins/complete") && log.contains("user.provider_linked"), "{log}");
    for secret in [TestProvider::CLIENT_SECRET, "crm_state_", told("access_token"), told("refresh_token")] {
        assert!(!log.contains(secret), "{secret}");
    }
    let form = TestProvider::CLIENT_SECRET.replace(' ', "+");
    assert!(!log.contains(&form) && !log.contains("code_verifier="));
}
