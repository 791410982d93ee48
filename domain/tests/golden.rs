//! Every event ever published stays readable: one golden file for each, decoded for ever.
//!
//! `UPDATE_GOLDEN=1 cargo test -p domain` writes the files that are missing. It never touches one that is there:
//! once published, a golden file is only ever read.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::billing::customer::CustomerEvent;
use domain::billing::invoice::InvoiceEvent;
use domain::billing::legal_entity::LegalEntityEvent;
use domain::billing::payment::PaymentEvent;
use domain::billing::series::SeriesEvent;
use domain::identity::custom_role::CustomRoleEvent;
use domain::identity::policy::PolicyEvent;
use domain::identity::provider::ProviderEvent;
use domain::identity::session::SessionEvent;
use domain::identity::team::TeamEvent;
use domain::identity::tenant::TenantEvent;
use domain::identity::user::UserEvent;
use domain::sales::import::ImportEvent;
use domain::sales::lead::LeadEvent;
use domain::sales::opportunity::OpportunityEvent;
use domain::sales::pipeline::PipelineEvent;
use domain::{Event, fixtures};
use serde_json::Value;
use strum::VariantNames;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn file(event_type: &str) -> PathBuf {
    folder().join(format!("{event_type}.v1.json"))
}

/// The types of all events there are, such as `lead.captured`.
fn event_types() -> BTreeSet<String> {
    [
        ("pipeline", PipelineEvent::VARIANTS),
        ("lead", LeadEvent::VARIANTS),
        ("opportunity", OpportunityEvent::VARIANTS),
        ("import", ImportEvent::VARIANTS),
        ("user", UserEvent::VARIANTS),
        ("session", SessionEvent::VARIANTS),
        ("custom_role", CustomRoleEvent::VARIANTS),
        ("team", TeamEvent::VARIANTS),
        ("tenant", TenantEvent::VARIANTS),
        ("policy", PolicyEvent::VARIANTS),
        ("provider", ProviderEvent::VARIANTS),
        ("legal_entity", LegalEntityEvent::VARIANTS),
        ("customer", CustomerEvent::VARIANTS),
        ("series", SeriesEvent::VARIANTS),
        ("invoice", InvoiceEvent::VARIANTS),
        ("payment", PaymentEvent::VARIANTS),
    ]
    .into_iter()
    .flat_map(|(aggregate, names)| names.iter().map(move |name| format!("{aggregate}.{name}")))
    .collect()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("a readable file")).expect("a file of JSON")
}

#[test]
fn there_is_an_example_of_each_event() {
    let examples: BTreeSet<String> = fixtures::all().iter().map(Event::event_type).collect();
    assert_eq!(examples, event_types());
}

#[test]
fn each_event_has_a_golden_file() {
    for event in fixtures::all() {
        let path = file(&event.event_type());
        if !path.exists() && std::env::var_os("UPDATE_GOLDEN").is_some() {
            let json = serde_json::to_string_pretty(&event.encode().unwrap()).unwrap();
            fs::write(&path, json + "\n").unwrap();
        }
        assert!(path.exists(), "{} is missing; UPDATE_GOLDEN=1 writes it", path.display());
    }
}

#[test]
fn each_golden_file_decodes_to_the_event_it_is_named_after() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let event_type = name.strip_suffix(".v1.json").unwrap();
        let aggregate_type = aggregate_type(event_type);
        let event = Event::decode(aggregate_type, read(&path)).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(event.event_type(), event_type);
        assert_eq!(event.aggregate_type(), aggregate_type);
        assert_eq!(Event::decode(aggregate_type, event.encode().unwrap()).unwrap(), event, "{name}");
    }
}

/// The aggregate of an event, with its context, as the examples have it.
fn aggregate_type(event_type: &str) -> &'static str {
    let (aggregate, _) = event_type.split_once('.').expect("an aggregate and an event");
    let types = fixtures::all();
    let mut types = types.iter().map(Event::aggregate_type);
    types.find(|name| name.rsplit('.').next() == Some(aggregate)).expect("an aggregate that is known")
}

/// A field that is renamed or lost would decode as absent without an error.
#[test]
fn no_field_of_a_golden_file_is_lost() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let aggregate_type = aggregate_type(name);
        let golden = read(&path);
        let again = Event::decode(aggregate_type, golden.clone()).unwrap().encode().unwrap();
        for (field, value) in golden["data"].as_object().unwrap() {
            assert_eq!(&again["data"][field], value, "{field} of {name}");
        }
    }
}
