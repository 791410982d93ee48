//! That mails go, whatever dies in between, over a real SMTP server.

use std::time::{Duration, Instant};

use embedded::testing::{self, smtp_on, unused_port};
use serde_json::json;
use sqlx::Executor as _;

use crate::support::Api;
use crate::support::mail::{GRACE, NEW, ask_reset, grace, kept_until, reset};

#[tokio::test]
async fn a_mail_waits_for_a_server_that_is_away_and_is_tried_again_and_no_token_is_kept() {
    let api = Api::new().await;
    let port = unused_port();
    let _sending = api.mails_to(&format!("smtp://127.0.0.1:{port}"));
    let (user, _) = grace(&api).await;
    ask_reset(&api, GRACE).await.is(202);
    let tried = async |attempts: i32| {
        let since = Instant::now();
        let sql = "select attempts >= $1 and due_at > now() from identity.mail";
        while !sqlx::query_scalar::<_, bool>(sql).bind(attempts).fetch_one(&api.pool).await.unwrap() {
            assert!(since.elapsed() < Duration::from_secs(20));
        }
    };
    tried(1).await;
    let mut server = smtp_on(port).await;
    let due = "update identity.mail set due_at = now()";
    api.pool.execute(due).await.unwrap();
    let first = server.next().await;
    kept_until(&api, (0, 1)).await;
    assert_eq!(server.left().await, 0);
    let digest: Vec<u8> = sqlx::query_scalar("select digest from identity.link where user_id = $1")
        .bind(user)
        .fetch_one(&api.pool)
        .await
        .unwrap();
    assert_eq!(digest.len(), 32);
    reset(&api, &first.token(), NEW).await.is(200);
}

/// Whoever sent a mail and died does not strike it out. The reader gets two, of which the second is good.
#[tokio::test]
async fn a_mail_that_may_have_gone_goes_again_and_a_link_of_either_is_enough() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    grace(&api).await;
    let keeps = "create sequence tried; grant usage on sequence tried to public;
        create function keep() returns trigger language plpgsql as
            'begin perform nextval(''public.tried''); return null; end';
        create trigger kept before delete on identity.mail for each row execute function keep()";
    api.pool.execute(keeps).await.unwrap();
    ask_reset(&api, GRACE).await.is(202);
    let first = server.next().await.token();
    let since = Instant::now();
    while !sqlx::query_scalar::<_, bool>("select is_called from tried").fetch_one(&api.pool).await.unwrap() {
        assert!(since.elapsed() < Duration::from_secs(20));
    }
    let again = "drop trigger kept on identity.mail; update identity.mail set due_at = now()";
    api.pool.execute(again).await.unwrap();
    let second = server.next().await.token();
    assert_ne!(first, second);
    reset(&api, &first, NEW).await.is(200);
    reset(&api, &second, NEW).await.fails(409, "link.over");
    kept_until(&api, (0, 0)).await;
}

#[tokio::test]
async fn several_processes_send_each_mail_once() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let other = api.another();
    let _sending = (api.mails_to(&server.url()), other.mails_to(&server.url()));
    let mut expected = Vec::new();
    for number in 0..20 {
        let email = format!("user{number}@engines.example");
        let body = json!({"name": "U", "email": email, "invite": true});
        let api = if number % 2 == 0 { &api } else { &other };
        api.post("/api/v1/users", body).await.is(201);
        expected.push(email);
    }
    let mut came = Vec::new();
    for _ in 0..20 {
        came.extend(server.next().await.to);
    }
    came.sort();
    expected.sort();
    assert_eq!(came, expected);
    kept_until(&api, (0, 20)).await;
    assert_eq!(server.left().await, 0);
}

#[tokio::test]
async fn a_mail_that_the_server_refuses_is_given_up_and_others_go_on() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    for email in ["refused@engines.example", GRACE] {
        api.post("/api/v1/users", json!({"name": "U", "email": email, "invite": true})).await.is(201);
    }
    assert_eq!(server.next().await.to, [GRACE]);
    kept_until(&api, (0, 2)).await;
}
