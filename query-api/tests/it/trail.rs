//! The trail as an auditor reads it: what events tell, what was refused, and what was taken out, in one order.

use axum::http::StatusCode;
use chrono::{Duration, Utc};
use domain::fixtures::text;
use domain::identity::custom_role::CustomRoleAction;
use domain::identity::user::UserAction;
use domain::identity::{Grants, Level};
use edge::Role;
use edge::trail::{Entry, Kind};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::plan::{at, new_id};
use crate::world::{World, each};

const URI: &str = "/api/v1/trail";

async fn trail(world: &World, query: &str) -> Vec<Value> {
    world.trail.flush().await;
    let uri = format!("{URI}?page_size=200&{query}");
    world.get_as(Role::Auditor, &uri).await.data(&uri)["items"].as_array().unwrap().clone()
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_events_tell_and_what_was_refused_is_one_list_in_order_of_time() {
    let world = World::new().await;
    let kim = world.user("Kim", "kim@engines.example").await;
    let role = new_id();
    let grants: Grants = [("lead.read".to_owned(), Level::Team)].into();
    let define = CustomRoleAction::Define { name: text("Field sales"), grants, hidden: [].into() };
    world.tell_role(role, at(3, 2, 9), define).await;
    world.tell_user(kim, at(3, 4, 9), UserAction::GrantCustomRole { role }).await;
    assert_eq!(world.get_as(Role::SalesRep, "/api/v1/users").await.status, StatusCode::FORBIDDEN);
    world.tell_user(kim, at(3, 6, 9), UserAction::RevokeRole { role: Role::SalesRep }).await;
    world.lead("Ada").await;

    let entries = trail(&world, "").await;

    assert_eq!(kinds(&entries), ["role_change", "denied", "role_change", "role_change", "account"]);
    let times: Vec<&str> = entries.iter().map(|entry| entry["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    let (revoked, denied, granted) = (&entries[0], &entries[1], &entries[2]);
    assert_eq!(
        (&revoked["event_type"], &revoked["detail"]),
        (&json!("user.role_revoked"), &json!({"role": "sales_rep"}))
    );
    assert_eq!((&granted["record_id"], &granted["detail"]), (&json!(kim), &json!({"role": role})));
    assert_eq!((&granted["actor"], &granted["correlation_id"]), (&json!("sam"), &json!("test")));
    assert_eq!((&denied["actor"], &denied["permission"]), (&json!("sam"), &json!("user.read")));
    assert_eq!((&denied["route"], &denied["code"]), (&json!("/api/v1/users"), &json!("permission.missing")));
    // Nobody's address or name is in it.
    assert!(!json!(entries).to_string().contains("engines.example"));
}

#[tokio::test]
async fn from_where_an_event_came_is_told_by_the_request_of_the_same_user() {
    let world = World::new().await;
    let source = |actor: &str, number: u8| Entry {
        address: Some([192, 0, 2, number].into()),
        correlation_id: "test".to_owned(),
        ..Entry::new(Kind::Source, world.tenant, actor)
    };
    world.trail.before(source("sam", 1)).await.unwrap();
    world.trail.before(source("mallory", 2)).await.unwrap();
    world.user("Kim", "kim@engines.example").await;
    let entries = trail(&world, "").await;
    assert_eq!(kinds(&entries), ["account"]);
    assert_eq!(entries[0]["address"], "192.0.2.1");
    assert_eq!(trail(&world, "filter[address]=192.0.2.1").await.len(), 1);
    assert_eq!(trail(&world, "filter[address]=192.0.2.2").await.len(), 0);
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended_and_filters_find() {
    let world = World::new().await;
    let begun = Utc::now();
    for number in 0..25_i64 {
        let entry = Entry::new(Kind::Denied, world.tenant, format!("user {}", number % 5));
        world.trail.soon(Entry { at: begun - Duration::seconds(number / 2), ..entry });
    }
    world.trail.flush().await;
    let mut uri = format!("{URI}?page_size=4");
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let reply = world.get_as(Role::Auditor, &uri).await;
        assert_eq!(reply.body["meta"].get("total"), None);
        let data = reply.data(&uri);
        found.extend(each(&data, "id").into_iter().map(|id| id.as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = data["links"]["next"]["href"].as_str() else { break };
        uri = next.to_owned();
    }
    assert_eq!((found.len(), pages), (25, 7));
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 25);
    let time = |seconds: i64| {
        (begun - Duration::seconds(seconds)).to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
    };
    let count = async |query: &str| trail(&world, query).await.len();
    assert_eq!(count("filter[actor]=user%201").await, 5);
    assert_eq!(count("filter[kind]=denied").await, 25);
    assert_eq!(count("filter[kind]=export").await, 0);
    let between = format!("filter[at][gte]={}&filter[at][lt]={}", time(3), time(1));
    assert_eq!(count(&between).await, 4);
    assert_eq!(count("filter[correlation_id]=nothing").await, 0);
    let other = world.token(domain::TenantId::from_uuid(Uuid::now_v7()), &[Role::Auditor]);
    let request = axum::http::Request::get(URI).header("authorization", format!("Bearer {other}"));
    let reply = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(reply.data(URI)["items"], json!([]));
}

async fn export(world: &World, router: &axum::Router, accept: &str) -> axum::response::Response {
    let headers = [("accept", accept), ("x-request-id", "an-export")];
    let request = world.request(Role::Auditor, "/api/v1/audit/events?actor=sam", &headers);
    router.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn an_export_is_recorded_before_it_begins_and_how_it_ended_afterwards() {
    let world = crate::export::long_log().await;
    let whole = export(&world, &world.router, "application/x-ndjson").await;
    let begun = trail(&world, "filter[kind]=export").await;
    assert_eq!((begun.len(), &begun[0]["code"]), (1, &json!("begun")));
    assert_eq!(begun[0]["detail"], json!({"what": "audit.events", "format": "ndjson", "filters": ["actor"]}));
    assert_eq!((&begun[0]["actor"], &begun[0]["correlation_id"]), (&json!("sam"), &json!("an-export")));
    let chunks: Vec<_> = whole.into_body().into_data_stream().collect().await;
    assert!(chunks.iter().all(Result::is_ok));
    let ended = trail(&world, "filter[kind]=export").await;
    assert_eq!((ended.len(), &ended[0]["code"]), (2, &json!("finished")));
    assert_eq!(ended[0]["detail"]["rows"], 20_000);

    drop(export(&world, &world.router, "application/x-ndjson").await);
    let broken = trail(&world, "filter[kind]=export").await;
    assert_eq!((broken.len(), &broken[0]["code"]), (4, &json!("broken_off")));
    assert_eq!(broken[0]["detail"]["rows"], 2_000);
    // A page is no export.
    assert_eq!(export(&world, &world.router, "application/json").await.status(), StatusCode::OK);
    assert_eq!(trail(&world, "filter[kind]=export").await.len(), 4);
}

#[tokio::test]
async fn without_the_trail_there_is_no_export() {
    let world = World::new().await;
    world.lead("Ada").await;
    let admin = world.database.pool();
    sqlx::query("alter table trail.entry add constraint entry_is_full check (false) not valid")
        .execute(&admin)
        .await
        .unwrap();
    let answer = export(&world, &world.router, "application/x-ndjson").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(export(&world, &world.router, "application/json").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_long_trail_is_read_by_its_index() {
    let world = World::new().await;
    let admin = world.database.pool();
    let many = "insert into trail.entry (tenant_id, id, at, kind, actor, correlation_id, count)
        select $1, gen_random_uuid(), now() - interval '1 second' * number, 'denied', 'sam', 'x' || number, 1
        from generate_series(1, 50000) as number";
    sqlx::query(many).bind(Uuid::from(world.tenant)).execute(&admin).await.unwrap();
    sqlx::query("analyze trail.entry").execute(&admin).await.unwrap();
    let plan: Vec<String> = {
        let mut transaction = admin.begin().await.unwrap();
        let role = format!("set local role crm_reader; set local crm.tenant = '{}'", world.tenant);
        sqlx::raw_sql(&role).execute(&mut *transaction).await.unwrap();
        let part = |name: &str| {
            format!("(select * from read_model.{name} where true order by at desc, id asc limit 51)")
        };
        let (entries, events) = (part("trail_entry"), part("trail_event"));
        let sql = format!(
            "explain select doc, id, at from ({entries} union all {events}) as parts order by at desc, id asc limit 51"
        );
        sqlx::query_scalar(&sql).fetch_all(&mut *transaction).await.unwrap()
    };
    let plan = plan.join("\n");
    assert!(
        plan.contains("entry_at") && plan.contains("event_trail") && !plan.contains("Seq Scan"),
        "{plan}"
    );
}
