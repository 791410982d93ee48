//! What a hardened installation asks of whoever signs in, whatever their tenant asks.

use std::sync::Arc;
use std::time::Duration;

use access::SignInRules;
use chrono::Utc;
use serde_json::{Value, json};
use totp_rs::{Algorithm, Secret, TOTP};
use uuid::Uuid;

use crate::support::mail::{GRACE, OLD, public};
use crate::support::{Api, Call, Made, Reply, path};

const FACTOR: &str = "/api/v1/second-factor";
const POLICY: &str = "/api/v1/policies/second-factor";

fn by_hardened_rules() -> Made {
    Arc::new(|issuer, _| issuer.with_rules(SignInRules::HARDENED))
}

async fn hardened() -> Api {
    Api::made(by_hardened_rules()).await
}

/// An admin with a password.
async fn account(api: &Api) -> Uuid {
    let body = json!({"name": "Grace", "email": GRACE, "roles": ["admin"]});
    let user = api.post("/api/v1/users", body).await.is(201).id();
    api.password(user, OLD).await;
    user
}

async fn sign_in(api: &Api, more: Value) -> Reply {
    let mut body = json!({"tenant_id": api.tenant, "email": GRACE, "password": OLD});
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    public(api, "/sessions", body).await
}

fn access(reply: &Reply) -> String {
    reply.body["data"]["access_token"].as_str().unwrap().to_owned()
}

fn is_missing(reply: &Reply) -> bool {
    reply.body["data"]["second_factor_missing"].as_bool().unwrap()
}

async fn refreshed(api: &Api, signed_in: &Reply) -> Reply {
    let body = json!({"refresh_token": signed_in.body["data"]["refresh_token"]});
    public(api, "/sessions/refresh", body).await.is(200)
}

async fn captures(api: &Api, token: &str) -> Reply {
    api.send(Call::post("/api/v1/leads").bearer(token).json(json!({"name": "Ada"}))).await
}

/// What an app makes of what it is told.
async fn begin(api: &Api, token: &str, algorithm: Algorithm) -> TOTP {
    let told = api.send(Call::post(FACTOR).bearer(token)).await.is(200);
    let data = &told.body["data"];
    assert_eq!(data["algorithm"], algorithm.to_string());
    let asked = format!("&algorithm={algorithm}&digits=6&period=30");
    assert!(data["otpauth_url"].as_str().unwrap().ends_with(&asked), "{data}");
    let secret = Secret::Encoded(data["secret"].as_str().unwrap().to_owned()).to_bytes().unwrap();
    TOTP::new(algorithm, 6, 0, 30, secret).unwrap()
}

fn present() -> i64 {
    Utc::now().timestamp().div_euclid(30)
}

fn code(app: &TOTP, step: i64) -> String {
    app.generate(u64::try_from(step * 30).unwrap())
}

/// What comes of a code of so many steps from now, if none was taken before. If another step began meanwhile, it is tried anew.
async fn by_code(api: &Api, app: &TOTP, steps: i64, send: impl AsyncFn(&str) -> Reply) -> Reply {
    loop {
        sqlx::query("update identity.second_factor set last_step = 0").execute(&api.pool).await.unwrap();
        let step = present();
        let reply = send(&code(app, step + steps)).await;
        if present() == step {
            return reply;
        }
    }
}

async fn sign_in_by(api: &Api, app: &TOTP, steps: i64) -> Reply {
    by_code(api, app, steps, async |code| sign_in(api, json!({"code": code})).await).await
}

/// Shows the password and a code once more.
async fn step_up(api: &Api, token: &str, app: &TOTP) -> String {
    let shown = async |code: &str| api.step_up(token, OLD, json!({"code": code})).await;
    access(&by_code(api, app, 0, shown).await.is(200))
}

/// The same, but for what cannot be done twice.
async fn confirm(api: &Api, token: &str, app: &TOTP) -> Reply {
    loop {
        let step = present();
        let call = Call::post(&format!("{FACTOR}/confirm")).bearer(token);
        let reply = api.send(call.json(json!({"code": code(app, step)}))).await;
        if reply.status.is_success() || present() == step {
            return reply;
        }
    }
}

