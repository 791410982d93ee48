//! How many commands one user and one tenant may give.

use std::time::{Duration, Instant};

use access::SharedLimits;
use axum::Router;
use command_api::rates::{CommandLimits, CommandRates};
use domain::TenantId;
use edge::Role;
use embedded::testing;
use serde_json::json;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::support::{Api, Call, Reply};

/// The API with limits of commands.
fn limited(api: &Api, rates: CommandRates) -> Router {
    edge::finish(command_api::router(api.app.clone().with_rates(rates)))
}

async fn capture(api: &Api, router: &Router, tenant: TenantId, subject: &str) -> Reply {
    let token = api.token(tenant, &[Role::Admin], subject);
    let call = Call::post("/api/v1/leads").bearer(&token).json(json!({"name": "Ada"}));
    Reply::read(router.clone().oneshot(call.request(api)).await.unwrap()).await
}

#[tokio::test]
async fn whoever_gives_too_many_commands_has_to_wait_and_others_do_not() {
    let api = Api::new().await;
    let router = limited(&api, CommandRates::new(CommandLimits { user: 3, tenant: 5 }));
    let elsewhere = TenantId::from_uuid(Uuid::now_v7());
    for _ in 0..3 {
        capture(&api, &router, api.tenant, "sam").await.is(201);
    }
    let head = api.head().await;
    let refused = capture(&api, &router, api.tenant, "sam").await.fails(429, "commands.limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(api.head().await, head);
    // A user of the same name in another tenant is somebody else.
    capture(&api, &router, elsewhere, "sam").await.is(201);
    for status in [201, 201, 429] {
        assert_eq!(capture(&api, &router, api.tenant, "kim").await.status, status);
    }
    // The tenant has given as many as it may, whoever asks.
    capture(&api, &router, api.tenant, "joe").await.fails(429, "commands.limited");
    capture(&api, &router, elsewhere, "kim").await.is(201);
    // Neither whoever may not do it, nor what cannot be read, is let past the limit.
    let viewer = api.token(api.tenant, &[Role::Viewer], "joe");
    let call = Call::post("/api/v1/leads").bearer(&viewer).json(json!({"name": "Ada"}));
    let reply = Reply::read(router.clone().oneshot(call.request(&api)).await.unwrap()).await;
    reply.fails(403, "permission.missing");
}

#[tokio::test]
async fn what_one_process_lets_through_counts_in_the_others() {
    let (redis, api) = (tokio::task::spawn_blocking(testing::own_redis).await.unwrap(), Api::new().await);
    let process = || SharedLimits::connect(&redis.url(), [7; 32]).unwrap();
    let shared = [process(), process()];
    let since = Instant::now();
    while !shared.iter().all(SharedLimits::is_there) {
        assert!(since.elapsed() < Duration::from_secs(20));
        tokio::task::yield_now().await;
    }
    let limits = CommandLimits { user: 100, tenant: 0 };
    let [one, other] = shared.map(|shared| limited(&api, CommandRates::new(limits).shared_by(&shared)));
    for _ in 0..100 {
        capture(&api, &one, api.tenant, "sam").await.is(201);
    }
    let mut let_through = 0;
    while capture(&api, &other, api.tenant, "sam").await.status != 429 {
        let_through += 1;
        assert!(let_through < 60, "{let_through}");
    }
    capture(&api, &other, api.tenant, "kim").await.is(201);
}

#[tokio::test]
async fn without_their_redis_processes_go_on_by_their_own_count() {
    let api = Api::new().await;
    let url = format!("redis://127.0.0.1:{}", testing::unused_port());
    let shared = SharedLimits::connect(&url, [7; 32]).unwrap();
    let limits = CommandLimits { user: 5, tenant: 0 };
    let router = limited(&api, CommandRates::new(limits).shared_by(&shared));
    for _ in 0..5 {
        capture(&api, &router, api.tenant, "sam").await.is(201);
    }
    capture(&api, &router, api.tenant, "sam").await.fails(429, "commands.limited");
}
