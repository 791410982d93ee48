//! Keys by which programs read for a user, and the list of one's own.

use std::sync::Arc;

use access::rights::RightsWatch;
use access::{ApiKey, KeyRing, LoggedOrganisations, SignInRules, Vault};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use chrono::{DateTime, Duration, Utc};
use domain::fixtures::{email, text};
use domain::identity::user::UserAction;
use domain::{ApiKeyId, Personal, UserId};
use edge::{Directory, Revocations, Role};
use event_store::{Duty, connect};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::plan::new_id;
use crate::world::{World, each};

const URI: &str = "/api/v1/api-keys";

struct Desk {
    world: World,
    vault: Vault,
    router: Router,
    user: UserId,
    _watch: RightsWatch,
}

impl Desk {
    /// A user in a role, and the API in a process that takes keys.
    async fn new(role: Role) -> Self {
        let world = World::new().await;
        let pool = |duty| connect(world.database.url(), duty, 2).unwrap();
        let vault = Vault::new(pool(Duty::Identity));
        let ring = KeyRing::new(vault.clone(), pool(Duty::Reader), event_store::fixtures::upcasters());
        let watched = Revocations::new();
        let (log, upcasters) = (pool(Duty::Reader), event_store::fixtures::upcasters());
        let directory = Directory::new(LoggedOrganisations::new(log, upcasters, SignInRules::default()));
        let watch = RightsWatch::start(pool(Duty::Identity), watched.clone(), directory.clone());
        let router = world.router_with(world.sessions(4), |api| {
            api.with_api_keys(Arc::new(ring.clone()))
                .with_revocations(watched.clone())
                .with_directory(directory.clone())
        });
        let user = new_id();
        let (name, email) = (Personal::new(text("Kim")), Personal::new(email("kim@engines.example")));
        world.tell_user(user, Utc::now(), UserAction::Register { name, email, roles: [role].into() }).await;
        Self { world, vault, router, user, _watch: watch }
    }

    async fn issue(&self, name: &str, scope: &str, expires_at: DateTime<Utc>) -> (ApiKeyId, String) {
        let key = ApiKey::fresh(self.world.tenant, new_id()).unwrap();
        self.vault.keep_key(&key, self.user, expires_at).await.unwrap();
        let (name, scopes) = (text(name), [text(scope)].into());
        let action = UserAction::IssueKey { key: key.id, name, scopes, expires_at };
        self.world.tell_user(self.user, Utc::now(), action).await;
        (key.id, key.reveal())
    }

    async fn get(&self, uri: &str, bearer: &str) -> (u16, Value) {
        let request = Request::get(uri).header("authorization", format!("Bearer {bearer}"));
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap())
    }
}

fn tomorrow() -> DateTime<Utc> {
    DateTime::from_timestamp(Utc::now().timestamp() + 86_400, 0).unwrap()
}

#[tokio::test]
async fn a_key_reads_what_its_scopes_and_its_users_roles_allow() {
    let desk = Desk::new(Role::SalesRep).await;
    let (id, key) = desk.issue("Web form", "lead.read", tomorrow()).await;
    let (_, audit) = desk.issue("Auditor", "audit.read", tomorrow()).await;
    assert_eq!(desk.get("/api/v1/leads", &key).await.0, 200);
    let (status, body) = desk.get("/api/v1/opportunities", &key).await;
    assert_eq!((status, &body["error"]["code"]), (403, &json!("permission.missing")));
    assert_eq!(desk.get("/api/v1/audit/events", &audit).await.0, 403);
    assert_eq!(desk.get("/api/v1/sessions", &key).await.1["error"]["code"], "session.missing");
    // Without what knows keys, there are none.
    let request = Request::get("/api/v1/leads").header("authorization", format!("Bearer {key}"));
    let elsewhere = desk.world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((elsewhere.status.as_u16(), elsewhere.code()), (401, "token.invalid"));
    desk.world.tell_user(desk.user, Utc::now(), UserAction::RevokeKey { key: id }).await;
    let ended = async { while desk.get("/api/v1/leads", &key).await.0 != 401 {} };
    tokio::time::timeout(std::time::Duration::from_secs(1), ended).await.expect("it takes too long");
}

#[tokio::test]
async fn one_sees_ones_own_keys_that_are_good_and_never_the_key() {
    let desk = Desk::new(Role::SalesRep).await;
    let (first, key) = desk.issue("Web form", "lead.read", tomorrow()).await;
    let (second, _) = desk.issue("Import", "lead.capture", tomorrow()).await;
    let (over, _) = desk.issue("Short", "lead.read", Utc::now() + Duration::milliseconds(300)).await;
    let (revoked, _) = desk.issue("Revoked", "lead.read", tomorrow()).await;
    desk.world.tell_user(desk.user, Utc::now(), UserAction::RevokeKey { key: revoked }).await;
    let list = async |user: UserId| {
        desk.world.settle().await;
        let token = desk.world.own_token(user.as_uuid(), uuid::Uuid::now_v7());
        let request = Request::get(URI).header("authorization", format!("Bearer {token}"));
        desk.world.send(request.body(Body::empty()).unwrap()).await.data(URI)
    };
    let gone = async { while each(&list(desk.user).await, "id").contains(&&json!(over)) {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), gone).await.expect("it is over");
    let own = list(desk.user).await;
    assert_eq!(each(&own, "id"), [&json!(second), &json!(first)]);
    assert_eq!(each(&own, "scopes")[1], &json!(["lead.read"]));
    assert_eq!(
        each(&own, "links")[1]["revoke"],
        json!({"href": format!("{URI}/{first}"), "method": "DELETE"})
    );
    assert!(!own.to_string().contains(&key[48..]));
    assert_eq!(each(&list(new_id()).await, "id"), [&json!(null); 0]);
}

#[tokio::test]
async fn whoever_may_read_users_sees_the_keys_of_one_and_how_to_take_them_away() {
    let desk = Desk::new(Role::SalesRep).await;
    let (id, key) = desk.issue("Web form", "lead.read", tomorrow()).await;
    desk.world.settle().await;
    let uri = format!("/api/v1/users/{}/api-keys", desk.user);
    let auditor = desk.world.token(desk.world.tenant, &[Role::Auditor]);
    let (status, listed) = desk.get(&uri, &auditor).await;
    assert_eq!(status, 200, "{listed}");
    let items = listed["data"]["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!((&items[0]["id"], &items[0]["name"]), (&json!(id), &json!("Web form")));
    assert_eq!(items[0]["links"]["revoke"]["href"], format!("{uri}/{id}"));
    assert!(!listed.to_string().contains(&key[48..]));
    for (role, expected) in [(Role::SalesManager, 403), (Role::Admin, 200)] {
        assert_eq!(desk.get(&uri, &desk.world.token(desk.world.tenant, &[role])).await.0, expected);
    }
    // Of another tenant's user there is nothing to see.
    let foreign = desk.world.token(new_id(), &[Role::Admin]);
    assert_eq!(desk.get(&uri, &foreign).await.1["data"]["items"], json!([]));
}
