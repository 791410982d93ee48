//! One's own sessions: those that go on, where they are, and when they were used last.

use access::{RefreshToken, Vault};
use chrono::{DateTime, Duration, Utc};
use domain::fixtures::{email, text};
use domain::identity::session::{Device, EndReason, SessionAction};
use domain::identity::user::UserAction;
use domain::{Personal, SessionId, UserId};
use edge::Role;
use event_store::{Duty, connect};
use serde_json::{Value, json};

use crate::plan::new_id;
use crate::world::{World, each};

const URI: &str = "/api/v1/sessions";

/// A user of a world, with the tables of secrets.
struct Desk {
    world: World,
    vault: Vault,
    user: UserId,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new().await;
        let vault = Vault::new(connect(world.database.url(), Duty::Identity, 2).unwrap());
        let user = registered(&world, "kim@engines.example").await;
        Self { world, vault, user }
    }

    /// A session of a user that began on some device, with the token that it goes on by.
    async fn begin(&self, user: UserId, device: &str, at: DateTime<Utc>) -> (SessionId, RefreshToken) {
        let (session, token) = (new_id(), RefreshToken::fresh(self.world.tenant).unwrap());
        self.vault.begin_session(&token, session, user, 0).await.unwrap();
        let start = SessionAction::Start { user, device: Personal::new(Device::of(device)) };
        self.world.tell_session(session, at, start).await;
        (session, token)
    }

    /// What a user is told who asks by a session.
    async fn list(&self, user: UserId, session: SessionId) -> Value {
        self.world.settle().await;
        let token = self.world.own_token(user.as_uuid(), session.as_uuid());
        let request = axum::http::Request::get(URI).header("authorization", format!("Bearer {token}"));
        self.world.send(request.body(axum::body::Body::empty()).unwrap()).await.data(URI)
    }
}

async fn registered(world: &World, address: &str) -> UserId {
    let user = new_id();
    let (name, email) = (Personal::new(text("Kim")), Personal::new(email(address)));
    world
        .tell_user(user, Utc::now(), UserAction::Register { name, email, roles: [Role::Viewer].into() })
        .await;
    user
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn one_sees_where_one_is_signed_in_and_nobody_else_does() {
    let desk = Desk::new().await;
    let ada = registered(&desk.world, "ada@engines.example").await;
    let now = Utc::now();
    let (phone, _) = desk.begin(desk.user, "a phone", now - Duration::hours(2)).await;
    let (laptop, _) = desk.begin(desk.user, "a laptop", now - Duration::hours(1)).await;
    let (other, _) = desk.begin(ada, "a tablet", now).await;
    let own = desk.list(desk.user, laptop).await;
    // Neither was used since, and the one that began to be used later comes first.
    assert_eq!(each(&own, "id"), [&json!(laptop), &json!(phone)]);
    assert_eq!(each(&own, "device"), ["a laptop", "a phone"]);
    assert_eq!(each(&own, "current"), [&json!(true), &json!(false)]);
    assert!(time(each(&own, "started_at")[1]) < now - Duration::minutes(119));
    let sign_out = json!({"href": format!("{URI}/{phone}"), "method": "DELETE"});
    assert_eq!(each(&own, "links")[1]["sign_out"], sign_out);
    assert_eq!(each(&desk.list(ada, other).await, "id"), [&json!(other)]);
}

#[tokio::test]
async fn a_refresh_is_seen_as_a_use_and_writes_no_event() {
    let desk = Desk::new().await;
    let (phone, token) = desk.begin(desk.user, "a phone", Utc::now()).await;
    let (laptop, _) = desk.begin(desk.user, "a laptop", Utc::now()).await;
    let before = desk.list(desk.user, laptop).await;
    assert_eq!(each(&before, "id"), [&json!(laptop), &json!(phone)]);
    let head: i64 = event_store::read::head(desk.world.store.pool()).await.unwrap();
    desk.vault.spend(&token, &[1; 32], &[2; 32], Utc::now()).await.unwrap();
    let after = desk.list(desk.user, laptop).await;
    assert_eq!(each(&after, "id"), [&json!(phone), &json!(laptop)]);
    assert!(time(each(&after, "last_used_at")[0]) > time(each(&before, "last_used_at")[1]));
    assert_eq!(each(&after, "started_at")[0], each(&before, "started_at")[1]);
    assert_eq!(event_store::read::head(desk.world.store.pool()).await.unwrap(), head);
}

#[tokio::test]
async fn what_is_over_is_not_listed_however_it_ended() {
    let desk = Desk::new().await;
    let (phone, _) = desk.begin(desk.user, "a phone", Utc::now()).await;
    let (laptop, _) = desk.begin(desk.user, "a laptop", Utc::now()).await;
    desk.world.tell_session(phone, Utc::now(), SessionAction::End { reason: EndReason::SignedOut }).await;
    assert_eq!(each(&desk.list(desk.user, laptop).await, "id"), [&json!(laptop)]);
    desk.world.tell_user(desk.user, Utc::now(), UserAction::SignOutEverywhere).await;
    let (tablet, _) = desk.begin(desk.user, "a tablet", Utc::now()).await;
    assert_eq!(each(&desk.list(desk.user, tablet).await, "id"), [&json!(tablet)]);
    // Rights that change end no session.
    desk.world.tell_user(desk.user, Utc::now(), UserAction::GrantRole { role: Role::Auditor }).await;
    assert_eq!(each(&desk.list(desk.user, tablet).await, "id"), [&json!(tablet)]);
    let over = "update identity.session_use set expires_at = now()";
    sqlx::query(over).execute(&desk.world.database.pool()).await.unwrap();
    assert_eq!(each(&desk.list(desk.user, tablet).await, "id"), [&json!(null); 0]);
}

#[tokio::test]
async fn a_session_of_before_uses_were_kept_is_listed_by_its_start() {
    let desk = Desk::new().await;
    let (phone, _) = desk.begin(desk.user, "a phone", Utc::now() - Duration::days(2)).await;
    let (old, _) = desk.begin(desk.user, "an old phone", Utc::now() - Duration::days(8)).await;
    sqlx::query("delete from identity.session_use").execute(&desk.world.database.pool()).await.unwrap();
    let own = desk.list(desk.user, old).await;
    assert_eq!(each(&own, "id"), [&json!(phone)]);
    assert_eq!(each(&own, "last_used_at"), each(&own, "started_at"));
}

#[tokio::test]
async fn a_token_without_a_session_has_no_list() {
    let desk = Desk::new().await;
    let reply = desk.world.get(URI).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (403, "session.missing"));
}
