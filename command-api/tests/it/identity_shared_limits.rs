//! Limits that processes share through a Redis, and what becomes of them when it is away.

use std::time::{Duration, Instant};

use embedded::testing::{TestRedis, own_redis};
use serde_json::{Value, json};

use crate::support::{Api, Call, Reply};

const PASSWORD: &str = "correct horse";
const GRACE: &str = "grace@engines.example";
const HOME: &str = "192.0.2.1";
/// How long it may take until it is noticed that the server is back.
const BACK: Duration = Duration::from_secs(20);

async fn post(api: &Api, path: &str, from: &str, body: Value) -> Reply {
    let call = Call::post(&format!("/api/v1/{path}")).anonymous();
    api.send(call.header("x-forwarded-for", from).json(body)).await
}

async fn sign_in(api: &Api, from: &str, password: &str) -> Reply {
    let body = json!({"tenant_id": api.tenant, "email": GRACE, "password": password});
    post(api, "sessions", from, body).await
}

/// Waits until processes have found the server, by the guesses of somebody whom nobody knows.
async fn found(apis: &[&Api]) {
    for api in apis {
        let since = Instant::now();
        for number in 0_u32.. {
            let [_, a, b, c] = number.to_be_bytes();
            let body = json!({
                "tenant_id": api.tenant, "email": format!("nobody{number}@engines.example"), "password": "wrong one"
            });
            if post(api, "sessions", &format!("10.{a}.{b}.{c}"), body).await.status == 401 {
                break;
            }
            assert!(since.elapsed() < BACK, "the server is not found");
            tokio::task::yield_now().await;
        }
    }
}

/// Two processes that share limits, and a user of theirs.
async fn two() -> (TestRedis, Api, Api) {
    let redis = own_redis();
    let one = Api::sharing(redis.url()).await;
    let user = one.user(GRACE).await;
    one.password(user, PASSWORD).await;
    let other = one.another();
    found(&[&one, &other]).await;
    (redis, one, other)
}

#[tokio::test]
async fn guesses_count_whichever_process_they_are_sent_to() {
    let (_redis, one, other) = two().await;
    for number in 0..5 {
        let api = if number % 2 == 0 { &one } else { &other };
        sign_in(api, HOME, "wrong one").await.fails(401, "credentials.wrong");
    }
    // Neither has seen five itself.
    for api in [&one, &other] {
        let reply = sign_in(api, HOME, PASSWORD).await.fails(429, "rate.limited");
        assert_eq!(reply.header("retry-after"), "1");
    }
    sign_in(&other, "192.0.2.2", PASSWORD).await.is(201);
}

#[tokio::test]
async fn an_address_that_tries_one_password_on_all_accounts_is_counted_by_all() {
    let (_redis, one, other) = two().await;
    let mut looked_at = 0;
    for number in 0..60 {
        let api = if number % 2 == 0 { &one } else { &other };
        let email = format!("user{number}@engines.example");
        let body = json!({"tenant_id": api.tenant, "email": email, "password": "winter2026"});
        looked_at += u32::from(post(api, "sessions", HOME, body).await.status == 401);
    }
    // Twenty at once, and one each three seconds since; each process alone would let through forty.
    assert!((20..35).contains(&looked_at), "{looked_at}");
}

#[tokio::test]
async fn whoever_signed_in_by_one_process_is_not_shut_out_of_another_by_guesses_from_elsewhere() {
    let (redis, one, other) = two().await;
    sign_in(&one, HOME, PASSWORD).await.is(201);
    let since = Instant::now();
    while !redis.ask("KEYS crm:limits:guess:known:*").contains("crm:") {
        assert!(since.elapsed() < BACK);
        tokio::task::yield_now().await;
    }
    for number in 0..30 {
        sign_in(&other, &format!("198.51.100.{number}"), "wrong one").await;
    }
    sign_in(&other, "203.0.113.1", PASSWORD).await.fails(429, "rate.limited");
    sign_in(&other, HOME, PASSWORD).await.is(201);
}

#[tokio::test]
async fn a_guess_that_was_right_is_forgiven_by_all() {
    let (redis, one, other) = two().await;
    for _ in 0..4 {
        sign_in(&one, HOME, "wrong one").await.fails(401, "credentials.wrong");
    }
    sign_in(&other, HOME, PASSWORD).await.is(201);
    let since = Instant::now();
    while redis.ask("KEYS crm:limits:guess:known:*").contains("*0") {
        assert!(since.elapsed() < BACK);
        tokio::task::yield_now().await;
    }
    for _ in 0..4 {
        sign_in(&other, HOME, "wrong one").await.fails(401, "credentials.wrong");
    }
}

