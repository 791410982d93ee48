//! `/api/v1/sign-ins`: signing in by a real OpenID provider, whose pages are driven as a browser does.

use chrono::Utc;
use serde_json::{Value, json};
use totp_rs::{Algorithm, Secret, TOTP};
use uuid::Uuid;

use crate::support::provider::{
    Begun, SIGN_IN_COOKIE, SIGN_INS, configure, federated, public, sign_in, visit,
};
use crate::support::{Api, Call, Reply, path};

const GRACE: &str = "grace@engines.example";
const COMPLETE: &str = "/api/v1/sign-ins/complete";

async fn account(api: &Api, email: &str) -> Uuid {
    api.post("/api/v1/users", json!({"name": "Grace", "email": email, "roles": ["sales_rep"]}))
        .await
        .is(201)
        .id()
}

fn access(reply: &Reply) -> String {
    reply.body["data"]["access_token"].as_str().unwrap().to_owned()
}

async fn act(api: &Api, token: &str) -> Reply {
    api.send(Call::post("/api/v1/leads").bearer(token).json(json!({"name": "Ada"}))).await
}

#[tokio::test]
async fn a_user_whom_the_provider_names_is_signed_in_like_anybody_else() {
    let (api, provider) = federated(json!({})).await;
    let grace = account(&api, GRACE).await;
    let signed_in = sign_in(&api, "grace", json!({})).await.is(201);
    assert_eq!(signed_in.uuid("user_id"), grace);
    let lead = act(&api, &access(&signed_in)).await.is(201).id();
    assert_eq!(api.history(lead).await, ["lead.captured"]);
    let session = signed_in.uuid("session_id");
    let started = api.last_event(session).await;
    assert_eq!((&started["method"], &started["device"]), (&json!("provider"), &json!("a browser")));
    assert_eq!(api.history(grace).await, ["user.registered", "user.provider_linked"]);
    assert_eq!(api.last_event(grace).await["issuer"], provider.issuer());
    // The next time nothing is linked anew, and the address does not matter any more.
    api.patch(&path("users", grace, ""), json!({"email": "g.hopper@engines.example"})).await.is(200);
    assert_eq!(sign_in(&api, "grace", json!({})).await.is(201).uuid("user_id"), grace);
    assert_eq!(api.count("user.provider_linked").await, 1);
    // It is refreshed and ended like any other session.
    let refresh = json!({"refresh_token": signed_in.body["data"]["refresh_token"]});
    let refreshed = api.send(public("/api/v1/sessions/refresh", refresh)).await.is(200);
    let out = Call::new("DELETE", &path("sessions", session, "")).bearer(&access(&refreshed));
    api.send(out).await.is(200);
    assert_eq!(api.history(session).await, ["session.started", "session.ended"]);
}

#[tokio::test]
async fn a_browser_gets_cookies_and_forgets_that_of_the_sign_in() {
    let (api, _provider) = federated(json!({})).await;
    account(&api, GRACE).await;
    let reply = sign_in(&api, "grace", json!({"transport": "cookie"})).await.is(201);
    let data = &reply.body["data"];
    assert_eq!(data["token_type"], "Cookie");
    assert!(data.get("access_token").is_none() && data.get("refresh_token").is_none());
    let set: Vec<&str> =
        reply.headers.get_all("set-cookie").iter().map(|field| field.to_str().unwrap()).collect();
    let pair = |name: &str| *set.iter().find(|field| field.starts_with(&format!("{name}="))).unwrap();
    assert!(pair(SIGN_IN_COOKIE).starts_with(&format!("{SIGN_IN_COOKIE}=; Path=/; Max-Age=0")));
    let cookie = pair("__Host-crm-access").split(';').next().unwrap();
    let call =
        || Call::post("/api/v1/leads").anonymous().header("cookie", cookie).json(json!({"name": "Ada"}));
    api.send(call()).await.fails(403, "csrf.token");
    api.send(call().header("x-csrf-token", data["csrf_token"].as_str().unwrap())).await.is(201);
}

