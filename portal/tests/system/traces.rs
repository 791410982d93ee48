//! One trace from a request to the rows it led to, over three processes.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;

use crate::crm::Site;
use crate::receiver::Receiver;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn named<'a>(spans: &'a [(String, Span)], name: &str) -> Option<&'a (String, Span)> {
    spans.iter().find(|(_, span)| span.name == name && hex(&span.trace_id) == TRACE)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_spans_of_a_command_its_append_its_relay_and_its_folds_are_one_trace() {
    let collector = Receiver::start().await;
    let site = Site::new().await.exporting_to(&collector.url);
    let commands = site.start(&["command-api", "--listen", "127.0.0.1:0"]).await;
    let _projector = site.start(&["projector"]).await;
    let sent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let opened = site.open_with(&commands, "traced", &[("traceparent", &sent)]).await.unwrap();

    let spans = collector
        .spans(|spans| {
            let folds = spans.iter().filter(|(_, span)| span.name == "fold" && hex(&span.trace_id) == TRACE);
            // A deal is in four of the read models; but each of them folds every event.
            folds.count() >= 6
                && ["request", "append", "publish"].iter().all(|name| named(spans, name).is_some())
        })
        .await;
    let (service, request) = named(&spans, "request").unwrap();
    assert!(service.contains("crm-command-api"), "{service}");
    assert_eq!(hex(&request.parent_span_id), "00f067aa0ba902b7");
    let (_, append) = named(&spans, "append").unwrap();
    assert_eq!(append.parent_span_id, request.span_id);
    for later in ["publish", "fold"] {
        let (service, span) = named(&spans, later).unwrap();
        assert!(service.contains("crm-projector"), "{service}");
        assert_eq!(span.parent_span_id, request.span_id, "{later}");
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    }

    let metadata: Value = sqlx::query_scalar("select metadata from log.event where position = $1")
        .bind(opened.position)
        .fetch_one(&site.pool())
        .await
        .unwrap();
    let kept = metadata["traceparent"].as_str().unwrap();
    assert_eq!(kept, format!("00-{TRACE}-{}-01", hex(&request.span_id)));
    assert_eq!(site.message_header(opened.position, "traceparent").await.as_deref(), Some(kept));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_lines_are_json_and_those_of_a_fold_name_the_trace_of_the_request() {
    let site = Site::new().await;
    let (crm, log) = site
        .start_logged(&["serve", "--listen", "127.0.0.1:0"], "info,projections=debug,event_store=debug")
        .await;
    let sent = format!("00-{TRACE}-00f067aa0ba902b7-00");
    let opened = site.open_with(&crm, "logged", &[("traceparent", &sent)]).await.unwrap();
    let stale = site.read(&crm, "/opportunities", opened.position).await["meta"]["stale"].clone();
    assert_ne!(stale, true);
    crm.signal("TERM").await;
    let log = log.whole().await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of_trace = |target: &str, message: &str| {
        lines.iter().any(|line| {
            line["target"].as_str().is_some_and(|text| text.starts_with(target))
                && line["message"] == message
                && line["spans"]
                    .as_array()
                    .is_some_and(|spans| spans.iter().any(|span| span["trace_id"] == TRACE))
        })
    };
    assert!(of_trace("edge", "answered"), "{log}");
    assert!(of_trace("projections", "folded"), "{log}");
}

/// Nothing listens at the first address; at the second somebody takes connections and never answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_or_hangs_costs_no_request_anything_and_what_is_lost_is_counted() {
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let away = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for address in [away, hanging.local_addr().unwrap()] {
        let site = Site::new().await.exporting_to(&format!("http://{address}"));
        let mut crm =
            site.start(&["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]).await;
        let begun = Instant::now();
        let opened = futures::stream::iter(0..400)
            .map(|number| {
                let (site, crm) = (&site, &crm);
                async move { site.open(crm, &format!("{number}")).await.is_some() }
            })
            .buffer_unordered(16)
            .filter(|opened| futures::future::ready(*opened))
            .count()
            .await;
        assert_eq!(opened, 400);
        // One export that somebody waited for would take five seconds.
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        site.until_scraped(&crm, |text| {
            text.lines().any(|line| line.starts_with("crm_spans_dropped_total{reason=\"not taken\"}"))
        })
        .await;
        let stopping = Instant::now();
        crm.signal("TERM").await;
        assert!(crm.child.wait().await.unwrap().success());
        assert!(stopping.elapsed() < Duration::from_secs(15), "{:?}", stopping.elapsed());
    }
}
