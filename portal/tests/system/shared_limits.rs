//! Command APIs as processes of their own, which count guesses together; and what they tell operators when they cannot.

use std::time::{Duration, Instant};

use embedded::testing::{self, TestRedis};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::crm::{Crm, Site};

const PASSWORD: &str = "correct horse";
/// How long it may take until it is noticed that the server is gone or back.
const NOTICED: Duration = Duration::from_secs(20);

async fn sign_in(site: &Site, crm: &Crm, from: &str, email: &str, password: &str) -> u16 {
    let body = json!({"tenant_id": site.tenant, "email": email, "password": password});
    let request =
        site.client.post(format!("{}/sessions", crm.api)).header("x-forwarded-for", from).json(&body);
    request.send().await.unwrap().status().as_u16()
}

/// Waits until a process is ready with just these checks failing.
async fn degraded(site: &Site, crm: &Crm, expected: &[&str]) {
    let since = Instant::now();
    loop {
        let (status, text) = site.get(&format!("{}/health/ready", crm.address)).await;
        let body: Value = serde_json::from_str(&text).unwrap();
        let failing: Vec<&str> =
            body["data"]["degraded"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if status == 200 && failing == expected {
            return;
        }
        assert!(since.elapsed() < NOTICED, "{status}: {text}");
    }
}

async fn start(site: &Site, redis: &TestRedis) -> Crm {
    let url = redis.url();
    let arguments = [
        "command-api",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
        "--proxies",
        "1",
        "--redis-url",
    ];
    site.start(&[&arguments[..], &[url.as_str()]].concat()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_count_together_and_tell_operators_when_they_cannot() {
    let site = Site::new().await;
    let mut redis = spawn_blocking(testing::own_redis).await.unwrap();
    let (one, other) = (start(&site, &redis).await, start(&site, &redis).await);
    for crm in [&one, &other] {
        degraded(&site, crm, &[]).await;
        site.until_scraped(crm, |text| text.contains("crm_shared_limits_up 1")).await;
    }
    let grace = site.registered(PASSWORD).await;
    for number in 0..5 {
        let crm = if number % 2 == 0 { &one } else { &other };
        assert_eq!(sign_in(&site, crm, "192.0.2.1", &grace, "wrong one").await, 401);
    }
    assert_eq!(sign_in(&site, &one, "192.0.2.1", &grace, PASSWORD).await, 429);
    assert_eq!(sign_in(&site, &other, "192.0.2.1", &grace, PASSWORD).await, 429);
    redis = spawn_blocking(move || {
        redis.kill();
        redis
    })
    .await
    .unwrap();
    for crm in [&one, &other] {
        assert_eq!(sign_in(&site, crm, "192.0.2.2", &grace, PASSWORD).await, 503);
        degraded(&site, crm, &["limits"]).await;
        let told = site.until_scraped(crm, |text| text.contains("crm_shared_limits_up 0")).await;
        assert!(told.contains("crm_limits_total{limit=\"guess\",outcome=\"untold\"} 1"), "{told}");
    }
    redis = spawn_blocking(move || {
        redis.restart();
        redis
    })
    .await
    .unwrap();
    for crm in [&one, &other] {
        degraded(&site, crm, &[]).await;
        assert_eq!(sign_in(&site, crm, "192.0.2.3", &grace, PASSWORD).await, 201);
    }
    drop(redis);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_starts_without_its_redis_and_says_what_is_wrong_with_its_url() {
    let site = Site::new().await;
    let url = format!("redis://127.0.0.1:{}", testing::unused_port());
    let crm = site.start(&["command-api", "--listen", "127.0.0.1:0", "--redis-url", &url]).await;
    degraded(&site, &crm, &["limits"]).await;
    let (started, text) = site.run(&["command-api", "--redis-url", "http://:hunter2@redis"]).await;
    assert!(!started && text.contains("REDIS_URL must look like"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}
