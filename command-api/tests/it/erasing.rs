//! Erasing people, and what nobody can send: that somebody was erased.

use edge::Role;
use serde_json::{Value, json};

use crate::support::{Api, Call, path};

#[tokio::test]
async fn null_is_no_personal_data() {
    let api = Api::new().await;
    let (lead, user) = (api.lead().await, api.user("kim@engines.example").await);
    let head = api.head().await;
    for (method, path, body, field) in [
        ("POST", "/api/v1/leads".to_owned(), json!({"name": null}), "name"),
        ("PATCH", path("leads", lead, ""), json!({"name": null}), "name"),
        ("POST", path("leads", lead, "/activities"), json!({"kind": "call", "summary": null}), "summary"),
        ("POST", "/api/v1/users".to_owned(), json!({"name": null, "email": "a@engines.example"}), "name"),
        ("POST", "/api/v1/users".to_owned(), json!({"name": "Kim", "email": null}), "email"),
        ("PATCH", path("users", user, ""), json!({"name": null}), "name"),
        ("PATCH", path("users", user, ""), json!({"email": null}), "email"),
    ] {
        let reply = api.send(Call::new(method, &path).json(body)).await.fails(422, "values.invalid");
        assert_eq!(reply.fields(), [field], "{method} {path}");
        assert!(reply.text.contains("must not be null"), "{}", reply.text);
    }
    assert_eq!(api.head().await, head);
}

#[tokio::test]
async fn a_lead_is_erased_once_with_what_was_said_of_it_in_its_deal_and_nothing_more_can_be_asked() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let activity = json!({"kind": "call", "summary": "Ada called."});
    let deal = api.post(&path("leads", lead, "/convert"), json!({})).await.is(200).uuid("opportunity_id");
    api.post(&path("opportunities", deal, "/activities"), activity.clone()).await.is(200);
    assert_eq!(api.last_event(deal).await["summary"], "Ada called.");
    let erased = api.post(&path("leads", lead, "/erase"), json!({})).await.is(200);
    assert_eq!(api.history(lead).await.last().unwrap(), "lead.erased");
    assert_eq!(api.history(deal).await.last().unwrap(), "opportunity.erased");
    assert_eq!(erased.position(), api.head().await, "both came in one append");
    api.post(&path("leads", lead, "/erase"), json!({})).await.is(200);
    assert_eq!(api.head().await, erased.position(), "there was nothing left to do");
    for process in [&api, &api.another()] {
        let log = process.post(&path("leads", lead, "/activities"), activity.clone()).await;
        log.fails(409, "lead.erased");
        process.patch(&path("leads", lead, ""), json!({"name": "Ada"})).await.fails(409, "lead.erased");
        let log = process.post(&path("opportunities", deal, "/activities"), activity.clone()).await;
        log.fails(409, "opportunity.erased");
    }
    let keys: Vec<(String, bool)> =
        sqlx::query_as("select aggregate_type, wrapped is null from identity.person_key order by 1")
            .fetch_all(&api.pool)
            .await
            .unwrap();
    assert_eq!(keys, [("sales.lead".to_owned(), true), ("sales.opportunity".to_owned(), true)]);
    let amount = json!({"amount": {"amount": "5", "currency": "EUR"}});
    api.post(&path("opportunities", deal, "/win"), amount).await.is(200);
}

#[tokio::test]
async fn a_deal_is_never_named_after_a_person() {
    let api = Api::new().await;
    let lead = api.post("/api/v1/leads", json!({"name": "Ada Lovelace"})).await.id();
    let deal = api.post(&path("leads", lead, "/convert"), json!({})).await.is(200).uuid("opportunity_id");
    assert_eq!(api.last_event(deal).await["name"], format!("Lead {lead}"));
}

#[tokio::test]
async fn an_erased_user_is_shut_out_and_the_address_is_free() {
    let api = Api::new().await;
    let kim = api.user("kim@engines.example").await;
    api.password(kim, "correct horse").await;
    let credentials =
        json!({"tenant_id": api.tenant, "email": "kim@engines.example", "password": "correct horse"});
    let sign_in = async || {
        let call = Call::post("/api/v1/sessions")
            .anonymous()
            .header("user-agent", "Kanarie")
            .header("x-forwarded-for", "10.1.2.3");
        api.send(call.json(credentials.clone())).await
    };
    let token = sign_in().await.is(201).body["data"]["access_token"].as_str().unwrap().to_owned();
    api.post(&path("users", kim, "/erase"), json!({})).await.is(200);
    assert_eq!(sign_in().await.status, 401);
    while api.send(Call::new("DELETE", "/api/v1/sessions").bearer(&token)).await.status != 401 {
        tokio::task::yield_now().await;
    }
    let secrets: i64 = sqlx::query_scalar(
        "select (select count(*) from identity.password) + (select count(*) from identity.refresh_token)
            + (select count(*) from identity.person_key where wrapped is not null)",
    )
    .fetch_one(&api.pool)
    .await
    .unwrap();
    assert_eq!(secrets, 0, "neither hashes nor tokens, nor a key of the user or the session");
    api.user("kim@engines.example").await;
    api.post(&path("users", kim, "/enable"), json!({})).await.fails(409, "user.erased");
    let own = Call::post(&path("users", kim, "/erase")).role(Role::SalesRep);
    api.send(own).await.fails(403, "permission.missing");
}

#[tokio::test]
async fn nothing_that_is_personal_is_in_the_log_in_plain_text() {
    let api = Api::new().await;
    let body = json!({"name": "Ada Lovelace", "email": "ada@engines.example", "phone": "+44 20 7946 0000"});
    api.post("/api/v1/leads", body).await.is(201);
    api.user("kim@engines.example").await;
    let payloads: Vec<Value> =
        sqlx::query_scalar("select payload from log.event").fetch_all(&api.pool).await.unwrap();
    let text = format!("{payloads:?}");
    for canary in ["Lovelace", "engines.example", "7946", "Kim", "kim"] {
        assert!(!text.contains(canary), "{canary}: {text}");
    }
    assert!(text.contains("sealed"));
}
