use embedded::testing;

use crate::crm::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_nats_store_is_deleted_all_commands_succeed_and_read_models_stay_true() {
    let mut nats = tokio::task::spawn_blocking(testing::own_nats).await.unwrap();
    let site = Site::with_nats(nats.url(), "crm".into()).await;
    let crm = site.serve().await;
    let mut last = 0;
    for round in 0..4 {
        for number in 0..25 {
            let opened = site.open(&crm, &format!("{round}-{number}")).await.expect("every command succeeds");
            last = opened.position;
        }
        nats = tokio::task::spawn_blocking(move || {
            nats.kill().unwrap();
            std::fs::remove_dir_all(nats.store_dir()).unwrap();
            nats
        })
        .await
        .unwrap();
        for number in 25..50 {
            let opened = site.open(&crm, &format!("{round}-{number}")).await.expect("every command succeeds");
            last = opened.position;
        }
        nats = tokio::task::spawn_blocking(move || {
            nats.restart().unwrap();
            nats
        })
        .await
        .unwrap();
    }
    loop {
        let list = site.read(&crm, "/opportunities?page_size=1", last).await;
        if list["meta"]["stale"] != true {
            assert_eq!(list["meta"]["total"], 200);
            break;
        }
    }
    site.assert_verified().await;
}
