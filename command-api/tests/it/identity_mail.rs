//! What is done by links in mails, over a real SMTP server.

use std::time::{Duration, Instant};

use embedded::testing::{self, TestMail, TestSmtp, smtp_on, unused_port};
use futures::future::join_all;
use serde_json::json;
use sqlx::Executor as _;
use uuid::Uuid;

use crate::support::{Api, Call, PUBLIC_URL, Reply};

const GRACE: &str = "grace@engines.example";
const OLD: &str = "correct horse";
const NEW: &str = "battery staple";

/// Sends without a token, from somewhere else each time, so that what is counted of guesses does not matter here.
async fn public(api: &Api, path: &str, body: serde_json::Value) -> Reply {
    let [.., a, b, c] = Uuid::now_v7().into_bytes();
    let call = Call::post(&format!("/api/v1{path}")).anonymous();
    api.send(call.header("x-forwarded-for", &format!("10.{a}.{b}.{c}")).json(body)).await
}

async fn sign_in(api: &Api, email: &str, password: &str) -> Reply {
    public(api, "/sessions", json!({"tenant_id": api.tenant, "email": email, "password": password})).await
}

async fn accept(api: &Api, token: &str, password: &str) -> Reply {
    public(api, "/invitations/accept", json!({"token": token, "password": password})).await
}

async fn reset(api: &Api, token: &str, password: &str) -> Reply {
    public(api, "/password-resets/complete", json!({"token": token, "password": password})).await
}

async fn ask_reset(api: &Api, email: &str) -> Reply {
    public(api, "/password-resets", json!({"tenant_id": api.tenant, "email": email})).await
}

/// A user with a password, and the token of a session.
async fn grace(api: &Api) -> (Uuid, String) {
    let grace = api.user(GRACE).await;
    api.password(grace, OLD).await;
    let signed_in = sign_in(api, GRACE, OLD).await.is(201);
    (grace, signed_in.body["data"]["access_token"].as_str().unwrap().to_owned())
}

async fn invited(api: &Api, server: &mut TestSmtp) -> (Uuid, TestMail) {
    let body = json!({"name": "Grace Hopper", "email": GRACE, "roles": ["sales_rep"], "invite": true});
    let user = api.post("/api/v1/users", body).await.is(201).id();
    (user, server.next().await)
}

/// How many mails are to be sent, and how many links there are.
async fn kept(api: &Api) -> (i64, i64) {
    let sql = "select (select count(*) from identity.mail), (select count(*) from identity.link)";
    sqlx::query_as(sql).fetch_one(&api.pool).await.unwrap()
}

async fn until_kept(api: &Api, expected: (i64, i64)) {
    let since = Instant::now();
    while kept(api).await != expected {
        assert!(since.elapsed() < Duration::from_secs(20), "{:?}", kept(api).await);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn whoever_is_invited_chooses_a_password_and_signs_in() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, mail) = invited(&api, &mut server).await;
    assert_eq!(
        (mail.to.as_slice(), mail.header("Subject")),
        (&[GRACE.to_owned()][..], Some("Your account in the CRM"))
    );
    assert!(mail.text.contains(&format!("{PUBLIC_URL}/accept?token={}", mail.token())), "{}", mail.text);
    assert_eq!(api.history(user).await, ["user.registered", "user.invited"]);
    let chosen = accept(&api, &mail.token(), NEW).await.is(200);
    assert_eq!((chosen.uuid("tenant_id"), chosen.uuid("user_id")), (api.tenant.as_uuid(), user));
    sign_in(&api, GRACE, NEW).await.is(201);
    accept(&api, &mail.token(), OLD).await.fails(409, "link.over");
    let again = api.post(&format!("/api/v1/users/{user}/invite"), json!({})).await;
    again.fails(409, "user.has_password");
    until_kept(&api, (0, 0)).await;
    assert_eq!(server.left().await, 0);
}

#[tokio::test]
async fn of_invitations_only_the_newest_link_is_good() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, first) = invited(&api, &mut server).await;
    api.post(&format!("/api/v1/users/{user}/invite"), json!({})).await.is(200);
    let second = server.next().await;
    accept(&api, &first.token(), OLD).await.fails(409, "link.over");
    accept(&api, &second.token(), NEW).await.is(200);
}

