//! Rows are loaded by the primary key, also by whoever planned that while there were none.

use event_store::{Session, Sessions};
use sqlx::{Executor, Row};

use crate::world::{VIEW, World};

/// What the runner asks for its rows, as [`projections`] does.
const LOAD: &str = "prepare load (uuid[], uuid[]) as
    select r.tenant_id, r.id, r.doc from unnest($1, $2) as k (tenant_id, id)
    cross join lateral (
        select * from read_model.sales_opportunity_list as r
        where (r.tenant_id, r.id) = (k.tenant_id, k.id) limit 1
    ) as r";

async fn plan(session: &mut Session) -> String {
    let rows = session.fetch_all("explain execute load (null, null)").await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0) + "\n").collect()
}

#[tokio::test]
async fn a_plan_of_an_empty_read_model_is_not_kept() {
    let world = World::new().await;
    // So that nobody but the session plans anew.
    let mut owner = world.owner().await;
    owner
        .execute("alter table read_model.sales_opportunity_list set (autovacuum_enabled = off)")
        .await
        .unwrap();
    let sessions = Sessions::like(&world.pool);
    let mut session = sessions.take().await.unwrap();
    session.execute(LOAD).await.unwrap();
    plan(&mut session).await;
    let fill = format!(
        "insert into read_model.{VIEW} (tenant_id, id, position, doc)
         select gen_random_uuid(), gen_random_uuid(), n, '{{}}' from generate_series(1, 2000) as n"
    );
    session.execute(fill.as_str()).await.unwrap();
    sessions.give_back(session);
    let mut session = sessions.take().await.unwrap();
    let plan = plan(&mut session).await;
    assert!(plan.contains("using sales_opportunity_list_key"), "{plan}");
}
