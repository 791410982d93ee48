//! Reads of credit notes, and of what they change.

use axum::http::StatusCode;
use domain::billing::TaxCategory;
use domain::billing::customer::fixtures::CUSTOMER;
use domain::billing::invoice::fixtures::{credit_of, line, reason, untaxed};
use domain::billing::invoice::{CreditOf, InvoiceAction};
use domain::billing::series::fixtures::number;
use domain::fixtures::march;
use domain::{CreditNoteId, InvoiceId};
use edge::Role;
use serde_json::{Value, json};

use crate::billing_payment::money;
use crate::plan::new_id;
use crate::world::{World, each, names};

impl World {
    /// A credit note of so much, on a day of March.
    async fn credited(&self, invoice: InvoiceId, amount: &str, day: u32) -> CreditNoteId {
        let credit_note = new_id();
        let lines = Some(vec![line("1", amount, untaxed(TaxCategory::Z))]);
        let number = number(&format!("CN-{day}"));
        let credit = CreditOf { credit_note, number, on: march(day), lines, ..credit_of() };
        self.tell_of(invoice, day, InvoiceAction::Credit(Box::new(credit))).await;
        credit_note
    }
}

fn documented(schema: &str) -> Vec<String> {
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    let fields = document["components"]["schemas"][schema]["properties"].as_object().unwrap();
    fields.keys().cloned().collect()
}

