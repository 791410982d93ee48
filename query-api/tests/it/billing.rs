//! Reads of billing: legal entities, customers, series and invoices.

use axum::http::StatusCode;
use domain::billing::customer::fixtures::{CUSTOMER, profile};
use domain::billing::customer::{Customer, CustomerAction};
use domain::billing::invoice::fixtures::{draft, example, issuance, reason};
use domain::billing::invoice::{Invoice, InvoiceAction};
use domain::billing::legal_entity::fixtures::{LEGAL_ENTITY, seller};
use domain::billing::legal_entity::{LegalEntity, LegalEntityAction};
use domain::billing::series::fixtures::{SERIES, pattern};
use domain::billing::series::{Series, SeriesAction};
use domain::fixtures::{march, text};
use domain::{DocumentId, InvoiceId, LegalEntityId};
use edge::Role;
use serde_json::json;

use crate::plan::{at, new_id};
use crate::world::{World, each, names};

impl World {
    async fn tell_invoice(&self, id: InvoiceId, day: u32, action: InvoiceAction) {
        self.tell(id.into(), at(3, day, 9), action, Invoice::decide).await;
    }

    async fn tell_series(&self, day: u32, action: SeriesAction) {
        self.tell(SERIES.into(), at(3, day, 9), action, Series::decide).await;
    }

    async fn tell_customer(&self, day: u32, action: CustomerAction) {
        self.tell(CUSTOMER.into(), at(3, day, 9), action, Customer::decide).await;
    }

    /// A company, a customer, a series, and a draft.
    pub async fn billing(&self) -> InvoiceId {
        let register = LegalEntityAction::Register(Box::new(seller()));
        self.tell(LEGAL_ENTITY.into(), at(3, 1, 9), register, LegalEntity::decide).await;
        self.tell_customer(1, CustomerAction::Register(Box::new(profile()))).await;
        let (legal_entity, name) = (LEGAL_ENTITY, text("Invoices"));
        self.tell_series(1, SeriesAction::Open { legal_entity, name, pattern: pattern("INV-{seq:5}") }).await;
        let invoice = new_id();
        self.tell_invoice(invoice, 1, InvoiceAction::Draft(Box::new(draft()))).await;
        invoice
    }

    async fn draw(&self, legal_entity: LegalEntityId, invoice: InvoiceId) {
        let document = DocumentId::from_uuid(invoice.as_uuid());
        self.tell_series(2, SeriesAction::Draw { legal_entity, document, on: march(2) }).await;
    }
}

#[tokio::test]
async fn an_invoice_offers_what_its_status_and_the_callers_role_allow() {
    let world = World::new().await;
    let id = world.billing().await;
    let uri = format!("/api/v1/invoices/{id}");
    world.settle().await;
    let offers = async |role| names(&world.get_as(role, &uri).await.data(&uri)["links"]).join(" ");
    assert_eq!(offers(Role::Finance).await, "discard document issue preview replace_lines self");
    assert_eq!(offers(Role::Viewer).await, "document self");
    let drafted = world.data(&uri).await;
    assert_eq!((&drafted["status"], &drafted["number"]), (&json!("draft"), &json!(null)));
    assert_eq!(drafted["totals"]["payable"], json!({"amount": "221.12", "currency": "USD"}));

    world.draw(LEGAL_ENTITY, id).await;
    world.tell_invoice(id, 2, InvoiceAction::Issue(Box::new(issuance()))).await;
    world.settle().await;
    assert_eq!(offers(Role::Finance).await, "credit document self void write_off");
    let issued = world.data(&uri).await;
    assert_eq!(
        (&issued["number"], &issued["customer_name"]),
        (&json!("INV-2026-00001"), &json!("Ada Example"))
    );
    assert_eq!((&issued["issue_date"], &issued["due_date"]), (&json!("2026-03-02"), &json!("2026-04-01")));

    world.tell_invoice(id, 3, InvoiceAction::Void { reason: reason() }).await;
    world.settle().await;
    assert_eq!(offers(Role::Finance).await, "document self");
    assert_eq!(world.data(&uri).await["void_reason"], "Sent to somebody else");
}

