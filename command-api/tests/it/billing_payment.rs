//! `/api/v1/payments`, and what settles invoices: each command accepted, refused, undone, and quiet.

use edge::Role;
use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::billing::{Billing, payment};
use crate::support::{Api, Call, path};

/// A company with a customer, and three invoices of theirs: of 100, 50 and 30 euros, of which the second was due first.
async fn three(api: &Api) -> (Billing, [Uuid; 3]) {
    let billing = api.billing().await;
    let first = api.invoice(&billing, "100", "2026-01-20").await;
    let second = api.invoice(&billing, "50", "2026-01-10").await;
    let third = api.invoice(&billing, "30", "2026-01-30").await;
    (billing, [first, second, third])
}

fn euros(amount: &str) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

#[tokio::test]
async fn a_payment_settles_what_was_due_first_and_what_it_names_before_that() {
    let api = Api::new().await;
    let (billing, invoices) = three(&api).await;
    assert_eq!(api.open().await, [invoices[1], invoices[0], invoices[2]]);
    let paid = api.pay(&billing, "60.00", None).await;
    assert_eq!(api.all_outstanding(&invoices).await, ["90.00", "0.00", "30.00"]);
    assert_eq!(api.left(paid).await, "0.00");
    assert_eq!(api.open().await, [invoices[0], invoices[2]]);
    // The third is due last, and has the third number.
    let named = api.pay(&billing, "40.00", Some("Invoice inv-2026-00003, thank you")).await;
    assert_eq!(api.all_outstanding(&invoices).await, ["80.00", "0.00", "0.00"]);
    assert_eq!(api.history(named).await, ["payment.recorded", "payment.applied", "payment.applied"]);
    let rest = api.pay(&billing, "500.00", None).await;
    assert_eq!(
        (api.left(rest).await.as_str(), api.open().await.len()),
        ("420.00", 0),
        "the rest stays on account"
    );
}

#[tokio::test]
async fn what_is_left_settles_what_comes_later() {
    let api = Api::new().await;
    let (billing, invoices) = three(&api).await;
    let mut body = payment(&billing, "80.00");
    body["apply"] = json!("none");
    let paid = api.post("/api/v1/payments", body).await.is(201).id();
    assert_eq!(api.history(paid).await, ["payment.recorded"]);
    let to = |rest: &str| path("payments", paid, rest);
    let some = json!({"invoices": [{"invoice_id": invoices[2]}, {"invoice_id": invoices[0], "amount": euros("20")}]});
    let applied = api.post(&to("/apply"), some).await.is(200);
    assert_eq!(applied.version(), 3);
    assert_eq!(api.all_outstanding(&invoices).await, ["80.00", "50.00", "0.00"]);
    // The first has something of it already; the second was due first anyway.
    assert_eq!(api.post(&to("/apply"), json!({})).await.is(200).version(), 4);
    assert_eq!(api.all_outstanding(&invoices).await, ["80.00", "20.00", "0.00"]);
    assert_eq!(api.post(&to("/apply"), json!({})).await.is(200).version(), 4, "nothing is left of it");
}

#[tokio::test]
async fn what_is_applied_can_be_undone_and_the_claims_with_it() {
    let api = Api::new().await;
    let (billing, invoices) = three(&api).await;
    let (before, open) = (api.all_outstanding(&invoices).await, api.open().await);
    let paid = api.pay(&billing, "170.00", None).await;
    assert_eq!(api.open().await, [invoices[2]]);
    let to = |rest: &str| path("payments", paid, rest);
    api.post(&to("/unapply"), json!({"invoice_ids": [invoices[1]]})).await.is(200);
    assert_eq!(api.all_outstanding(&invoices).await, ["0.00", "50.00", "10.00"]);
    api.post(&to("/unapply"), json!({"invoice_ids": [invoices[1]]})).await.fails(409, "payment.not_applied");
    api.post(&to("/unapply"), json!({})).await.is(200);
    assert_eq!((api.all_outstanding(&invoices).await, api.open().await), (before, open));
    assert_eq!(api.left(paid).await, "170.00");
}

#[tokio::test]
async fn a_payment_that_the_bank_drew_back_settles_nothing_any_more() {
    let api = Api::new().await;
    let (billing, invoices) = three(&api).await;
    let paid = api.pay(&billing, "170.00", None).await;
    let to = |rest: &str| path("payments", paid, rest);
    let reason = json!({"reason": "The bank drew it back"});
    let reversed = api.post(&to("/reverse"), reason.clone()).await.is(200);
    assert_eq!(reversed.version(), 8, "recorded, three times applied and unapplied, reversed");
    assert_eq!(api.post(&to("/reverse"), reason).await.is(200).version(), 8);
    assert_eq!(api.all_outstanding(&invoices).await, ["100.00", "50.00", "30.00"]);
    for (rest, body) in [("/apply", json!({})), ("/unapply", json!({}))] {
        api.post(&to(rest), body).await.fails(409, "payment.reversed");
    }
}