fn sent(data: &Value) -> Vec<String> {
    data.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn an_invoice_tells_what_was_taken_back_of_it() {
    let world = World::new().await;
    world.billing().await;
    let invoice = world.issued("100", 2).await;
    let uri = format!("/api/v1/invoices/{invoice}");
    let first = world.credited(invoice, "40", 5).await;
    world.settle().await;
    let partly = world.data(&uri).await;
    assert_eq!(
        [&partly["status"], &partly["credited"], &partly["outstanding"], &partly["paid"]],
        [&json!("partly_paid"), &money("40.00"), &money("60.00"), &money("0.00")]
    );
    let listed = json!([{"credit_note_id": first, "number": "CN-5", "amount": money("40.00")}]);
    assert_eq!(partly["credit_notes"], listed);
    let second = world.credited(invoice, "60", 6).await;
    world.settle().await;
    let all = world.data(&uri).await;
    assert_eq!((&all["status"], &all["outstanding"]), (&json!("credited"), &money("0.00")));
    assert_eq!(names(&all["links"]).join(" "), "document self");
    let void = InvoiceAction::VoidCreditNote { credit_note: second, reason: reason() };
    world.tell_of(invoice, 7, void).await;
    world.settle().await;
    let undone = world.data(&uri).await;
    assert_eq!((&undone["credited"], &undone["credit_notes"]), (&money("40.00"), &listed));
    let found = async |query: &str| each(&world.data(&format!("/api/v1/invoices?{query}")).await, "id").len();
    assert_eq!(found("filter[credited][gt]=39.99").await, 1);
    let past = world.data(&format!("{uri}?as_of=2026-03-06T12:00:00Z")).await;
    assert_eq!(past["status"], json!("credited"));
}

#[tokio::test]
async fn credit_notes_are_listed_and_read() {
    let world = World::new().await;
    world.billing().await;
    let invoice = world.issued("100", 2).await;
    let first = world.credited(invoice, "40", 5).await;
    let second = world.credited(invoice, "10", 6).await;
    let void = InvoiceAction::VoidCreditNote { credit_note: second, reason: reason() };
    world.tell_of(invoice, 7, void).await;
    world.settle().await;
    let list = world.data(&format!("/api/v1/credit-notes?filter[invoice_id]={invoice}")).await;
    assert_eq!(each(&list, "id"), [&json!(second), &json!(first)], "the latest first");
    assert_eq!(each(&list, "status"), [&json!("void"), &json!("issued")]);
    let uri = format!("/api/v1/credit-notes/{first}");
    let one = world.data(&uri).await;
    assert_eq!((&one["number"], &one["invoice_id"]), (&json!("CN-5"), &json!(invoice)));
    assert_eq!((&one["totals"]["payable"], &one["issue_date"]), (&money("40.00"), &json!("2026-03-05")));
    assert_eq!(names(&one["links"]).join(" "), "document invoice self void");
    let seen = world.get_as(Role::Viewer, &uri).await;
    assert_eq!(names(&seen.body["data"]["links"]).join(" "), "document invoice self");
    let document = world.data(&format!("{uri}/document")).await;
    let said = &document["document"];
    assert_eq!((&said["invoice_number"], &said["invoice_date"]), (&json!("INV-2"), &json!("2026-03-02")));
    assert_eq!(said["buyer"]["name"], json!("Ada Example"));
    assert_eq!(said["reason"], json!("Broken"));
    let voided = world.data(&format!("/api/v1/credit-notes/{second}")).await;
    assert_eq!(voided["void_reason"], json!(reason().as_str()));
    assert_eq!(names(&voided["links"]).join(" "), "document invoice self");
    let unknown = format!("/api/v1/credit-notes/{}", new_id::<domain::id::kind::CreditNote>());
    assert_eq!(world.get(&unknown).await.status, StatusCode::NOT_FOUND);

    let mut fields = sent(&voided);
    fields.sort();
    let mut expected = documented("CreditNote");
    expected.sort();
    assert_eq!(fields, expected);
    let (mut fields, mut expected) = (sent(&document), documented("CreditNoteDocument"));
    fields.sort();
    expected.sort();
    assert_eq!(fields, expected);
}

/// What is taken back is owed no longer from the day of the credit note on.
#[tokio::test]
async fn accounts_and_receivables_know_credit_notes() {
    let world = World::new().await;
    world.billing().await;
    let invoice = world.issued("100", 1).await;
    let credit_note = world.credited(invoice, "30", 10).await;
    let void = InvoiceAction::VoidCreditNote { credit_note, reason: reason() };
    world.tell_of(invoice, 20, void).await;
    world.settle().await;
    let owed = async |day: &str| {
        world.data(&format!("/api/v1/reports/receivables?at={day}")).await["totals"][0]["total"].clone()
    };
    assert_eq!([owed("2026-03-09").await, owed("2026-03-10").await], [json!("100.00"), json!("70.00")]);
    assert_eq!([owed("2026-03-19").await, owed("2026-03-20").await], [json!("70.00"), json!("100.00")]);
    let account = world.data(&format!("/api/v1/billing-customers/{CUSTOMER}/account")).await;
    let entries = json!({"items": account["accounts"][0]["entries"]});
    let kinds = each(&entries, "kind");
    assert_eq!(kinds, [&json!("invoice_issued"), &json!("credit_note_issued"), &json!("credit_note_voided")]);
}

/// In both syntaxes, and the same bytes each time. What they say is held against the rules where it is written.
#[tokio::test]
async fn what_was_issued_is_told_as_an_electronic_invoice() {
    let world = World::new().await;
    let draft = world.billing().await;
    let invoice = world.issued("100", 2).await;
    let credit_note = world.credited(invoice, "40", 5).await;
    world.settle().await;
    let uri = format!("/api/v1/invoices/{invoice}/e-invoice");
    let ubl = world.get(&uri).await;
    assert_eq!(ubl.status, StatusCode::OK);
    assert_eq!(ubl.headers["content-type"], "application/xml; charset=utf-8");
    assert_eq!(ubl.headers["content-disposition"], "attachment; filename=\"INV-2.xml\"");
    let figures = einvoice::read::read(ubl.body.as_str().unwrap().as_bytes()).unwrap();
    assert!(figures.recompute().is_empty());
    assert_eq!(world.get(&uri).await.body, ubl.body);
    let cii = world.get(&format!("{uri}?syntax=cii")).await;
    assert!(cii.body.as_str().unwrap().contains("CrossIndustryInvoice"));
    let credited = world.get(&format!("/api/v1/credit-notes/{credit_note}/e-invoice")).await;
    assert!(credited.body.as_str().unwrap().contains("<cbc:ID>CN-5</cbc:ID>"), "{}", credited.body);
    let refused = world.get(&format!("/api/v1/invoices/{draft}/e-invoice")).await;
    assert_eq!(
        (refused.status, &refused.body["error"]["code"]),
        (StatusCode::CONFLICT, &json!("invoice.not_issued"))
    );
    assert_eq!(world.get(&format!("{uri}?syntax=edi")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = format!("/api/v1/invoices/{}/e-invoice", new_id::<domain::id::kind::Invoice>());
    assert_eq!(world.get(&unknown).await.status, StatusCode::NOT_FOUND);
}
