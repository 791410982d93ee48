//! Guesses of passwords: slowed down, wherever they come from, and never so that they shut out who knows it.

use serde_json::json;

use crate::support::{Api, Call, Reply};

const PASSWORD: &str = "correct horse";

async fn sign_in(api: &Api, from: &str, email: &str, password: &str) -> Reply {
    let body = json!({"tenant_id": api.tenant, "email": email, "password": password});
    let call = Call::post("/api/v1/sessions").anonymous().header("x-forwarded-for", from);
    api.send(call.json(body)).await
}

async fn grace(api: &Api) -> &'static str {
    let email = "grace@engines.example";
    let user = api.user(email).await;
    api.password(user, PASSWORD).await;
    email
}

#[tokio::test]
async fn after_five_wrong_passwords_one_has_to_wait_whether_there_is_such_a_user_or_not() {
    let api = Api::new().await;
    let grace = grace(&api).await;
    let mut told = Vec::new();
    for (from, email) in [("192.0.2.1", grace), ("192.0.2.2", "nobody@engines.example")] {
        for _ in 0..5 {
            sign_in(&api, from, email, "wrong one").await.fails(401, "credentials.wrong");
        }
        // Not even with the right one: whoever guesses does not learn that it was.
        let reply = sign_in(&api, from, email, PASSWORD).await.fails(429, "rate.limited");
        assert_eq!(reply.header("retry-after"), "1");
        told.push(reply.anonymous());
    }
    assert_eq!(told[0], told[1]);
    sign_in(&api, "192.0.2.3", grace, PASSWORD).await.is(201);
}

#[tokio::test]
async fn guesses_from_everywhere_do_not_shut_out_whoever_signed_in_before() {
    let api = Api::new().await;
    let grace = grace(&api).await;
    sign_in(&api, "192.0.2.1", grace, PASSWORD).await.is(201);
    let mut looked_at = 0;
    for number in 0..1_000_u32 {
        let from = format!("198.18.{}.{}", number / 256, number % 256);
        looked_at += u32::from(sign_in(&api, &from, grace, "wrong one").await.status == 401);
    }
    // Ten at once, and one each six seconds since.
    assert!((10..40).contains(&looked_at), "{looked_at}");
    sign_in(&api, "192.0.2.1", grace, PASSWORD).await.is(201);
    sign_in(&api, "203.0.113.1", grace, PASSWORD).await.fails(429, "rate.limited");
    // Others do not notice.
    let ada = api.user("ada@engines.example").await;
    api.password(ada, PASSWORD).await;
    sign_in(&api, "203.0.113.1", "ada@engines.example", PASSWORD).await.is(201);
}

#[tokio::test]
async fn one_address_cannot_try_one_password_on_all_accounts() {
    let api = Api::new().await;
    let mut looked_at = 0;
    for number in 0..200 {
        let email = format!("user{number}@engines.example");
        looked_at += u32::from(sign_in(&api, "192.0.2.1", &email, "winter2026").await.status == 401);
    }
    assert!((20..60).contains(&looked_at), "{looked_at}");
}

#[tokio::test]
async fn whoever_has_a_token_cannot_guess_the_password_by_changing_it() {
    let api = Api::new().await;
    let token = api.signed_in().await;
    let change = async |current: &str| {
        let body = json!({"current_password": current, "new_password": "battery staple"});
        api.send(Call::new("PUT", "/api/v1/password").bearer(&token).json(body)).await
    };
    for _ in 0..5 {
        change("wrong one").await.fails(401, "password.wrong");
    }
    change(PASSWORD).await.fails(429, "rate.limited");
}

#[tokio::test]
async fn a_session_that_is_refreshed_in_a_loop_has_to_wait_and_others_do_not() {
    let api = Api::new().await;
    let grace = grace(&api).await;
    let [looped, other] = [(); 2].map(|()| sign_in(&api, "192.0.2.1", grace, PASSWORD));
    let token = |reply: &Reply| reply.body["data"]["refresh_token"].as_str().unwrap().to_owned();
    let (looped, other) = (looped.await.is(201), other.await.is(201));
    let refresh = async |token: &str| {
        let call = Call::post("/api/v1/sessions/refresh").anonymous().header("x-forwarded-for", "192.0.2.1");
        api.send(call.json(json!({"refresh_token": token}))).await
    };
    let (mut count, mut newest) = (0, token(&looped));
    let refused = loop {
        let reply = refresh(&newest).await;
        if reply.status != 200 {
            break reply.fails(429, "rate.limited");
        }
        (count, newest) = (count + 1, token(&reply));
    };
    // Thirty at once, and one each two seconds since.
    assert!((30..60).contains(&count), "{count}");
    assert!(["1", "2"].contains(&refused.header("retry-after")), "{:?}", refused.headers);
    refresh(&token(&other)).await.is(200);
}

#[tokio::test]
async fn an_address_that_tries_refresh_tokens_has_to_wait_and_others_do_not() {
    let api = Api::new().await;
    let refresh = async |from: &str| {
        let call = Call::post("/api/v1/sessions/refresh").anonymous().header("x-forwarded-for", from);
        api.send(call.json(json!({"refresh_token": "crm_rt_nobody"}))).await
    };
    let mut count = 0;
    while refresh("192.0.2.1").await.status == 401 {
        count += 1;
    }
    refresh("192.0.2.1").await.fails(429, "rate.limited");
    assert!((300..600).contains(&count), "{count}");
    refresh("192.0.2.2").await.fails(401, "session.over");
}
