//! The walls between tenants: no table, view, key, grant, function or role may be a hole in them.

use embedded::testing;
use sqlx::{Connection as _, Executor as _, PgConnection};

/// Tables that hold nothing of a tenant: which migrations ran, the gate of the log, how far read models are.
const OF_NOBODY: &[&str] = &["public._sqlx_migrations", "log.gate", "read_model.checkpoint"];
/// Tells how long the log is and nothing else, to roles that may not look into it.
const OWNERS_VIEWS: &[&str] = &["log.head"];
/// A position is one of the whole log; a login is of one tenant.
const KEYS_ACROSS_TENANTS: &[&str] = &["event_position_key", "analyst_login_key"];
const DEFINERS: &[&str] = &[];
/// Of these, a reader of what some owners own sees all of the tenant.
const OWNED_BY_NOBODY: &[&str] =
    &["read_model.sales_pipeline_list", "read_model.parked", "identity.tenant_key", "identity.person_key"];

async fn holes(connection: &mut PgConnection) -> Vec<String> {
    let found: Vec<(String, String)> = sqlx::query_as(include_str!("walls.sql"))
        .bind(OF_NOBODY)
        .bind(OWNERS_VIEWS)
        .bind(KEYS_ACROSS_TENANTS)
        .bind(DEFINERS)
        .bind(OWNED_BY_NOBODY)
        .fetch_all(connection)
        .await
        .unwrap();
    found.into_iter().map(|(hole, place)| format!("{hole}: {place}")).collect()
}

#[tokio::test]
async fn the_walls_between_tenants_have_no_hole() {
    let database = testing::database().await;
    let found = holes(&mut database.pool().acquire().await.unwrap()).await;
    assert!(found.is_empty(), "{found:#?}");
}

/// Each is dug in a transaction that is rolled back, since roles are those of the whole cluster.
#[tokio::test]
async fn a_hole_in_the_walls_is_found() {
    let walled = |table: &str| {
        format!(
            "alter table {table} enable row level security; alter table {table} force row level security;
             create policy own on {table} for select to crm_reader using (tenant_id = log.tenant());"
        )
    };
    let table = "create table read_model.x (tenant_id uuid, id uuid, number bigint);";
    let own = walled("read_model.x");
    let dug = [
        (table.to_owned(), "table without forced row-level security: read_model.x"),
        (
            "alter table read_model.sales_lead_list no force row level security".to_owned(),
            "table without forced row-level security: read_model.sales_lead_list",
        ),
        (
            format!("{table} {own} drop policy own on read_model.x"),
            "table of tenants without a policy: read_model.x",
        ),
        (
            format!(
                "create table read_model.y (id uuid); {}",
                walled("read_model.y")
                    .replace("crm_reader using (tenant_id = log.tenant())", "crm_projector using (true)")
            ),
            "table without a tenant behind a wall: read_model.y",
        ),
        (
            format!(
                "{table} {own} create policy all_of_it on read_model.x for select to crm_reader using (true)"
            ),
            "policy that shows a reader other tenants: all_of_it on read_model.x",
        ),
        (
            format!("{table} {own} create policy for_all on read_model.x for select using (id is not null)"),
            "policy for everybody: for_all on read_model.x",
        ),
        (
            "create policy by_setting on read_model.sales_lead_list for select to crm_analyst \
             using (tenant_id = log.tenant())"
                .to_owned(),
            "policy that shows an analyst other tenants: by_setting on read_model.sales_lead_list",
        ),
        (
            "alter policy scoped_reader_reads on read_model.sales_lead_list using (tenant_id = log.tenant())"
                .to_owned(),
            "policy that shows a scoped reader what others own: scoped_reader_reads on read_model.sales_lead_list",
        ),
        (
            "alter policy scoped_reader_reads on read_model.sales_stage_stay using (tenant_id = log.tenant())"
                .to_owned(),
            "policy that shows a scoped reader what others own: scoped_reader_reads on read_model.sales_stage_stay",
        ),
        (
            "alter policy scoped_reader_reads on read_model.sales_lead_list \
             using (owner = any ((select read_model.owners())::text[]))"
                .to_owned(),
            "policy that shows a scoped reader other tenants: scoped_reader_reads on read_model.sales_lead_list",
        ),
        (
            "create view read_model.v as select id from read_model.sales_lead_list".to_owned(),
            "view that shows what its owner may see: read_model.v",
        ),
        (
            "create materialized view read_model.m as select id from read_model.sales_lead_list".to_owned(),
            "materialized view: read_model.m",
        ),
        (
            format!("{table} {own} create unique index x_number on read_model.x (number, tenant_id)"),
            "unique key that does not begin with the tenant: read_model.x_number on read_model.x",
        ),
        (
            format!("{table} {own} create unique index x_lower on read_model.x ((id::text), tenant_id)"),
            "unique key that does not begin with the tenant: read_model.x_lower on read_model.x",
        ),
        (
            "grant crm_reader to crm_analyst".to_owned(),
            "duty that is a member of another: crm_analyst of crm_reader",
        ),
        (
            "grant select (email) on read_model.identity_user_list to crm_analyst".to_owned(),
            "grant of a column: read_model.identity_user_list.email",
        ),
        (
            "grant select (payload) on log.event to crm_identity".to_owned(),
            "grant of a column: log.event.payload",
        ),
        (
            "grant select (error) on read_model.parked to crm_observer".to_owned(),
            "grant of a column: read_model.parked.error",
        ),
        ("grant truncate on log.event to crm_appender".to_owned(), "grant of truncate: log.event"),
        ("grant references on log.event to crm_reader".to_owned(), "grant of references: log.event"),
        (
            "grant trigger on read_model.sales_lead_list to crm_projector".to_owned(),
            "grant of trigger: read_model.sales_lead_list",
        ),
        ("grant maintain on log.claim to crm_appender".to_owned(), "grant of maintain: log.claim"),
        ("grant update on trail.entry to crm_trail".to_owned(), "trail that can be changed: update by crm_trail"),
        ("grant delete on trail.entry to crm_reader".to_owned(), "trail that can be changed: delete by crm_reader"),
        ("grant insert on trail.entry to crm_appender".to_owned(), "trail that can be changed: insert by crm_appender"),
        (
            "alter policy sweeper_deletes on trail.entry using (at < now() - interval '1 day')".to_owned(),
            "policy that shows a sweeper what is young: sweeper_deletes on trail.entry",
        ),
        ("grant select on log.claim to public".to_owned(), "grant to everybody: select on log.claim"),
        (
            "alter function log.enter() security definer".to_owned(),
            "function that runs as its owner: log.enter()",
        ),
        (
            "create role crm_hole_of_a_test login bypassrls".to_owned(),
            "duty that may log in or see through walls: crm_hole_of_a_test\n\
             role that may log in and see through walls: crm_hole_of_a_test",
        ),
        (
            "create role hole_of_a_test login superuser".to_owned(),
            "role that may log in and see through walls: hole_of_a_test",
        ),
    ];
    let database = testing::database().await;
    let mut connection = database.pool().acquire().await.unwrap();
    for (hole, expected) in dug {
        let mut transaction = connection.begin().await.unwrap();
        transaction.execute(hole.as_str()).await.unwrap();
        assert_eq!(holes(&mut transaction).await.join("\n"), expected, "{hole}");
        transaction.rollback().await.unwrap();
    }
}
