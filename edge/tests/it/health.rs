//! Health.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use edge::{Check, finish, health};

use crate::get;

fn router(checks: Vec<Check>) -> Router {
    finish(health::router(checks))
}

#[tokio::test]
async fn it_lives_even_if_it_is_not_ready() {
    let router = router(vec![Check::new("postgres", async || Err("down"))]);
    assert_eq!(get(&router, "/health/live").await.status, StatusCode::OK);
    assert_eq!(get(&router, "/health/ready").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn it_is_ready_when_every_check_is_fine_again() {
    let up = Arc::new(AtomicBool::new(false));
    let postgres = {
        let up = Arc::clone(&up);
        Check::new("postgres", move || {
            let up = up.load(Ordering::Relaxed);
            async move { if up { Ok(()) } else { Err("password authentication failed for hunter2") } }
        })
    };
    let nats = Check::new("nats", async || Ok::<_, std::io::Error>(()));
    let router = router(vec![postgres, nats]);
    let reply = get(&router, "/health/ready").await;
    assert_eq!(reply.errors(), ["postgres: failed: is not ready"]);
    assert_eq!(reply.header("retry-after"), "1");
    assert!(!reply.body.to_string().contains("hunter2"));
    up.store(true, Ordering::Relaxed);
    tokio::time::advance(health::TOLD_AGAIN).await;
    let reply = get(&router, "/health/ready").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body["data"], serde_json::json!({"status": "ok", "checks": ["postgres", "nats"]}));
}

#[tokio::test(start_paused = true)]
async fn checks_that_hang_fail_together_after_2_seconds() {
    let hang = |name| Check::new(name, std::future::pending::<Result<(), std::io::Error>>);
    let begun = tokio::time::Instant::now();
    let reply = get(&router(vec![hang("postgres"), hang("nats")]), "/health/ready").await;
    assert_eq!(reply.errors().len(), 2);
    assert!(begun.elapsed() < health::MAX_CHECK * 2);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_questions_is_no_flood_of_checks() {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let router = router(vec![Check::new("postgres", move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Err("down") }
    })]);
    let asked = (0..100).map(|_| get(&router, "/health/ready"));
    for reply in futures::future::join_all(asked).await {
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!(made.load(Ordering::Relaxed), 1);
    tokio::time::advance(health::TOLD_AGAIN).await;
    get(&router, "/health/ready").await;
    assert_eq!(made.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn it_is_degraded_but_ready_without_what_it_can_do_without() {
    let postgres = Check::new("postgres", async || Ok::<_, std::io::Error>(()));
    let nats = Check::new("nats", async || Err("down")).told_only();
    let reply = get(&router(vec![postgres, nats]), "/health/ready").await;
    assert_eq!(reply.status, StatusCode::OK);
    let told =
        serde_json::json!({"status": "degraded", "checks": ["postgres", "nats"], "degraded": ["nats"]});
    assert_eq!(reply.body["data"], told);
}
