//! Terms that change while somebody signs in, in whatever process; who is asked at all; and what is left of whom a provider knew.

use std::sync::Arc;
use std::time::{Duration, Instant};

use command_api::identity::{Federation, Issuer};
use edge::SigningKey;
use embedded::testing::own_redis;
use openid::Providers;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::support::hostile::Scene;
use crate::support::provider::{Begun, PROVIDER, SIGN_INS, configure, public};
use crate::support::{Api, Call, PUBLIC_URL, Reply, path};

const GRACE: &str = "grace@engines.example";

fn by_password(api: &Api, password: &str) -> Call {
    let body = json!({"tenant_id": api.tenant, "email": GRACE, "password": password});
    public("/api/v1/sessions", body)
}

#[tokio::test]
async fn no_password_lets_in_once_another_process_has_switched_them_off() {
    let scene = Scene::new().await;
    let (one, other, issuer) = (&scene.api, scene.api.another(), &scene.provider.issuer);
    one.password(scene.grace, "correct horse").await;
    other.send(Call::new("DELETE", PROVIDER)).await.is(200);
    for _ in 0..3 {
        // Each process has in memory that passwords let in, and hears of nothing but what it reads.
        one.send(by_password(one, "correct horse")).await.is(201);
        configure(&other, issuer, json!({"passwords": false})).await.is(200);
        let sessions = one.count("session.started").await;
        one.send(by_password(one, "correct horse")).await.fails(409, "password.off");
        one.send(by_password(one, "wrong one")).await.fails(409, "password.off");
        assert_eq!(one.count("session.started").await, sessions);
        // Nor is anybody refused by what was so.
        configure(&other, issuer, json!({"passwords": true})).await.is(200);
    }
    one.send(by_password(one, "correct horse")).await.is(201);
}

