//! `/api/v1/password`: changing one's own.

use serde_json::json;
use uuid::Uuid;

use crate::support::{Api, Call, Reply};

const OLD: &str = "correct horse";
const NEW: &str = "battery staple";

async fn sign_in(api: &Api, password: &str) -> Reply {
    let body = json!({"tenant_id": api.tenant, "email": "grace@engines.example", "password": password});
    api.send(Call::post("/api/v1/sessions").anonymous().json(body)).await
}

async fn change(api: &Api, token: &str, current: &str, new: &str) -> Reply {
    let body = json!({"current_password": current, "new_password": new});
    api.send(Call::new("PUT", "/api/v1/password").bearer(token).json(body)).await
}

fn access(reply: &Reply) -> String {
    reply.body["data"]["access_token"].as_str().unwrap().to_owned()
}

async fn grace(api: &Api) -> Uuid {
    let grace = api.user("grace@engines.example").await;
    api.password(grace, OLD).await;
    grace
}

#[tokio::test]
async fn the_new_password_is_valid_and_the_old_one_forgotten() {
    let api = Api::new().await;
    let grace = grace(&api).await;
    let token = access(&sign_in(&api, OLD).await.is(201));
    let changed = change(&api, &token, OLD, NEW).await.is(200);
    // Signed in anew with it.
    let own = Call::new("DELETE", "/api/v1/sessions").bearer(&access(&changed));
    sign_in(&api, OLD).await.fails(401, "credentials.wrong");
    sign_in(&api, NEW).await.is(201);
    api.send(own).await.is(200);
    let kept: i64 = sqlx::query_scalar("select count(*) from identity.password where user_id = $1")
        .bind(grace)
        .fetch_one(&api.pool)
        .await
        .unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn without_the_current_password_nothing_changes() {
    let api = Api::new().await;
    grace(&api).await;
    let token = access(&sign_in(&api, OLD).await.is(201));
    let head = api.head().await;
    for wrong in ["", NEW, "Correct horse"] {
        change(&api, &token, wrong, NEW).await.fails(401, "password.wrong");
    }
    assert_eq!(api.head().await, head);
    sign_in(&api, OLD).await.is(201);
}

#[tokio::test]
async fn what_is_no_password_is_refused_by_its_field_without_being_repeated() {
    let api = Api::new().await;
    grace(&api).await;
    let token = access(&sign_in(&api, OLD).await.is(201));
    for bad in ["short", "Password1", "iloveyou", &"x".repeat(129)] {
        let reply = change(&api, &token, OLD, bad).await.fails(422, "values.invalid");
        assert_eq!(reply.fields(), ["new_password"]);
        assert!(!reply.text.contains(bad), "{}", reply.text);
    }
    let body = json!({"current_password": 1, "new_password": null});
    let reply = api.send(Call::new("PUT", "/api/v1/password").bearer(&token).json(body)).await;
    let mut fields = reply.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["current_password", "new_password"]);
}

/// The hash is kept before the event that names it: a crash between the two leaves the old password.
#[tokio::test]
async fn a_hash_that_no_event_names_opens_nothing() {
    let api = Api::new().await;
    let grace = grace(&api).await;
    let copied = "insert into identity.password (tenant_id, user_id, id, hash)
        select tenant_id, user_id, uuidv7(), $2 from identity.password where user_id = $1";
    // That of another password, as if a change of it had been interrupted.
    let other = api.user("other@engines.example").await;
    api.password(other, NEW).await;
    let hash: String = sqlx::query_scalar("select hash from identity.password where user_id = $1")
        .bind(other)
        .fetch_one(&api.pool)
        .await
        .unwrap();
    sqlx::query(copied).bind(grace).bind(hash).execute(&api.pool).await.unwrap();
    sign_in(&api, NEW).await.fails(401, "credentials.wrong");
    let token = access(&sign_in(&api, OLD).await.is(201));
    change(&api, &token, OLD, "another one").await.is(200);
    let kept: i64 = sqlx::query_scalar("select count(*) from identity.password where user_id = $1")
        .bind(grace)
        .fetch_one(&api.pool)
        .await
        .unwrap();
    assert_eq!(kept, 1);
}
