//! Log lines tell whose a request is: by ids, never by names or addresses.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::post;
use edge::{
    Answer, Identity, Json, Permission, Permit, Role, SigningKey, TenantId, TokenKeys, TokenSettings, finish,
    ok,
};
use uuid::Uuid;

use crate::layers::logged;
use crate::send;

const TENANT: Uuid = Uuid::from_u128(1);
const USER: Uuid = Uuid::from_u128(7);

enum CaptureLead {}

impl Permission for CaptureLead {
    const NAME: &'static str = "lead.capture";
    const ROLES: &'static [Role] = &[Role::Admin];
}

/// What the log says of a request with this body, and what was answered.
async fn lines(subject: Option<&str>, body: &str) -> (u16, String) {
    async fn capture(_: Permit<CaptureLead>, Json(_): Json<serde_json::Value>) -> Answer<()> {
        ok(())
    }
    let key = SigningKey::generate().unwrap();
    let keys = TokenKeys::from_pem(&key.public_pem().unwrap(), &TokenSettings::default()).unwrap();
    let router: Router = finish(Router::new().route("/leads", post(capture))).with_state(Arc::new(keys));
    let mut request = Request::post("/leads").header("content-type", "application/json");
    if let Some(subject) = subject {
        let identity = Identity::new(subject, TenantId::from_uuid(TENANT), vec![Role::Admin]);
        let token = key.mint(&TokenSettings::default(), &identity, Duration::from_secs(60)).unwrap();
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let (reply, log) = logged(async move { send(&router, request).await }).await;
    (reply.status.as_u16(), log)
}

#[tokio::test]
async fn the_line_of_a_request_names_the_tenant_and_the_user_by_their_ids() {
    let (status, log) = lines(Some(&USER.to_string()), "{}").await;
    assert_eq!(status, 200);
    let line = log.lines().find(|line| line.contains("answered")).unwrap();
    assert!(line.contains(&format!("tenant={TENANT}")) && line.contains(&format!("user={USER}")), "{line}");
    // Of a program that others issue a token to, which may be called anything, only the tenant.
    let (_, log) = lines(Some("ada@engines.example"), "{}").await;
    assert!(
        log.contains(&format!("tenant={TENANT}")) && !log.contains("ada") && !log.contains("user="),
        "{log}"
    );
    let (status, log) = lines(None, "{}").await;
    assert!(status == 401 && !log.contains("tenant="), "{log}");
}

#[tokio::test]
async fn what_a_known_user_sends_that_cannot_be_read_has_a_warning_by_which_it_is_counted() {
    let user = USER.to_string();
    let (status, log) = lines(Some(&user), "{").await;
    assert_eq!(status, 400);
    let line = log.lines().find(|line| line.contains(" WARN ")).unwrap();
    assert!(
        line.contains("code=request.unreadable count=1") && line.contains(&format!("user={USER}")),
        "{line}"
    );
    // What a form has no rule for is no attempt at anything, and what strangers send tells of nobody.
    for (subject, body) in [(Some(user.as_str()), "{}"), (None, "{")] {
        let (_, log) = lines(subject, body).await;
        assert!(!log.contains(" WARN "), "{log}");
    }
}
