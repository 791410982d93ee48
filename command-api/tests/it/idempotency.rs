//! `Idempotency-Key`: one effect and one answer, however often a request arrives.

use domain::TenantId;
use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Api, Call, Reply, path};

fn capture(name: &str, key: &str) -> Call {
    Call::post("/api/v1/leads").json(json!({"name": name})).key(key)
}

/// Everything of a reply but what marks it as a repetition.
fn answer(reply: &Reply) -> (u16, String, [String; 3]) {
    let headers = ["location", "etag", "x-position"].map(|name| reply.header(name).to_owned());
    (reply.status.as_u16(), reply.text.clone(), headers)
}

#[tokio::test]
async fn the_same_request_again_has_the_same_answer_and_no_effect() {
    let api = Api::new().await;
    let first = api.send(capture("Ada", "k-1")).await.is(201);
    api.lead().await;
    let again = api.send(capture("Ada", "k-1")).await;
    assert_eq!(answer(&again), answer(&first));
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    assert_eq!(api.count("lead.captured").await, 2);
}

#[tokio::test]
async fn a_body_is_the_same_whatever_its_spaces_and_the_order_of_its_keys() {
    let api = Api::new().await;
    let with = |body: &'static str| Call::post("/api/v1/leads").bytes(body).key("k");
    let first = api.send(with(r#"{"name":"Ada","custom":{"a":1,"b":2}}"#)).await.is(201);
    let again = api.send(with("{ \"custom\": {\"b\": 2, \"a\": 1},\n \"name\": \"\\u0041da\" }")).await;
    assert_eq!(answer(&again), answer(&first));
}

#[tokio::test]
async fn a_key_serves_one_request_only() {
    let api = Api::new().await;
    let lead = api.send(capture("Ada", "k")).await.id();
    let reused = "idempotency_key.reused";
    api.send(capture("Eve", "k")).await.fails(422, reused);
    api.send(capture("Ada", "k").by("kim")).await.fails(422, reused);
    let other_path = Call::post(&path("leads", lead, "/reopen")).json(json!({"name": "Ada"})).key("k");
    api.send(other_path).await.fails(422, "values.invalid");
    let qualify = |lead| Call::post(&path("leads", lead, "/qualify")).json(json!({"score": 1})).key("q");
    api.send(qualify(lead)).await.is(200);
    let other = api.lead().await;
    api.send(qualify(other)).await.fails(422, reused);
    assert_eq!(api.history(other).await, ["lead.captured"]);
}

#[tokio::test]
async fn each_tenant_has_its_own_keys() {
    let api = Api::new().await;
    let first = api.send(capture("Ada", "k")).await.is(201);
    let other = api.send(capture("Ada", "k").of(TenantId::from_uuid(Uuid::now_v7()))).await.is(201);
    assert_ne!(first.id(), other.id());
}

#[tokio::test]
async fn the_answer_to_what_changed_nothing_is_kept_too() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let assign = || Call::post(&path("leads", lead, "/assign")).json(json!({"owner": null})).key("k");
    let first = api.send(assign()).await.is(200);
    assert_eq!((first.version(), first.position()), (1, 1));
    api.post(&path("leads", lead, "/assign"), json!({"owner": "kim"})).await.is(200);
    // Asked anew it would take kim away.
    assert_eq!(answer(&api.send(assign()).await), answer(&first));
    assert_eq!(api.history(lead).await, ["lead.captured", "lead.assigned"]);
}

#[tokio::test]
async fn an_answer_is_given_again_even_if_the_request_would_be_refused_by_now() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let qualify =
        || Call::post(&path("leads", lead, "/qualify")).json(json!({"score": 9})).if_match(1).key("k");
    let first = api.send(qualify()).await.is(200);
    api.post(&path("leads", lead, "/disqualify"), json!({"reason": "No"})).await.is(200);
    assert_eq!(answer(&api.send(qualify()).await), answer(&first));
}

#[tokio::test]
async fn a_refusal_is_not_kept_and_may_turn_into_an_answer() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let reopen = || Call::post(&path("leads", lead, "/reopen")).key("k");
    api.send(reopen()).await.fails(409, "lead.not_disqualified");
    api.post(&path("leads", lead, "/disqualify"), json!({"reason": "No"})).await.is(200);
    api.send(reopen()).await.is(200);
    assert_eq!(api.send(reopen()).await.is(200).version(), 3);
}

#[tokio::test]
async fn conversions_and_creations_answer_again_with_all_they_said() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let (pipeline, _) = api.default_pipeline().await;
    let stage = json!({"name": "New", "probability": 1});
    for call in [
        || Call::post("/api/v1/pipelines/default").key("d"),
        || Call::post("/api/v1/opportunities").json(json!({"name": "Engine"})).key("o"),
    ] {
        let first = api.send(call()).await;
        assert_eq!(answer(&api.send(call()).await), answer(&first));
    }
    let convert = || Call::post(&path("leads", lead, "/convert")).key("c");
    let add = || Call::post(&path("pipelines", pipeline, "/stages")).json(stage.clone()).key("s");
    let (converted, added) = (api.send(convert()).await, api.send(add()).await);
    converted.uuid("opportunity_id");
    added.uuid("stage_id");
    assert_eq!(answer(&api.send(convert()).await), answer(&converted));
    assert_eq!(answer(&api.send(add()).await), answer(&added));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_clients_with_the_same_300_keys_have_300_effects_and_300_answers() {
    let api = Api::new().await;
    let clients = join_all((0..8).map(|_| async {
        join_all((0..300).map(|n| api.send(capture(&format!("Lead {n}"), &format!("key-{n}"))))).await
    }))
    .await;
    for n in 0..300 {
        let first = answer(&clients[0][n]);
        assert_eq!(first.0, 201, "{}", first.1);
        for client in &clients {
            assert_eq!(answer(&client[n]), first);
        }
    }
    assert_eq!(api.count("lead.captured").await, 300);
    assert_eq!(api.head().await, 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_with_many_bodies_at_once_serves_one_of_them() {
    let api = Api::new().await;
    for round in 0..20 {
        let key = format!("key-{round}");
        let calls = (0..8).map(|n| api.send(capture(&format!("Lead {}", n / 2), &key)));
        let replies = join_all(calls).await;
        let won: Vec<_> = replies.iter().filter(|reply| reply.status == 201).map(answer).collect();
        assert_eq!(won.len(), 2, "the winner and its twin");
        assert_eq!(won[0], won[1]);
        let lost = replies.into_iter().filter(|reply| reply.status != 201);
        lost.for_each(|reply| drop(reply.fails(422, "idempotency_key.reused")));
        assert_eq!(api.count("lead.captured").await, round + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twins_that_arrive_at_once_are_answered_alike_even_where_the_second_alone_would_be_refused() {
    let api = Api::new().await;
    let other = api.another();
    let lead = api.lead().await;
    for round in 0..20 {
        let given_up = api.post(&path("leads", lead, "/disqualify"), json!({"reason": "No"})).await.is(200);
        let (key, version) = (format!("key-{round}"), given_up.version());
        let reopen = |n: usize| {
            let call = Call::post(&path("leads", lead, "/reopen")).key(&key);
            if n < 4 { &api } else { &other }.send(if round % 2 == 0 { call } else { call.if_match(version) })
        };
        let replies = join_all((0..8).map(reopen)).await;
        let first = answer(&replies[0]);
        assert_eq!(first.0, 200, "{}", first.1);
        replies.iter().for_each(|reply| assert_eq!(answer(reply), first));
    }
    assert_eq!(api.count("lead.reopened").await, 20);
}
