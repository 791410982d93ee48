//! `/api/v1/password`: changing one's own.

use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Api, Call, Reply};

const OLD: &str = "correct horse";
const NEW: &str = "battery staple";

async fn sign_in(api: &Api, password: &str) -> Reply {
    let body = json!({"tenant_id": api.tenant, "email": "grace@engines.example", "password": password});
    // From somewhere else each time, so that what is counted of guesses does not matter here.
    let [.., a, b, c] = Uuid::now_v7().into_bytes();
    let call =
        Call::post("/api/v1/sessions").anonymous().header("x-forwarded-for", &format!("10.{a}.{b}.{c}"));
    api.send(call.json(body)).await
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

/// How many hashes are kept for a user.
async fn hashes(api: &Api, user: Uuid) -> i64 {
    let sql = "select count(*) from identity.password where user_id = $1";
    sqlx::query_scalar(sql).bind(user).fetch_one(&api.pool).await.unwrap()
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
    assert_eq!(hashes(&api, grace).await, 1);
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
    assert_eq!(hashes(&api, grace).await, 1);
}

#[tokio::test]
async fn of_passwords_that_are_changed_at_once_one_is_the_password_and_opens() {
    let api = Api::new().await;
    let other = api.another();
    let grace = grace(&api).await;
    // Nine wrong guesses in all, which is less than an account may have.
    for round in 0..3 {
        let texts: Vec<String> = (0..4).map(|number| format!("password {round} {number}")).collect();
        let set = texts.iter().enumerate().map(|(number, text)| {
            let api = if number % 2 == 0 { &api } else { &other };
            async move { api.password(grace, text).await }
        });
        join_all(set).await;
        let mut opens = 0;
        for text in &texts {
            let reply = sign_in(&api, text).await;
            assert!(matches!(reply.status.as_u16(), 201 | 401), "{}", reply.text);
            opens += u32::from(reply.status == 201);
        }
        assert_eq!(opens, 1);
    }
}

#[tokio::test]
async fn whoever_knew_the_password_of_before_cannot_change_the_one_of_now() {
    let api = Api::new().await;
    grace(&api).await;
    let token = access(&sign_in(&api, OLD).await.is(201));
    // All of them checked the same password, and only one of them found it still valid when it changed it.
    let news: Vec<String> = (0..4).map(|number| format!("{NEW} {number}")).collect();
    let replies = join_all(news.iter().map(|new| change(&api, &token, OLD, new))).await;
    let changed: Vec<usize> = (0..4).filter(|at| replies[*at].status == 200).collect();
    assert_eq!(changed.len(), 1);
    for reply in &replies {
        assert!(matches!(reply.status.as_u16(), 200 | 401 | 412), "{}", reply.text);
    }
    sign_in(&api, &news[changed[0]]).await.is(201);
}