#[tokio::test]
async fn an_invitation_that_is_sent_again_under_its_key_brings_one_mail() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let body = json!({"name": "Grace", "email": GRACE, "invite": true});
    let call = || Call::post("/api/v1/users").key("once").json(body.clone());
    let user = api.send(call()).await.is(201).id();
    assert_eq!(api.send(call()).await.is(201).id(), user);
    let invite = || Call::post(&format!("/api/v1/users/{user}/invite")).key("again").json(json!({}));
    api.send(invite()).await.is(200);
    api.send(invite()).await.is(200);
    server.next().await;
    server.next().await;
    until_kept(&api, (0, 1)).await;
    assert_eq!(server.left().await, 0);
}

#[tokio::test]
async fn nobody_is_invited_by_a_command_that_is_refused_or_was_never_carried_out() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let user = api.user(GRACE).await;
    let twin = json!({"name": "Twin", "email": GRACE, "invite": true});
    api.post("/api/v1/users", twin).await.fails(409, "user.email_taken");
    let stale = Call::post(&format!("/api/v1/users/{user}/invite")).if_match(7).json(json!({}));
    api.send(stale).await.fails(412, "version.stale");
    api.post(&format!("/api/v1/users/{}/invite", Uuid::now_v7()), json!({})).await.fails(404, "not_found");
    until_kept(&api, (0, 0)).await;
    // As after a crash between writing the mail down and appending what it tells of.
    for somebody in [user, Uuid::now_v7()] {
        let held = "insert into identity.mail (tenant_id, id, kind, user_id, due_at, expires_at)
            values ($1, uuidv7(), 'invitation', $2, now(), now() + interval '1 day')";
        api.pool.execute(sqlx::query(held).bind(api.tenant.as_uuid()).bind(somebody)).await.unwrap();
    }
    until_kept(&api, (0, 0)).await;
    assert_eq!(server.left().await, 0);
}

#[tokio::test]
async fn whoever_forgot_the_password_gets_another_and_all_sessions_end() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, token) = grace(&api).await;
    let own = || {
        Call::new("PUT", "/api/v1/password")
            .bearer(&token)
            .json(json!({"current_password": NEW, "new_password": OLD}))
    };
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
    until_kept(&api, (0, 0)).await;
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
async fn a_link_is_over_when_its_time_is_or_sessions_were_ended_or_the_user_is_shut_out() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, token) = grace(&api).await;
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
    api.pool.execute("update identity.link set made_at = made_at - interval '1 hour'").await.unwrap();
    ask_reset(&api, GRACE).await.is(202);
    let shut_out = server.next().await.token();
    api.post(&format!("/api/v1/users/{user}/disable"), json!({})).await.is(200);
    reset(&api, &shut_out, NEW).await.fails(409, "link.over");
    // Who is shut out gets no mail either.
    api.pool.execute("update identity.link set made_at = made_at - interval '1 hour'").await.unwrap();
    ask_reset(&api, GRACE).await.is(202);
    until_kept(&api, (0, 1)).await;
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
    until_kept(&api, (0, 1)).await;
    assert_eq!(server.left().await, 0);
}

#[tokio::test]
async fn nobody_is_flooded_with_mails() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    grace(&api).await;
    // From many addresses: those that are let through bring one mail a minute.
    let mut asked = Vec::new();
    for _ in 0..6 {
        asked.push(ask_reset(&api, GRACE).await.status.as_u16());
    }
    assert_eq!(asked, [202, 202, 202, 429, 429, 429]);
    server.next().await;
    until_kept(&api, (0, 1)).await;
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
        assert!(reply.status == 202 || reply.header("retry-after") != "", "{}", reply.text);
    }
    assert_eq!(let_through, 10);
}

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
    until_kept(&api, (0, 1)).await;
    assert_eq!(server.left().await, 0);
    let digest: Vec<u8> = sqlx::query_scalar("select digest from identity.link where user_id = $1")
        .bind(user)
        .fetch_one(&api.pool)
        .await
        .unwrap();
    assert_eq!(digest.len(), 32);
    reset(&api, &first.token(), NEW).await.is(200);
}

