use std::collections::BTreeMap;

use uuid::Uuid;

use crate::importer::{Fact, Importer, MAP, deals, events_of, finished};

const ROWS: usize = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_killed_twice_ends_as_if_it_had_not_been() {
    let killed = Importer::with(MAP, deals(ROWS) + "bad,,,,,\n").await;
    let whole = Importer::with(MAP, deals(ROWS) + "bad,,,,,\n").await;
    let arguments = ["opportunities", "rows.csv", "--map", "map.toml", "--concurrency", "16"];
    for opened in [150, 900] {
        killed.kill_at(killed.spawn(&arguments), "opportunity.opened", opened).await;
        assert!(killed.count("opportunity.opened").await < i64::try_from(ROWS).unwrap(), "killed too late");
        killed.run(&["list"]).await.assert(0, &["unfinished"]);
    }
    let done = killed.run(&arguments).await;
    done.assert(2, &["accepted  2000", "rejected  1", "of them before an interruption"]);
    whole.run(&arguments).await.assert(2, &["accepted  2000", "rejected  1"]);

    let deals = killed.facts("sales.opportunity").await;
    assert_eq!((deals.len(), deals.values().flatten().count()), (ROWS, events_of(ROWS)));
    assert_eq!(deals, whole.facts("sales.opportunity").await);
    // These happened at the time of each import, so their metadata differs.
    let payloads = |facts: BTreeMap<Uuid, Vec<Fact>>| -> Vec<_> {
        facts.into_iter().flat_map(|(id, facts)| facts.into_iter().map(move |fact| (id, fact.2))).collect()
    };
    for other in ["sales.import", "sales.pipeline"] {
        assert_eq!(payloads(killed.facts(other).await), payloads(whole.facts(other).await), "{other}");
    }
    assert_eq!(killed.read("rows.rejects.csv"), whole.read("rows.rejects.csv"));

    let head = killed.head().await;
    assert_eq!(head, whole.head().await);
    killed
        .run(&arguments)
        .await
        .assert(0, &["was imported before: 2000 accepted, 1 rejected; nothing to do"]);
    assert_eq!(killed.head().await, head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_do_not_stop_an_import() {
    let crm = Importer::with(MAP, deals(ROWS)).await;
    let import = crm.spawn(&["opportunities", "rows.csv", "--map", "map.toml", "--concurrency", "16"]);
    for opened in [100, 400, 800] {
        crm.reach("opportunity.opened", opened).await;
        let cut = "select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and application_name = 'crm_appender'";
        let ended = sqlx::query(cut).execute(&crm.pool()).await.unwrap().rows_affected();
        assert!(ended > 0, "nothing was connected");
    }
    finished(import).await.assert(0, &["accepted  2000", "rejected  0"]);
    let deals = crm.facts("sales.opportunity").await;
    assert_eq!((deals.len(), deals.values().flatten().count()), (ROWS, events_of(ROWS)));
}
