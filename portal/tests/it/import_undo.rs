use chrono::Utc;
use command_api::sales::opportunity;
use command_api::{CommandApi, Context};
use domain::{OpportunityId, TenantId, Text};
use edge::{SigningKey, TokenKeys, TokenSettings};
use event_store::{Duty, EventStore, connect};
use uuid::Uuid;

use crate::importer::{Importer, MAP, TENANT, deals};

/// Somebody gives a deal to herself.
async fn edit(crm: &Importer, id: Uuid) {
    let pool = connect(crm.database.url(), Duty::Appender, 2).unwrap();
    let key = SigningKey::generate().unwrap().public_pem().unwrap();
    let keys = TokenKeys::from_pem(&key, &TokenSettings::default()).unwrap();
    let app = CommandApi::new(EventStore::start(pool, event_store::fixtures::upcasters()), keys);
    let context = Context::new(TenantId::from_uuid(TENANT), "kim", "test");
    let owner = Some(Text::parse("kim").unwrap());
    opportunity::assign(&app, &context, OpportunityId::from_uuid(id), owner).await.unwrap();
}

/// An import of so many deals, and its id.
async fn imported(rows: usize) -> (Importer, String) {
    let crm = Importer::with(MAP, deals(rows)).await;
    crm.import("opportunities", &[]).await.assert(0, &[]);
    let import = crm.newest().await;
    (crm, import)
}

/// The ids of open deals.
async fn open(crm: &Importer) -> Vec<Uuid> {
    let deals = crm.facts("sales.opportunity").await.into_iter();
    deals.filter(|(_, facts)| facts.len() == 1).map(|(id, _)| id).collect()
}

#[tokio::test]
async fn what_others_have_touched_is_kept_and_listed_and_the_rest_withdrawn() {
    let (crm, import) = imported(9).await;
    let touched = open(&crm).await[0];
    edit(&crm, touched).await;
    let head = crm.head().await;

    let today = Utc::now().format("%Y-%m-%d").to_string();
    let kept = format!("kept sales.opportunity {touched}: 1 later event of others, the last of {today}");
    let tried = crm.run(&["undo", &import, "--dry-run"]).await;
    tried.assert(2, &[&kept, "would withdraw 8 and keep 1; nothing was changed"]);
    assert_eq!(crm.head().await, head);

    let undone = crm.run(&["undo", &import]).await;
    undone.assert(2, &[&kept, &format!("undid import {import}: withdrew 8, kept 1")]);
    for (id, facts) in crm.facts("sales.opportunity").await {
        let (_, last, _, metadata) = facts.last().unwrap();
        if id == touched {
            assert_eq!((last.as_str(), &metadata["actor"]), ("opportunity.assigned", &"kim".into()));
        } else {
            assert_eq!(
                (last.as_str(), &metadata["import"]),
                ("opportunity.withdrawn", &import.clone().into())
            );
        }
    }
    crm.run(&["list"]).await.assert(0, &["undone: 8 withdrawn, 1 kept"]);

    let head = crm.head().await;
    crm.run(&["undo", &import]).await.assert(0, &["was undone before: 8 withdrawn, 1 kept"]);
    assert_eq!(crm.head().await, head);
}

#[tokio::test]
async fn after_an_undo_the_same_file_can_come_in_again() {
    let (crm, first) = imported(10).await;
    crm.run(&["undo", &first]).await.assert(0, &["withdrew 10, kept 0"]);
    crm.import("opportunities", &[]).await.assert(0, &["accepted  10"]);
    let second = crm.newest().await;
    assert_ne!(first, second);
    assert_eq!(crm.count("opportunity.opened").await, 20);
    crm.import("opportunities", &[]).await.assert(0, &[&second, "nothing to do"]);
    crm.run(&["undo", &second]).await.assert(0, &["withdrew 10, kept 0"]);
    assert_eq!(crm.count("opportunity.withdrawn").await, 20);
}

#[tokio::test]
async fn leads_are_withdrawn_too() {
    let map =
        "[fields]\nname = { column = \"n\" }\nstatus = { value = \"qualified\" }\nscore = { value = 5 }\n";
    let crm = Importer::with(map, "n\na\nb\n").await;
    crm.import("leads", &[]).await.assert(0, &["(capture 2, qualify 2)"]);
    let import = crm.newest().await;
    crm.run(&["undo", &import]).await.assert(0, &["withdrew 2, kept 0"]);
    assert_eq!(crm.count("lead.withdrawn").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_that_is_killed_goes_on_and_withdraws_each_deal_once() {
    const ROWS: usize = 1_500;
    let (crm, import) = imported(ROWS).await;
    let touched = open(&crm).await[ROWS / 3];
    edit(&crm, touched).await;
    crm.kill_at(crm.spawn(&["undo", &import]), "opportunity.withdrawn", 100).await;
    assert!(crm.count("opportunity.withdrawn").await < 1_499, "killed too late");
    crm.run(&["list"]).await.assert(0, &["finished: 1500 accepted"]);
    crm.run(&["undo", &import]).await.assert(2, &["withdrew 1499, kept 1", &touched.to_string()]);
    assert_eq!(crm.count("opportunity.withdrawn").await, 1_499);
    assert_eq!(crm.count("import.undone").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_import_is_undone_only_if_it_is_said_to_run_no_more() {
    let crm = Importer::with(MAP, deals(2_000)).await;
    let arguments = ["opportunities", "rows.csv", "--map", "map.toml", "--concurrency", "4"];
    crm.kill_at(crm.spawn(&arguments), "opportunity.opened", 50).await;
    let (import, opened) = (crm.newest().await, crm.count("opportunity.opened").await);
    crm.run(&["undo", &import]).await.assert(1, &["has not finished", "--unfinished"]);
    let undone = crm.run(&["undo", &import, "--unfinished"]).await;
    undone.assert(0, &[&format!("withdrew {opened}, kept 0")]);
    crm.run(&arguments).await.assert(0, &["accepted  2000"]);
}

#[tokio::test]
async fn an_import_of_another_tenant_is_not_there() {
    let (crm, import) = imported(1).await;
    let other = Uuid::now_v7().to_string();
    crm.run(&["undo", &import, "--tenant", &other]).await.assert(1, &["this tenant has no import"]);
    crm.run(&["list", "--tenant", &other]).await.assert(0, &["this tenant has no imports"]);
}
