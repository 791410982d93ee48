//! Holds `docs/EVENTS.md` against the code: the same events, the same fields.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use domain::fixtures;

/// The fields that the page lists for each event.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/EVENTS.md");
    let text = std::fs::read_to_string(page).unwrap();
    let mut events: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            let (event, version) = heading.split_once(' ').unwrap();
            assert_eq!(version, "v1", "{heading}: name the version that is written");
            events.insert(event.to_owned(), BTreeSet::new());
            current = Some(event.to_owned());
        } else if line.starts_with("## ") {
            current = None;
        } else if let (Some(event), Some(row)) = (&current, line.strip_prefix("| `")) {
            let (field, _) = row.split_once('`').unwrap();
            events.get_mut(event).unwrap().insert(field.to_owned());
        }
    }
    events
}

/// The fields that the examples have, which fill in everything that may be absent.
fn written() -> BTreeMap<String, BTreeSet<String>> {
    let mut events: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for event in fixtures::all() {
        let payload = event.encode().unwrap();
        let fields = payload["data"].as_object().unwrap().keys().cloned();
        events.entry(event.event_type()).or_default().extend(fields);
    }
    events
}

#[test]
fn the_page_lists_each_event_with_each_of_its_fields_and_nothing_else() {
    assert_eq!(documented(), written());
}
