use crate::crm::Site;

async fn with_deals() -> Site {
    let site = Site::new().await;
    let mut crm = site.serve().await;
    let mut last = 0;
    for number in 0..10 {
        last = site.open(&crm, &format!("deal-{number}")).await.unwrap().position;
    }
    let list = site.read(&crm, "/opportunities", last).await;
    assert_eq!(list["meta"]["total"], 10);
    let first = list["data"]["items"][0]["id"].as_str().unwrap();
    site.read(&crm, &format!("/opportunities/{first}/history"), last).await;
    crm.kill().await;
    site.assert_verified().await;
    site
}

async fn change(site: &Site, sql: &str) -> String {
    let changed = sqlx::query(sql).execute(&site.pool()).await.unwrap();
    assert!(changed.rows_affected() > 0);
    let (sound, text) = site.run(&["verify"]).await;
    assert!(!sound, "verify did not notice: {text}");
    text
}

#[tokio::test]
async fn an_amount_that_was_changed_by_hand_is_named_with_both_values() {
    let site = with_deals().await;
    let text = change(
        &site,
        r#"update log.event set payload = jsonb_set(payload, '{data,amount,amount}', '"999.00"')
           where payload -> 'data' ->> 'name' = 'deal-4'"#,
    )
    .await;
    assert!(text.contains("sales_opportunity_list"), "{text}");
    assert!(text.contains("100.00") && text.contains("999.00"), "{text}");
}

#[tokio::test]
async fn an_event_that_was_deleted_by_hand_is_named_by_its_position() {
    let site = with_deals().await;
    let text = change(&site, "delete from log.event where position = 5").await;
    assert!(text.contains("position 5 is missing"), "{text}");
}

#[tokio::test]
async fn an_event_at_the_end_that_was_deleted_by_hand_is_noticed() {
    let site = with_deals().await;
    let text =
        change(&site, "delete from log.event where position = (select max(position) from log.event)").await;
    assert!(text.contains("read models have folded it up to"), "{text}");
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_is_named_by_its_position() {
    let site = with_deals().await;
    let text =
        change(&site, r#"update log.event set payload = '{"type": "opened"}' where position = 3"#).await;
    assert!(text.contains("position 3") && text.contains("cannot be decoded"), "{text}");
}

#[tokio::test]
async fn an_event_that_was_given_another_type_is_named() {
    let site = with_deals().await;
    let text = change(&site, "update log.event set event_type = 'opportunity.won' where position = 4").await;
    assert!(text.contains("position 4") && text.contains("opportunity.opened"), "{text}");
}

#[tokio::test]
async fn an_actor_that_was_changed_by_hand_is_noticed() {
    let site = with_deals().await;
    let text = change(
        &site,
        r#"update log.event set metadata = metadata || '{"actor": "somebody else"}' where position = 6"#,
    )
    .await;
    assert!(text.contains("sales_history"), "{text}");
}

/// Whoever may write to the database may rebuild the read models too: then only a seal that was kept elsewhere tells.
#[tokio::test]
async fn a_change_that_was_rebuilt_into_all_read_models_breaks_the_seal_of_an_earlier_run() {
    let site = with_deals().await;
    let (_, text) = site.run(&["verify"]).await;
    let seal = text.lines().find_map(|line| line.strip_prefix("seal ")).unwrap().to_owned();
    let (kept, text) = site.run(&["verify", "--expect", &seal]).await;
    assert!(kept, "{text}");
    let forge = r#"update log.event set payload = jsonb_set(payload, '{data,amount,amount}', '"999.00"')
                   where payload -> 'data' ->> 'name' = 'deal-4'"#;
    sqlx::query(forge).execute(&site.pool()).await.unwrap();
    let (rebuilt, text) = site.run(&["rebuild"]).await;
    assert!(rebuilt, "{text}");
    let (plausible, text) = site.run(&["verify"]).await;
    assert!(plausible, "{text}");
    let (kept, text) = site.run(&["verify", "--expect", &seal]).await;
    assert!(!kept && text.contains("since it was sealed"), "{text}");
}

#[tokio::test]
async fn an_event_that_was_moved_to_another_place_in_its_aggregate_is_named() {
    let site = with_deals().await;
    let text = change(&site, "update log.event set sequence = 2 where position = 5").await;
    assert!(text.contains("position 5") && text.contains("has sequence 2"), "{text}");
}
