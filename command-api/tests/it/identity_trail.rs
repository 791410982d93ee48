//! What commands leave in the trail: who was not let in and why, who was denied, and from where rights are changed.

use edge::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Api, Call, path};

const PASSWORD: &str = "correct horse";

/// What the trail has of a kind, in order: actor, code, address, agent and count.
async fn of_kind(api: &Api, kind: &str) -> Vec<(Option<String>, Option<String>, Option<String>, i64)> {
    api.trail.flush().await;
    let sql =
        "select actor, code, address, count from trail.entry where tenant_id = $1 and kind = $2 order by id";
    sqlx::query_as(sql).bind(Uuid::from(api.tenant)).bind(kind).fetch_all(&api.pool).await.unwrap()
}

async fn sign_in(api: &Api, email: &str, password: &str) -> u16 {
    let body = json!({"tenant_id": api.tenant, "email": email, "password": password});
    let call = Call::post("/api/v1/sessions").anonymous().header("x-forwarded-for", "192.0.2.1");
    api.send(call.json(body)).await.status.as_u16()
}

fn told(
    actor: Option<Uuid>,
    code: &str,
    count: i64,
) -> (Option<String>, Option<String>, Option<String>, i64) {
    (actor.map(|user| user.to_string()), Some(code.to_owned()), Some("192.0.2.1".to_owned()), count)
}

#[tokio::test]
async fn whoever_is_not_let_in_is_recorded_with_why_and_nobodys_address_is() {
    let api = Api::new().await;
    let email = "grace@engines.example";
    let user = api.user(email).await;
    api.password(user, PASSWORD).await;
    assert_eq!(sign_in(&api, email, "wrong one").await, 401);
    assert_eq!(sign_in(&api, "nobody@engines.example", "wrong one").await, 401);
    assert_eq!(sign_in(&api, email, PASSWORD).await, 201);
    api.send(Call::post(&path("users", user, "/disable")).json(json!({}))).await.is(200);
    assert_eq!(sign_in(&api, email, PASSWORD).await, 401);
    let refused = of_kind(&api, "sign_in_refused").await;
    let wrong = "credentials.wrong";
    assert_eq!(
        refused,
        [told(Some(user), wrong, 1), told(None, wrong, 1), told(Some(user), "user.disabled", 1)]
    );
    let all: String = sqlx::query_scalar("select string_agg(entry::text, ' ') from trail.entry as entry")
        .fetch_one(&api.pool)
        .await
        .unwrap();
    assert!(!all.contains("engines") && !all.contains("wrong one") && !all.contains(PASSWORD), "{all}");
}

#[tokio::test]
async fn many_guesses_are_counted_and_not_kept_one_by_one() {
    let api = Api::new().await;
    let email = "grace@engines.example";
    let user = api.user(email).await;
    api.password(user, PASSWORD).await;
    for _ in 0..40 {
        sign_in(&api, email, "wrong one").await;
    }
    let refused = of_kind(&api, "sign_in_refused").await;
    assert_eq!(refused.iter().map(|(.., count)| count).sum::<i64>(), 40);
    let mut codes: Vec<&str> = refused.iter().map(|(_, code, ..)| code.as_deref().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["credentials.wrong", "credentials.wrong", "rate.limited", "rate.limited"]);
}

#[tokio::test]
async fn a_denial_names_permission_and_record_also_where_the_level_is_what_lacks() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let viewer = api.token(api.tenant, &[Role::Viewer], "vera");
    api.send(Call::post(&path("leads", lead, "/qualify")).bearer(&viewer).json(json!({"score": 1})))
        .await
        .fails(403, "permission.missing");
    let role = api.role(json!({"lead.capture": "own"})).await;
    let own = api.token_of(role, "sam");
    api.send(Call::post("/api/v1/leads").bearer(&own).json(json!({"name": "Ada", "owner": "kim"})))
        .await
        .fails(403, "permission.reach");
    api.trail.flush().await;
    let sql = "select jsonb_build_array(actor, code, permission, record_id, route) from trail.entry
        where kind = 'denied' order by id";
    let denied: Vec<Value> = sqlx::query_scalar(sql).fetch_all(&api.pool).await.unwrap();
    assert_eq!(
        denied,
        [
            json!(["vera", "permission.missing", "lead.qualify", lead, "/api/v1/leads/{id}/qualify"]),
            json!(["sam", "permission.reach", "lead.capture", null, "/api/v1/leads"]),
        ]
    );
}

/// Where each event of a type came from: by the request and the user who did it.
const FROM_WHERE: &str = "select s.address from log.event as e join trail.entry as s
    on s.kind = 'source' and s.tenant_id = e.tenant_id and s.actor = e.metadata ->> 'actor'
        and s.correlation_id = e.metadata ->> 'correlation_id'
    where e.event_type = $1";

#[tokio::test]
async fn from_where_somebody_signs_in_and_rights_are_changed_is_written_before() {
    let api = Api::new().await;
    let email = "grace@engines.example";
    let from = |call: Call| call.header("x-forwarded-for", "192.0.2.1");
    let body = json!({"name": "Grace", "email": email, "roles": ["admin"]});
    let user = api.send(from(Call::post("/api/v1/users")).json(body)).await.is(201).id();
    api.password(user, PASSWORD).await;
    assert_eq!(sign_in(&api, email, PASSWORD).await, 201);
    let roles = from(Call::new("PUT", &path("users", user, "/roles"))).json(json!({"roles": ["viewer"]}));
    api.send(roles).await.is(200);
    for event in ["user.registered", "session.started", "user.role_granted", "user.role_revoked"] {
        let found: Vec<String> =
            sqlx::query_scalar(FROM_WHERE).bind(event).fetch_all(&api.pool).await.unwrap();
        assert_eq!(found, ["192.0.2.1"], "{event}");
    }
    // Nothing of it happens where that cannot be written.
    sqlx::query("alter table trail.entry add constraint entry_is_full check (false) not valid")
        .execute(&api.pool)
        .await
        .unwrap();
    assert_eq!(sign_in(&api, email, PASSWORD).await, 503);
    let roles = Call::new("PUT", &path("users", user, "/roles")).json(json!({"roles": ["admin"]}));
    api.send(roles).await.fails(503, "unavailable");
    assert_eq!(api.count("session.started").await, 1);
    // What is no matter of rights goes on, and so does what is refused.
    api.lead().await;
    let viewer = api.token(api.tenant, &[Role::Viewer], "vera");
    api.send(Call::post("/api/v1/leads").bearer(&viewer).json(json!({"name": "Ada"})))
        .await
        .fails(403, "permission.missing");
}

#[tokio::test]
async fn tokens_that_are_over_and_spent_ones_that_come_back_are_recorded() {
    let api = Api::new().await;
    let email = "grace@engines.example";
    let user = api.user(email).await;
    api.password(user, PASSWORD).await;
    let body = json!({"tenant_id": api.tenant, "email": email, "password": PASSWORD});
    let reply = api.send(Call::post("/api/v1/sessions").anonymous().json(body)).await.is(201);
    let refresh = reply.body["data"]["refresh_token"].as_str().unwrap().to_owned();
    let spend = async |agent: &str| {
        let call = Call::post("/api/v1/sessions/refresh").anonymous().header("user-agent", agent);
        let call = call.header("x-forwarded-for", "192.0.2.1");
        api.send(call.json(json!({"refresh_token": refresh}))).await.status.as_u16()
    };
    assert_eq!(spend("a").await, 200);
    assert_eq!(spend("b").await, 401);
    assert_eq!(of_kind(&api, "token_refused").await, [told(Some(user), "refresh_token.reused", 1)]);
}
