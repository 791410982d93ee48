//! Limits that are shared through a Redis by TLS.

use std::time::{Duration, Instant};

use access::SharedLimits;
use embedded::testing::{self, Opening, TestAuthority, tls_before};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_by_tls_is_of_an_authority_of_ones_own_or_not_spoken_to() {
    let redis = tokio::task::spawn_blocking(testing::own_redis).await.unwrap();
    let authority = TestAuthority::new();
    let connect = |port: u16, trusted: Option<&TestAuthority>| {
        let pem = trusted.map(|authority| std::fs::read(authority.file()).unwrap());
        SharedLimits::connect_trusting(&redis.url_by_tls(port), [7; 32], pem.as_deref()).unwrap()
    };
    let other = TestAuthority::new();
    for trusted in [None, Some(&other)] {
        let before = tls_before(redis.address(), &authority, Opening::None).await;
        let untold = connect(before.port, trusted);
        tokio::time::timeout(Duration::from_secs(20), before.refused()).await.expect("the client goes away");
        assert!(!untold.is_there());
    }
    let before = tls_before(redis.address(), &authority, Opening::None).await;
    let (shared, since) = (connect(before.port, Some(&authority)), Instant::now());
    while !shared.is_there() {
        assert!(since.elapsed() < Duration::from_secs(20));
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_without_tls_needs_no_authority() {
    let redis = tokio::task::spawn_blocking(testing::own_redis).await.unwrap();
    let pem = std::fs::read(TestAuthority::new().file()).unwrap();
    let shared = SharedLimits::connect_trusting(&redis.url(), [7; 32], Some(&pem)).unwrap();
    let since = Instant::now();
    while !shared.is_there() {
        assert!(since.elapsed() < Duration::from_secs(20));
        tokio::task::yield_now().await;
    }
}
