//! `/api/v1/sessions`: signing in, refreshing, and what ends it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use command_api::identity::session::RefreshLimits;
use domain::TenantId;
use edge::Role;
use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Api, Call, Reply, path};

const SESSIONS: &str = "/api/v1/sessions";
const PASSWORD: &str = "correct horse";
const SECOND: Duration = Duration::from_secs(1);

/// Somebody who is signed in.
struct SignedIn {
    user: Uuid,
    session: Uuid,
    access: String,
    refresh: String,
}

impl SignedIn {
    fn of(reply: &Reply) -> Self {
        let text = |field: &str| reply.body["data"][field].as_str().unwrap().to_owned();
        Self {
            user: reply.uuid("user_id"),
            session: reply.uuid("session_id"),
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }

    /// An admin with a password.
    async fn new(api: &Api, email: &str) -> Self {
        let body = json!({"name": "Grace", "email": email, "roles": ["admin"]});
        let user = api.post("/api/v1/users", body).await.is(201).id();
        api.password(user, PASSWORD).await;
        Self::of(&sign_in(api, email, PASSWORD).await.is(201))
    }

    /// A command that only needs a token of an admin.
    async fn acts(&self, api: &Api) -> Reply {
        api.send(Call::post("/api/v1/leads").bearer(&self.access).json(json!({"name": "Ada"}))).await
    }
}

async fn sign_in(api: &Api, email: &str, password: &str) -> Reply {
    let body = json!({"tenant_id": api.tenant, "email": email, "password": password});
    api.send(Call::post(SESSIONS).anonymous().json(body)).await
}

fn refresh_call(token: &str) -> Call {
    let body = json!({"refresh_token": token});
    Call::post(&format!("{SESSIONS}/refresh")).anonymous().header("user-agent", "a test").json(body)
}

async fn refresh(api: &Api, token: &str) -> Reply {
    api.send(refresh_call(token)).await
}

/// Returns once a process knows what has ended: within a second, or the test fails.
async fn ends(api: &Api, signed_in: &SignedIn) {
    let ended = async { while signed_in.acts(api).await.status != 401 {} };
    tokio::time::timeout(SECOND, ended).await.expect("it takes too long");
    signed_in.acts(api).await.fails(401, "token.revoked");
}

#[tokio::test]
async fn a_user_signs_in_acts_under_their_own_name_and_refreshes() {
    let api = Api::new().await;
    let grace = SignedIn::new(&api, "grace@engines.example").await;
    let lead = grace.acts(&api).await.is(201).id();
    let actor: String =
        sqlx::query_scalar("select metadata ->> 'actor' from log.event where aggregate_id = $1")
            .bind(lead)
            .fetch_one(&api.pool)
            .await
            .unwrap();
    assert_eq!(actor, grace.user.to_string());
    let reply = refresh(&api, &grace.refresh).await.is(200);
    let again = SignedIn::of(&reply);
    assert_eq!((again.user, again.session), (grace.user, grace.session));
    assert_ne!((&again.access, &again.refresh), (&grace.access, &grace.refresh));
    again.acts(&api).await.is(201);
    assert_eq!(reply.body["data"]["replayed"], false);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(api.history(grace.session).await, ["session.started"]);
}

#[tokio::test]
async fn the_address_counts_in_whatever_case_and_the_password_as_it_is() {
    let api = Api::new().await;
    SignedIn::new(&api, "grace@engines.example").await;
    sign_in(&api, "Grace@Engines.example", PASSWORD).await.is(201);
    sign_in(&api, "grace@engines.example", "Correct horse").await.fails(401, "credentials.wrong");
}

#[tokio::test]
async fn whatever_is_wrong_the_answer_is_the_same_to_the_byte() {
    let api = Api::new().await;
    let grace = SignedIn::new(&api, "grace@engines.example").await;
    api.user("nopassword@engines.example").await;
    let wrong = |reply: Reply| {
        let reply = reply.fails(401, "credentials.wrong");
        let mut headers: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        (reply.anonymous(), headers, reply.header("content-length").to_owned())
    };
    let expected = wrong(sign_in(&api, "grace@engines.example", "battery staple").await);
    for (email, password) in [
        ("nobody@engines.example", PASSWORD),
        ("nopassword@engines.example", PASSWORD),
        ("grace@engines.example", ""),
        ("grace@engines.example", &"x".repeat(10_000)),
    ] {
        assert_eq!(wrong(sign_in(&api, email, password).await), expected, "{email}");
    }
    let elsewhere =
        json!({"tenant_id": Uuid::now_v7(), "email": "grace@engines.example", "password": PASSWORD});
    assert_eq!(wrong(api.send(Call::post(SESSIONS).anonymous().json(elsewhere)).await), expected);
    api.send(Call::post(&path("users", grace.user, "/disable"))).await.is(200);
    assert_eq!(wrong(sign_in(&api, "grace@engines.example", PASSWORD).await), expected);
}

/// The two processes know nothing of each other but what the log says; there is no NATS.
#[tokio::test]
async fn whatever_ends_a_session_ends_it_within_a_second_in_every_process() {
    type End = fn(&SignedIn) -> Call;
    let ends_of: [(&str, End); 5] = [
        ("disable", |grace| Call::post(&path("users", grace.user, "/disable"))),
        ("roles", |grace| {
            Call::new("PUT", &path("users", grace.user, "/roles")).json(json!({"roles": ["admin", "viewer"]}))
        }),
        ("out", |grace| Call::new("DELETE", &path("sessions", grace.session, "")).bearer(&grace.access)),
        ("everywhere", |grace| Call::new("DELETE", SESSIONS).bearer(&grace.access)),
        ("password", |grace| {
            let body = json!({"current_password": PASSWORD, "new_password": "battery staple"});
            Call::new("PUT", "/api/v1/password").bearer(&grace.access).json(body)
        }),
    ];
    let api = Api::new().await;
    let other = api.another();
    for (name, end) in ends_of {
        let email = format!("{name}@engines.example");
        let grace = SignedIn::new(&api, &email).await;
        let second = SignedIn::of(&sign_in(&other, &email, PASSWORD).await.is(201));
        for process in [&api, &other] {
            grace.acts(process).await.is(201);
            second.acts(process).await.is(201);
        }
        api.send(end(&grace)).await.is(200);
        ends(&other, &grace).await;
        ends(&api, &grace).await;
        let refreshed = refresh(&other, &grace.refresh).await;
        match name {
            // Other roles are no reason to sign in again.
            "roles" => SignedIn::of(&refreshed.is(200)).acts(&other).await.is(201),
            _ => refreshed.fails(401, "session.over"),
        };
        if name == "out" {
            second.acts(&other).await.is(201);
            refresh(&api, &second.refresh).await.is(200);
            continue;
        }
        ends(&api, &second).await;
        ends(&other, &second).await;
        match name {
            "roles" => refresh(&api, &second.refresh).await.is(200),
            _ => refresh(&api, &second.refresh).await.fails(401, "session.over"),
        };
    }
}

#[tokio::test]
async fn a_token_says_what_the_user_may_do_at_the_time() {
    let api = Api::new().await;
    let grace = SignedIn::new(&api, "grace@engines.example").await;
    let roles = json!({"roles": ["viewer"]});
    api.send(Call::new("PUT", &path("users", grace.user, "/roles")).json(roles)).await.is(200);
    let viewer = SignedIn::of(&refresh(&api, &grace.refresh).await.is(200));
    viewer.acts(&api).await.fails(403, "permission.missing");
}

#[tokio::test]
async fn of_many_who_refresh_at_once_one_is_first_and_all_get_the_same_tokens() {
    let (api, other) = {
        // More than a session may.
        let limits = RefreshLimits { address: 10_000, session: 10_000 };
        let api = Api::made(Arc::new(move |issuer, _| issuer.with_refresh_limits(limits))).await;
        let other = api.another();
        (api, other)
    };
    let mut token = SignedIn::new(&api, "grace@engines.example").await.refresh;
    for _ in 0..1_000 {
        let calls = (0..8).map(|at| refresh(if at % 2 == 0 { &api } else { &other }, &token));
        let replies: Vec<Reply> = join_all(calls).await.into_iter().map(|reply| reply.is(200)).collect();
        let firsts = replies.iter().filter(|reply| reply.body["data"]["replayed"] == false).count();
        assert_eq!(firsts, 1);
        let next: BTreeSet<(String, String)> =
            replies.iter().map(SignedIn::of).map(|signed_in| (signed_in.access, signed_in.refresh)).collect();
        assert_eq!(next.len(), 1);
        token = next.into_iter().next().unwrap().1;
    }
}

#[tokio::test]
async fn a_spent_token_that_comes_back_ends_the_session_for_everybody() {
    let api = Api::new().await;
    for rotations in [1, 2, 5] {
        let email = format!("grace.{rotations}@engines.example");
        let grace = SignedIn::new(&api, &email).await;
        let mut newest = SignedIn::of(&refresh(&api, &grace.refresh).await.is(200));
        for _ in 1..rotations {
            newest = SignedIn::of(&refresh(&api, &newest.refresh).await.is(200));
        }
        if rotations == 1 {
            // The answer may have been lost: until it is used, the same client is told again.
            let told = refresh(&api, &grace.refresh).await.is(200);
            assert_eq!(SignedIn::of(&told).refresh, newest.refresh);
            assert_eq!(told.body["data"]["replayed"], true);
            // But not another.
            let call = refresh_call(&grace.refresh).header("user-agent", "a thief");
            let mut request = call.request(&api);
            request.headers_mut().insert("user-agent", "a thief".parse().unwrap());
            api.request(request).await.fails(401, "session.over");
        } else {
            refresh(&api, &grace.refresh).await.fails(401, "session.over");
        }
        ends(&api, &newest).await;
        refresh(&api, &newest.refresh).await.fails(401, "session.over");
        assert_eq!(api.last_event(grace.session).await, json!({"reason": "reused"}));
        sign_in(&api, &email, PASSWORD).await.is(201);
    }
}

#[tokio::test]
async fn a_token_is_told_again_for_a_moment_only() {
    let api = Api::new().await;
    let grace = SignedIn::new(&api, "grace@engines.example").await;
    refresh(&api, &grace.refresh).await.is(200);
    let later = "update identity.refresh_token set spent_at = spent_at - interval '11 seconds' where spent_at is not null";
    sqlx::query(later).execute(&api.pool).await.unwrap();
    refresh(&api, &grace.refresh).await.fails(401, "session.over");
}

#[tokio::test]
async fn a_session_is_over_after_seven_days_however_often_it_is_refreshed() {
    let api = Api::new().await;
    let grace = SignedIn::new(&api, "grace@engines.example").await;
    let again = SignedIn::of(&refresh(&api, &grace.refresh).await.is(200));
    let ends: Vec<bool> = sqlx::query_scalar(
        "select expires_at - now() between '6 days 23 hours' and '7 days' from identity.refresh_token",
    )
    .fetch_all(&api.pool)
    .await
    .unwrap();
    assert_eq!(ends, [true, true]);
    let over = "update identity.refresh_token set expires_at = now()";
    sqlx::query(over).execute(&api.pool).await.unwrap();
    refresh(&api, &again.refresh).await.fails(401, "session.over");
    // What is of no use any more goes when its user comes back.
    sign_in(&api, "grace@engines.example", PASSWORD).await.is(201);
    let kept: i64 =
        sqlx::query_scalar("select count(*) from identity.refresh_token").fetch_one(&api.pool).await.unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_session_that_nobody_refreshes_for_three_days_is_over() {
    let api = Api::new().await;
    let grace = SignedIn::new(&api, "grace@engines.example").await;
    let three_days = async || {
        let sql = "select bool_and(expires_at - now() between '2 days 23 hours' and '3 days')
            from identity.session_use";
        sqlx::query_scalar::<_, bool>(sql).fetch_one(&api.pool).await.unwrap()
    };
    let leave = async |left: &str| {
        let sql = format!("update identity.session_use set expires_at = now() + interval '{left}'");
        sqlx::query(&sql).execute(&api.pool).await.unwrap();
    };
    assert!(three_days().await);
    leave("1 minute").await;
    let again = SignedIn::of(&refresh(&api, &grace.refresh).await.is(200));
    assert!(three_days().await);
    // On the last day, not beyond the seventh.
    let last = "update identity.refresh_token set expires_at = now() + interval '1 hour'";
    sqlx::query(last).execute(&api.pool).await.unwrap();
    let again = SignedIn::of(&refresh(&api, &again.refresh).await.is(200));
    assert!(!three_days().await);
    leave("0").await;
    refresh(&api, &again.refresh).await.fails(401, "session.over");
    // Nor is it taken up again by what is tidied away when somebody signs in.
    sign_in(&api, "grace@engines.example", PASSWORD).await.is(201);
    refresh(&api, &again.refresh).await.fails(401, "session.over");
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused_and_touches_nothing() {
    let api = Api::new().await;
    let grace = SignedIn::new(&api, "grace@engines.example").await;
    let mut other = grace.refresh.clone();
    let last = if other.ends_with('A') { 'E' } else { 'A' };
    other.replace_range(other.len() - 1.., &last.to_string());
    for token in
        ["", "crm_rt_", &grace.access, &grace.session.to_string(), &other, &format!("{} ", grace.refresh)]
    {
        refresh(&api, token).await.fails(401, "session.over");
    }
    // Nor is a refresh token an access token.
    let call = Call::post("/api/v1/leads").bearer(&grace.refresh).json(json!({"name": "Ada"}));
    api.send(call).await.fails(401, "token.invalid");
    refresh(&api, &grace.refresh).await.is(200);
}

#[tokio::test]
async fn nobody_ends_the_session_of_another() {
    let api = Api::new().await;
    let grace = SignedIn::new(&api, "grace@engines.example").await;
    let ada = SignedIn::new(&api, "ada@engines.example").await;
    let fresh = api.step_up(&ada.access, PASSWORD, json!({})).await.is(200);
    let fresh = fresh.body["data"]["access_token"].as_str().unwrap();
    for id in [grace.session, Uuid::now_v7(), ada.user] {
        let call = Call::new("DELETE", &path("sessions", id, "")).bearer(fresh);
        api.send(call).await.fails(404, "not_found");
    }
    grace.acts(&api).await.is(201);
    let own = || Call::new("DELETE", &path("sessions", ada.session, "")).bearer(fresh);
    api.send(own()).await.is(200);
    assert_eq!(api.history(ada.session).await, ["session.started", "session.stepped_up", "session.ended"]);
}

#[tokio::test]
async fn tokens_that_others_issue_to_a_user_end_when_the_user_is_shut_out() {
    let api = Api::new().await;
    let kim = api.user("kim@engines.example").await.to_string();
    let token = api.token(api.tenant, &[Role::Admin], &kim);
    let act = || Call::post("/api/v1/leads").bearer(&token).json(json!({"name": "Ada"}));
    api.send(act()).await.is(201);
    api.send(Call::post(&format!("/api/v1/users/{kim}/disable"))).await.is(200);
    let ended = async { while api.send(act()).await.status != 401 {} };
    tokio::time::timeout(SECOND, ended).await.expect("it takes too long");
    api.send(act()).await.fails(401, "token.revoked");
    // Of the same name in another tenant, it is somebody else.
    let elsewhere = Call::post("/api/v1/leads").by(&kim).of(TenantId::from_uuid(Uuid::now_v7()));
    api.send(elsewhere.json(json!({"name": "Ada"}))).await.is(201);
}

#[tokio::test]
async fn neither_the_log_nor_the_tables_hold_what_could_be_used() {
    let api = Api::new().await;
    let grace = SignedIn::new(&api, "grace@engines.example").await;
    let again = SignedIn::of(&refresh(&api, &grace.refresh).await.is(200));
    let sql = "select (select jsonb_agg(to_jsonb(e))::text from log.event as e)
        || (select jsonb_agg(to_jsonb(p))::text from identity.password as p)
        || (select jsonb_agg(to_jsonb(r))::text from identity.refresh_token as r)";
    let all: String = sqlx::query_scalar(sql).fetch_one(&api.pool).await.unwrap();
    assert!(all.contains("$argon2id$v=19$m=47104,t=1,p=1$"), "{all}");
    for secret in
        [PASSWORD, &grace.refresh["crm_rt_".len()..], &again.refresh["crm_rt_".len()..], &grace.access]
    {
        assert!(!all.contains(secret));
    }
    let events: Value =
        sqlx::query_scalar("select jsonb_agg(payload) from log.event").fetch_one(&api.pool).await.unwrap();
    assert!(!events.to_string().contains("argon2"));
}
