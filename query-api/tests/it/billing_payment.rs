//! Reads of what is paid: payments, invoices that they settle, accounts of customers, and receivables.

use axum::http::StatusCode;
use domain::billing::TaxCategory;
use domain::billing::customer::fixtures::CUSTOMER;
use domain::billing::invoice::fixtures::{draft, issuance, line, untaxed};
use domain::billing::invoice::{Draft, Invoice, InvoiceAction, Issuance};
use domain::billing::legal_entity::fixtures::LEGAL_ENTITY;
use domain::billing::payment::fixtures::{dollars, receipt};
use domain::billing::payment::{Payment, PaymentAction, Receipt};
use domain::billing::series::fixtures::number;
use domain::fixtures::{at, march, text};
use domain::{InvoiceId, PaymentId, RefundId};
use edge::Role;
use serde_json::{Value, json};

use crate::plan::new_id;
use crate::world::{World, each, names};

impl World {
    pub async fn tell_payment(&self, id: PaymentId, day: u32, action: PaymentAction) {
        self.tell(id.into(), at(day, 9), action, Payment::decide).await;
    }

    pub async fn tell_of(&self, id: InvoiceId, day: u32, action: InvoiceAction) {
        self.tell(id.into(), at(day, 9), action, Invoice::decide).await;
    }

    /// An invoice in dollars that is issued on a day of March and due 30 days later.
    pub async fn issued(&self, amount: &str, day: u32) -> InvoiceId {
        let id = new_id();
        let lines = vec![line("1", amount, untaxed(TaxCategory::Z))];
        let draft = Draft { lines, adjustments: Vec::new(), ..draft() };
        self.tell_of(id, day, InvoiceAction::Draft(Box::new(draft))).await;
        let issuance = Issuance { number: number(&format!("INV-{day}")), on: march(day), ..issuance() };
        self.tell_of(id, day, InvoiceAction::Issue(Box::new(issuance))).await;
        id
    }

    /// A payment of 300 dollars, of which so much settles an invoice.
    pub async fn paid(&self, invoice: InvoiceId, amount: &str, day: u32) -> PaymentId {
        let payment = new_id();
        let receipt = Receipt { received_on: march(day), ..receipt() };
        self.tell_payment(payment, day, PaymentAction::Record(Box::new(receipt))).await;
        self.apply(payment, invoice, amount, day).await;
        payment
    }

    pub async fn apply(&self, payment: PaymentId, invoice: InvoiceId, amount: &str, day: u32) {
        let amount = dollars(amount);
        self.tell_payment(payment, day, PaymentAction::Apply { invoice, amount }).await;
        self.tell_of(invoice, day, InvoiceAction::ApplyPayment { payment, amount }).await;
    }
}

pub fn money(amount: &str) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

#[tokio::test]
async fn an_invoice_tells_what_is_paid_of_it_and_what_is_still_to_be_paid() {
    let world = World::new().await;
    world.billing().await;
    let invoice = world.issued("100", 2).await;
    let uri = format!("/api/v1/invoices/{invoice}");
    let payment = world.paid(invoice, "40", 5).await;
    world.settle().await;
    let partly = world.data(&uri).await;
    assert_eq!(
        [&partly["status"], &partly["paid"], &partly["outstanding"], &partly["written_off"]],
        [&json!("partly_paid"), &money("40.00"), &money("60.00"), &money("0.00")]
    );
    assert_eq!(each(&json!({"items": partly["payments"]}), "payment_id"), [&json!(payment)]);
    assert_eq!(names(&partly["links"]).join(" "), "credit document self write_off");

    world.tell_of(invoice, 6, InvoiceAction::WriteOff { reason: text("Bankrupt") }).await;
    world.settle().await;
    let given_up = world.data(&uri).await;
    assert_eq!((&given_up["status"], &given_up["written_off"]), (&json!("written_off"), &money("60.00")));
    assert_eq!(names(&given_up["links"]).join(" "), "document reverse_write_off self");
    assert_eq!(world.get_as(Role::Viewer, &uri).await.status, StatusCode::OK);

    world.tell_of(invoice, 7, InvoiceAction::ReverseWriteOff).await;
    world.apply(world.paid(invoice, "1", 8).await, world.issued("10", 8).await, "10", 8).await;
    world.settle().await;
    let found = async |query: &str| each(&world.data(&format!("/api/v1/invoices?{query}")).await, "id").len();
    assert_eq!(found("filter[status]=partly_paid").await, 1);
    assert_eq!(found("filter[outstanding][gt]=0").await, 1);
    assert_eq!(found("filter[status]=paid").await, 1);
    let past = world.data(&format!("{uri}?as_of=2026-03-05T12:00:00Z")).await;
    assert_eq!((&past["status"], &past["outstanding"]), (&json!("partly_paid"), &money("60.00")));
}

