//! Signing up, over a real SMTP server: a tenant, and its first admin.

use access::{Hasher, Vault};
use command_api::CommandApi;
use command_api::identity::{Issuer, Post};
use embedded::testing::{self, TestSmtp};
use event_store::{Duty, EventStore, connect};
use futures::future::join_all;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::support::{Api, Call, PUBLIC_URL, Reply};

const GRACE: &str = "grace@engines.example";
const PASSWORD: &str = "battery staple";

/// From somewhere else each time, so that what is counted does not matter here.
fn call(path: &str, body: Value) -> Call {
    let [.., a, b, c] = Uuid::now_v7().into_bytes();
    let call = Call::post(&format!("/api/v1{path}")).anonymous();
    call.header("x-forwarded-for", &format!("10.{a}.{b}.{c}")).json(body)
}

async fn token(api: &Api, server: &mut TestSmtp) -> String {
    let body = json!({"company": "Example Engines", "name": "Visit evil.example", "email": GRACE});
    api.send(call("/sign-ups", body)).await.is(202);
    let mail = server.next().await;
    assert_eq!(mail.to, [GRACE]);
    assert!(mail.text.contains(&format!("{PUBLIC_URL}/sign-up#token=")), "{}", mail.text);
    // Whoever asked need not be whoever reads it.
    assert!(!mail.text.contains("evil") && !mail.text.contains("Engines"), "{}", mail.text);
    mail.token()
}

async fn complete(api: &Api, token: &str) -> Reply {
    api.send(call("/sign-ups/complete", json!({"token": token, "password": PASSWORD}))).await
}

#[tokio::test]
async fn whoever_signs_up_is_admin_of_a_tenant_of_their_own_once_mail_to_them_arrived() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let token = token(&api, &mut server).await;
    assert_eq!(api.head().await, 0);
    let begun = complete(&api, &token).await.is(201);
    let (tenant, user) = (begun.uuid("tenant_id"), begun.uuid("user_id"));
    assert_eq!(api.history(tenant).await, ["tenant.created"]);
    assert_eq!(api.last_event(tenant).await, json!({"name": "Example Engines"}));
    assert_eq!(api.history(user).await, ["user.registered", "user.password_changed"]);
    let body = json!({"tenant_id": tenant, "email": GRACE, "password": PASSWORD});
    let tokens = api.send(call("/sessions", body)).await.is(201);
    let access = tokens.body["data"]["access_token"].as_str().unwrap();
    let colleague = json!({"name": "Ada", "email": "ada@engines.example"});
    api.send(Call::post("/api/v1/users").bearer(access).json(colleague)).await.is(201);
    complete(&api, &token).await.fails(409, "link.over");
    let kept: i64 =
        sqlx::query_scalar("select count(*) from identity.link").fetch_one(&api.pool).await.unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_link_begins_one_tenant_however_often_it_is_followed_at_once() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let other = api.another();
    let _sending = api.mails_to(&server.url());
    let token = token(&api, &mut server).await;
    let followed = (0..6).map(|number| complete(if number % 2 == 0 { &api } else { &other }, &token));
    let replies = join_all(followed).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1, "{replies:?}");
    for reply in replies.into_iter().filter(|reply| reply.status != 201) {
        reply.fails(409, "link.over");
    }
    for (event, count) in [("tenant.created", 1), ("user.registered", 1), ("user.password_changed", 1)] {
        assert_eq!(api.count(event).await, count, "{event}");
    }
}

#[tokio::test]
async fn nobody_signs_up_where_it_is_not_switched_on_and_nobody_is_mailed_where_no_mail_is_sent() {
    let api = Api::new().await;
    let body = || json!({"company": "Example Engines", "name": "Grace", "email": GRACE});
    let pool = |duty| connect(&api.url, duty, 2).unwrap();
    let issuer = Issuer::new(Vault::new(pool(Duty::Identity)), Hasher::new(1).unwrap());
    let off = issuer.clone().with_post(Post::new(PUBLIC_URL));
    for (issuer, status, code) in [(off, 409, "sign_up.off"), (issuer, 503, "unavailable")] {
        let store = EventStore::start(pool(Duty::Appender), event_store::fixtures::upcasters());
        let app = CommandApi::new(store, api.keys()).with_issuer(issuer).with_proxies(1);
        let router = edge::finish(command_api::router(app));
        let request = call("/sign-ups", body()).request(&api);
        Reply::read(router.oneshot(request).await.unwrap()).await.fails(status, code);
    }
    let kept: i64 =
        sqlx::query_scalar("select count(*) from identity.mail").fetch_one(&api.pool).await.unwrap();
    assert_eq!(kept, 0);
}
