//! A row of a read model: sent as the text that it lies in, with a few fields added at its end.

use chrono::{DateTime, Utc};
use edge::{Links, Problem};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// The JSON text of a row.
pub(crate) type Doc = Box<RawValue>;

/// What links and versions are made of: some fields of a row, each of them absent where rows have none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) pipeline_id: Option<String>,
    pub(crate) lead_id: Option<String>,
    pub(crate) opportunity_id: Option<String>,
    pub(crate) stage_since: Option<DateTime<Utc>>,
    pub(crate) version: i64,
}

impl Facts {
    /// Those of a row.
    pub(crate) fn of(doc: &RawValue) -> Result<Self, Problem> {
        serde_json::from_str(doc.get()).map_err(Problem::internal)
    }
}

#[derive(Serialize)]
struct Added<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    days_in_stage: Option<i64>,
    links: &'a Links,
}

/// A row with links.
pub(crate) fn item(doc: &RawValue, links: &Links) -> Result<Doc, Problem> {
    with(doc, &Added { days_in_stage: None, links })
}

/// A deal on a board, with links.
pub(crate) fn card(doc: &RawValue, days_in_stage: i64, links: &Links) -> Result<Doc, Problem> {
    with(doc, &Added { days_in_stage: Some(days_in_stage), links })
}

/// The text of something else than a row of the database.
pub(crate) fn doc(row: &impl Serialize) -> Result<Doc, Problem> {
    to_raw_value(row).map_err(Problem::internal)
}

fn with(doc: &RawValue, added: &Added<'_>) -> Result<Doc, Problem> {
    let added = serde_json::to_string(added).map_err(Problem::internal)?;
    let fields = doc.get().trim_end().strip_suffix('}').ok_or_else(|| Problem::internal("no object"))?;
    let comma = if fields.trim_end().ends_with('{') { "" } else { "," };
    // What is added begins with a brace of its own.
    let text = [fields, comma, &added[1..]].concat();
    RawValue::from_string(text).map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn links_are_added_at_the_end_of_a_row() {
        let links = Links::new().itself("/a");
        let expected = json!({"self": {"href": "/a", "method": "GET"}});
        for (text, mut whole) in
            [(r#"{"a": {"b": "}"}}"#, json!({"a": {"b": "}"}})), ("{}", json!({})), ("{ } ", json!({}))]
        {
            let row = RawValue::from_string(text.to_owned()).unwrap();
            whole["links"] = expected.clone();
            let value: Value = serde_json::from_str(item(&row, &links).unwrap().get()).unwrap();
            assert_eq!(value, whole);
            whole["days_in_stage"] = 3.into();
            let value: Value = serde_json::from_str(card(&row, 3, &links).unwrap().get()).unwrap();
            assert_eq!(value, whole);
        }
        let number = RawValue::from_string("7".to_owned()).unwrap();
        assert!(item(&number, &links).is_err());
    }

    #[test]
    fn facts_are_read_from_rows_of_every_kind() {
        let row =
            RawValue::from_string(r#"{"id": "x", "name": "y", "lead_id": null, "version": 3}"#.to_owned());
        let facts = Facts::of(&row.unwrap()).unwrap();
        assert_eq!((facts.id.as_str(), facts.lead_id, facts.version), ("x", None, 3));
        assert_eq!(facts.status, "");
    }
}