#[tokio::test]
async fn a_payment_tells_what_it_settles_and_what_is_left_of_it() {
    let world = World::new().await;
    world.billing().await;
    let invoice = world.issued("100", 2).await;
    let payment = world.paid(invoice, "100", 5).await;
    let refund: RefundId = new_id();
    let amount = dollars("50");
    world.tell_payment(payment, 6, PaymentAction::Refund { refund, amount, on: march(6) }).await;
    world.settle().await;
    let uri = format!("/api/v1/payments/{payment}");
    let shown = world.data(&uri).await;
    assert_eq!(
        [&shown["status"], &shown["amount"], &shown["unapplied"], &shown["reference"], &shown["method"]],
        [
            &json!("received"),
            &money("300.00"),
            &money("150.00"),
            &json!("INV-2026-00001"),
            &json!("bank_transfer")
        ]
    );
    assert_eq!(shown["invoices"][0]["invoice_id"], json!(invoice));
    assert_eq!(
        shown["refunds"][0],
        json!({"refund_id": refund, "amount": money("50.00"), "refunded_on": "2026-03-06"})
    );
    assert_eq!(names(&shown["links"]).join(" "), "apply refund reverse self unapply");
    let list = world.data("/api/v1/payments?filter[unapplied][gt]=0&filter[method]=bank_transfer").await;
    assert_eq!(each(&list, "id"), [&json!(payment)]);

    let other = world.paid(world.issued("1", 7).await, "1", 7).await;
    let (invoice, amount) = (new_id::<domain::id::kind::Invoice>(), dollars("2"));
    world.tell_payment(other, 7, PaymentAction::Apply { invoice, amount }).await;
    world.settle().await;
    assert_eq!(
        each(&world.data("/api/v1/payments").await, "id"),
        [&json!(other), &json!(payment)],
        "the latest first"
    );
}

