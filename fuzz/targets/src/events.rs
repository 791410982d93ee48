//! Events: JSON texts one after the other, each an event as the stream carries it, or only its payload. Together they
//! are a history.
#![no_main]

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use domain::Event;
use domain::billing::customer::Customer;
use domain::billing::invoice::Invoice;
use domain::billing::legal_entity::LegalEntity;
use domain::billing::payment::Payment;
use domain::billing::series::Series;
use domain::identity::custom_role::CustomRole;
use domain::identity::policy::Policy;
use domain::identity::provider::Provider;
use domain::identity::session::Session;
use domain::identity::team::Team;
use domain::identity::tenant::Tenant;
use domain::identity::user::User;
use domain::sales::import::Import;
use domain::sales::lead::Lead;
use domain::sales::opportunity::Opportunity;
use domain::sales::pipeline::Pipeline;
use event_store::Recorded;
use libfuzzer_sys::fuzz_target;
use projections::billing::credit_note::{CreditNoteDocuments, CreditNoteList};
use projections::billing::customer_list::CustomerList;
use projections::billing::invoice_document::InvoiceDocuments;
use projections::billing::invoice_list::InvoiceList;
use projections::billing::ledger::Ledger;
use projections::billing::legal_entity_list::LegalEntityList;
use projections::billing::payment_list::PaymentList;
use projections::billing::series_list::SeriesList;
use projections::identity::key_list::KeyList;
use projections::identity::provider::ProviderView;
use projections::identity::session_list::SessionList;
use projections::identity::user_list::UserList;
use projections::projection::decode;
use projections::sales::history::History;
use projections::sales::lead_list::LeadList;
use projections::sales::opportunity_list::OpportunityList;
use projections::sales::pipeline_list::PipelineList;
use projections::sales::stage_stay::StageStays;
use projections::{Fact, Projection};
use serde_json::{Deserializer, Value, json};
use uuid::Uuid;

const AGGREGATES: [&str; 16] = [
    Pipeline::TYPE,
    Lead::TYPE,
    Opportunity::TYPE,
    Import::TYPE,
    User::TYPE,
    Session::TYPE,
    CustomRole::TYPE,
    Team::TYPE,
    Tenant::TYPE,
    Policy::TYPE,
    Provider::TYPE,
    LegalEntity::TYPE,
    Customer::TYPE,
    Series::TYPE,
    Invoice::TYPE,
    Payment::TYPE,
];

fuzz_target!(|data: &[u8]| {
    let values = Deserializer::from_slice(data).into_iter::<Value>().map_while(Result::ok);
    let facts: Vec<Fact> = values.zip(1..).filter_map(|(value, position)| fact(value, position)).collect();
    fold_aggregates(&facts);
    rows_come_back::<PipelineList>(&facts);
    rows_come_back::<LeadList>(&facts);
    rows_come_back::<OpportunityList>(&facts);
    rows_come_back::<StageStays>(&facts);
    rows_come_back::<History>(&facts);
    rows_come_back::<UserList>(&facts);
    rows_come_back::<SessionList>(&facts);
    rows_come_back::<KeyList>(&facts);
    rows_come_back::<ProviderView>(&facts);
    rows_come_back::<LegalEntityList>(&facts);
    rows_come_back::<CustomerList>(&facts);
    rows_come_back::<SeriesList>(&facts);
    rows_come_back::<InvoiceList>(&facts);
    rows_come_back::<InvoiceDocuments>(&facts);
    rows_come_back::<CreditNoteList>(&facts);
    rows_come_back::<CreditNoteDocuments>(&facts);
    rows_come_back::<PaymentList>(&facts);
    rows_come_back::<Ledger>(&facts);
});

