//! Codes of an app beside the password, and recovery codes in their place.

use chrono::Utc;
use futures::future::join_all;
use serde_json::{Value, json};
use totp_rs::{Algorithm, Secret, TOTP};
use uuid::Uuid;

use crate::support::{Api, Call, Reply, path};

const PASSWORD: &str = "correct horse";
const EMAIL: &str = "grace@engines.example";
const FACTOR: &str = "/api/v1/second-factor";

/// Somebody with a second factor.
struct Grace {
    user: Uuid,
    app: TOTP,
    recovery_codes: Vec<String>,
}

async fn sign_in(api: &Api, more: Value) -> Reply {
    let mut body = json!({"tenant_id": api.tenant, "email": EMAIL, "password": PASSWORD});
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    api.send(Call::post("/api/v1/sessions").anonymous().json(body)).await
}

fn access(reply: &Reply) -> String {
    reply.body["data"]["access_token"].as_str().unwrap().to_owned()
}

async fn account(api: &Api) -> Uuid {
    let body = json!({"name": "Grace", "email": EMAIL, "roles": ["admin"]});
    let user = api.post("/api/v1/users", body).await.is(201).id();
    api.password(user, PASSWORD).await;
    user
}

async fn begin(api: &Api, token: &str) -> TOTP {
    let told = api.send(Call::post(FACTOR).bearer(token)).await.is(200);
    let secret = told.body["data"]["secret"].as_str().unwrap().to_owned();
    let url = told.body["data"]["otpauth_url"].as_str().unwrap();
    let asked = format!("%40engines%2Eexample?secret={secret}&issuer=CRM");
    assert!(url.starts_with("otpauth://totp/CRM:") && url.contains(&asked), "{url}");
    TOTP::new(Algorithm::SHA1, 6, 0, 30, Secret::Encoded(secret).to_bytes().unwrap()).unwrap()
}

async fn confirm(api: &Api, token: &str, code: &str) -> Reply {
    api.send(Call::post(&format!("{FACTOR}/confirm")).bearer(token).json(json!({"code": code}))).await
}

fn code(app: &TOTP, steps: i64) -> String {
    app.generate(u64::try_from(Utc::now().timestamp() + 30 * steps).unwrap())
}

/// A code that cannot be right.
fn wrong(app: &TOTP) -> String {
    let right: Vec<String> = (-2..=2).map(|step| code(app, step)).collect();
    (0..10).map(|digit| digit.to_string().repeat(6)).find(|code| !right.contains(code)).unwrap()
}

/// As if the last code had been taken long ago.
async fn later(api: &Api) {
    sqlx::query("update identity.second_factor set last_step = 0").execute(&api.pool).await.unwrap();
}

impl Grace {
    async fn new(api: &Api) -> Self {
        let user = account(api).await;
        let token = access(&sign_in(api, json!({})).await.is(201));
        let token = access(&api.step_up(&token, PASSWORD, json!({})).await.is(200));
        let app = begin(api, &token).await;
        let told = confirm(api, &token, &code(&app, 0)).await.is(200);
        let codes = told.body["data"]["recovery_codes"].as_array().unwrap();
        let recovery_codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        later(api).await;
        Self { user, app, recovery_codes }
    }
}

#[tokio::test]
async fn the_password_alone_opens_nothing_any_more_and_each_code_opens_once() {
    let api = Api::new().await;
    let grace = Grace::new(&api).await;
    assert_eq!(grace.recovery_codes.len(), 10);
    let head = api.head().await;
    let reply = sign_in(&api, json!({})).await.fails(401, "second_factor.required");
    assert!(!reply.text.contains("token\""), "{}", reply.text);
    sign_in(&api, json!({"code": wrong(&grace.app)})).await.fails(401, "second_factor.wrong");
    assert_eq!(api.head().await, head);
    let right = code(&grace.app, 0);
    sign_in(&api, json!({"code": right})).await.is(201);
    sign_in(&api, json!({"code": right})).await.fails(401, "second_factor.wrong");
    // Nor one of before.
    sign_in(&api, json!({"code": code(&grace.app, -1)})).await.fails(401, "second_factor.wrong");
    // Nothing is told to whoever does not know the password.
    let body = json!({"tenant_id": api.tenant, "email": EMAIL, "password": "wrong one", "code": right});
    api.send(Call::post("/api/v1/sessions").anonymous().json(body)).await.fails(401, "credentials.wrong");
    assert!(api.history(grace.user).await.contains(&"user.second_factor_enabled".to_owned()));
}