#[tokio::test]
async fn what_is_left_is_given_back_and_that_is_cancelled() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let to = |rest: &str| path("payments", billing.payment, rest);
    let some = json!({"amount": euros("40"), "refunded_on": "2026-02-01"});
    let refunded = api.post(&to("/refunds"), some).await.is(200);
    let refund = refunded.body["data"]["refund_id"].as_str().unwrap().to_owned();
    assert_eq!(api.left(billing.payment).await, "60.00");
    api.post(&to("/reverse"), json!({"reason": "Why"})).await.fails(409, "payment.in_use");
    let more = json!({"amount": euros("60.01"), "refunded_on": "2026-02-01"});
    api.post(&to("/refunds"), more).await.fails(409, "payment.too_little_left");
    api.post(&to("/refunds"), json!({"refunded_on": "2026-02-01"})).await.is(200);
    assert_eq!(api.left(billing.payment).await, "0.00", "all that was left");
    let cancel = to(&format!("/refunds/{refund}/cancel"));
    api.post(&cancel, json!({})).await.is(200);
    assert_eq!(api.left(billing.payment).await, "40.00");
    api.post(&cancel, json!({})).await.fails(409, "payment.no_such_refund");
    let future = json!({"refunded_on": "2199-01-01"});
    api.post(&to("/refunds"), future).await.fails(422, "payment.dated_in_future");
}

#[tokio::test]
async fn what_is_given_up_is_expected_again() {
    let api = Api::new().await;
    let (billing, invoices) = three(&api).await;
    let to = |rest: &str| path("invoices", invoices[0], rest);
    let reason = json!({"reason": "The customer is bankrupt"});
    api.post(&to("/write-off"), reason.clone()).await.is(200);
    assert_eq!(api.open().await, [invoices[1], invoices[2]]);
    api.post(&to("/write-off"), reason).await.fails(409, "invoice.nothing_outstanding");
    api.post(&to("/void"), json!({"reason": "Why"})).await.fails(409, "invoice.settled");
    api.pay(&billing, "200.00", None).await;
    assert_eq!(api.all_outstanding(&invoices[1..]).await, ["0.00", "0.00"]);
    api.post(&to("/reverse-write-off"), json!({})).await.is(200);
    assert_eq!(
        (api.outstanding(invoices[0]).await.as_str(), api.open().await),
        ("100.00", vec![invoices[0]])
    );
    api.post(&to("/reverse-write-off"), json!({})).await.fails(409, "invoice.not_written_off");
    api.post(&to("/void"), json!({"reason": "Why"})).await.is(200);
    assert!(api.open().await.is_empty());
}

#[tokio::test]
async fn what_does_not_go_is_refused_as_a_whole() {
    let api = Api::new().await;
    let (billing, invoices) = three(&api).await;
    let other = api.post("/api/v1/billing-customers", crate::support::billing::customer()).await.is(201).id();
    let stranger = api.invoice(&Billing { customer: other, ..billing }, "10", "2026-01-20").await;
    let apply = path("payments", billing.payment, "/apply");
    let named = |invoice: Uuid, amount: Value| json!({"invoice_id": invoice, "amount": amount});
    let fine = named(invoices[0], euros("10"));
    for (wrong, code) in [
        (named(stranger, Value::Null), "payment.other_account"),
        (named(invoices[1], euros("50.01")), "invoice.more_than_outstanding"),
        (named(invoices[1], json!({"amount": "1.00", "currency": "USD"})), "invoice.other_currency"),
        (named(billing.invoice, Value::Null), "invoice.not_issued"),
        (named(invoices[1], euros("95")), "invoice.more_than_outstanding"),
    ] {
        let body = json!({"invoices": [fine, wrong]});
        api.post(&apply, body).await.fails(409, code);
    }
    let both = json!({"invoices": [named(invoices[0], euros("90")), named(invoices[1], euros("11"))]});
    api.post(&apply, both).await.fails(409, "payment.too_little_left");
    let unknown = json!({"invoices": [fine, named(Uuid::now_v7(), Value::Null)]});
    let reply = api.post(&apply, unknown).await.fails(422, "values.invalid");
    assert_eq!(reply.fields(), ["invoices.1.invoice_id"]);
    for twice in [json!([]), json!([fine, fine])] {
        let reply = api.post(&apply, json!({"invoices": twice})).await.fails(422, "values.invalid");
        assert_eq!(reply.fields(), ["invoices"]);
    }
    assert_eq!(api.all_outstanding(&invoices).await, ["100.00", "50.00", "30.00"]);
    assert_eq!(api.history(billing.payment).await, ["payment.recorded"]);

    for (field, wrong) in [("legal_entity_id", json!(Uuid::now_v7())), ("customer_id", json!(Uuid::now_v7()))]
    {
        let mut body = payment(&billing, "1.00");
        body[field] = wrong;
        let reply = api.post("/api/v1/payments", body).await.fails(422, "values.invalid");
        assert_eq!(reply.fields(), [field]);
    }
    let nothing = payment(&billing, "0.00");
    api.post("/api/v1/payments", nothing).await.fails(422, "payment.nothing_paid");
}

