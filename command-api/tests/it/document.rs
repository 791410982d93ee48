//! The OpenAPI document as clients and generators read it.

use std::collections::BTreeSet;

use edge::OpenApiExt;
use serde_json::Value;

use crate::support::routes;

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = serde_json::to_value(command_api::openapi().completed()).unwrap();
    let known = document["components"]["schemas"].as_object().unwrap();
    let mut named = BTreeSet::new();
    references(&document, &mut named);
    let lost: Vec<_> = named.iter().filter(|name| !known.contains_key(*name)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let names: BTreeSet<String> = routes().into_iter().map(|route| route.id).collect();
    assert_eq!(names.len(), routes().len());
}

#[test]
fn no_body_takes_unknown_fields() {
    let document = serde_json::to_value(command_api::openapi()).unwrap();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if name.ends_with("In") || name.ends_with("Patch") {
            assert_eq!(schema["additionalProperties"], false, "{name}");
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.insert(reference.rsplit('/').next().unwrap().to_owned());
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