/// Somebody with a second factor, which is there by what is told and a code.
async fn with_factor(api: &Api, algorithm: Algorithm) -> (Uuid, TOTP, Vec<String>) {
    let user = account(api).await;
    let token = access(&sign_in(api, json!({})).await.is(201));
    let token = access(&api.step_up(&token, OLD, json!({})).await.is(200));
    let app = begin(api, &token, algorithm).await;
    let told = confirm(api, &token, &app).await.is(200);
    let codes = told.body["data"]["recovery_codes"].as_array().unwrap();
    (user, app, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn every_tenant_demands_a_second_factor_and_none_does_without() {
    let api = hardened().await;
    account(&api).await;
    let signed_in = sign_in(&api, json!({})).await.is(201);
    assert!(is_missing(&signed_in));
    captures(&api, &access(&signed_in)).await.fails(403, "permission.missing");
    let leave = Call::new("PUT", POLICY).json(json!({"demanded": false}));
    api.send(leave).await.fails(409, "policy.second_factor_demanded");
    // A tenant may say so itself as well, for when the installation does not any more.
    let demand = Call::new("PUT", POLICY).json(json!({"demanded": true}));
    assert_eq!(api.send(demand).await.is(200).body["data"]["demanded"], true);
    let leave = Call::new("PUT", POLICY).json(json!({"demanded": false}));
    api.send(leave).await.fails(409, "policy.second_factor_demanded");
    assert_eq!(api.count("policy.second_factor_made_optional").await, 0);
    let token = access(&api.step_up(&access(&signed_in), OLD, json!({})).await.is(200));
    captures(&api, &token).await.fails(403, "permission.missing");
    let app = begin(&api, &token, Algorithm::SHA256).await;
    confirm(&api, &token, &app).await.is(200);
    let refreshed = refreshed(&api, &signed_in).await;
    assert!(!is_missing(&refreshed));
    captures(&api, &access(&refreshed)).await.is(201);
    sign_in(&api, json!({})).await.fails(401, "second_factor.required");
}

#[tokio::test]
async fn a_key_gives_nothing_once_its_user_has_no_second_factor_though_no_tenant_demands_one() {
    let api = hardened().await;
    let (user, app, _) = with_factor(&api, Algorithm::SHA256).await;
    let token = access(&sign_in_by(&api, &app, 0).await.is(201));
    let token = step_up(&api, &token, &app).await;
    let issue = async |token: &str| {
        let expires_at = Utc::now() + chrono::TimeDelta::days(1);
        let body = json!({"name": "K", "scopes": ["lead.capture"], "expires_at": expires_at});
        api.send(Call::post("/api/v1/api-keys").bearer(token).json(body)).await
    };
    let issued = issue(&token).await.is(201);
    let key = issued.body["data"]["key"].as_str().unwrap();
    captures(&api, key).await.is(201);
    api.send(Call::new("DELETE", &path("users", user, "/second-factor"))).await.is(200);
    let given = async { while captures(&api, key).await.status != 403 {} };
    tokio::time::timeout(Duration::from_secs(1), given).await.expect("it takes too long");
    captures(&api, key).await.fails(403, "permission.missing");
    let token = access(&sign_in(&api, json!({})).await.is(201));
    let token = access(&api.step_up(&token, OLD, json!({})).await.is(200));
    issue(&token).await.fails(409, "second_factor.demanded");
}

#[tokio::test]
async fn a_code_lives_for_its_own_30_seconds_and_elsewhere_for_those_beside_as_well() {
    let elsewhere = Api::new().await;
    let (_, app, _) = with_factor(&elsewhere, Algorithm::SHA1).await;
    for steps in [-1, 0, 1] {
        sign_in_by(&elsewhere, &app, steps).await.is(201);
    }
    let api = hardened().await;
    let (_, app, _) = with_factor(&api, Algorithm::SHA256).await;
    for steps in [-1, 1] {
        sign_in_by(&api, &app, steps).await.fails(401, "second_factor.wrong");
    }
    sign_in_by(&api, &app, 0).await.is(201);
}

#[tokio::test]
async fn new_second_factors_are_made_by_sha_256() {
    let api = hardened().await;
    let (_, app, _) = with_factor(&api, Algorithm::SHA256).await;
    let kept: Vec<String> = sqlx::query_scalar("select algorithm from identity.second_factor")
        .fetch_all(&api.pool)
        .await
        .unwrap();
    assert_eq!(kept, ["SHA256"]);
    let by_sha_1 = TOTP::new(Algorithm::SHA1, 6, 0, 30, app.secret.clone()).unwrap();
    sign_in_by(&api, &by_sha_1, 0).await.fails(401, "second_factor.wrong");
    sign_in_by(&api, &app, 0).await.is(201);
    // A process that is not hardened takes them by what they are made of.
    sign_in_by(&api.another_made(Arc::new(|issuer, _| issuer)), &app, 0).await.is(201);
}

#[tokio::test]
async fn a_second_factor_by_sha_1_is_asked_for_gives_no_roles_and_gives_way_to_another() {
    let before = Api::new().await;
    let (_, old, codes) = with_factor(&before, Algorithm::SHA1).await;
    let signed_in = sign_in_by(&before, &old, 0).await.is(201);
    assert!(!is_missing(&signed_in));
    let token = step_up(&before, &access(&signed_in), &old).await;
    before.send(Call::post(FACTOR).bearer(&token)).await.fails(409, "user.second_factor_enabled");
    let api = before.another_made(by_hardened_rules());
    assert!(is_missing(&refreshed(&api, &signed_in).await));
    sign_in(&api, json!({})).await.fails(401, "second_factor.required");
    let signed_in = sign_in_by(&api, &old, 0).await.is(201);
    assert!(is_missing(&signed_in));
    captures(&api, &access(&signed_in)).await.fails(403, "permission.missing");
    // It takes the old one to have another.
    let app = begin(&api, &access(&signed_in), Algorithm::SHA256).await;
    confirm(&api, &access(&signed_in), &app).await.fails(401, "step_up.required");
    api.step_up(&access(&signed_in), OLD, json!({})).await.fails(401, "second_factor.required");
    let token = step_up(&api, &access(&signed_in), &old).await;
    confirm(&api, &token, &old).await.fails(401, "second_factor.wrong");
    confirm(&api, &token, &app).await.is(200);
    let refreshed = refreshed(&api, &signed_in).await;
    assert!(!is_missing(&refreshed));
    captures(&api, &access(&refreshed)).await.is(201);
    sign_in_by(&api, &old, 0).await.fails(401, "second_factor.wrong");
    sign_in(&api, json!({"recovery_code": codes[0]})).await.fails(401, "second_factor.wrong");
    let signed_in = sign_in_by(&api, &app, 0).await.is(201);
    assert!(!is_missing(&signed_in));
    let token = step_up(&api, &access(&signed_in), &app).await;
    api.send(Call::post(FACTOR).bearer(&token)).await.fails(409, "user.second_factor_enabled");
    let kept: Vec<String> = sqlx::query_scalar("select algorithm from identity.second_factor")
        .fetch_all(&api.pool)
        .await
        .unwrap();
    assert_eq!(kept, ["SHA256"]);
}

#[tokio::test]
async fn a_secret_that_was_told_for_sha_1_is_not_confirmed_any_more() {
    let before = Api::new().await;
    account(&before).await;
    let token = access(&sign_in(&before, json!({})).await.is(201));
    let token = access(&before.step_up(&token, OLD, json!({})).await.is(200));
    let app = begin(&before, &token, Algorithm::SHA1).await;
    let api = before.another_made(by_hardened_rules());
    confirm(&api, &token, &app).await.fails(409, "second_factor.not_begun");
    confirm(&before, &token, &app).await.is(200);
}
