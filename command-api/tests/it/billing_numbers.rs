//! Numbers have neither gap nor double, however many issue at once.

use std::collections::BTreeMap;
use std::time::Instant;

use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::support::billing::{Billing, issue};
use crate::support::{Api, path};

const CLIENTS: usize = 32;
/// Of each client; every series gets as many.
const INVOICES: usize = 9;
const SERIES: usize = 3;

/// The counters of each series, in the order of the log.
async fn drawn(api: &Api) -> BTreeMap<Uuid, Vec<i64>> {
    let sql = "select aggregate_id, (payload -> 'data' ->> 'counter')::bigint from log.event \
        where event_type = 'series.number_drawn' order by position";
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(sql).fetch_all(&api.pool).await.unwrap();
    let mut drawn: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
    rows.into_iter().for_each(|(series, counter)| drawn.entry(series).or_default().push(counter));
    drawn
}

/// The numbers that invoices were issued under.
async fn issued(api: &Api) -> Vec<String> {
    let sql =
        "select payload -> 'data' ->> 'number' from log.event where event_type = 'invoice.issued' order by 1";
    sqlx::query_scalar(sql).fetch_all(&api.pool).await.unwrap()
}

/// One client after another writes its drafts; then all issue at once, each in every series in turn.
async fn issue_at_once(api: &Api, others: &[&Api], billing: &Billing, series: &[Uuid]) -> Vec<String> {
    let mut drafts = Vec::new();
    for _ in 0..CLIENTS {
        let mut own = Vec::new();
        for _ in 0..INVOICES {
            own.push(api.draft(billing).await);
        }
        drafts.push(own);
    }
    let begun = Instant::now();
    let clients = drafts.into_iter().enumerate().map(|(client, drafts)| async move {
        let process = others.get(client % (others.len() + 1)).copied().unwrap_or(api);
        let mut numbers = Vec::new();
        for (turn, draft) in drafts.into_iter().enumerate() {
            let series = series[(client + turn) % series.len()];
            let mut reply = process.send(issue(draft, series)).await;
            // Who is told to come again does, as every client would, though not for ever.
            for _ in 0..100 {
                if reply.status != 503 {
                    break;
                }
                reply = process.send(issue(draft, series)).await;
            }
            numbers.push(reply.is(200).body["data"]["number"].as_str().unwrap().to_owned());
        }
        numbers
    });
    let mut numbers: Vec<String> = join_all(clients).await.into_iter().flatten().collect();
    println!("{} invoices issued in {:?}", numbers.len(), begun.elapsed());
    numbers.sort();
    numbers
}

async fn check(api: &Api, others: &[&Api]) {
    let billing = api.billing().await;
    let mut series = Vec::new();
    for name in ["A", "B", "C"] {
        series.push(api.series(billing.legal_entity, &format!("{name}-{{seq:4}}")).await);
    }
    let told = issue_at_once(api, others, &billing, &series).await;
    let each = CLIENTS * INVOICES / SERIES;
    let all_of = |name| (1..=each).map(move |counter| format!("{name}-{counter:04}"));
    let expected: Vec<String> = ["A", "B", "C"].into_iter().flat_map(all_of).collect();
    assert_eq!(told, expected);
    assert_eq!(issued(api).await, expected);
    let counters: Vec<i64> = (1..=i64::try_from(each).unwrap()).collect();
    let drawn = drawn(api).await;
    assert_eq!(drawn.len(), SERIES);
    for (series, found) in drawn {
        assert_eq!(found, counters, "{series}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_issue_in_three_series_without_gap_or_double() {
    let api = Api::new().await;
    check(&api, &[]).await;
}

/// Two processes share no line: the optimistic lock of the series is all that is between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_issue_in_three_series_without_gap_or_double() {
    let api = Api::new().await;
    let other = api.another();
    check(&api, &[&other]).await;
}

/// A number is drawn in the append of the invoice that has it, and nowhere else.
#[tokio::test]
async fn a_number_and_its_invoice_are_one_append() {
    let api = Api::new().await;
    let billing = api.billing().await;
    api.send(issue(billing.invoice, billing.series)).await.is(200);
    let sql = "select event_type, recorded_at::text, metadata ->> 'correlation_id' from log.event \
        order by position desc limit 2";
    let last: Vec<(String, String, String)> = sqlx::query_as(sql).fetch_all(&api.pool).await.unwrap();
    assert_eq!([&last[0].0, &last[1].0], ["invoice.issued", "series.number_drawn"]);
    assert_eq!((&last[0].1, &last[0].2), (&last[1].1, &last[1].2));
    let void = path("invoices", billing.invoice, "/void");
    api.post(&void, json!({"reason": "Sent to somebody else"})).await.is(200);
    let next = api.send(issue(api.draft(&billing).await, billing.series)).await.is(200);
    assert!(next.body["data"]["number"].as_str().unwrap().ends_with("-00002"), "{}", next.text);
}

async fn drafts(api: &Api, billing: &Billing, count: usize) -> Vec<Uuid> {
    let mut drafts = Vec::new();
    for _ in 0..count {
        drafts.push(api.draft(billing).await);
    }
    drafts
}

/// Who waits for a number does not wait for the log to have the one before: they are appended together, and each is told its own place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_in_line_shares_an_append() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let drafts = drafts(&api, &billing, 32).await;
    let replies = join_all(drafts.iter().map(|draft| api.send(issue(*draft, billing.series)))).await;
    for (draft, reply) in drafts.iter().zip(replies) {
        let reply = reply.is(200);
        let sql = "select aggregate_id, event_type from log.event where position = $1";
        let found: (Uuid, String) =
            sqlx::query_as(sql).bind(reply.position()).fetch_one(&api.pool).await.unwrap();
        assert_eq!(found, (*draft, "invoice.issued".to_owned()));
    }
    let sql = "select count(distinct recorded_at) from log.event where event_type = 'series.number_drawn'";
    let appends: i64 = sqlx::query_scalar(sql).fetch_one(&api.pool).await.unwrap();
    assert!(appends < 16, "{appends} appends");
}

/// One of them has a number that another series has given: none is appended together, and each is told what becomes of it alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shares_an_append_that_the_log_refuses_is_asked_alone() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let one = api.series(billing.legal_entity, "A{year}-{seq:1}").await;
    let two = api.series(billing.legal_entity, "A2026-{seq:1}").await;
    let issue = async |invoice: Uuid, series: Uuid| {
        let body = json!({"series_id": series, "issue_date": "2026-01-31"});
        api.post(&path("invoices", invoice, "/issue"), body).await
    };
    assert_eq!(issue(billing.invoice, one).await.is(200).body["data"]["number"], "A2026-1");
    let drafts = drafts(&api, &billing, 8).await;
    let head = api.head().await;
    for reply in join_all(drafts.iter().map(|draft| issue(*draft, two))).await {
        reply.fails(409, "invoice.number_taken");
    }
    assert_eq!(api.head().await, head);
}

/// The same request twice, under one key, among others of the line: one of the two draws a number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_repeated_in_line_draws_one_number() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let drafts = drafts(&api, &billing, 8).await;
    let twice = drafts.iter().chain(&drafts);
    let calls = twice.map(|draft| issue(*draft, billing.series).key(&draft.to_string()));
    let replies = join_all(calls.map(|call| api.send(call))).await;
    let numbers: Vec<_> =
        replies.into_iter().map(|reply| reply.is(200).body["data"]["number"].clone()).collect();
    assert_eq!(numbers[..8], numbers[8..]);
    assert_eq!(drawn(&api).await[&billing.series], (1..=8).collect::<Vec<i64>>());
}