/// Whoever took a mail and died gives it back by not striking it out. The reader may get two, of which the second is good.
#[tokio::test]
async fn a_mail_that_may_have_gone_goes_again_and_then_only_the_second_link_is_good() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    grace(&api).await;
    api.pool.execute("create function keep() returns trigger language plpgsql as 'begin return null; end'; create trigger kept before delete on identity.mail for each row execute function keep()").await.unwrap();
    ask_reset(&api, GRACE).await.is(202);
    let first = server.next().await.token();
    api.pool
        .execute("drop trigger kept on identity.mail; update identity.mail set due_at = now()")
        .await
        .unwrap();
    let second = server.next().await.token();
    reset(&api, &first, NEW).await.fails(409, "link.over");
    reset(&api, &second, NEW).await.is(200);
    until_kept(&api, (0, 0)).await;
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
    until_kept(&api, (0, 20)).await;
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
    until_kept(&api, (0, 2)).await;
}

#[tokio::test]
async fn a_link_of_one_tenant_opens_nothing_in_another() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (_, mail) = invited(&api, &mut server).await;
    let token = mail.token();
    for forged in
        ["", "crm_link_", &token[1..], &token.replacen("crm_link_", "crm_rt_", 1), &format!("{token}A")]
    {
        accept(&api, forged, NEW).await.fails(409, "link.over");
    }
    // The first 16 bytes are the tenant.
    let mut other = token.clone();
    other.replace_range(9..20, "AAAAAAAAAAA");
    accept(&api, &other, NEW).await.fails(409, "link.over");
    accept(&api, &token, NEW).await.is(200);
}

#[tokio::test]
async fn an_address_of_ones_own_is_another_once_mail_to_it_is_confirmed() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, token) = grace(&api).await;
    let ask = async |email: &str, password: &str| {
        let body = json!({"email": email, "current_password": password});
        api.send(Call::post("/api/v1/email").bearer(&token).json(body)).await
    };
    ask("hopper@engines.example", NEW).await.fails(401, "password.wrong");
    ask("hopper@engines.example", OLD).await.is(202);
    let mut mails = [server.next().await, server.next().await];
    mails.sort_by(|one, other| one.to.cmp(&other.to));
    let [notice, link] = mails;
    assert_eq!(
        (notice.to, link.to.clone()),
        (vec![GRACE.to_owned()], vec!["hopper@engines.example".to_owned()])
    );
    assert!(!notice.text.contains("token="), "{}", notice.text);
    assert_eq!(api.history(user).await.len(), 3);
    public(&api, "/email/confirm", json!({"token": link.token()})).await.is(200);
    public(&api, "/email/confirm", json!({"token": link.token()})).await.fails(409, "link.over");
    assert_eq!(api.history(user).await.last().unwrap(), "user.email_changed");
    sign_in(&api, GRACE, OLD).await.fails(401, "credentials.wrong");
    sign_in(&api, "hopper@engines.example", OLD).await.is(201);
    until_kept(&api, (0, 0)).await;
}

#[tokio::test]
async fn an_address_that_somebody_has_by_then_is_not_taken_and_another_password_ends_the_link() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, token) = grace(&api).await;
    let mut ask = async |email: &str| {
        let body = json!({"email": email, "current_password": OLD});
        api.send(Call::post("/api/v1/email").bearer(&token).json(body)).await.is(202);
        let mails = [server.next().await, server.next().await];
        mails.into_iter().find(|mail| mail.to == [email]).unwrap().token()
    };
    let taken = ask("hopper@engines.example").await;
    api.user("hopper@engines.example").await;
    public(&api, "/email/confirm", json!({"token": taken})).await.fails(409, "user.email_taken");
    let ended = ask("g.hopper@engines.example").await;
    api.password(user, NEW).await;
    public(&api, "/email/confirm", json!({"token": ended})).await.fails(409, "link.over");
    assert_eq!(api.count("user.email_changed").await, 0);
}
