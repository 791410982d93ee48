//! First passwords that somebody else made: good for choosing another one in time, and for nothing else.

use access::Password;
use chrono::{DateTime, TimeDelta, Utc};
use command_api::Context;
use command_api::identity::password;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::support::mail::{GRACE, NEW, sign_in};
use crate::support::provider::{federated, sign_in as by_provider};
use crate::support::{Api, Call, Reply};

const FIRST: &str = "k2Jq8Zt4Xw9Lm3Nv6Rb1Cs";

/// A user whom a first password was made for.
async fn grace(api: &Api) -> Uuid {
    let body = json!({"name": "Grace", "email": GRACE, "roles": ["admin"]});
    let user = api.post("/api/v1/users", body).await.is(201).id();
    let context = Context::new(api.tenant, "crm user", "a test");
    let first = Password::choose(FIRST).unwrap();
    password::set_first(&api.app, &context, user.into(), first).await.unwrap();
    user
}

fn text(reply: &Reply, field: &str) -> String {
    reply.body["data"][field].as_str().unwrap().to_owned()
}

async fn acts(api: &Api, token: &str) -> Reply {
    api.send(Call::post("/api/v1/leads").bearer(token).json(json!({"name": "Ada"}))).await
}

fn choose(token: &str) -> Call {
    let body = json!({"current_password": FIRST, "new_password": NEW});
    Call::new("PUT", "/api/v1/password").bearer(token).json(body)
}

#[tokio::test]
async fn a_first_password_lets_in_to_choose_another_one_and_to_do_nothing_else() {
    let api = Api::new().await;
    let user = grace(&api).await;
    let until: DateTime<Utc> = api.last_event(user).await["until"].as_str().unwrap().parse().unwrap();
    assert!(until <= Utc::now() + TimeDelta::days(7) && until > Utc::now() + TimeDelta::days(6));
    let signed_in = sign_in(&api, GRACE, FIRST).await.is(201);
    assert_eq!(signed_in.body["data"]["password_change_required"], true);
    let body = json!({"refresh_token": text(&signed_in, "refresh_token")});
    let refreshed = api.send(Call::post("/api/v1/sessions/refresh").anonymous().json(body)).await.is(200);
    assert_eq!(refreshed.body["data"]["password_change_required"], true);
    let token = text(&refreshed, "access_token");
    acts(&api, &token).await.fails(403, "permission.missing");
    let fresh = text(&api.step_up(&token, FIRST, json!({})).await.is(200), "access_token");
    acts(&api, &fresh).await.fails(403, "permission.missing");
    let expires_at = Utc::now() + TimeDelta::days(1);
    let asks: [(&str, Value); 4] = [
        ("second-factor", json!({})),
        ("second-factor/confirm", json!({"code": "123456"})),
        ("api-keys", json!({"name": "K", "scopes": ["lead.read"], "expires_at": expires_at})),
        ("email", json!({"email": "g@engines.example", "current_password": FIRST})),
    ];
    for (path, body) in asks {
        let reply = api.send(Call::post(&format!("/api/v1/{path}")).bearer(&fresh).json(body)).await;
        reply.fails(409, "password.first");
    }
    let chosen = api.send(choose(&fresh)).await.is(200);
    assert_eq!(chosen.body["data"]["password_change_required"], false);
    acts(&api, &text(&chosen, "access_token")).await.is(201);
    sign_in(&api, GRACE, FIRST).await.fails(401, "credentials.wrong");
    let signed_in = sign_in(&api, GRACE, NEW).await.is(201);
    assert_eq!(signed_in.body["data"]["password_change_required"], false);
}

#[tokio::test]
async fn a_first_password_is_over_after_a_week_and_what_it_opened_as_well() {
    fn in_eight_days() -> DateTime<Utc> {
        Utc::now() + TimeDelta::days(8)
    }
    let api = Api::new().await;
    grace(&api).await;
    let signed_in = sign_in(&api, GRACE, FIRST).await.is(201);
    let later = edge::finish(command_api::router(api.app.clone().with_clock(in_eight_days)));
    let send = async |call: Call| Reply::read(later.clone().oneshot(call.request(&api)).await.unwrap()).await;
    let body = json!({"tenant_id": api.tenant, "email": GRACE, "password": FIRST});
    send(Call::post("/api/v1/sessions").anonymous().json(body.clone())).await.fails(401, "password.over");
    let mut wrong = body;
    wrong["password"] = json!("wrong one");
    // Nobody else is told.
    send(Call::post("/api/v1/sessions").anonymous().json(wrong)).await.fails(401, "credentials.wrong");
    send(choose(&text(&signed_in, "access_token"))).await.fails(401, "password.over");
    let body = json!({"refresh_token": text(&signed_in, "refresh_token")});
    send(Call::post("/api/v1/sessions/refresh").anonymous().json(body)).await.fails(401, "session.over");
}

/// What somebody else made is the password, not the word of the provider: nobody has to choose another one to come in by that.
#[tokio::test]
async fn whom_a_provider_lets_in_needs_no_password_of_their_own() {
    let (api, _provider) = federated(json!({})).await;
    grace(&api).await;
    let signed_in = by_provider(&api, "grace", json!({})).await.is(201);
    assert_eq!(signed_in.body["data"]["password_change_required"], false);
    acts(&api, &text(&signed_in, "access_token")).await.is(201);
    let body = json!({"refresh_token": text(&signed_in, "refresh_token")});
    let refreshed = api.send(Call::post("/api/v1/sessions/refresh").anonymous().json(body)).await.is(200);
    acts(&api, &text(&refreshed, "access_token")).await.is(201);
}
