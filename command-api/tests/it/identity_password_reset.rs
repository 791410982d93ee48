//! Another password by a link, over a real SMTP server.

use std::time::{Duration, Instant};

use embedded::testing;
use futures::future::join_all;
use serde_json::json;
use sqlx::Executor as _;
use uuid::Uuid;

use crate::support::mail::{GRACE, NEW, OLD, accept, ask_reset, grace, kept_until, public, reset, sign_in};
use crate::support::{Api, Call};

#[tokio::test]
async fn whoever_forgot_the_password_gets_another_and_all_sessions_end() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, token) = grace(&api).await;
    let fresh = api.step_up(&token, OLD, json!({})).await.is(200);
    let token = fresh.body["data"]["access_token"].as_str().unwrap().to_owned();
    let own = || Call::new("DELETE", &format!("/api/v1/sessions/{}", Uuid::now_v7())).bearer(&token);
    api.send(own()).await.fails(404, "not_found");
    ask_reset(&api, "Grace@Engines.example").await.is(202);
    let mail = server.next().await;
    assert_eq!(mail.to, [GRACE]);
    let weak = reset(&api, &mail.token(), "password").await.fails(422, "values.invalid");
    assert_eq!(weak.fields(), ["password"]);
    accept(&api, &mail.token(), NEW).await.fails(409, "link.over");
    reset(&api, &mail.token(), NEW).await.is(200);
    let since = Instant::now();
    while api.send(own()).await.body["error"]["code"] != "token.revoked" {
        assert!(since.elapsed() < Duration::from_secs(5));
    }
    sign_in(&api, GRACE, OLD).await.fails(401, "credentials.wrong");
    sign_in(&api, GRACE, NEW).await.is(201);
    reset(&api, &mail.token(), OLD).await.fails(409, "link.over");
    assert_eq!(api.history(user).await.last().unwrap(), "user.password_changed");
    kept_until(&api, (0, 0)).await;
}

#[tokio::test]
async fn of_many_who_use_a_link_at_once_one_gets_through() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let other = api.another();
    let _sending = api.mails_to(&server.url());
    let (user, _) = grace(&api).await;
    ask_reset(&api, GRACE).await.is(202);
    let token = server.next().await.token();
    let texts: Vec<String> = (0..6).map(|number| format!("password no. {number}")).collect();
    let used = texts
        .iter()
        .enumerate()
        .map(|(number, text)| reset(if number % 2 == 0 { &api } else { &other }, &token, text));
    let replies = join_all(used).await;
    let through: Vec<usize> = (0..6).filter(|at| replies[*at].status == 200).collect();
    assert_eq!(through.len(), 1, "{replies:?}");
    for (at, reply) in replies.into_iter().enumerate().filter(|(at, _)| *at != through[0]) {
        reply.fails(409, "link.over");
        assert_ne!(at, through[0]);
    }
    sign_in(&api, GRACE, &texts[through[0]]).await.is(201);
    let changes = api.history(user).await.iter().filter(|name| *name == "user.password_changed").count();
    assert_eq!(changes, 2);
}

/// As after a crash between the event and the row: the event alone spends the link.
#[tokio::test]
async fn a_link_is_over_once_its_password_is_chosen_even_if_its_row_is_still_there() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    grace(&api).await;
    ask_reset(&api, GRACE).await.is(202);
    let token = server.next().await.token();
    api.pool.execute("create table kept as select * from identity.link").await.unwrap();
    reset(&api, &token, NEW).await.is(200);
    api.pool.execute("insert into identity.link select * from kept").await.unwrap();
    reset(&api, &token, OLD).await.fails(409, "link.over");
    sign_in(&api, GRACE, NEW).await.is(201);
}

#[tokio::test]
async fn a_link_is_over_when_its_time_is_or_all_sessions_were_ended() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (_, token) = grace(&api).await;
    ask_reset(&api, GRACE).await.is(202);
    let late = server.next().await.token();
    let lives: bool = sqlx::query_scalar("select expires_at between now() + interval '29 minutes' and now() + interval '30 minutes' from identity.link")
        .fetch_one(&api.pool)
        .await
        .unwrap();
    assert!(lives);
    api.pool
        .execute("update identity.link set expires_at = now(), made_at = made_at - interval '1 hour'")
        .await
        .unwrap();
    reset(&api, &late, NEW).await.fails(409, "link.over");
    ask_reset(&api, GRACE).await.is(202);
    let ended = server.next().await.token();
    api.send(Call::new("DELETE", "/api/v1/sessions").bearer(&token)).await.is(200);
    reset(&api, &ended, NEW).await.fails(409, "link.over");
}

