//! Reads at their limits: too much at once is refused, and what can still be answered is.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use domain::TenantId;
use edge::Role;
use futures::future::{join, join_all};
use uuid::Uuid;

use crate::world::World;

/// While slow reads hold every connection, others are told when to come back, and what is kept is still given.
#[tokio::test]
async fn a_pool_that_runs_dry_is_said_to_and_what_is_kept_is_still_given() {
    let mut world = World::new().await;
    world.lead("Ada").await;
    world.settle().await;
    world.router = world.router_over(world.sessions(2).with_patience(Duration::from_millis(200)));
    let uri = "/api/v1/leads";
    assert_eq!(world.get(uri).await.source(), "fwd=miss");
    let owner = world.database.pool();
    let mut locked = owner.begin().await.unwrap();
    sqlx::query("lock table read_model.sales_lead_list").execute(&mut *locked).await.unwrap();
    let held = join(world.get("/api/v1/leads?sort=owner"), world.get("/api/v1/leads?sort=company"));
    let others = async {
        let waiting = "select count(*) = 2 from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'";
        while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&owner).await.unwrap() {}
        let refused = world.get("/api/v1/leads?sort=name").await;
        assert_eq!((refused.status, refused.code()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
        assert_eq!(refused.headers["retry-after"], "1");
        assert_eq!(world.get(uri).await.source(), "hit");
        locked.rollback().await.unwrap();
    };
    let ((one, other), ()) = join(held, others).await;
    assert_eq!((one.status, other.status), (StatusCode::OK, StatusCode::OK));
}

/// While reads of one tenant wait for a lock, however many there are, those of another find a connection.
#[tokio::test]
async fn one_tenant_cannot_take_all_connections() {
    let mut world = World::new().await;
    world.lead("Ada").await;
    world.settle().await;
    let patience = Duration::from_millis(500);
    world.router = world.router_with(world.sessions(4).with_patience(patience), |api| {
        api.with_reads_of_a_tenant(2, patience)
    });
    let owner = world.database.pool();
    let mut locked = owner.begin().await.unwrap();
    sqlx::query("lock table read_model.sales_lead_list").execute(&mut *locked).await.unwrap();
    let uris = ["owner", "company", "name", "status", "score", "captured_at"];
    let uris: Vec<_> = uris.iter().map(|sort| format!("/api/v1/leads?sort={sort}")).collect();
    let crowd = join_all(uris.iter().map(|uri| world.get(uri)));
    let other = |uri: &str| {
        let bearer = format!("Bearer {}", world.token(TenantId::from_uuid(Uuid::now_v7()), &[Role::Admin]));
        Request::get(uri).header("authorization", bearer).body(Body::empty()).unwrap()
    };
    let others = async {
        let waiting = "select count(*) = 2 from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'";
        while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&owner).await.unwrap() {}
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(world.send(other("/api/v1/pipelines")).await.status);
        }
        assert!(statuses.iter().all(|status| *status == StatusCode::OK), "{statuses:?}");
        // Those of the crowd that were not begun have been told so by then.
        let told = tokio::time::timeout(10 * patience, world.get("/api/v1/leads?sort=email")).await.unwrap();
        assert_eq!((told.status, told.code()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
        assert!(told.body["error"]["detail"].as_str().unwrap().contains("your company"), "{}", told.body);
        assert_eq!(told.headers["retry-after"], "1");
        locked.rollback().await.unwrap();
    };
    let (crowd, ()) = join(crowd, others).await;
    let answered = crowd.iter().filter(|reply| reply.status == StatusCode::OK).count();
    assert_eq!(answered, 2, "{:?}", crowd.iter().map(|reply| reply.status).collect::<Vec<_>>());
}

/// After a restart of the database no request fails for the connections that were lost with it.
#[tokio::test]
async fn connections_that_were_lost_while_idle_are_replaced_unnoticed() {
    let mut world = World::new().await;
    world.lead("Ada").await;
    world.settle().await;
    world.router = world.router_over(world.sessions(4));
    for round in 0..3 {
        let uris: Vec<_> =
            (0..8).map(|page| format!("/api/v1/leads?page_size={}", 10 * round + page + 1)).collect();
        for reply in join_all(uris.iter().map(|uri| world.get(uri))).await {
            assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        }
        let lose = "select pg_terminate_backend(pid, 10000) from pg_stat_activity
                    where datname = current_database() and application_name = 'crm_reader'";
        sqlx::query(lose).execute(&world.database.pool()).await.unwrap();
    }
}

#[tokio::test]
async fn more_filters_than_anyone_needs_are_refused_at_once() {
    let world = World::new().await;
    // As many as the longest path that HTTP here takes at all, which is 64 KiB.
    let many: String = (0..3_000).map(|index| format!("filter[name]=n{index}&")).collect();
    let reply = world.get(&format!("/api/v1/leads?{many}")).await;
    assert!(reply.status.is_client_error(), "{}", reply.status);
    for query in ["page_size=201", "page=10001", "page=0", "page_size=99999999999"] {
        let reply = world.get(&format!("/api/v1/leads?{query}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
}

/// The total is kept beside the rows, and is that of the rows whatever was done to them.
#[tokio::test]
async fn totals_are_those_of_the_rows() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    for index in 0..7 {
        world.lead("Ada").await;
        world.deal(&stages, &format!("Engine {index}")).await;
    }
    world.settle().await;
    let counts = async || {
        let sql = "select view, rows from read_model.row_count order by view";
        sqlx::query_as::<_, (String, i64)>(sql).fetch_all(&world.database.pool()).await.unwrap()
    };
    let count = |view: &str, rows| (view.to_owned(), rows);
    let expected =
        [count("sales_lead_list", 7), count("sales_opportunity_list", 7), count("sales_pipeline_list", 1)];
    assert_eq!(counts().await, expected);
    for uri in [
        "leads?page_size=3",
        "leads?page_size=3&page=2",
        "leads?page_size=3&page=9",
        "leads?filter[name]=Ada",
    ] {
        assert_eq!(world.get(&format!("/api/v1/{uri}")).await.body["meta"]["total"], 7, "{uri}");
    }
    for sql in [
        "delete from read_model.sales_lead_list where id in (select id from read_model.sales_lead_list limit 3)",
        "truncate read_model.sales_opportunity_list",
    ] {
        sqlx::query(sql).execute(&world.database.pool()).await.unwrap();
    }
    assert_eq!(counts().await, [count("sales_lead_list", 4), count("sales_pipeline_list", 1)]);
}