#[tokio::test]
async fn a_document_is_read_as_it_was_issued() {
    let world = World::new().await;
    let id = world.billing().await;
    let uri = format!("/api/v1/invoices/{id}/document");
    world.settle().await;
    let drafted = world.data(&uri).await;
    assert_eq!(drafted["draft"]["lines"], serde_json::to_value(draft().lines).unwrap());
    assert_eq!(drafted["document"], json!(null));
    world.tell_invoice(id, 2, InvoiceAction::Issue(Box::new(issuance()))).await;
    world.tell_customer(3, CustomerAction::Erase).await;
    world.settle().await;
    let issued = world.data(&uri).await;
    assert_eq!(issued["document"], serde_json::to_value(example()).unwrap());
    assert_eq!((&issued["draft"], &issued["number"]), (&json!(null), &json!("INV-2026-00001")));
    assert_eq!(names(&issued["links"]), ["e_invoice", "invoice", "self"]);
    let customer = world.data(&format!("/api/v1/billing-customers/{CUSTOMER}")).await;
    assert_eq!((&customer["name"], &customer["email"]), (&json!("erased"), &json!(null)));
    assert_eq!(names(&customer["links"]), ["account", "self"]);
}

#[tokio::test]
async fn a_discarded_draft_is_gone() {
    let world = World::new().await;
    let id = world.billing().await;
    world.tell_invoice(id, 2, InvoiceAction::Discard).await;
    world.settle().await;
    for uri in [format!("/api/v1/invoices/{id}"), format!("/api/v1/invoices/{id}/document")] {
        assert_eq!(world.get(&uri).await.status, StatusCode::NOT_FOUND, "{uri}");
    }
    let past = format!("/api/v1/invoices/{id}?as_of=2025-03-01T10:00:00Z");
    assert_eq!(world.data(&past).await["status"], "draft", "the past has it");
}

#[tokio::test]
async fn invoices_are_found_by_what_they_come_to_and_when_they_are_due() {
    let world = World::new().await;
    let first = world.billing().await;
    let second = new_id();
    world.tell_invoice(second, 2, InvoiceAction::Draft(Box::new(draft()))).await;
    world.tell_invoice(first, 2, InvoiceAction::Issue(Box::new(issuance()))).await;
    world.settle().await;
    let found = async |query: &str| -> Vec<String> {
        let list = world.data(&format!("/api/v1/invoices?{query}")).await;
        each(&list, "id").into_iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("").await, [second.to_string(), first.to_string()], "the latest first");
    for query in [
        "filter[status]=issued",
        "filter[due_date][lte]=2026-04-01",
        "filter[number]=INV-2026-00001",
        "filter[customer_name]=Ada Example",
    ] {
        assert_eq!(found(&query.replace(' ', "%20")).await, [first.to_string()], "{query}");
    }
    assert_eq!(found("filter[payable][gt]=221&sort=issue_date").await.len(), 2);
    assert!(found("filter[payable][gt]=222").await.is_empty());
}

/// Documentation that is written by hand must not drift away from rows that are sent as they lie.
#[tokio::test]
async fn every_field_of_a_row_of_billing_is_documented_and_no_other() {
    let world = World::new().await;
    let id = world.billing().await;
    world.draw(LEGAL_ENTITY, id).await;
    world.settle().await;
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    for (schema, uri) in [
        ("LegalEntity", format!("/api/v1/legal-entities/{LEGAL_ENTITY}")),
        ("BillingCustomer", format!("/api/v1/billing-customers/{CUSTOMER}")),
        ("InvoiceSeries", format!("/api/v1/invoice-series/{SERIES}")),
        ("Invoice", format!("/api/v1/invoices/{id}")),
        ("InvoiceDocument", format!("/api/v1/invoices/{id}/document")),
    ] {
        let documented = document["components"]["schemas"][schema]["properties"].as_object().unwrap();
        let sent = world.data(&uri).await;
        // Only what was erased tells when.
        let mut documented: Vec<_> = documented.keys().filter(|field| *field != "erased_at").collect();
        let mut sent: Vec<_> = sent.as_object().unwrap().keys().collect();
        documented.sort();
        sent.sort();
        assert_eq!(sent, documented, "{schema}");
    }
    let series = world.data(&format!("/api/v1/invoice-series/{SERIES}")).await;
    assert_eq!((&series["numbers"], &series["last_number"]), (&json!(1), &json!("INV-00001")));
    assert_eq!(names(&series["links"]), ["close", "self"]);
}
