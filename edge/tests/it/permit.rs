//! Who may pass, and what the others are told.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get as at, post};
use edge::{
    Answer, EdgeState, Identity, Json, Permission, Permit, Role, SigningKey, TenantId, TokenKeys,
    TokenSettings, finish, ok,
};
use uuid::Uuid;

use crate::{get, get_with};

enum CaptureLead {}

impl Permission for CaptureLead {
    const NAME: &'static str = "lead.capture";
    const ROLES: &'static [Role] = &[Role::Admin, Role::SalesRep];
}

/// A state as the APIs have it: more than the keys.
#[derive(Clone)]
struct App {
    keys: Arc<TokenKeys>,
}

impl EdgeState for App {
    fn token_keys(&self) -> &TokenKeys {
        &self.keys
    }
}

struct Service {
    router: Router,
    key: SigningKey,
}

impl Service {
    fn new() -> Self {
        async fn me(identity: Identity) -> Answer<(String, TenantId)> {
            ok((identity.subject, identity.tenant))
        }
        async fn capture(permit: Permit<CaptureLead>) -> Answer<String> {
            ok(permit.subject.clone())
        }
        async fn capture_body(
            permit: Permit<CaptureLead>,
            Json(_): Json<serde_json::Value>,
        ) -> Answer<String> {
            ok(permit.subject.clone())
        }
        let key = SigningKey::generate().unwrap();
        let keys = TokenKeys::from_pem(&key.public_pem().unwrap(), &TokenSettings::default()).unwrap();
        let router = Router::new().route("/me", at(me)).route("/leads", at(capture));
        let router = router.route("/bodies", post(capture_body));
        Self { router: finish(router).with_state(App { keys: Arc::new(keys) }), key }
    }

    fn token(&self, roles: &[Role], ttl: u64) -> String {
        let identity = Identity::new("ada", TenantId::from_uuid(Uuid::nil()), roles.to_vec());
        let token = self.key.mint(&TokenSettings::default(), &identity, Duration::from_secs(ttl)).unwrap();
        format!("Bearer {token}")
    }
}

#[tokio::test]
async fn a_valid_token_says_who_asks() {
    let service = Service::new();
    let token = service.token(&[], 60);
    for scheme in ["Bearer ", "bearer ", "BEARER  "] {
        let reply =
            get_with(&service.router, "/me", &[("authorization", &token.replace("Bearer ", scheme))]).await;
        assert_eq!(reply.body["data"][0], "ada");
        assert_eq!(reply.body["data"][1], Uuid::nil().to_string());
    }
}

#[tokio::test]
async fn without_a_token_the_answer_tells_which_is_needed() {
    let service = Service::new();
    let none = get(&service.router, "/me").await;
    assert_eq!((none.status, none.code()), (StatusCode::UNAUTHORIZED, "token.missing"));
    assert_eq!(none.header("www-authenticate"), "Bearer realm=\"crm\"");
    for other in ["Basic YWRhOmFkYQ==", "Bearer", "", "é"] {
        let reply = get_with(&service.router, "/me", &[("authorization", other)]).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::UNAUTHORIZED, "token.missing"), "{other}");
    }
    // In the query, where it would end up in logs, it is not looked for.
    let token = service.token(&[], 60);
    let reply = get(&service.router, &format!("/me?access_token={}", &token["Bearer ".len()..])).await;
    assert_eq!(reply.code(), "token.missing");
}

#[tokio::test]
async fn a_token_that_is_not_valid_gets_no_reason_but_that_it_has_expired() {
    let service = Service::new();
    let stranger = Service::new().token(&[Role::Admin], 60);
    let good = service.token(&[Role::Admin], 60);
    for bad in ["Bearer x", &stranger, &format!("{good} {good}")] {
        let reply = get_with(&service.router, "/me", &[("authorization", bad)]).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::UNAUTHORIZED, "token.invalid"), "{bad}");
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"crm\", error=\"invalid_token\"");
    }
    let twice = get_with(&service.router, "/me", &[("authorization", &good), ("authorization", &good)]).await;
    assert_eq!(twice.code(), "token.invalid");
}

#[tokio::test]
async fn a_permission_that_no_role_has_is_named() {
    let service = Service::new();
    for roles in [&[][..], &[Role::Viewer, Role::Auditor, Role::SalesManager]] {
        let reply =
            get_with(&service.router, "/leads", &[("authorization", &service.token(roles, 60))]).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::FORBIDDEN, "permission.missing"));
        assert!(reply.problem()["detail"].as_str().unwrap().contains("lead.capture"));
    }
    let roles = [Role::Viewer, Role::SalesRep];
    let reply = get_with(&service.router, "/leads", &[("authorization", &service.token(&roles, 60))]).await;
    assert_eq!(reply.body["data"], "ada");
}

#[tokio::test]
async fn the_permit_is_asked_for_before_the_body_is_read() {
    let service = Service::new();
    let request = axum::http::Request::post("/bodies").body("not json".into()).unwrap();
    assert_eq!(crate::send(&service.router, request).await.status, StatusCode::UNAUTHORIZED);
}

#[test]
fn every_role_has_one_name() {
    for role in Role::ALL {
        assert_eq!(Role::of_name(role.name()), Some(*role));
        assert_eq!(serde_json::to_value(role).unwrap(), role.name());
    }
    assert_eq!(Role::of_name("root"), None);
}
