//! When something fails on our side: clients learn that, and when to come back, and nothing else.

use std::time::{Duration, Instant};

use command_api::{Accepted, CommandApi, CommandError, Context, dispatch, router};
use domain::LeadId;
use domain::sales::lead::{Lead, LeadAction};
use edge::{Identity, Role, SigningKey, TokenKeys, TokenSettings, finish};
use event_store::{Duty, EventStore, Loaded};
use futures::future::join_all;
use serde_json::json;
use sqlx::postgres::PgPoolOptions;
use tower::ServiceExt;
use uuid::Uuid;

use crate::support::{Api, Call, Reply, path};

#[tokio::test]
async fn without_a_database_commands_are_to_come_again() {
    let api = Api::new().await;
    let away = PgPoolOptions::new()
        .acquire_timeout(Duration::from_millis(50))
        .connect_lazy("postgresql://nobody@127.0.0.1:1/none")
        .unwrap();
    let key = SigningKey::generate().unwrap();
    let settings = TokenSettings::default();
    let keys = TokenKeys::from_pem(&key.public_pem().unwrap(), &settings).unwrap();
    let app = CommandApi::new(EventStore::start(away, event_store::fixtures::upcasters()), keys);
    let identity = Identity::new("sam", api.tenant, vec![Role::Admin]);
    let token = key.mint(&settings, &identity, Duration::from_secs(60)).unwrap();
    let service = finish(router(app));
    let capture = || Call::post("/api/v1/leads").json(json!({"name": "Ada"})).anonymous();
    let assign =
        Call::post(&path("leads", Uuid::now_v7(), "/assign")).json(json!({"owner": null})).anonymous();
    for call in [capture(), capture().key("k"), assign] {
        let request = call.header("authorization", &format!("Bearer {token}")).request(&api);
        let reply =
            Reply::read(service.clone().oneshot(request).await.unwrap()).await.fails(503, "unavailable");
        assert_eq!(reply.header("retry-after"), "1");
        assert!(
            reply.body["error"]["detail"].as_str().unwrap().contains("same Idempotency-Key"),
            "{}",
            reply.text
        );
    }
}

/// A pool that runs dry is no reason to wait for long, and what was refused for it is done when it is sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_others_hold_every_connection_commands_are_to_come_again() {
    let api = Api::new().await;
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(Duration::from_millis(200))
        .connect_lazy_with(event_store::database::options(&api.url, Duty::Appender).unwrap());
    let service = api.router_over(pool.clone());
    let commands = || {
        let (api, service) = (&api, &service);
        join_all((0..50).map(move |number| {
            let call = Call::post("/api/v1/leads").json(json!({"name": "Ada"})).key(&format!("key-{number}"));
            let request = call.request(api);
            async move { Reply::read(service.clone().oneshot(request).await.unwrap()).await }
        }))
    };
    let held = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    let begun = Instant::now();
    for reply in commands().await {
        assert_eq!(reply.fails(503, "unavailable").header("retry-after"), "1");
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    drop(held);
    for reply in commands().await {
        reply.is(201);
    }
    assert_eq!(api.count("lead.captured").await, 50);
}

#[tokio::test]
async fn a_history_that_this_build_cannot_read_is_our_fault_and_nobodys_business() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let sql = "insert into log.event select 2, tenant_id, aggregate_type, aggregate_id, 2, gen_random_uuid(), \
        'lead.vanished', 1, '{\"type\": \"vanished\", \"data\": {}}', metadata, recorded_at from log.event";
    sqlx::query(sql).execute(&api.pool).await.unwrap();
    let fresh = api.another();
    let reply =
        fresh.post(&path("leads", lead, "/assign"), json!({"owner": "kim"})).await.fails(500, "internal");
    assert!(!reply.text.contains("vanished"), "{}", reply.text);
}

#[tokio::test]
async fn a_command_that_never_gets_through_ends_with_come_again() {
    let api = Api::new().await;
    let id = LeadId::from_uuid(api.lead().await);
    let context = Context::new(api.tenant, "test", "test");
    // Claims to have seen a lead without events, whatever the log says.
    let done = dispatch(&api.app, &context, |mut unit| async move {
        let known = unit.load::<Lead>(id.as_uuid()).await?;
        let behind = Loaded { sequence: 0, ..known };
        unit.decide(&behind, [LeadAction::Assign { owner: Some("kim".parse().unwrap()) }])?;
        Ok(unit.done(Accepted::of(id.as_uuid(), 1)))
    });
    let error = done.await.unwrap_err();
    assert!(
        matches!(error, CommandError::Unavailable { source: None, .. }) && error.is_passing(),
        "{error:?}"
    );
    assert_eq!(api.history(id.as_uuid()).await, ["lead.captured"]);
}