#[tokio::test]
async fn the_question_has_all_that_an_answer_is_held_against() {
    let (api, provider) = federated(json!({})).await;
    let (one, other) = (Begun::new(&api).await, Begun::new(&api).await);
    assert!(one.url.as_str().starts_with(&format!("{}/auth?", provider.issuer())));
    let fixed = ["response_type", "client_id", "code_challenge_method", "scope", "redirect_uri"];
    let expected = ["code", "crm", "S256", "openid email profile"];
    for (name, value) in fixed.iter().zip(expected) {
        assert_eq!(one.asked(name), value);
    }
    assert_eq!(one.asked("redirect_uri"), format!("https://crm.example/sign-in/oidc/{}", api.tenant));
    for fresh in ["state", "nonce", "code_challenge"] {
        assert_ne!(one.asked(fresh), other.asked(fresh), "{fresh}");
    }
    // What is kept leads to none of it.
    let kept: String =
        sqlx::query_scalar("select jsonb_agg(to_jsonb(s))::text from identity.provider_sign_in as s")
            .fetch_one(&api.pool)
            .await
            .unwrap();
    for secret in [one.asked("state"), one.asked("nonce"), one.cookie.clone()] {
        assert!(!kept.contains(&secret));
    }
}

/// Nobody is sent anywhere but to the provider and back to the page of the tenant: there is nothing to say where to.
#[tokio::test]
async fn nobody_says_where_a_browser_is_sent_back_to() {
    let (api, _provider) = federated(json!({})).await;
    for field in ["redirect_uri", "return_to", "next"] {
        let body = json!({"tenant_id": api.tenant, field: "https://evil.example"});
        let reply = api.send(public(SIGN_INS, body)).await;
        assert!(reply.status.is_client_error() && reply.header("set-cookie").is_empty(), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_sign_in_ends_once_and_only_in_the_browser_and_at_the_tenant_where_it_began() {
    let (api, _provider) = federated(json!({})).await;
    account(&api, GRACE).await;
    let begun = Begun::new(&api).await;
    let sent = visit(&begun.url, "grace").await;
    // Whoever has what the provider sent, and not the cookie, or another one: that of their own sign-in.
    let strangers = Begun::new(&api).await;
    api.send(public(COMPLETE, sent.body(json!({})))).await.fails(401, "sign_in.over");
    api.send(strangers.complete(&sent, json!({}))).await.fails(401, "sign_in.over");
    let twice = format!("{}; {}", begun.header(), begun.header());
    let call = public(COMPLETE, sent.body(json!({}))).header("cookie", &twice);
    api.send(call).await.fails(401, "sign_in.over");
    for bad in ["", "x", "crm_state_", &strangers.asked("state")] {
        api.send(begun.complete(&sent, json!({"state": bad}))).await.fails(401, "sign_in.over");
    }
    // None of that spent it.
    api.send(begun.complete(&sent, json!({}))).await.is(201);
    api.send(begun.complete(&sent, json!({}))).await.fails(401, "sign_in.over");
    assert_eq!(api.count("session.started").await, 1);
    let begun = Begun::new(&api).await;
    let sent = visit(&begun.url, "grace").await;
    let elsewhere = json!({"tenant_id": Uuid::now_v7()});
    api.send(begun.complete(&sent, elsewhere)).await.fails(401, "sign_in.over");
}

#[tokio::test]
async fn of_many_who_end_a_sign_in_at_once_one_does() {
    let (api, _provider) = federated(json!({})).await;
    account(&api, GRACE).await;
    let begun = Begun::new(&api).await;
    let sent = visit(&begun.url, "grace").await;
    let all = (0..8).map(|_| api.request_alone(begun.complete(&sent, json!({}))));
    let replies = futures::future::join_all(all).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert_eq!(api.count("session.started").await, 1);
}

/// The provider itself refuses a code that comes twice, or with another verifier.
#[tokio::test]
async fn a_code_of_one_sign_in_is_of_no_use_to_another() {
    let (api, _provider) = federated(json!({})).await;
    account(&api, GRACE).await;
    let (mine, theirs) = (Begun::new(&api).await, Begun::new(&api).await);
    let stolen = visit(&theirs.url, "grace").await;
    let mut sent = visit(&mine.url, "grace").await;
    sent.query.insert("code".to_owned(), stolen.query["code"].clone());
    api.send(mine.complete(&sent, json!({}))).await.fails(401, "sign_in.failed");
    assert_eq!(api.count("session.started").await, 0);
}

#[tokio::test]
async fn a_sign_in_is_over_after_ten_minutes_and_when_the_terms_change() {
    let (api, provider) = federated(json!({})).await;
    account(&api, GRACE).await;
    let begun = Begun::new(&api).await;
    let sent = visit(&begun.url, "grace").await;
    let late = "update identity.provider_sign_in set expires_at = now()";
    sqlx::query(late).execute(&api.pool).await.unwrap();
    api.send(begun.complete(&sent, json!({}))).await.fails(401, "sign_in.over");
    let begun = Begun::new(&api).await;
    let sent = visit(&begun.url, "grace").await;
    configure(&api, &provider.issuer(), json!({"email_domains": ["engines.example"]})).await.is(200);
    api.send(begun.complete(&sent, json!({}))).await.fails(401, "sign_in.over");
    // What is over goes with the next that begins.
    sqlx::query(late).execute(&api.pool).await.unwrap();
    Begun::new(&api).await;
    let kept: i64 = sqlx::query_scalar("select count(*) from identity.provider_sign_in")
        .fetch_one(&api.pool)
        .await
        .unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_browser_that_another_provider_sent_is_refused() {
    let (api, _provider) = federated(json!({})).await;
    account(&api, GRACE).await;
    for iss in [json!("https://evil.example"), Value::Null] {
        let begun = Begun::new(&api).await;
        let sent = visit(&begun.url, "grace").await;
        assert!(sent.query.contains_key("iss"));
        api.send(begun.complete(&sent, json!({"iss": iss}))).await.fails(401, "sign_in.failed");
    }
}

#[tokio::test]
async fn who_has_no_account_comes_in_only_where_newcomers_do_and_as_what_the_tenant_says() {
    let (api, provider) = federated(json!({})).await;
    sign_in(&api, "ada", json!({})).await.fails(401, "sign_in.refused");
    let terms = json!({"newcomers": "viewer", "email_domains": ["engines.example"]});
    configure(&api, &provider.issuer(), terms).await.is(200);
    let ada = sign_in(&api, "ada", json!({})).await.is(201);
    assert_eq!(api.history(ada.uuid("user_id")).await, ["user.registered", "user.provider_linked"]);
    act(&api, &access(&ada)).await.fails(403, "permission.missing");
    assert_eq!(sign_in(&api, "ada", json!({})).await.is(201).uuid("user_id"), ada.uuid("user_id"));
    // Their history tells who they are, and nothing of whom the provider knows them as.
    let events: String = sqlx::query_scalar(
        "select jsonb_agg(payload)::text from log.event where event_type like 'user.provider%' or aggregate_type = 'identity.provider'",
    )
    .fetch_one(&api.pool)
    .await
    .unwrap();
    assert!(
        !events.contains("\"ada\"") && !events.contains("ada@") && !events.contains("a secret of the portal")
    );
}

#[tokio::test]
async fn of_many_first_sign_ins_of_one_person_one_account_comes() {
    let (api, _provider) =
        federated(json!({"newcomers": "viewer", "email_domains": ["engines.example"]})).await;
    let mut all = Vec::new();
    for _ in 0..4 {
        let begun = Begun::new(&api).await;
        let sent = visit(&begun.url, "ada").await;
        all.push(api.request_alone(begun.complete(&sent, json!({}))));
    }
    let replies = futures::future::join_all(all).await;
    let users: Vec<Uuid> = replies.into_iter().map(|reply| reply.is(201).uuid("user_id")).collect();
    assert!(users.iter().all(|user| *user == users[0]));
    assert_eq!((api.count("user.registered").await, api.count("user.provider_linked").await), (1, 1));
}

#[tokio::test]
async fn an_address_that_nobody_has_made_sure_of_lets_nobody_in() {
    let (api, _provider) =
        federated(json!({"newcomers": "viewer", "email_domains": ["engines.example"]})).await;
    account(&api, "unverified@engines.example").await;
    sign_in(&api, "unverified", json!({})).await.fails(401, "sign_in.refused");
    sign_in(&api, "unverified2", json!({})).await.fails(401, "sign_in.refused");
    assert_eq!((api.count("session.started").await, api.count("user.registered").await), (0, 1));
}

#[tokio::test]
async fn an_address_of_another_domain_lets_nobody_in() {
    let (api, _provider) = federated(json!({"email_domains": ["other.example"]})).await;
    account(&api, GRACE).await;
    sign_in(&api, "grace", json!({})).await.fails(401, "sign_in.refused");
}

/// Who comes to have the address of somebody at the provider does not come to be them here.
#[tokio::test]
async fn another_person_of_a_known_address_is_not_that_user_until_an_administrator_says_so() {
    let (api, _provider) =
        federated(json!({"newcomers": "viewer", "email_domains": ["engines.example"]})).await;
    let grace = account(&api, GRACE).await;
    let first = sign_in(&api, "grace", json!({})).await.is(201);
    sign_in(&api, "grace+2", json!({})).await.fails(401, "sign_in.refused");
    assert_eq!(api.count("user.registered").await, 1);
    let unlink = || Call::new("DELETE", &path("users", grace, "/identity-provider"));
    api.send(unlink()).await.is(200);
    // Whoever was in by it is out.
    let refresh = json!({"refresh_token": first.body["data"]["refresh_token"]});
    api.send(public("/api/v1/sessions/refresh", refresh)).await.fails(401, "session.over");
    assert_eq!(sign_in(&api, "grace+2", json!({})).await.is(201).uuid("user_id"), grace);
    sign_in(&api, "grace", json!({})).await.fails(401, "sign_in.refused");
    assert_eq!(api.count("user.provider_unlinked").await, 1);
}

#[tokio::test]
async fn who_is_shut_out_stays_out_whatever_the_provider_says() {
    let (api, _provider) = federated(json!({})).await;
    let grace = account(&api, GRACE).await;
    api.send(Call::post(&path("users", grace, "/disable"))).await.is(200);
    sign_in(&api, "grace", json!({})).await.fails(401, "sign_in.refused");
    api.send(Call::post(&path("users", grace, "/enable"))).await.is(200);
    sign_in(&api, "grace", json!({})).await.is(201);
    api.send(Call::post(&path("users", grace, "/disable"))).await.is(200);
    sign_in(&api, "grace", json!({})).await.fails(401, "sign_in.refused");
}

#[tokio::test]
async fn passwords_let_in_beside_it_unless_the_tenant_says_otherwise() {
    let (api, provider) = federated(json!({})).await;
    let grace = account(&api, GRACE).await;
    api.password(grace, "correct horse").await;
    let password = json!({"tenant_id": api.tenant, "email": GRACE, "password": "correct horse"});
    let by_password = || public("/api/v1/sessions", password.clone());
    let token = access(&api.send(by_password()).await.is(201));
    configure(&api, &provider.issuer(), json!({"passwords": false})).await.is(200);
    api.send(by_password()).await.fails(409, "password.off");
    // Whether the password is right is not told, nor whether there is such a user.
    let nobody = json!({"tenant_id": api.tenant, "email": "nobody@engines.example", "password": "x"});
    api.send(public("/api/v1/sessions", nobody)).await.fails(409, "password.off");
    api.step_up(&token, "correct horse", json!({})).await.fails(409, "password.off");
    sign_in(&api, "grace", json!({})).await.is(201);
    api.send(Call::new("DELETE", "/api/v1/identity-provider")).await.is(200);
    api.send(by_password()).await.is(201);
}

#[tokio::test]
async fn the_own_second_factor_is_asked_for_and_the_sign_in_goes_on_with_it() {
    let (api, _provider) = federated(json!({})).await;
    let grace = account(&api, GRACE).await;
    api.password(grace, "correct horse").await;
    let app = second_factor(&api).await;
    let begun = Begun::new(&api).await;
    let sent = visit(&begun.url, "grace").await;
    let complete = async |more: Value| api.send(begun.complete(&sent, more)).await;
    complete(json!({})).await.fails(401, "second_factor.required");
    complete(json!({"second_factor_code": "x"})).await.fails(401, "second_factor.wrong");
    // Only where it began.
    api.send(public(COMPLETE, sent.body(json!({})))).await.fails(401, "sign_in.over");
    let code = json!({"second_factor_code": app.generate(u64::try_from(Utc::now().timestamp()).unwrap())});
    assert_eq!(complete(code.clone()).await.is(201).uuid("user_id"), grace);
    complete(code).await.fails(401, "sign_in.over");
    // Somebody who is shut out meanwhile does not go on.
    let begun = Begun::new(&api).await;
    let sent = visit(&begun.url, "grace").await;
    api.send(begun.complete(&sent, json!({}))).await.fails(401, "second_factor.required");
    api.send(Call::new("DELETE", &path("users", grace, "/identity-provider"))).await.is(200);
    api.send(begun.complete(&sent, json!({}))).await.fails(401, "sign_in.refused");
}

/// A second factor of the user's own, whose last code was long ago.
async fn second_factor(api: &Api) -> TOTP {
    let password = json!({"tenant_id": api.tenant, "email": GRACE, "password": "correct horse"});
    let token = access(&api.send(public("/api/v1/sessions", password)).await.is(201));
    let token = access(&api.step_up(&token, "correct horse", json!({})).await.is(200));
    let told = api.send(Call::post("/api/v1/second-factor").bearer(&token)).await.is(200);
    let secret = Secret::Encoded(told.body["data"]["secret"].as_str().unwrap().to_owned());
    let app = TOTP::new(Algorithm::SHA1, 6, 0, 30, secret.to_bytes().unwrap()).unwrap();
    let code = json!({"code": app.generate(u64::try_from(Utc::now().timestamp()).unwrap())});
    api.send(Call::post("/api/v1/second-factor/confirm").bearer(&token).json(code)).await.is(200);
    sqlx::query("update identity.second_factor set last_step = 0").execute(&api.pool).await.unwrap();
    app
}

#[tokio::test]
async fn a_tenant_that_demands_a_second_factor_gives_no_roles_to_whoever_came_by_the_provider_without() {
    let (api, _provider) = federated(json!({"second_factor_values": ["mfa"]})).await;
    account(&api, GRACE).await;
    api.send(Call::new("PUT", "/api/v1/policies/second-factor").json(json!({"demanded": true})))
        .await
        .is(200);
    // This provider tells of none.
    let signed_in = sign_in(&api, "grace", json!({})).await.is(201);
    assert_eq!(signed_in.body["data"]["second_factor_missing"], true);
    act(&api, &access(&signed_in)).await.fails(403, "permission.missing");
}

#[tokio::test]
async fn a_page_of_a_stranger_begins_and_ends_no_sign_in() {
    let (api, _provider) = federated(json!({})).await;
    account(&api, GRACE).await;
    let begun = Begun::new(&api).await;
    let sent = visit(&begun.url, "grace").await;
    for from in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let begin = public(SIGN_INS, json!({"tenant_id": api.tenant})).header(from.0, from.1);
        api.send(begin).await.fails(403, "csrf.origin");
        api.send(begun.complete(&sent, json!({})).header(from.0, from.1)).await.fails(403, "csrf.origin");
    }
    api.send(begun.complete(&sent, json!({}))).await.is(201);
}

#[tokio::test]
async fn whoever_begins_again_and_again_waits_and_others_do_not() {
    let (api, _provider) = federated(json!({})).await;
    account(&api, GRACE).await;
    let from = |address: &str| {
        Call::post(SIGN_INS)
            .anonymous()
            .header("x-forwarded-for", address)
            .json(json!({"tenant_id": api.tenant}))
    };
    for _ in 0..60 {
        api.send(from("192.0.2.1")).await.is(200);
    }
    let limited = api.send(from("192.0.2.1")).await.fails(429, "rate.limited");
    assert_eq!(limited.header("retry-after"), "1");
    sign_in(&api, "grace", json!({})).await.is(201);
}

#[tokio::test]
async fn a_tenant_without_a_provider_says_so() {
    let api = Api::new().await;
    let begin = || public(SIGN_INS, json!({"tenant_id": api.tenant}));
    api.send(begin()).await.fails(409, "provider.none");
    let nowhere = public(SIGN_INS, json!({"tenant_id": Uuid::now_v7()}));
    api.send(nowhere).await.fails(409, "provider.none");
}
