//! What is shown is what is issued, of a thousand drafts that nobody thought of.

use futures::stream::{self, StreamExt};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::billing::{Billing, draft};
use crate::support::{Api, path};

const DRAFTS: u64 = 1_000;

fn figure(random: &mut StdRng, whole: u32, places: u32) -> String {
    let number = random.random_range(0..10_u64.pow(whole + places));
    let fraction = 10_u64.pow(places);
    if places == 0 {
        number.to_string()
    } else {
        format!("{}.{:0width$}", number / fraction, number % fraction, width = places as usize)
    }
}

fn tax(random: &mut StdRng) -> Value {
    match random.random_range(0..5) {
        0 => json!({"category": "Z"}),
        1 => json!({"category": "E", "reason": "Education"}),
        2 => json!({"category": "AE"}),
        3 => json!({"category": "S", "rate": "7"}),
        _ => {
            json!({"category": "S", "rate": format!("{}.{}", random.random_range(1..30), random.random_range(0..1000))})
        }
    }
}

/// What is taken off or put on; little enough that most drafts can be issued.
fn adjustment(random: &mut StdRng) -> Value {
    let by = if random.random_bool(0.5) {
        json!({"percent": figure(random, 1, 3)})
    } else {
        json!({"amount": figure(random, 1, 0)})
    };
    let kind = if random.random_bool(0.3) { "charge" } else { "allowance" };
    json!({"kind": kind, "by": by, "reason": "Because"})
}

fn line(random: &mut StdRng) -> Value {
    let (whole, places) = (random.random_range(1..4), random.random_range(0..5));
    let (quantity, price) = (figure(random, whole, places), figure(random, 4, places));
    let adjustments: Vec<Value> = (0..random.random_range(0..3)).map(|_| adjustment(random)).collect();
    json!({
        "description": "Cogwheel", "quantity": quantity, "unit": "C62", "price": price, "tax": tax(random),
        "adjustments": adjustments,
    })
}

fn random_draft(billing: &Billing, seed: u64) -> Value {
    let random = &mut StdRng::seed_from_u64(seed);
    let mut body = draft(billing);
    let lines: Vec<Value> = (0..random.random_range(1..6)).map(|_| line(random)).collect();
    if random.random_bool(0.5) {
        let mut charge = adjustment(random);
        charge["kind"] = json!("charge");
        charge["tax"] = lines[0]["tax"].clone();
        body["adjustments"] = json!([charge]);
    }
    body["currency"] = json!(["EUR", "JPY", "KWD"][random.random_range(0..3)]);
    body["lines"] = json!(lines);
    body
}

/// Drafts, shows and issues one. Tells whether it came to that.
async fn shown_and_issued(api: &Api, billing: &Billing, seed: u64) -> bool {
    let body = random_draft(billing, seed);
    let rate = (body["currency"] != "EUR").then_some("0.0073");
    let reply = api.post("/api/v1/invoices", body).await;
    // An allowance may be larger than what it is taken off.
    if reply.status == 422 {
        return false;
    }
    let id: Uuid = reply.is(201).id();
    let preview = path("invoices", id, "/preview");
    let shown = api.post(&preview, json!({"issue_date": "2026-01-31", "exchange_rate": rate})).await.is(200);
    let issue = json!({"series_id": billing.series, "issue_date": "2026-01-31", "exchange_rate": rate});
    api.post(&path("invoices", id, "/issue"), issue).await.is(200);
    let event = api.last_event(id).await;
    assert_eq!(event["document"].to_string(), shown.body["data"]["document"].to_string(), "seed {seed}");
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_previews_are_what_is_issued() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let (api, billing) = (&api, &billing);
    let all = stream::iter(0..DRAFTS).map(|seed| shown_and_issued(api, billing, seed)).buffer_unordered(16);
    let issued = all.filter(|issued| std::future::ready(*issued)).count().await;
    println!("{issued} of {DRAFTS} random drafts were issued as they were shown");
    assert!(issued > 800, "{issued}");
}
