//! `/api/v1/roles`: each command accepted, refused, and quiet.

use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Api, Call, path};

const ROLES: &str = "/api/v1/roles";

fn to(role: Uuid, rest: &str) -> String {
    path("roles", role, rest)
}

fn field_sales() -> Value {
    json!({"name": "Field sales", "grants": {"lead.read": "team", "lead.correct": "own"}})
}

#[tokio::test]
async fn a_role_goes_through_all_commands() {
    let api = Api::new().await;
    let reply = api.post(ROLES, field_sales()).await.is(201);
    let id = reply.id();
    assert_eq!(reply.header("location"), to(id, ""));
    let both = json!({"name": "Field sales, North", "grants": {"lead.read": "all"}});
    assert_eq!(api.patch(&to(id, ""), both).await.is(200).version(), 3);
    assert_eq!(api.last_event(id).await["to"], json!({"lead.read": "all"}));
    assert_eq!(api.send(Call::post(&to(id, "/retire")).if_match(3)).await.is(200).version(), 4);
    let expected = ["defined", "renamed", "granted", "retired"];
    assert_eq!(api.history(id).await, expected.map(|event| format!("custom_role.{event}")));
}

#[tokio::test]
async fn what_changes_nothing_is_fine_and_no_event() {
    let api = Api::new().await;
    let id = api.post(ROLES, field_sales()).await.id();
    let head = api.head().await;
    for body in [json!({}), field_sales()] {
        assert_eq!(api.patch(&to(id, ""), body).await.is(200).version(), 1);
    }
    assert_eq!(api.head().await, head);
}

#[tokio::test]
async fn what_cannot_be_given_is_refused_by_its_name() {
    let api = Api::new().await;
    let id = api.post(ROLES, field_sales()).await.id();
    for (grants, code) in [
        (json!({"user.disable": "all"}), "custom_role.unknown_permission"),
        (json!({"pipeline.read": "own"}), "custom_role.not_owned"),
    ] {
        let refused = api.post(ROLES, json!({"name": "Another", "grants": grants})).await.fails(422, code);
        assert_eq!(refused.fields(), ["grants"]);
        api.patch(&to(id, ""), json!({"grants": grants})).await.fails(422, code);
    }
    let bad_level = json!({"name": "Another", "grants": {"lead.read": "most"}});
    assert_eq!(api.post(ROLES, bad_level).await.is(422).fields(), ["grants.lead.read"]);
}

#[tokio::test]
async fn of_many_who_want_one_name_one_gets_it() {
    let api = Api::new().await;
    let names = ["Field sales", "FIELD SALES", "field sales", "Field Sales"];
    let asked = names.map(|name| api.post(ROLES, json!({"name": name})));
    let replies = join_all(asked).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.into_iter().filter(|reply| reply.status != 201) {
        assert_eq!(reply.fails(409, "custom_role.name_taken").fields(), ["name"]);
    }
}

#[tokio::test]
async fn a_name_is_free_again_once_its_role_is_retired_or_called_otherwise() {
    let api = Api::new().await;
    let first = api.post(ROLES, field_sales()).await.id();
    api.patch(&to(first, ""), json!({"name": "FIELD sales"})).await.is(200);
    api.patch(&to(first, ""), json!({"name": "Others"})).await.is(200);
    let second = api.post(ROLES, field_sales()).await.is(201).id();
    api.send(Call::post(&to(second, "/retire"))).await.is(200);
    api.patch(&to(second, ""), json!({"name": "Back"})).await.fails(409, "custom_role.retired");
    api.post(ROLES, field_sales()).await.is(201);
}

#[tokio::test]
async fn a_user_has_exactly_the_roles_that_are_asked_for() {
    let api = Api::new().await;
    let user = api.user("kim@engines.example").await;
    let (one, two) = (api.role(json!({})).await, api.role(json!({})).await);
    let put = async |roles: Value| {
        let call = Call::new("PUT", &path("users", user, "/roles")).json(roles);
        api.send(call).await
    };
    assert_eq!(put(json!({"roles": ["sales_rep"], "custom_roles": [one, two]})).await.is(200).version(), 3);
    assert_eq!(put(json!({"roles": [], "custom_roles": [two]})).await.is(200).version(), 5);
    assert_eq!(put(json!({"roles": [], "custom_roles": [two]})).await.is(200).version(), 5);
    api.send(Call::post(&to(one, "/retire"))).await.is(200);
    for role in [one, Uuid::now_v7()] {
        let refused = put(json!({"roles": [], "custom_roles": [two, role]})).await.is(422);
        assert_eq!(refused.fields(), ["custom_roles"]);
    }
    assert_eq!(put(json!({"roles": []})).await.is(200).version(), 6);
}

#[tokio::test]
async fn a_role_hides_fields_and_only_those_that_there_are() {
    let api = Api::new().await;
    let hides = json!({"name": "Calls only", "grants": {"lead.read": "all"}, "hidden": ["lead.email"]});
    let id = api.post(ROLES, hides).await.is(201).id();
    assert_eq!(api.patch(&to(id, ""), json!({"hidden": ["lead.email"]})).await.is(200).version(), 1);
    api.patch(&to(id, ""), json!({"hidden": ["opportunity.amount"]})).await.is(200);
    assert_eq!(api.last_event(id).await, json!({"from": ["lead.email"], "to": ["opportunity.amount"]}));
    for unknown in ["lead.name", "lead.vanished", ""] {
        let refused = api.patch(&to(id, ""), json!({"hidden": [unknown]})).await;
        assert_eq!(refused.fails(422, "custom_role.unknown_field").fields(), ["hidden"], "{unknown}");
    }
}
