//! A row of a read model: sent as the text that it lies in, with a few fields added at its end.

use std::fmt;

use chrono::{DateTime, Utc};
use edge::{Links, Problem};
use serde::de::{MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::{Decode, Postgres, Type};

/// The JSON text of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doc(Box<str>);

/// What links and versions are made of: some fields of a row, each of them absent where rows have none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Facts<'a> {
    pub(crate) id: &'a str,
    pub(crate) status: &'a str,
    pub(crate) pipeline_id: Option<&'a str>,
    pub(crate) lead_id: Option<&'a str>,
    pub(crate) opportunity_id: Option<&'a str>,
    pub(crate) stage_since: Option<DateTime<Utc>>,
    pub(crate) version: i64,
}

/// A row and what is added to it.
#[derive(Debug)]
pub(crate) struct Item {
    doc: Doc,
    days_in_stage: Option<i64>,
    links: Links,
}

/// The fields of an object in their order, each with the text of its value.
struct Fields<'a>(Vec<(&'a str, &'a RawValue)>);

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

    /// The row with links.
    pub(crate) fn with_links(self, links: Links) -> Item {
        Item { doc: self, days_in_stage: None, links }
    }
}

impl Item {
    /// Tells how long a deal has been in its stage.
    pub(crate) fn with_days_in_stage(self, days: i64) -> Self {
        Self { days_in_stage: Some(days), ..self }
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

impl Serialize for Doc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        text.serialize(serializer)
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Fields(fields) = serde_json::from_str(&self.doc.0).map_err(S::Error::custom)?;
        let mut object = serializer.serialize_map(None)?;
        for (name, value) in fields {
            object.serialize_entry(name, value)?;
        }
        if let Some(days) = self.days_in_stage {
            object.serialize_entry("days_in_stage", &days)?;
        }
        object.serialize_entry("links", &self.links)?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AllFields)
    }
}

struct AllFields;

impl<'de> Visitor<'de> for AllFields {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Fields<'de>, M::Error> {
        let mut fields = Vec::with_capacity(32);
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn doc(text: &str) -> Doc {
        Doc(text.into())
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
            let item = doc(text).with_links(links());
            assert_eq!(serde_json::to_value(&item).unwrap(), whole);
            whole["days_in_stage"] = 3.into();
            assert_eq!(serde_json::to_value(item.with_days_in_stage(3)).unwrap(), whole);
        }
        assert!(serde_json::to_string(&doc("7").with_links(links())).is_err());
    }

    #[test]
    fn a_row_is_sent_as_it_lies() {
        let text = r#"{"amount":1.50,"name":"ä\u0041"}"#;
        assert_eq!(serde_json::to_string(&doc(text)).unwrap(), text);
        let item = serde_json::to_string(&doc(text).with_links(Links::new())).unwrap();
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
}