#[tokio::test]
async fn a_payment_that_is_sent_twice_is_recorded_once() {
    let api = Api::new().await;
    let (billing, invoices) = three(&api).await;
    let once = || Call::post("/api/v1/payments").json(payment(&billing, "20.00")).key("once");
    let (first, again) = (api.send(once()).await.is(201), api.send(once()).await.is(201));
    assert_eq!(first.body["data"], again.body["data"]);
    assert_eq!(api.outstanding(invoices[1]).await, "30.00");
}

/// A payment of last week does not settle what changed since then by itself, and is taken down all the same.
#[tokio::test]
async fn a_payment_of_the_past_settles_what_was_there_then() {
    let api = Api::new().await;
    let (billing, invoices) = three(&api).await;
    let mut body = payment(&billing, "60.00");
    body["occurred_at"] = json!("2026-02-01T12:00:00Z");
    let paid = api.post("/api/v1/payments", body).await.is(201).id();
    assert_eq!(api.history(paid).await, ["payment.recorded"], "the invoices were issued just now");
    assert_eq!(api.all_outstanding(&invoices).await, ["100.00", "50.00", "30.00"]);
    assert_eq!(api.post(&path("payments", paid, "/apply"), json!({})).await.is(200).version(), 3);
}

#[tokio::test]
async fn what_was_open_before_there_were_payments_is_known_after_the_migration() {
    let api = Api::new().await;
    let (_, invoices) = three(&api).await;
    api.post(&path("invoices", invoices[1], "/void"), json!({"reason": "Twice"})).await.is(200);
    let open = api.open().await;
    assert_eq!(open, [invoices[0], invoices[2]]);
    let (_, backfill) = include_str!("../../../migrations/sql/20261127000110_payments.sql")
        .split_once("-- Policies let the projector")
        .unwrap();
    let mut transaction = api.pool.begin().await.unwrap();
    sqlx::query("delete from log.claim where scope like 'invoice.open.%'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    sqlx::raw_sql(&format!("--{backfill}")).execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(api.open().await, open);
}

/// Each payment moves the same invoice, and no cent is lost or counted twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_payments_at_once_settle_exactly_what_there_is() {
    let api = Api::new().await;
    let other = api.another();
    let (billing, invoices) = three(&api).await;
    let pay = |n: usize| {
        let process = if n.is_multiple_of(2) { &api } else { &other };
        let call =
            move || Call::post("/api/v1/payments").json(payment(&billing, "10.00")).key(&format!("pay-{n}"));
        async move {
            // Who is told to come again does, as every client would, though not for ever.
            for _ in 0..100 {
                let reply = process.send(call()).await;
                if reply.status != 503 {
                    return reply.is(201).id();
                }
            }
            panic!("told to come again a hundred times");
        }
    };
    let payments = join_all((0..24).map(pay)).await;
    let sum = |all: Vec<String>| all.iter().map(|amount| amount.parse::<f64>().unwrap()).sum::<f64>();
    assert_eq!(api.all_outstanding(&invoices).await, ["0.00", "0.00", "0.00"]);
    let left = join_all(payments.iter().map(|payment| api.left(*payment))).await;
    let left = left.into_iter().map(|left| if left == "all" { "10.00".to_owned() } else { left });
    assert_eq!(sum(left.collect()), 240.0 - 180.0);
    assert!(api.open().await.is_empty());
}

#[tokio::test]
async fn who_only_reads_bills_records_no_payment() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let call = || Call::post("/api/v1/payments").json(payment(&billing, "1.00"));
    for role in [Role::Viewer, Role::SalesManager, Role::Auditor] {
        api.send(call().role(role)).await.fails(403, "permission.missing");
    }
    api.send(call().role(Role::Finance)).await.is(201);
}