#[tokio::test]
async fn the_link_of_a_user_who_is_shut_out_is_over_and_they_get_no_other() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, _) = grace(&api).await;
    ask_reset(&api, GRACE).await.is(202);
    let shut_out = server.next().await.token();
    api.post(&format!("/api/v1/users/{user}/disable"), json!({})).await.is(200);
    reset(&api, &shut_out, NEW).await.fails(409, "link.over");
    // Who is shut out gets no mail either.
    api.pool.execute("update identity.link set made_at = made_at - interval '1 hour'").await.unwrap();
    ask_reset(&api, GRACE).await.is(202);
    kept_until(&api, (0, 1)).await;
    assert_eq!(server.left().await, 0);
}

#[tokio::test]
async fn whoever_asks_for_a_new_password_is_told_the_same_whether_there_is_such_a_user_or_not() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    grace(&api).await;
    let known = ask_reset(&api, GRACE).await.is(202);
    let unknown = ask_reset(&api, "nobody@engines.example").await.is(202);
    let elsewhere = json!({"tenant_id": Uuid::now_v7(), "email": GRACE});
    let elsewhere = public(&api, "/password-resets", elsewhere).await.is(202);
    assert_eq!((&known.text, &known.text), (&unknown.text, &elsewhere.text));
    // Nobody has looked by then: what is written down is the same too, and tells no address.
    let rows: Vec<String> = sqlx::query_scalar("select to_jsonb(m)::text from identity.mail as m")
        .fetch_all(&api.pool)
        .await
        .unwrap();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| !row.contains('@')), "{rows:?}");
    let _sending = api.mails_to(&server.url());
    assert_eq!(server.next().await.to, [GRACE]);
    kept_until(&api, (0, 1)).await;
    assert_eq!(server.left().await, 0);
}

/// The mail was sent so long ago, for all that the table tells.
async fn ago(api: &Api, minutes: u32) {
    let sql = format!(
        "update identity.link set made_at = made_at - interval '{minutes} minutes',
            expires_at = expires_at - interval '{minutes} minutes',
            earlier_expires_at = earlier_expires_at - interval '{minutes} minutes'"
    );
    api.pool.execute(sql.as_str()).await.unwrap();
}

#[tokio::test]
async fn nobody_takes_a_link_away_by_asking_for_another_one() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    grace(&api).await;
    ask_reset(&api, GRACE).await.is(202);
    let own = server.next().await.token();
    // Within a quarter of an hour there is no other.
    ago(&api, 14).await;
    ask_reset(&api, GRACE).await.is(202);
    kept_until(&api, (0, 1)).await;
    assert_eq!(server.left().await, 0);
    ago(&api, 2).await;
    ask_reset(&api, GRACE).await.is(202);
    let newer = server.next().await.token();
    kept_until(&api, (0, 1)).await;
    assert_ne!(own, newer);
    reset(&api, &own, NEW).await.is(200);
    sign_in(&api, GRACE, NEW).await.is(201);
    // One of them is enough for both.
    reset(&api, &newer, OLD).await.fails(409, "link.over");
}

#[tokio::test]
async fn a_link_that_was_ended_does_not_come_to_life_by_another_one() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (_, token) = grace(&api).await;
    ask_reset(&api, GRACE).await.is(202);
    let ended = server.next().await.token();
    api.send(Call::new("DELETE", "/api/v1/sessions").bearer(&token)).await.is(200);
    ago(&api, 16).await;
    ask_reset(&api, GRACE).await.is(202);
    let newer = server.next().await.token();
    reset(&api, &ended, NEW).await.fails(409, "link.over");
    // Nor does one whose time is over.
    kept_until(&api, (0, 1)).await;
    ago(&api, 16).await;
    api.pool.execute("delete from identity.mail").await.unwrap();
    public(&api, "/password-resets", json!({"tenant_id": api.tenant, "email": GRACE})).await.is(202);
    let newest = server.next().await.token();
    kept_until(&api, (0, 1)).await;
    ago(&api, 15).await;
    reset(&api, &newer, NEW).await.fails(409, "link.over");
    reset(&api, &newest, NEW).await.is(200);
}

#[tokio::test]
async fn nobody_is_flooded_with_mails() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    grace(&api).await;
    // From many addresses: those that are let through bring one mail.
    let mut asked = Vec::new();
    for _ in 0..6 {
        asked.push(ask_reset(&api, GRACE).await.status.as_u16());
    }
    assert_eq!(asked, [202, 202, 202, 429, 429, 429]);
    server.next().await;
    kept_until(&api, (0, 1)).await;
    assert_eq!(server.left().await, 0);
    // From one address, for many.
    let mut let_through = 0;
    for number in 0..20 {
        let body = json!({"tenant_id": api.tenant, "email": format!("user{number}@engines.example")});
        let call = Call::post("/api/v1/password-resets")
            .anonymous()
            .header("x-forwarded-for", "192.0.2.1")
            .json(body);
        let reply = api.send(call).await;
        let_through += u32::from(reply.status == 202);
        assert!(reply.status == 202 || !reply.header("retry-after").is_empty(), "{}", reply.text);
    }
    // One more for each 6 s that it took.
    assert!((10..13).contains(&let_through), "{let_through}");
}