#[tokio::test]
async fn an_account_shows_how_it_came_to_what_is_owed() {
    let world = World::new().await;
    world.billing().await;
    let first = world.issued("100", 2).await;
    let second = world.issued("50", 4).await;
    let payment = world.paid(first, "100", 5).await;
    world.tell_of(second, 6, InvoiceAction::Void { reason: text("Twice") }).await;
    let (refund, amount) = (new_id(), dollars("150"));
    world.tell_payment(payment, 7, PaymentAction::Refund { refund, amount, on: march(7) }).await;
    world.settle().await;
    let uri = format!("/api/v1/billing-customers/{CUSTOMER}/account");
    let shown = world.data(&uri).await;
    let [account] = shown["accounts"].as_array().unwrap().as_slice() else { panic!("{shown}") };
    assert_eq!(
        [&account["legal_entity_id"], &account["currency"], &account["opening"], &account["closing"]],
        [&json!(LEGAL_ENTITY), &json!("USD"), &json!("0.00"), &json!("-50.00")]
    );
    let entries: Vec<_> = account["entries"].as_array().unwrap().iter().collect();
    let columns = |names: [&str; 3]| -> Vec<String> {
        entries
            .iter()
            .map(|entry| names.map(|name| entry[name].as_str().unwrap_or("-").to_owned()).join(" "))
            .collect()
    };
    assert_eq!(
        columns(["kind", "change", "balance"]),
        [
            "invoice_issued 100.00 100.00",
            "invoice_issued 50.00 150.00",
            "payment_received -300.00 -150.00",
            "invoice_voided -50.00 -200.00",
            "refunded 150.00 -50.00",
        ]
    );
    assert_eq!(columns(["booked_on", "number", "kind"])[1], "2026-03-04 INV-4 invoice_issued");

    let some = world.data(&format!("{uri}?from=2026-03-04&to=2026-03-05")).await;
    let account = &some["accounts"][0];
    assert_eq!((&account["opening"], &account["closing"]), (&json!("100.00"), &json!("-150.00")));
    assert_eq!(account["entries"].as_array().unwrap().len(), 2);
    let later = world.data(&format!("{uri}?from=2026-04-01")).await;
    assert_eq!(
        (&later["accounts"][0]["opening"], &later["accounts"][0]["closing"]),
        (&json!("-50.00"), &json!("-50.00"))
    );
    let backwards = world.get(&format!("{uri}?from=2026-03-05&to=2026-03-04")).await;
    assert_eq!(backwards.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = format!("/api/v1/billing-customers/{}/account", new_id::<domain::id::kind::Invoice>());
    assert_eq!(world.get(&unknown).await.status, StatusCode::NOT_FOUND);
}

/// What was paid, written off or voided later was still owed on the days before.
#[tokio::test]
async fn receivables_are_told_for_any_day_of_the_past() {
    let world = World::new().await;
    world.billing().await;
    let first = world.issued("100", 1).await;
    let second = world.issued("50", 10).await;
    world.paid(first, "40", 12).await;
    world.tell_of(second, 20, InvoiceAction::WriteOff { reason: text("Bankrupt") }).await;
    world.settle().await;
    let totals = async |query: &str| -> Vec<String> {
        let report = world.data(&format!("/api/v1/reports/receivables?{query}")).await;
        let Some(row) = report["totals"].get(0) else { return Vec::new() };
        let columns =
            ["invoices", "not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90", "total"];
        columns.iter().map(|name| row[name].to_string().replace('"', "")).collect()
    };
    assert!(totals("at=2026-02-28").await.is_empty());
    assert_eq!(totals("at=2026-03-01").await, ["1", "100.00", "0.00", "0.00", "0.00", "0.00", "100.00"]);
    assert_eq!(totals("at=2026-03-11").await, ["2", "150.00", "0.00", "0.00", "0.00", "0.00", "150.00"]);
    assert_eq!(totals("at=2026-03-12").await, ["2", "110.00", "0.00", "0.00", "0.00", "0.00", "110.00"]);
    // Due on the 31st of March.
    assert_eq!(totals("at=2026-03-31").await, ["1", "60.00", "0.00", "0.00", "0.00", "0.00", "60.00"]);
    for (day, column) in
        [("2026-04-01", 2), ("2026-04-30", 2), ("2026-05-01", 3), ("2026-06-01", 4), ("2026-06-30", 5)]
    {
        let row = totals(&format!("at={day}")).await;
        assert_eq!((row[column].as_str(), row[6].as_str()), ("60.00", "60.00"), "{day}: {row:?}");
    }
    assert!(
        totals(&format!("at=2026-03-31&legal_entity_id={}", new_id::<domain::id::kind::Invoice>()))
            .await
            .is_empty()
    );
    let report = world.data("/api/v1/reports/receivables?at=2026-03-31").await;
    let [customer] = report["customers"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!(
        (&customer["customer_id"], &customer["customer_name"]),
        (&json!(CUSTOMER), &json!("Ada Example"))
    );
    assert_eq!((&customer["total"], &customer["invoices"]), (&json!("60.00"), &json!(1)));
    let bad = world.get("/api/v1/reports/receivables?customers=0").await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// Documentation that is written by hand must not drift away from rows that are sent as they lie.
#[tokio::test]
async fn every_field_of_a_payment_is_documented_and_no_other() {
    let world = World::new().await;
    world.billing().await;
    let invoice = world.issued("100", 2).await;
    let payment = world.paid(invoice, "100", 5).await;
    world.settle().await;
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    let documented = document["components"]["schemas"]["Payment"]["properties"].as_object().unwrap();
    let sent = world.data(&format!("/api/v1/payments/{payment}")).await;
    let mut documented: Vec<_> = documented.keys().collect();
    let mut sent: Vec<_> = sent.as_object().unwrap().keys().collect();
    documented.sort();
    sent.sort();
    assert_eq!(sent, documented);
}