#[tokio::test]
async fn of_many_who_show_one_code_at_once_one_comes_in() {
    let api = Api::new().await;
    let grace = Grace::new(&api).await;
    let right = code(&grace.app, 0);
    let replies = join_all((0..4).map(|_| sign_in(&api, json!({"code": right})))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    later(&api).await;
    let spent = &grace.recovery_codes[0];
    let replies = join_all((0..4).map(|_| sign_in(&api, json!({"recovery_code": spent})))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert_eq!(api.count("user.recovery_code_used").await, 1);
}

#[tokio::test]
async fn a_recovery_code_opens_once_however_it_is_typed_and_the_history_tells() {
    let api = Api::new().await;
    let grace = Grace::new(&api).await;
    let typed = grace.recovery_codes[3].replace('-', " ").to_uppercase();
    sign_in(&api, json!({"recovery_code": typed})).await.is(201);
    assert_eq!(api.last_event(grace.user).await, json!({"left": 9}));
    sign_in(&api, json!({"recovery_code": grace.recovery_codes[3]})).await.fails(401, "second_factor.wrong");
    sign_in(&api, json!({"recovery_code": "aaaa-aaaa-aaaa-aaaa"})).await.fails(401, "second_factor.wrong");
    sign_in(&api, json!({"recovery_code": grace.recovery_codes[4]})).await.is(201);
    assert_eq!(api.last_event(grace.user).await, json!({"left": 8}));
}

#[tokio::test]
async fn whoever_knows_the_password_cannot_try_all_codes() {
    let api = Api::new().await;
    let grace = Grace::new(&api).await;
    let bad = wrong(&grace.app);
    for _ in 0..5 {
        sign_in(&api, json!({"code": bad})).await.fails(401, "second_factor.wrong");
    }
    sign_in(&api, json!({"code": bad})).await.fails(429, "rate.limited");
    sign_in(&api, json!({"recovery_code": grace.recovery_codes[0]})).await.fails(429, "rate.limited");
}

#[tokio::test]
async fn to_be_asked_for_the_code_first_costs_no_guess() {
    let api = Api::new().await;
    let grace = Grace::new(&api).await;
    for _ in 0..12 {
        sign_in(&api, json!({})).await.fails(401, "second_factor.required");
    }
    sign_in(&api, json!({"code": code(&grace.app, 0)})).await.is(201);
}

#[tokio::test]
async fn what_was_not_confirmed_is_asked_for_by_nobody() {
    let api = Api::new().await;
    account(&api).await;
    let token = access(&sign_in(&api, json!({})).await.is(201));
    confirm(&api, &token, "123456").await.fails(401, "step_up.required");
    let fresh = access(&api.step_up(&token, PASSWORD, json!({})).await.is(200));
    confirm(&api, &fresh, "123456").await.fails(409, "second_factor.not_begun");
    let (first, second) = (begin(&api, &fresh).await, begin(&api, &fresh).await);
    sign_in(&api, json!({})).await.is(201);
    // Of several that were begun, the last one counts.
    confirm(&api, &fresh, &code(&first, 0)).await.fails(401, "second_factor.wrong");
    confirm(&api, &fresh, &code(&second, 0)).await.is(200);
    api.send(Call::post(FACTOR).bearer(&fresh)).await.fails(409, "user.second_factor_enabled");
    let kept: i64 =
        sqlx::query_scalar("select count(*) from identity.second_factor").fetch_one(&api.pool).await.unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_secret_that_was_told_long_ago_cannot_be_confirmed() {
    let api = Api::new().await;
    account(&api).await;
    let token = access(&sign_in(&api, json!({})).await.is(201));
    let token = access(&api.step_up(&token, PASSWORD, json!({})).await.is(200));
    let app = begin(&api, &token).await;
    let ago = "update identity.second_factor set made_at = now() - interval '11 minutes'";
    sqlx::query(ago).execute(&api.pool).await.unwrap();
    confirm(&api, &token, &code(&app, 0)).await.fails(409, "second_factor.not_begun");
}

#[tokio::test]
async fn it_takes_the_factor_itself_to_do_without_it() {
    let api = Api::new().await;
    let grace = Grace::new(&api).await;
    let token = access(&sign_in(&api, json!({"code": code(&grace.app, 0)})).await.is(201));
    later(&api).await;
    api.send(Call::new("DELETE", FACTOR).bearer(&token)).await.fails(401, "step_up.required");
    api.step_up(&token, PASSWORD, json!({})).await.fails(401, "second_factor.required");
    let fresh = access(&api.step_up(&token, PASSWORD, json!({"code": code(&grace.app, 0)})).await.is(200));
    api.send(Call::new("DELETE", FACTOR).bearer(&fresh)).await.is(200);
    sign_in(&api, json!({})).await.is(201);
    for table in ["identity.second_factor", "identity.recovery_code"] {
        let sql = format!("select count(*) from {table}");
        assert_eq!(sqlx::query_scalar::<_, i64>(&sql).fetch_one(&api.pool).await.unwrap(), 0, "{table}");
    }
}

#[tokio::test]
async fn an_administrator_takes_a_lost_one_away() {
    let api = Api::new().await;
    let grace = Grace::new(&api).await;
    api.send(Call::new("DELETE", &path("users", grace.user, "/second-factor"))).await.is(200);
    sign_in(&api, json!({})).await.is(201);
    api.send(Call::new("DELETE", &path("users", Uuid::now_v7(), "/second-factor")))
        .await
        .fails(404, "not_found");
}

#[tokio::test]
async fn a_tenant_that_demands_it_gives_no_roles_to_whoever_has_none() {
    let api = Api::new().await;
    account(&api).await;
    let demand = async |demanded: bool| {
        api.send(Call::new("PUT", "/api/v1/policies/second-factor").json(json!({"demanded": demanded}))).await
    };
    demand(true).await.is(200);
    assert_eq!(api.count("policy.second_factor_demanded").await, 1);
    let act = async |token: &str| {
        api.send(Call::post("/api/v1/leads").bearer(token).json(json!({"name": "Ada"}))).await
    };
    let signed_in = sign_in(&api, json!({})).await.is(201);
    assert_eq!(signed_in.body["data"]["second_factor_missing"], true);
    act(&access(&signed_in)).await.fails(403, "permission.missing");
    let fresh = access(&api.step_up(&access(&signed_in), PASSWORD, json!({})).await.is(200));
    act(&fresh).await.fails(403, "permission.missing");
    let app = begin(&api, &fresh).await;
    confirm(&api, &fresh, &code(&app, 0)).await.is(200);
    let body = json!({"refresh_token": signed_in.body["data"]["refresh_token"]});
    let refreshed = api.send(Call::post("/api/v1/sessions/refresh").anonymous().json(body)).await.is(200);
    assert_eq!(refreshed.body["data"]["second_factor_missing"], false);
    act(&access(&refreshed)).await.is(201);
    demand(false).await.is(200);
    demand(false).await.is(200);
    assert_eq!(api.count("policy.second_factor_made_optional").await, 1);
}

#[tokio::test]
async fn a_key_gives_no_more_than_signing_in_where_a_factor_is_demanded_that_its_user_lacks() {
    let api = Api::new().await;
    let other = api.another();
    account(&api).await;
    let token = access(&sign_in(&api, json!({})).await.is(201));
    let fresh = access(&api.step_up(&token, PASSWORD, json!({})).await.is(200));
    let expires_at = Utc::now() + chrono::TimeDelta::days(1);
    let body = json!({"name": "K", "scopes": ["lead.capture"], "expires_at": expires_at});
    let issued = api.send(Call::post("/api/v1/api-keys").bearer(&fresh).json(body)).await.is(201);
    let key = issued.body["data"]["key"].as_str().unwrap();
    let acts = async |process: &Api| {
        process.send(Call::post("/api/v1/leads").bearer(key).json(json!({"name": "Ada"}))).await
    };
    let demand = async |demanded: bool| {
        let call = Call::new("PUT", "/api/v1/policies/second-factor");
        api.send(call.json(json!({"demanded": demanded}))).await.is(200);
    };
    let within_a_second = async |process: &Api, status: u16| {
        let changed = async { while acts(process).await.status != status {} };
        tokio::time::timeout(std::time::Duration::from_secs(1), changed).await.expect("it takes too long");
    };
    for process in [&api, &other] {
        acts(process).await.is(201);
    }
    demand(true).await;
    for process in [&api, &other] {
        within_a_second(process, 403).await;
        acts(process).await.fails(403, "permission.missing");
    }
    demand(false).await;
    within_a_second(&other, 201).await;
    demand(true).await;
    within_a_second(&other, 403).await;
    let app = begin(&api, &fresh).await;
    confirm(&api, &fresh, &code(&app, 0)).await.is(200);
    // One that has not heard of the key yet; the others look again after some seconds.
    let third = api.another();
    acts(&third).await.is(201);
    let user = issued_to(&api).await;
    api.send(Call::new("DELETE", &path("users", user, "/second-factor"))).await.is(200);
    within_a_second(&third, 403).await;
}

/// Whose the only key is.
async fn issued_to(api: &Api) -> Uuid {
    sqlx::query_scalar("select user_id from identity.api_key").fetch_one(&api.pool).await.unwrap()
}

#[tokio::test]
async fn no_event_holds_a_secret_and_no_table_a_recovery_code() {
    let api = Api::new().await;
    let grace = Grace::new(&api).await;
    sign_in(&api, json!({"recovery_code": grace.recovery_codes[0]})).await.is(201);
    let sql = "select (select jsonb_agg(to_jsonb(e))::text from log.event as e)
        || (select jsonb_agg(to_jsonb(r))::text from identity.recovery_code as r)";
    let all: String = sqlx::query_scalar(sql).fetch_one(&api.pool).await.unwrap();
    let secret = Secret::Raw(grace.app.secret.clone()).to_encoded().to_string();
    let hex: String = grace.app.secret.iter().map(|byte| format!("{byte:02x}")).collect();
    for hidden in grace.recovery_codes.iter().chain([&secret, &hex]) {
        assert!(!all.contains(hidden.as_str()));
    }
}

#[tokio::test]
async fn a_second_factor_is_that_of_one_user() {
    let api = Api::new().await;
    let grace = Grace::new(&api).await;
    let ada = api.user("ada@engines.example").await;
    api.password(ada, PASSWORD).await;
    let body = json!({"tenant_id": api.tenant, "email": "ada@engines.example", "password": PASSWORD});
    let token = access(&api.send(Call::post("/api/v1/sessions").anonymous().json(body)).await.is(201));
    let token = access(&api.step_up(&token, PASSWORD, json!({})).await.is(200));
    // A code of another's is none of hers.
    begin(&api, &token).await;
    confirm(&api, &token, &code(&grace.app, 0)).await.fails(401, "second_factor.wrong");
    api.send(Call::new("DELETE", FACTOR).bearer(&token)).await.is(200);
    sign_in(&api, json!({})).await.fails(401, "second_factor.required");
    api.send(Call::post(&path("users", grace.user, "/disable"))).await.is(200);
    sign_in(&api, json!({"code": code(&grace.app, 0)})).await.fails(401, "credentials.wrong");
}

#[tokio::test]
async fn another_password_and_another_address_ask_for_a_code_as_well() {
    let api = Api::new().await;
    let grace = Grace::new(&api).await;
    later(&api).await;
    let token = access(&sign_in(&api, json!({"code": code(&grace.app, 0)})).await.is(201));
    let new_password = json!({"current_password": PASSWORD, "new_password": "battery staple"});
    let email = json!({"current_password": PASSWORD, "email": "grace@hopper.example"});
    let send = async |method: &str, path: &str, body: &Value, more: Value| {
        let mut body = body.clone();
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        api.send(Call::new(method, path).bearer(&token).json(body)).await
    };
    for (method, path, body) in
        [("PUT", "/api/v1/password", &new_password), ("POST", "/api/v1/email", &email)]
    {
        send(method, path, body, json!({})).await.fails(401, "second_factor.required");
        let bad = json!({"code": wrong(&grace.app)});
        send(method, path, body, bad).await.fails(401, "second_factor.wrong");
    }
    later(&api).await;
    send("POST", "/api/v1/email", &email, json!({"code": code(&grace.app, 0)})).await.is(202);
    // Of whoever lost the app, a recovery code.
    let recovery = json!({"recovery_code": grace.recovery_codes[0]});
    send("PUT", "/api/v1/password", &new_password, recovery).await.is(200);
}

#[tokio::test]
async fn of_secrets_that_nobody_confirms_one_is_kept_for_each_user_and_not_for_long() {
    let api = Api::new().await;
    let kept = async || {
        let sql = "select count(*) from identity.second_factor";
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&api.pool).await.unwrap()
    };
    account(&api).await;
    let token = access(&sign_in(&api, json!({})).await.is(201));
    let mut apps = Vec::new();
    for _ in 0..5 {
        apps.push(begin(&api, &token).await);
        assert_eq!(kept().await, 1);
    }
    let stepped_up = access(&api.step_up(&token, PASSWORD, json!({})).await.is(200));
    confirm(&api, &stepped_up, &code(&apps[3], 0)).await.fails(401, "second_factor.wrong");
    let over =
        "update identity.second_factor set expires_at = now(), made_at = now() - interval '10 minutes'";
    sqlx::query(over).execute(&api.pool).await.unwrap();
    confirm(&api, &stepped_up, &code(&apps[4], 0)).await.fails(409, "second_factor.not_begun");
    let other = api.signed_in().await;
    begin(&api, &other).await;
    assert_eq!(kept().await, 1);
    // Once it counts it has no end.
    let app = begin(&api, &stepped_up).await;
    confirm(&api, &stepped_up, &code(&app, 0)).await.is(200);
    let ends = "select count(*) from identity.second_factor where expires_at is not null";
    let ends: i64 = sqlx::query_scalar(ends).fetch_one(&api.pool).await.unwrap();
    assert_eq!((kept().await, ends), (2, 1));
}
