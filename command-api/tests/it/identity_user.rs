//! `/api/v1/users`: each command accepted, refused, and quiet.

use edge::{Role, TenantId};
use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Api, Call, path};

const USERS: &str = "/api/v1/users";

fn to(user: Uuid, rest: &str) -> String {
    path("users", user, rest)
}

fn roles(user: Uuid, roles: &[&str]) -> Call {
    Call::new("PUT", &to(user, "/roles")).json(json!({"roles": roles}))
}

#[tokio::test]
async fn a_user_goes_through_all_commands() {
    let api = Api::new().await;
    let body = json!({"name": "Grace Hopper", "email": "grace@engines.example", "roles": ["sales_rep"]});
    let reply = api.post(USERS, body).await.is(201);
    let id = reply.id();
    assert_eq!(reply.header("location"), to(id, ""));
    let both = json!({"name": "Grace B. Hopper", "email": "g.hopper@engines.example"});
    assert_eq!(api.patch(&to(id, ""), both).await.is(200).version(), 3);
    assert_eq!(api.send(roles(id, &["sales_manager", "viewer"])).await.is(200).version(), 6);
    assert_eq!(api.send(Call::post(&to(id, "/disable"))).await.is(200).version(), 7);
    assert_eq!(api.send(Call::post(&to(id, "/enable")).if_match(7)).await.is(200).version(), 8);
    let expected = [
        "registered",
        "renamed",
        "email_changed",
        "role_revoked",
        "role_granted",
        "role_granted",
        "disabled",
        "enabled",
    ];
    assert_eq!(api.history(id).await, expected.map(|event| format!("user.{event}")));
}

#[tokio::test]
async fn what_changes_nothing_is_fine_and_no_event() {
    let api = Api::new().await;
    let id = api.user("kim@engines.example").await;
    let head = api.head().await;
    for call in [
        Call::new("PATCH", &to(id, "")).json(json!({})),
        Call::new("PATCH", &to(id, "")).json(json!({"name": "Kim", "email": "kim@engines.example"})),
        roles(id, &["sales_rep", "sales_rep"]),
        Call::post(&to(id, "/enable")),
    ] {
        assert_eq!(api.send(call).await.is(200).version(), 1);
    }
    assert_eq!(api.head().await, head);
}

#[tokio::test]
async fn an_address_belongs_to_one_user_of_a_tenant_in_whatever_case() {
    let api = Api::new().await;
    let (kim, grace) = (api.user("kim@engines.example").await, api.user("grace@engines.example").await);
    let again = json!({"name": "Kim II", "email": "KIM@Engines.example"});
    let reply = api.post(USERS, again.clone()).await.fails(409, "user.email_taken");
    assert_eq!(reply.body["error"]["errors"][0]["field"], "email");
    let taken = json!({"email": "kim@engines.example"});
    api.patch(&to(grace, ""), taken.clone()).await.fails(409, "user.email_taken");
    // Written otherwise, it is still the user's own.
    api.patch(&to(kim, ""), json!({"email": "Kim@engines.example"})).await.is(200);
    api.patch(&to(grace, ""), taken.clone()).await.fails(409, "user.email_taken");
    // Whoever leaves an address leaves it to others, whoever is shut out does not.
    api.patch(&to(kim, ""), json!({"email": "kim@mills.example"})).await.is(200);
    api.send(Call::post(&to(kim, "/disable"))).await.is(200);
    api.patch(&to(grace, ""), taken).await.is(200);
    api.patch(&to(grace, ""), json!({"email": "kim@mills.example"})).await.fails(409, "user.email_taken");
    let elsewhere = TenantId::from_uuid(Uuid::now_v7());
    api.send(Call::post(USERS).json(again).of(elsewhere)).await.is(201);
}

#[tokio::test]
async fn of_many_who_want_one_address_at_once_one_gets_it() {
    let api = Api::new().await;
    let other = api.another();
    for round in 0..5 {
        let body = json!({"name": "Kim", "email": format!("kim{round}@engines.example")});
        let sent = (0..8).map(|n| if n % 2 == 0 { &api } else { &other }.post(USERS, body.clone()));
        let statuses: Vec<u16> = join_all(sent).await.iter().map(|reply| reply.status.as_u16()).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
    }
    assert_eq!(api.count("user.registered").await, 5);
}

#[tokio::test]
async fn nobody_locks_themselves_out() {
    let api = Api::new().await;
    let kim = json!({"name": "Kim", "email": "kim@engines.example", "roles": ["admin", "viewer"]});
    let id = api.post(USERS, kim).await.is(201).id();
    let own = |call: Call| call.by(&id.to_string());
    api.send(own(Call::post(&to(id, "/disable")))).await.fails(409, "user.own_account");
    api.send(own(roles(id, &["viewer"]))).await.fails(409, "user.own_account");
    // The same of others, and other roles of their own, are no danger. The latter end their tokens of this second.
    let other = api.user("grace@engines.example").await;
    api.send(own(Call::post(&to(other, "/disable")))).await.is(200);
    api.send(own(roles(id, &["admin"]))).await.is(200);
    api.send(roles(id, &[])).await.is(200);
}

#[tokio::test]
async fn what_is_no_user_is_refused() {
    let api = Api::new().await;
    for (body, field) in [
        (json!({"name": "Kim"}), "email"),
        (json!({"name": "Kim", "email": "kim"}), "email"),
        (json!({"name": "", "email": "kim@engines.example"}), "name"),
        (json!({"name": "Kim", "email": "kim@engines.example", "roles": ["owner"]}), "roles.0"),
        (json!({"name": "Kim", "email": "kim@engines.example", "password": "x"}), "password"),
    ] {
        let reply = api.post(USERS, body).await;
        assert_eq!(reply.status.as_u16(), 422, "{}", reply.text);
        assert!(reply.text.contains(&format!("\"field\":\"{field}\"")), "{field}: {}", reply.text);
    }
    let unknown = Uuid::now_v7();
    api.send(roles(unknown, &["viewer"])).await.fails(404, "not_found");
    api.send(Call::post(&to(unknown, "/disable"))).await.fails(404, "not_found");
    let id = api.user("kim@engines.example").await;
    api.send(Call::post(&to(id, "/disable")).role(Role::SalesManager)).await.fails(403, "permission.missing");
    api.send(Call::post(&to(id, "/disable")).if_match(2)).await.fails(412, "version.stale");
}
