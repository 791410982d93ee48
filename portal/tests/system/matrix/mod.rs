//! The permission matrix: who reaches what by which route. The routes are those of the document, which is held against the
//! routers; callers have roles that give one permission, all but one, or all of them as far as a level reaches; things are
//! one's own, of one's team, of a colleague, of nobody, of another tenant, taken back, or never existed.

mod hidden;
mod targets;
mod walk;
mod world;

use axum::Router;
use axum::routing::get;
use domain::identity::Level;
use serde_json::json;
use sqlx::Executor as _;

use targets::Target;
use walk::Walk;
use world::World;

/// Callers, routes and things: how many answers were looked at. A new route makes it more, never less.
const AT_LEAST: usize = 800;

#[tokio::test]
async fn everybody_reaches_what_their_role_reaches_and_nothing_else() {
    let world = World::new().await;
    let walk = Walk::through(&world, &world::document()).await;
    println!("{} answers, {} of them wrong", walk.looked_at, walk.holes.len());
    assert_eq!(walk.holes, Vec::<String>::new());
    assert!(walk.looked_at >= AT_LEAST, "{}", walk.looked_at);
}

/// Answers are kept, and must not be for those who no longer reach what they show.
#[tokio::test]
async fn what_was_given_to_somebody_else_is_gone_at_once() {
    let world = World::new().await;
    let token = world.token(world::everything(Level::Own)).await;
    for collection in ["leads", "opportunities"] {
        let thing = Target::Own.make(&world, collection).await;
        let path = format!("/api/v1/{collection}/{thing}");
        let paths = [path.clone(), format!("{path}/history"), format!("{path}?as_of={}", world.head().await)];
        for path in &paths {
            for _ in 0..2 {
                assert_eq!(world.send("GET", path, &token, None).await.0, 200, "{path}");
            }
        }
        let body = json!({"owner": world.colleague});
        assert_eq!(world.send("POST", &format!("{path}/assign"), &world.admin, Some(body)).await.0, 200);
        for path in &paths {
            assert_eq!(world.send("GET", path, &token, None).await.0, 404, "{path}");
        }
        let (_, list) = world.send("GET", &format!("/api/v1/{collection}"), &token, None).await;
        assert_eq!(list["meta"]["total"], 0);
    }
}

#[tokio::test]
async fn a_route_without_a_check_is_found() {
    let mut world = World::new().await;
    let peek = Router::new().route("/api/v1/leads/{id}/peek", get(async || "what nobody checks"));
    world.router = world.router.merge(peek);
    let mut document = world::document();
    document["paths"]["/api/v1/leads/{id}/peek"]["get"] =
        json!({"operationId": "peek", "x-permission": "lead.read", "x-roles": ["admin"]});
    let holes = Walk::through(&world, &document).await.holes;
    assert!(!holes.is_empty());
    assert!(holes.iter().all(|hole| hole.contains("/leads/{id}/peek")), "{holes:#?}");
}

/// The wall of levels is in the database, so that is where it has to be broken.
async fn without_levels(world: &World, table: &str) -> Vec<String> {
    let dig =
        format!("alter policy scoped_reader_reads on read_model.{table} using (tenant_id = log.tenant())");
    world.site.pool().execute(dig.as_str()).await.unwrap();
    Walk::through(world, &world::document()).await.holes
}

#[tokio::test]
async fn a_list_that_forgets_the_level_is_found() {
    let world = World::new().await;
    let holes = without_levels(&world, "sales_lead_list").await;
    assert!(holes.iter().any(|hole| hole.contains("GET /api/v1/leads ")), "{holes:#?}");
    assert!(
        !holes.iter().any(|hole| hole.contains("opportunities") || hole.contains("reports")),
        "{holes:#?}"
    );
}

#[tokio::test]
async fn a_report_that_counts_hidden_rows_is_found() {
    let world = World::new().await;
    let holes = without_levels(&world, "sales_stage_stay").await;
    assert!(!holes.is_empty());
    assert!(holes.iter().all(|hole| hole.contains("GET /api/v1/reports/stages")), "{holes:#?}");
}
