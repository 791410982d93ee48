//! What a running system tells its operators.

use std::collections::BTreeSet;

use embedded::testing;
use sqlx::Connection as _;

use crate::crm::Site;
use crate::operate::value;

/// A service that tells operators how it is, on a free port.
const ADMIN: [&str; 2] = ["--admin-listen", "127.0.0.1:0"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_can_be_read_as_metrics_but_not_by_the_public() {
    let site = Site::new().await;
    let crm = site.start(&["serve", "--listen", "127.0.0.1:0", ADMIN[0], ADMIN[1]]).await;
    for number in 0..20 {
        site.open(&crm, &format!("{}", number / 2)).await.unwrap();
    }
    let head = site.open(&crm, "last").await.unwrap().position;
    site.read(&crm, "/opportunities", head).await;
    let text = site
        .until_scraped(&crm, |text| {
            value(text, "crm_log_head_position") == Some(12.0)
                && value(text, "crm_stream_position") == Some(12.0)
                && value(text, "crm_projection_position{view=\"sales_history\"}") == Some(12.0)
        })
        .await;
    // The first deal of a tenant brings its default pipeline along: one command, two events.
    assert_eq!(head, 12);
    for (series, expected) in [
        (r#"crm_http_requests_total{method="POST",route="/api/v1/opportunities",status="201"}"#, 21.0),
        (r#"crm_append_commands_total{outcome="appended"}"#, 11.0),
        ("crm_append_wait_seconds_count", 11.0),
        ("crm_append_batch_events_size_sum", 12.0),
        ("crm_append_waiting_commands", 0.0),
        ("crm_relay_active", 1.0),
        ("crm_relay_lock_held", 1.0),
        ("crm_relay_position", 12.0),
        ("crm_relay_lag_events", 0.0),
        ("crm_relay_published_events_total", 12.0),
        (r#"crm_projection_lag_events{view="sales_opportunity_list"}"#, 0.0),
        (r#"crm_projection_behind_seconds{view="sales_opportunity_list"}"#, 0.0),
        (r#"crm_projection_parked_tenants{view="sales_opportunity_list"}"#, 0.0),
        (r#"crm_projection_folded_events_total{view="sales_opportunity_list"}"#, 12.0),
        (r#"crm_pool_connections_max{pool="queries"}"#, 24.0),
    ] {
        assert_eq!(value(&text, series), Some(expected), "{series}\n{text}");
    }
    for series in ["crm_database_size_bytes", "crm_database_connections", "crm_stream_size_bytes"] {
        assert!(value(&text, series).is_some_and(|value| value > 0.0), "{series}\n{text}");
    }
    let explained: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    for family in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()) {
        assert!(explained.contains(family), "{family} is not explained");
    }
    assert_eq!(site.get(&format!("{}/metrics", crm.address)).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_nats_an_api_is_ready_but_degraded_and_a_projector_is_not_ready() {
    let nats = tokio::task::spawn_blocking(testing::own_nats).await.unwrap();
    let site = Site::with_nats(nats.url(), "crm".into()).await;
    let api = site.start(&["command-api", "--listen", "127.0.0.1:0", ADMIN[0], ADMIN[1]]).await;
    let projector = site.start(&["projector", ADMIN[0], ADMIN[1]]).await;
    for service in [&api, &projector] {
        let (status, body) = site.ready(service).await;
        assert_eq!((status, &body["data"]["status"]), (200, &"ok".into()), "{body}");
    }
    let stopped = tokio::task::spawn_blocking(move || {
        let mut nats = nats;
        nats.kill().unwrap();
        nats
    })
    .await
    .unwrap();
    let failed = |text: &str| value(text, "crm_samples_failed_total{server=\"nats\"}") >= Some(3.0);
    for service in [&api, &projector] {
        site.until_scraped(service, failed).await;
    }
    let (status, body) = site.ready(&api).await;
    assert_eq!((status, &body["data"]["degraded"]), (200, &serde_json::json!(["nats"])), "{body}");
    let (status, body) = site.ready(&projector).await;
    assert_eq!((status, &body["error"]["errors"][0]["field"]), (503, &"nats".into()), "{body}");
    assert!(site.open(&api, "without").await.is_some());
    drop(stopped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_cannot_be_folded_shows_in_health_metrics_and_status() {
    let site = Site::new().await;
    let crm = site.start(&["command-api", "--listen", "127.0.0.1:0"]).await;
    let position = site.open(&crm, "poisoned").await.unwrap().position;
    sqlx::query("update log.event set payload = '{\"type\": \"opened\"}' where position = $1")
        .bind(position)
        .execute(&site.pool())
        .await
        .unwrap();
    let (code, text) = site.status(&["--max-lag", "0"]).await;
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("crm: no relay is active") && text.contains("lags by 2 events"), "{text}");

    let projector = site.start(&["projector", ADMIN[0], ADMIN[1]]).await;
    let parked = "crm_projection_parked_tenants{view=\"sales_opportunity_list\"}";
    let shown = site.until_scraped(&projector, |text| value(text, parked) == Some(1.0)).await;
    assert_eq!(value(&shown, "crm_projection_parked_tenants{view=\"sales_lead_list\"}"), Some(0.0));
    let (status, body) = site.ready(&projector).await;
    assert_eq!((status, &body["error"]["errors"][0]["field"]), (503, &"parked".into()), "{body}");
    let (code, text) = site.status(&[]).await;
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("sales_opportunity_list: the rows of 1 tenants stand still"), "{text}");
    assert!(text.contains("view=sales_opportunity_list position=2 lag=0 rate=0"), "{text}");
    assert!(text.contains("relay active=yes nats=up position=2 lag=0 messages=2"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_all_is_well_status_says_so_and_a_rebuild_under_way_is_seen() {
    let site = Site::new().await;
    let crm = site.start(&["serve", "--listen", "127.0.0.1:0", ADMIN[0], ADMIN[1]]).await;
    let position = site.open(&crm, "fine").await.unwrap().position;
    site.read(&crm, "/opportunities", position).await;
    let settled = |text: &str| value(text, "crm_projection_position{view=\"sales_history\"}") == Some(2.0);
    site.until_scraped(&crm, settled).await;
    let (code, text) = site.status(&["--max-lag", "0"]).await;
    assert_eq!(code, 0, "{text}");
    // Colours and cursor moves are for terminals.
    assert!(!text.contains('\u{1b}'), "{text}");

    // A rebuild ends by locking the checkpoint of the live read model; while somebody else holds it, it goes on.
    let mut connection = sqlx::PgConnection::connect(site.database.url()).await.unwrap();
    let mut held = connection.begin().await.unwrap();
    sqlx::query("select from read_model.checkpoint where view = 'sales_lead_list' for update")
        .execute(&mut *held)
        .await
        .unwrap();
    let mut rebuild = site.command(&["rebuild", "sales_lead_list"]).spawn().unwrap();
    let reached = "crm_rebuild_position{view=\"sales_lead_list\"}";
    site.until_scraped(&crm, |text| value(text, reached) == Some(2.0)).await;
    let (_, text) = site.status(&[]).await;
    assert!(text.contains("rebuild view=sales_lead_list position=2 target=2"), "{text}");
    held.rollback().await.unwrap();
    assert!(rebuild.wait().await.unwrap().success());
    site.until_scraped(&crm, |text| value(text, reached) == Some(0.0)).await;
}
