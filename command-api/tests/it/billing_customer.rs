//! `/api/v1/legal-entities` and `/api/v1/billing-customers`: each command accepted, refused, and quiet.

use serde_json::{Value, json};

use crate::support::billing::{customer, legal_entity};
use crate::support::{Api, Call, path};

#[tokio::test]
async fn a_legal_entity_changes_by_facts() {
    let api = Api::new().await;
    let id = api.legal_entity().await;
    let to = path("legal-entities", id, "");
    let all = json!({"name": "Example Engines SE", "country": "AT", "tax_ids": []});
    assert_eq!(api.patch(&to, all.clone()).await.is(200).version(), 4);
    assert_eq!(api.patch(&to, all).await.is(200).version(), 4, "asked again, nothing changes");
    let expected = ["registered", "renamed", "relocated", "tax_ids_changed"];
    assert_eq!(api.history(id).await, expected.map(|event| format!("legal_entity.{event}")));
}

#[tokio::test]
async fn a_customer_changes_by_facts_and_what_is_left_out_stays() {
    let api = Api::new().await;
    let id = api.post("/api/v1/billing-customers", customer()).await.is(201).id();
    let to = path("billing-customers", id, "");
    api.patch(&to, json!({"country": "GB"})).await.is(200);
    let moved = api.last_event(id).await;
    assert_eq!(moved["address"]["to"]["city"], "Paris");
    assert_eq!(moved["country"], json!({"from": "FR", "to": "GB"}));
    api.patch(&to, json!({"terms": 14, "email": null})).await.is(200);
    let expected = ["registered", "relocated", "terms_agreed", "contact_changed"];
    assert_eq!(api.history(id).await, expected.map(|event| format!("customer.{event}")));
    assert_eq!(api.last_event(id).await["language"], json!({"from": "fr", "to": "fr"}));
}

#[tokio::test]
async fn who_a_customer_is_lies_sealed_in_the_log_and_is_gone_once_erased() {
    let api = Api::new().await;
    let id = api.post("/api/v1/billing-customers", customer()).await.is(201).id();
    let sql = "select payload::text from log.event where aggregate_id = $1 order by sequence limit 1";
    let stored: String = sqlx::query_scalar(sql).bind(id).fetch_one(&api.pool).await.unwrap();
    for personal in ["Ada", "Paris", "FR12345678901", "bills@"] {
        assert!(!stored.contains(personal), "{stored}");
    }
    let erase = path("billing-customers", id, "/erase");
    assert_eq!(api.post(&erase, json!({})).await.is(200).version(), 2);
    assert_eq!(api.post(&erase, json!({})).await.is(200).version(), 2);
    let keys = "select count(*) from identity.person_key where aggregate_id = $1 and wrapped is not null";
    let keys: i64 = sqlx::query_scalar(keys).bind(id).fetch_one(&api.pool).await.unwrap();
    assert_eq!(keys, 0);
    api.patch(&path("billing-customers", id, ""), json!({"name": "Ada"})).await.fails(409, "customer.erased");
}

#[tokio::test]
async fn every_bad_field_is_named_at_once() {
    let api = Api::new().await;
    let mut bad = customer();
    for (field, value) in [
        ("country", json!("XX")),
        ("currency", json!("eur")),
        ("terms", json!(400)),
        ("language", json!("french")),
        ("address", json!({"street": "Nowhere"})),
        ("tax_ids", json!([{"kind": "vat", "value": ""}])),
        ("name", Value::Null),
    ] {
        bad[field] = value;
    }
    let reply = api.post("/api/v1/billing-customers", bad).await.fails(422, "values.invalid");
    let fields = ["address.city", "country", "currency", "language", "name", "tax_ids.0.value", "terms"];
    assert_eq!(reply.fields(), fields, "{}", reply.text);
    let mut many = legal_entity();
    many["tax_ids"] = json!(vec![json!({"kind": "vat", "value": "DE1"}); 6]);
    let reply = api.post("/api/v1/legal-entities", many).await.fails(422, "legal_entity.too_many_tax_ids");
    assert_eq!(reply.fields(), ["tax_ids"]);
    let null = json!({"address": null});
    let id = api.legal_entity().await;
    let reply = api.send(Call::new("PATCH", &path("legal-entities", id, "")).json(null)).await;
    assert_eq!(reply.status, 422, "{}", reply.text);
}