#[tokio::test]
async fn of_passwords_and_the_end_of_passwords_at_once_none_lets_in_after_the_end() {
    let scene = Scene::new().await;
    let (one, other) = (&scene.api, scene.api.another());
    one.password(scene.grace, "correct horse").await;
    let alone = configure(&other, &scene.provider.issuer, json!({"passwords": false}));
    let all = futures::future::join_all(
        (0..8).map(|_| one.request_alone(by_password(one, "correct horse"))).collect::<Vec<_>>(),
    );
    let (alone, all) = futures::join!(alone, all);
    let end = alone.is(200).position();
    for reply in all {
        match reply.status.as_u16() {
            201 => assert!(reply.position() < end),
            _ => drop(reply.fails(409, "password.off")),
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_when_the_terms_have_changed_lets_nobody_in() {
    let scene = Scene::new().await;
    let api = &scene.api;
    let gate = Arc::new(Barrier::new(2));
    let begun = Begun::new(api).await;
    scene.provider.says(&scene.provider.claims(&begun));
    scene.provider.set(|script| script.gate = Some(Arc::clone(&gate)));
    let change = async {
        gate.wait().await;
        let other = api.another();
        configure(&other, &scene.provider.issuer, json!({"email_domains": ["other.example"]})).await.is(200);
        gate.wait().await;
    };
    let (reply, ()) = futures::join!(scene.complete(&begun), change);
    reply.fails(401, "sign_in.over");
    assert_eq!(api.count("session.started").await, 0);
}

#[tokio::test]
async fn nobody_is_asked_unless_an_operator_has_named_them() {
    let api = Api::made(Arc::new(|issuer: Issuer, _: &SigningKey| {
        let providers = Providers::new(["https://login.engines.example"]).unwrap();
        issuer.with_federation(Federation::new(providers, PUBLIC_URL))
    }))
    .await;
    for unnamed in ["https://login.other.example", "https://1.1.1.1", "https://login.engines.example:8443"] {
        let reply = configure(&api, unnamed, json!({})).await.fails(422, "values.invalid");
        assert_eq!(reply.fields(), ["issuer"], "{unnamed}");
    }
    configure(&api, "https://login.engines.example", json!({})).await.is(200);
}

#[tokio::test]
async fn sign_ins_count_whichever_process_they_are_begun_at() {
    let redis = own_redis();
    let url = redis.url();
    let one = Api::made(Arc::new(move |issuer: Issuer, key: &SigningKey| {
        let federation = Federation::new(Providers::new([]).unwrap(), PUBLIC_URL);
        let shared = access::SharedLimits::connect(&url, key.secret_for("limits")).unwrap();
        issuer.with_federation(federation).with_shared_limits(&shared)
    }))
    .await;
    let other = one.another();
    let since = Instant::now();
    // While nobody can tell how many there were, nobody begins, and it does not count.
    let begin = async |api: &Api| -> Reply {
        loop {
            let call = Call::post(SIGN_INS).anonymous().header("x-forwarded-for", "192.0.2.1");
            let reply = api.send(call.json(json!({"tenant_id": one.tenant}))).await;
            if reply.status != 503 {
                return reply;
            }
            assert!(since.elapsed() < Duration::from_secs(60), "the server is not found");
            tokio::task::yield_now().await;
        }
    };
    let mut begun = 0;
    for api in [&one, &other].into_iter().cycle() {
        let reply = begin(api).await;
        if reply.status == 429 {
            break;
        }
        reply.fails(409, "provider.none");
        begun += 1;
    }
    // Sixty; each process alone would let through as many, and both together twice as many.
    assert!((30..90).contains(&begun), "{begun}");
    for api in [&one, &other] {
        begin(api).await.fails(429, "rate.limited");
    }
}

#[tokio::test]
async fn whom_the_provider_knew_an_erased_user_as_is_forgotten() {
    let scene = Scene::new().await;
    let api = &scene.api;
    scene.told(|_| {}).await.is(201);
    let kept = async || -> i64 {
        let sql = "select (select count(*) from identity.provider_link) + (select count(*) from identity.provider_sign_in)";
        sqlx::query_scalar(sql).fetch_one(&api.pool).await.unwrap()
    };
    assert_eq!(kept().await, 1);
    let under_way = Begun::new(api).await;
    api.post(&path("users", scene.grace, "/erase"), json!({})).await.is(200);
    // A sign-in under way tells of nobody yet.
    assert_eq!(kept().await, 1);
    scene.provider.says(&scene.provider.claims(&under_way));
    scene.complete(&under_way).await.fails(401, "sign_in.refused");
    assert_eq!(kept().await, 0);
    let newcomers = json!({"newcomers": "viewer", "email_domains": ["engines.example"]});
    configure(api, &scene.provider.issuer, newcomers).await.is(200);
    let anew = scene.told(|_| {}).await.is(201).uuid("user_id");
    assert_ne!(anew, scene.grace);
}

#[tokio::test]
async fn the_trail_tells_who_came_by_the_provider_from_where_and_why_others_did_not() {
    let scene = Scene::new().await;
    let api = &scene.api;
    scene.told(|_| {}).await.is(201);
    scene.told(|claims| claims["sub"] = json!("another")).await.fails(401, "sign_in.refused");
    scene.told(|claims| claims["email_verified"] = json!(false)).await.is(201);
    let unverified = |claims: &mut Value| {
        (claims["sub"], claims["email_verified"]) = (json!("third"), json!(false));
    };
    scene.told(unverified).await.fails(401, "sign_in.refused");
    scene.told(|claims| claims["nonce"] = json!("another")).await.fails(401, "sign_in.failed");
    api.post(&path("users", scene.grace, "/disable"), json!({})).await.is(200);
    scene.told(|_| {}).await.fails(401, "sign_in.refused");
    api.trail.flush().await;
    let refused: Vec<(Option<String>, String)> = sqlx::query_as(
        "select actor, code from trail.entry where tenant_id = $1 and kind = 'sign_in_refused' order by id",
    )
    .bind(api.tenant.as_uuid())
    .fetch_all(&api.pool)
    .await
    .unwrap();
    let grace = Some(scene.grace.to_string());
    let expected = [
        (grace.clone(), "user.provider_linked"),
        (None, "provider.address_unverified"),
        (None, "sign_in.failed"),
        (grace, "user.disabled"),
    ];
    assert_eq!(refused, expected.map(|(actor, code)| (actor, code.to_owned())));
    let from_where: Vec<String> = sqlx::query_scalar(
        "select distinct e.event_type from log.event as e join trail.entry as s
            on s.kind = 'source' and s.tenant_id = e.tenant_id and s.actor = e.metadata ->> 'actor'
                and s.correlation_id = e.metadata ->> 'correlation_id' and s.address like '10.%'
        order by 1",
    )
    .fetch_all(&api.pool)
    .await
    .unwrap();
    assert_eq!(from_where, ["session.started", "user.provider_linked"]);
}

/// Who lets users in, and since when, is a matter of rights.
#[tokio::test]
async fn the_trail_tells_who_configured_the_provider() {
    let scene = Scene::new().await;
    scene.api.trail.flush().await;
    let sql = "select doc -> 'event_type' from read_model.trail_event where tenant_id = $1 and id in (
        select event_id from log.event where event_type = 'provider.configured')";
    let told: Vec<Value> =
        sqlx::query_scalar(sql).bind(scene.api.tenant.as_uuid()).fetch_all(&scene.api.pool).await.unwrap();
    assert_eq!(told, [json!("provider.configured")]);
}