/// Decodes an event as every reader of the log does.
fn fact(value: Value, position: i64) -> Option<Fact> {
    let recorded = serde_json::from_value(value.clone()).ok().or_else(|| wrapped(value, position))?;
    let message = serde_json::to_vec(&recorded).expect("an event can be sent");
    let received: Recorded = serde_json::from_slice(&message).expect("what was sent can be received");
    assert_eq!(received, recorded);
    let fact = decode(recorded, crm::upcasters()).ok()?;
    let event = &fact.payload;
    let (_context, aggregate) = event.aggregate_type().split_once('.').expect("a context");
    assert!(event.event_type().starts_with(aggregate));
    let text = event.encode().expect("an event can be written").to_string();
    let stored = serde_json::from_str(&text).expect("what was written is JSON");
    let again = Event::decode(event.aggregate_type(), stored).expect("what was written can be read");
    assert_eq!(again, *event, "{text}");
    assert_eq!(again.encode().expect("an event can be written").to_string(), text);
    let metadata = serde_json::to_value(&fact.metadata).expect("metadata can be written");
    let metadata = serde_json::from_value(metadata).expect("what was written can be read");
    assert_eq!(fact.metadata, metadata);
    Some(fact)
}

/// A payload as an event of the aggregate that can read it.
fn wrapped(payload: Value, position: i64) -> Option<Recorded> {
    let aggregate_type = AGGREGATES.into_iter().find(|name| Event::decode(name, payload.clone()).is_ok())?;
    let (tenant, id) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let metadata = json!({"actor": "ada", "occurred_at": "2026-03-01T09:00:00Z", "correlation_id": "fuzz"});
    let recorded = json!({
        "position": position, "tenant_id": tenant, "aggregate_type": aggregate_type, "aggregate_id": id,
        "sequence": position, "event_id": id, "event_type": payload["type"], "event_version": 1,
        "payload": payload, "metadata": metadata, "recorded_at": "2026-03-01T09:00:00Z",
    });
    serde_json::from_value(recorded).ok()
}

/// Aggregates take every event that can be read, in any order.
fn fold_aggregates(facts: &[Fact]) {
    let (mut pipeline, mut lead) = (Pipeline::default(), Lead::default());
    let (mut opportunity, mut import) = (Opportunity::default(), Import::default());
    let (mut user, mut session, mut tenant) = (User::default(), Session::default(), Tenant::default());
    let (mut custom_role, mut team) = (CustomRole::default(), Team::default());
    let (mut policy, mut provider) = (Policy::default(), Provider::default());
    let (mut legal_entity, mut customer) = (LegalEntity::default(), Customer::default());
    let (mut series, mut invoice) = (Series::default(), Invoice::default());
    let mut payment = Payment::default();
    for fact in facts {
        match fact.payload.clone() {
            Event::Pipeline(event) => pipeline.apply(event),
            Event::Lead(event) => lead.apply(event),
            Event::Opportunity(event) => opportunity.apply(event),
            Event::Import(event) => import.apply(event),
            Event::User(event) => user.apply(event),
            Event::Session(event) => session.apply(event),
            Event::CustomRole(event) => custom_role.apply(event),
            Event::Team(event) => team.apply(event),
            Event::Tenant(event) => tenant.apply(event),
            Event::Policy(event) => policy.apply(event),
            Event::Provider(event) => provider.apply(event),
            Event::LegalEntity(event) => legal_entity.apply(event),
            Event::Customer(event) => customer.apply(event),
            Event::Series(event) => series.apply(event),
            Event::Invoice(event) => invoice.apply(event),
            Event::Payment(event) => payment.apply(event),
        }
    }
}

/// Rows are stored as JSON, and read as they were.
fn rows_come_back<P: Projection>(facts: &[Fact]) {
    let mut rows: BTreeMap<Uuid, Option<P::Row>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| P::READS.contains(&fact.aggregate_type.as_str())) {
        for key in P::keys(fact) {
            let row = rows.entry(key).or_default();
            // It stops the tenant; what was folded before stays.
            let Ok(()) = P::apply(row, key, fact) else { return };
            let text = serde_json::to_string(row).expect("a row can be written");
            let again: Option<P::Row> = serde_json::from_str(&text).expect("what was written can be read");
            assert!(again == *row, "{}: {text}", P::NAME);
        }
    }
}
