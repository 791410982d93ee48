//! Showing once more who one is, to the tenant's provider.

use domain::TenantId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::hostile::Hostile;
use crate::support::provider::{Begun, Sent, configure, federated, sign_in, visit};
use crate::support::{Api, Call, Reply};

const BEGIN: &str = "/api/v1/sessions/step-up/provider";
const COMPLETE: &str = "/api/v1/sessions/step-up/provider/complete";

async fn account(api: &Api, local: &str) -> Uuid {
    let body = json!({"name": "Grace", "email": format!("{local}@engines.example"), "roles": ["admin"]});
    api.post("/api/v1/users", body).await.is(201).id()
}

fn access(reply: &Reply) -> String {
    reply.body["data"]["access_token"].as_str().unwrap().to_owned()
}

async fn begin(api: &Api, token: &str) -> Begun {
    Begun::of(&api.send(Call::post(BEGIN).bearer(token)).await.is(200))
}

fn complete(begun: &Begun, token: &str, sent: &Sent) -> Call {
    let mut body = sent.body(json!({}));
    body.as_object_mut().unwrap().remove("tenant_id");
    Call::post(COMPLETE).bearer(token).header("cookie", &begun.header()).json(body)
}

/// What asks for somebody who has just shown who they are.
async fn grants(api: &Api, token: &str) -> Reply {
    let body = json!({"name": Uuid::now_v7(), "grants": {"lead.read": "all"}});
    api.send(Call::post("/api/v1/roles").bearer(token).json(body)).await
}

#[tokio::test]
async fn an_admin_without_a_password_shows_anew_who_they_are() {
    let (api, _provider) = federated(json!({"passwords": false})).await;
    account(&api, "grace").await;
    let token = access(&sign_in(&api, "grace", json!({})).await.is(201));
    grants(&api, &token).await.fails(401, "step_up.required");
    let begun = begin(&api, &token).await;
    assert_eq!((begun.asked("prompt").as_str(), begun.asked("max_age").as_str()), ("login", "0"));
    let sent = visit(&begun.url, "grace").await;
    let fresh = access(&api.send(complete(&begun, &token, &sent)).await.is(200));
    grants(&api, &fresh).await.is(201);
    api.send(complete(&begun, &token, &sent)).await.fails(401, "sign_in.over");
}

#[tokio::test]
async fn somebody_else_whom_the_provider_names_shows_nothing_of_the_user() {
    let (api, _provider) = federated(json!({})).await;
    account(&api, "grace").await;
    account(&api, "ada").await;
    let grace = access(&sign_in(&api, "grace", json!({})).await.is(201));
    let ada = access(&sign_in(&api, "ada", json!({})).await.is(201));
    for login in ["ada", "grace+2", "nobody"] {
        let begun = begin(&api, &grace).await;
        let sent = visit(&begun.url, login).await;
        api.send(complete(&begun, &grace, &sent)).await.fails(401, "sign_in.refused");
    }
    // Nor does it serve another session, or sign somebody in.
    let begun = begin(&api, &grace).await;
    let sent = visit(&begun.url, "ada").await;
    api.send(complete(&begun, &ada, &sent)).await.fails(401, "sign_in.over");
    let tenant = api.tenant.as_uuid();
    api.send(begun.complete(&Sent { tenant, ..sent }, json!({}))).await.fails(401, "sign_in.over");
    // And a sign-in is no step-up.
    let begun = Begun::new(&api).await;
    let sent = visit(&begun.url, "grace").await;
    api.send(complete(&begun, &grace, &sent)).await.fails(401, "sign_in.over");
}

/// A provider that does not ask anew tells when it did.
#[tokio::test]
async fn a_provider_that_has_not_asked_anew_shows_nothing() {
    let provider = Hostile::new().await;
    let api = Api::asking(TenantId::from_uuid(Uuid::now_v7()), vec![provider.issuer.clone()]).await;
    account(&api, "grace").await;
    configure(&api, &provider.issuer, json!({})).await.is(200);
    let sent = |begun: &Begun| Sent {
        tenant: api.tenant.as_uuid(),
        query: [("state".to_owned(), begun.asked("state")), ("code".to_owned(), "a code".to_owned())].into(),
    };
    let begun = Begun::new(&api).await;
    provider.says(&provider.claims(&begun));
    let token = access(&api.send(begun.complete(&sent(&begun), json!({}))).await.is(201));
    let now = chrono::Utc::now().timestamp();
    for (auth_time, status) in
        [(Value::Null, 401), (json!(now - 3_600), 401), (json!(now + 3_600), 401), (json!(now), 200)]
    {
        let begun = begin(&api, &token).await;
        let mut claims = provider.claims(&begun);
        if !auth_time.is_null() {
            claims["auth_time"] = auth_time.clone();
        }
        provider.says(&claims);
        let reply = api.send(complete(&begun, &token, &sent(&begun))).await;
        assert_eq!(reply.status.as_u16(), status, "{auth_time}: {}", reply.text);
    }
}
