//! A row of a read model: sent as the text that it lies in, with a few fields added at its end.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::identity::RecordKind;
use domain::identity::field::HideableField;
use edge::{Links, Problem, Sight};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::{Decode, Postgres, Type};

/// The JSON text of a row. It is not sent: only what a caller may see of it is, a [`Shown`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doc(Box<str>);

/// What a caller may see of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown(Box<str>);

/// What has rows. Each read model that is read decides whether roles can hide fields of it.
pub(crate) trait Rows {
    /// What the rows are, if they have fields that can be hidden.
    const KIND: Option<RecordKind>;
}

/// What links and versions are made of: some fields of a row, each of them absent where rows have none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Facts<'a> {
    pub(crate) id: &'a str,
    pub(crate) status: &'a str,
    #[serde(borrow)]
    pub(crate) owner: Option<Cow<'a, str>>,
    pub(crate) pipeline_id: Option<&'a str>,
    pub(crate) lead_id: Option<&'a str>,
    pub(crate) opportunity_id: Option<&'a str>,
    pub(crate) invoice_id: Option<&'a str>,
    pub(crate) stage_since: Option<DateTime<Utc>>,
    pub(crate) erased_at: Option<DateTime<Utc>>,
    pub(crate) written_off: Option<Amount<'a>>,
    pub(crate) version: i64,
}

/// An amount of money.
#[derive(Debug, Deserialize)]
pub(crate) struct Amount<'a> {
    amount: &'a str,
}

impl Amount<'_> {
    pub(crate) fn is_zero(&self) -> bool {
        self.amount.bytes().all(|digit| digit == b'0' || digit == b'.')
    }
}

/// A row and what is added to it, as JSON.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Item(Box<RawValue>);

/// What is added to a row, at its end.
#[derive(Serialize)]
struct Added {
    #[serde(skip_serializing_if = "Option::is_none")]
    days_in_stage: Option<i64>,
    links: Links,
}

impl Doc {
    /// The text of something else than a row of the database.
    pub(crate) fn of(row: &impl Serialize) -> Result<Self, Problem> {
        let text = serde_json::to_string(row).map_err(Problem::internal)?;
        Ok(Self(text.into()))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn facts(&self) -> Result<Facts<'_>, Problem> {
        serde_json::from_str(&self.0).map_err(Problem::internal)
    }

    /// What a caller may see of it, by whose it is.
    pub(crate) fn shown(self, sight: &Sight, kind: Option<RecordKind>) -> Result<Shown, Problem> {
        let Some(kind) = kind.filter(|_| !sight.is_whole()) else { return Ok(Shown(self.0)) };
        let hidden: Vec<_> = sight.hidden(kind, self.facts()?.owner.as_deref()).collect();
        self.without(&hidden)
    }

    /// What a caller may see of it who is not shown these fields.
    pub(crate) fn without(self, hidden: &[&HideableField]) -> Result<Shown, Problem> {
        if hidden.is_empty() {
            return Ok(Shown(self.0));
        }
        let mut fields: BTreeMap<Cow<'_, str>, &RawValue> =
            serde_json::from_str(&self.0).map_err(Problem::internal)?;
        fields.retain(|name, _| hidden.iter().all(|field| field.json != name));
        serde_json::to_string(&fields).map(|text| Shown(text.into())).map_err(Problem::internal)
    }
}

impl Shown {
    /// The row with links.
    pub(crate) fn with_links(&self, links: Links) -> Result<Item, Problem> {
        self.with(&Added { days_in_stage: None, links })
    }

    /// The row of a deal with links, and how long it has been in its stage.
    pub(crate) fn with_days_and_links(&self, days: i64, links: Links) -> Result<Item, Problem> {
        self.with(&Added { days_in_stage: Some(days), links })
    }

    fn with(&self, added: &Added) -> Result<Item, Problem> {
        let fields = self.0.trim_end().strip_suffix('}').map(str::trim_end);
        let fields = fields.ok_or_else(|| Problem::internal("a row is not an object"))?;
        let added = serde_json::to_string(added).map_err(Problem::internal)?;
        let comma = if fields.ends_with('{') { "" } else { "," };
        // It is read once more here, so nothing but JSON leaves.
        let whole = RawValue::from_string([fields, comma, &added[1..]].concat());
        whole.map(Item).map_err(Problem::internal)
    }
}

impl Type<Postgres> for Doc {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("JSONB")
    }
}

impl<'r> Decode<'r, Postgres> for Doc {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        // PostgreSQL writes JSON that is valid. Before it stands the version of the binary format.
        match value.as_bytes()? {
            [1, text @ ..] => Ok(Self(std::str::from_utf8(text)?.into())),
            _ => Err("not version 1 of the binary format of jsonb".into()),
        }
    }
}

impl<'de> Deserialize<'de> for Doc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        text.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn doc(text: &str) -> Doc {
        Doc(text.into())
    }

    fn shown(text: &str) -> Shown {
        doc(text).shown(&Sight::WHOLE, None).unwrap()
    }

    fn json_of(item: Result<Item, Problem>) -> Value {
        serde_json::to_value(item.unwrap()).unwrap()
    }

    #[test]
    fn links_are_added_at_the_end_of_a_row() {
        let links = || Links::new().itself("/a");
        let expected = json!({"self": {"href": "/a", "method": "GET"}});
        for (text, mut whole) in [
            (r#"{"a": {"b": "}"}, "c": 1.50}"#, json!({"a": {"b": "}"}, "c": 1.5})),
            ("{}", json!({})),
            ("{ } ", json!({})),
        ] {
            whole["links"] = expected.clone();
            assert_eq!(json_of(shown(text).with_links(links())), whole);
            whole["days_in_stage"] = 3.into();
            assert_eq!(json_of(shown(text).with_days_and_links(3, links())), whole);
        }
        for text in ["7", "}", "", "{\"a\"}"] {
            assert!(shown(text).with_links(links()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_row_is_sent_as_it_lies() {
        let text = r#"{"amount":1.50,"name":"ä\u0041"}"#;
        assert_eq!(serde_json::to_string(&shown(text)).unwrap(), text);
        let item = serde_json::to_string(&shown(text).with_links(Links::new()).unwrap()).unwrap();
        assert_eq!(item, format!(r#"{},"links":{{}}}}"#, text.trim_end_matches('}')));
        let read: Vec<Doc> = serde_json::from_str(&format!("[{text}]")).unwrap();
        assert_eq!(read, [doc(text)]);
    }

    #[test]
    fn facts_are_read_from_rows_of_every_kind() {
        let row = doc(r#"{"id": "x", "name": "y", "lead_id": null, "version": 3}"#);
        let facts = row.facts().unwrap();
        assert_eq!((facts.id, facts.lead_id, facts.version), ("x", None, 3));
        assert_eq!(facts.status, "");
    }

    #[test]
    fn a_hidden_field_is_absent_and_the_others_are_as_they_lie() {
        let text = r#"{"email": "a@b", "score": 1.50, "company": null, "owner": "sam"}"#;
        let fields: Vec<_> =
            RecordKind::Lead.fields().filter(|field| matches!(field.json, "email" | "company")).collect();
        let without = doc(text).without(&fields).unwrap();
        assert_eq!(serde_json::to_string(&without).unwrap(), r#"{"owner":"sam","score":1.50}"#);
        assert_eq!(doc(text).without(&[]).unwrap(), shown(text));
    }
}