#[tokio::test]
async fn refreshes_and_invitations_count_whichever_process_they_are_sent_to() {
    let (_redis, one, other) = two().await;
    let turn = |number: usize| if number.is_multiple_of(2) { &one } else { &other };
    let signed_in = sign_in(&one, HOME, PASSWORD).await.is(201);
    let mut newest = signed_in.body["data"]["refresh_token"].as_str().unwrap().to_owned();
    let mut count = 0;
    loop {
        let reply = post(turn(count), "sessions/refresh", HOME, json!({"refresh_token": newest})).await;
        if reply.status != 200 {
            reply.fails(429, "rate.limited");
            break;
        }
        count += 1;
        newest = reply.body["data"]["refresh_token"].as_str().unwrap().to_owned();
    }
    // Thirty at once, and one each two seconds since; each process alone would let through thirty.
    assert!((30..50).contains(&count), "{count}");
    let user = one.user("ada@engines.example").await;
    for number in 0..5 {
        turn(number).post(&format!("/api/v1/users/{user}/invite"), json!({})).await.is(200);
    }
    for api in [&one, &other] {
        api.post(&format!("/api/v1/users/{user}/invite"), json!({})).await.fails(429, "rate.limited");
    }
}

#[tokio::test]
async fn when_redis_dies_own_limits_hold_nobody_signs_in_and_who_is_in_stays_so() {
    let (mut redis, one, other) = two().await;
    let signed_in = sign_in(&one, "192.0.2.7", PASSWORD).await.is(201);
    let token = |field: &str| signed_in.body["data"][field].as_str().unwrap().to_owned();
    for _ in 0..5 {
        sign_in(&one, HOME, "wrong one").await.fails(401, "credentials.wrong");
    }
    redis.kill();
    sign_in(&one, HOME, PASSWORD).await.fails(429, "rate.limited");
    for api in [&one, &other] {
        let reply = sign_in(api, "192.0.2.7", PASSWORD).await.fails(503, "unavailable");
        assert_eq!(reply.header("retry-after"), "5");
        assert!(reply.text.contains("Nobody can sign in"), "{}", reply.text);
    }
    let reset = json!({"tenant_id": one.tenant, "email": GRACE});
    post(&one, "password-resets", "192.0.2.7", reset).await.fails(503, "unavailable");
    let bearer = |call: Call| one.send(call.bearer(&token("access_token")));
    let change = json!({"current_password": PASSWORD, "new_password": "battery staple"});
    bearer(Call::new("PUT", "/api/v1/password").json(change)).await.fails(503, "unavailable");
    bearer(Call::post("/api/v1/sessions/step-up").json(json!({"password": PASSWORD})))
        .await
        .fails(503, "unavailable");
    bearer(Call::post("/api/v1/leads").json(json!({"name": "Ada"}))).await.is(201);
    let refresh = json!({"refresh_token": token("refresh_token")});
    post(&one, "sessions/refresh", "192.0.2.7", refresh).await.is(200);
    redis.restart();
    found(&[&one, &other]).await;
    sign_in(&other, "192.0.2.7", PASSWORD).await.is(201);
    // What this process has counted itself is not forgotten with it.
    for _ in 0..3 {
        sign_in(&one, HOME, "wrong one").await;
    }
    sign_in(&one, HOME, PASSWORD).await.fails(429, "rate.limited");
}

#[tokio::test]
async fn a_redis_that_does_not_answer_keeps_nobody_waiting_and_is_used_again_when_it_does() {
    let (redis, one, _other) = two().await;
    redis.pause();
    let since = Instant::now();
    for number in 0..20 {
        sign_in(&one, &format!("192.0.2.{number}"), PASSWORD).await.fails(503, "unavailable");
    }
    // One or two are waited for; then it is known.
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    redis.resume();
    found(&[&one]).await;
    sign_in(&one, "192.0.2.77", PASSWORD).await.is(201);
}

#[tokio::test]
async fn what_is_forgotten_by_redis_is_still_held_by_whoever_counted_it() {
    let (redis, one, other) = two().await;
    for _ in 0..5 {
        sign_in(&one, HOME, "wrong one").await.fails(401, "credentials.wrong");
    }
    sign_in(&other, HOME, PASSWORD).await.fails(429, "rate.limited");
    assert!(redis.ask("FLUSHALL").contains("+OK"));
    sign_in(&one, HOME, PASSWORD).await.fails(429, "rate.limited");
    sign_in(&other, HOME, PASSWORD).await.is(201);
}

#[tokio::test]
async fn keys_tell_nobody_who_it_was_and_do_not_stay() {
    let (redis, one, other) = two().await;
    sign_in(&one, HOME, "wrong one").await.fails(401, "credentials.wrong");
    sign_in(&other, "2001:db8::1", PASSWORD).await.is(201);
    let reset = json!({"tenant_id": one.tenant, "email": GRACE});
    post(&one, "password-resets", HOME, reset).await.is(202);
    let told = redis.ask("KEYS *");
    let keys: Vec<&str> = told.lines().filter(|line| line.starts_with("crm:limits:")).collect();
    assert!(keys.len() > 8, "{told}");
    for key in keys {
        let hidden = key.rsplit(':').next().unwrap();
        assert!(key == "crm:limits:probe" || hidden.len() == 22, "{key}");
        let ttl = redis.ask(&format!("PTTL {key}"));
        let milliseconds: i64 = ttl.trim().trim_start_matches(':').parse().unwrap();
        // -2 is one that has gone meanwhile.
        assert!(milliseconds > 0 || milliseconds == -2, "{key}: {ttl}");
    }
    let all = redis.ask("KEYS *").to_lowercase();
    for name in ["grace", "engines", "192.0.2", "2001", &one.tenant.to_string()] {
        assert!(!all.contains(name), "{name}: {all}");
    }
}
