//! Reading what one has just written.

use axum::http::StatusCode;
use domain::sales::lead::LeadAction;
use edge::Role;
use projections::rebuild::{Then, rebuild};
use sqlx::{Connection, PgConnection};

use crate::plan::{at, new_id, new_lead};
use crate::world::World;

async fn capture(world: &World, name: &str) -> (domain::LeadId, i64) {
    let id = new_id();
    let capture = LeadAction::Capture(Box::new(new_lead(name)));
    (id, world.tell_lead(id, at(3, 1, 9), capture).await)
}

#[tokio::test]
async fn a_read_waits_for_the_position_of_the_command_before_it() {
    let world = World::new().await;
    for round in 0..20 {
        let (id, position) = capture(&world, "Ada").await;
        let wanted = position.to_string();
        for uri in ["/api/v1/leads", &format!("/api/v1/leads/{id}"), &format!("/api/v1/leads/{id}/history")] {
            let reply = world.get_with(uri, &[("x-min-position", &wanted)]).await;
            assert_eq!(reply.status, StatusCode::OK, "{uri}: {}", reply.body);
            assert_eq!(reply.body["meta"]["stale"], false, "{uri}");
            let reached = reply.body["meta"]["position"].as_i64().unwrap();
            assert!(reached >= position, "{uri}: {reached} of {position}");
            assert_eq!(reply.headers["x-position"], reached.to_string());
            if uri.ends_with("/leads") {
                assert_eq!(reply.body["meta"]["total"], round + 1);
            }
        }
    }
}

#[tokio::test]
async fn a_read_model_that_stands_still_is_answered_as_stale() {
    let mut world = World::new().await;
    let (known, position) = capture(&world, "Ada").await;
    world.settle().await;
    // A position that the log does not have is no reason to come back later.
    let never = format!("/api/v1/leads/{}", uuid::Uuid::now_v7());
    let reply = world.get_with(&never, &[("x-min-position", "9000000000000")]).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    world.stop_folding();
    let (unknown, wanted) = capture(&world, "Grace").await;
    let wanted = [("x-min-position", &*wanted.to_string())];
    let reply = world.get_with("/api/v1/leads", &wanted).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body["meta"]["stale"], true);
    assert_eq!(reply.body["meta"]["position"], position);
    assert_eq!(reply.body["meta"]["total"], 1);
    let reply = world.get_with(&format!("/api/v1/leads/{known}"), &wanted).await;
    assert_eq!((&reply.body["meta"]["stale"], reply.status), (&true.into(), StatusCode::OK));
    // Whether this one exists is not known yet, so it is not said to be missing.
    let reply = world.get_with(&format!("/api/v1/leads/{unknown}"), &wanted).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.headers["retry-after"], "1");
    // The log itself knows it.
    let uri = format!("/api/v1/leads/{unknown}?as_of=2025-04-01T00:00:00Z");
    assert_eq!(world.get_with(&uri, &wanted).await.body["meta"]["stale"], false);
}

#[tokio::test]
async fn a_read_that_asks_for_no_position_tells_the_one_it_shows() {
    let world = World::new().await;
    let (_, position) = capture(&world, "Ada").await;
    world.settle().await;
    let reply = world.get("/api/v1/leads").await;
    assert_eq!(reply.body["meta"]["position"], position);
    assert_eq!(reply.body["meta"].get("stale"), None);
}

/// The read model goes on for others, but what this tenant is shown is as old as the event that stopped it.
#[tokio::test]
async fn a_tenant_that_stands_still_is_told_its_own_position() {
    let world = World::new().await;
    let (_, position) = capture(&world, "Ada").await;
    world.settle().await;
    sqlx::query(
        "insert into read_model.parked (tenant_id, view, position, event_type, error)
         values ($1, 'sales_lead_list', $2, 'lead.captured', 'test')",
    )
    .bind(world.tenant.as_uuid())
    .bind(position + 1)
    .execute(&world.database.pool())
    .await
    .unwrap();
    let (_, next) = capture(&world, "Grace").await;
    world.settle().await;
    let reply = world.get_with("/api/v1/leads", &[("x-min-position", &next.to_string())]).await;
    assert_eq!(reply.body["meta"]["position"], position);
    assert_eq!(reply.body["meta"]["stale"], true);
    let other = domain::TenantId::from_uuid(uuid::Uuid::now_v7());
    let mut request = world.request(Role::Admin, "/api/v1/leads", &[]);
    let bearer = format!("Bearer {}", world.token(other, &[Role::Admin]));
    request.headers_mut().insert("authorization", bearer.parse().unwrap());
    assert_eq!(world.send(request).await.body["meta"]["position"], next);
}

#[tokio::test]
async fn a_position_that_is_no_number_is_named() {
    let world = World::new().await;
    for value in ["-1", "x", "1.5", ""] {
        let reply = world.get_with("/api/v1/leads", &[("x-min-position", value)]).await;
        assert_eq!(reply.bad_fields(), ["X-Min-Position"], "{value:?}");
    }
}

/// Neither an error nor a row too few, whatever is switched under a reader.
#[tokio::test]
async fn readers_do_not_notice_that_a_read_model_is_rebuilt() {
    let world = World::new().await;
    for _ in 0..30 {
        capture(&world, "Ada").await;
    }
    world.settle().await;
    let model = projections::registry().into_iter().find(|model| model.name() == "sales_lead_list").unwrap();
    let mut owner = PgConnection::connect(world.database.url()).await.unwrap();
    let rebuilds = async {
        for _ in 0..10 {
            let upcasters = event_store::fixtures::upcasters();
            rebuild(&mut owner, &model, upcasters, Then::Switch, |_| {}).await.unwrap();
        }
    };
    let reads = async {
        loop {
            let reply = world.get("/api/v1/leads?page_size=100").await;
            assert_eq!((reply.status, &reply.body["meta"]["total"]), (StatusCode::OK, &30.into()));
        }
    };
    tokio::select! {
        () = rebuilds => {}
        () = reads => {}
    }
}
