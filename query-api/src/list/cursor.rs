//! Cursors: where a page ended, as text that only makes sense for the list that it came from.
//!
//! A cursor is a digest and the values of a place. The digest is no secret: who computes a cursor of their own gets
//! what they could have asked for by filters, since every value is checked against its kind and bound.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use edge::list::Kind;
use edge::{FieldError, Problem, TenantId, Value};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::keyset::{Key, Place, Way};

const DIGEST_BYTES: usize = 16;

/// What a digest covers beside the values: the tenant and all that makes one list another one.
pub(super) struct Context<'a> {
    pub(super) tenant: TenantId,
    pub(super) list: &'a [&'a str],
}

/// The values of a cursor as JSON: whether it leads back, the keys, the id.
#[derive(Serialize, Deserialize)]
struct Written(bool, Vec<Option<String>>, Uuid);

impl Context<'_> {
    /// The cursor for reading on from a place.
    pub(super) fn write(&self, place: &Place, way: Way) -> String {
        let values = place.values.iter().map(|value| value.as_ref().map(text)).collect();
        let written = Written(way == Way::Back, values, place.id);
        // Strings, a flag and an id: they can always be written.
        self.seal(&serde_json::to_vec(&written).unwrap_or_default())
    }

    /// The cursor of a body, be it good or bad.
    pub(super) fn seal(&self, body: &[u8]) -> String {
        let mut bytes = self.digest(body).to_vec();
        bytes.extend(body);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a cursor of this list stands for.
    ///
    /// # Errors
    /// The 422 problem, for any other text.
    pub(super) fn read(&self, cursor: &str, keys: &[Key]) -> Result<(Place, Way), Problem> {
        self.try_read(cursor, keys).ok_or_else(|| Problem::invalid(vec![refusal()]))
    }

    fn try_read(&self, cursor: &str, keys: &[Key]) -> Option<(Place, Way)> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (digest, body) = bytes.split_at_checked(DIGEST_BYTES)?;
        let Written(back, texts, id) = serde_json::from_slice(body).ok()?;
        if digest != self.digest(body) || texts.len() != keys.len() {
            return None;
        }
        let values = keys.iter().zip(texts).map(|(key, text)| match text {
            Some(text) => value(key.kind, &text).map(Some),
            None => Some(None),
        });
        let place = Place { values: values.collect::<Option<_>>()?, id };
        let way = if back { Way::Back } else { Way::Onwards };
        // A place has one cursor, so that a list has one link and answers that are kept one name.
        (self.write(&place, way) == cursor).then_some((place, way))
    }

    fn digest(&self, body: &[u8]) -> [u8; DIGEST_BYTES] {
        let mut hash = Sha256::new();
        hash.update(self.tenant.as_uuid());
        for part in self.list.iter().map(|part| part.as_bytes()).chain([body]) {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        let mut digest = [0; DIGEST_BYTES];
        digest.copy_from_slice(&hash.finalize()[..DIGEST_BYTES]);
        digest
    }
}

pub(super) fn refusal() -> FieldError {
    FieldError::new("cursor", "invalid", "must be a next_cursor of this very list, as it was received")
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Uuid(id) => id.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(day) => day.to_string(),
        // As exact as the database, no more and no less.
        Value::Time(time) => time.to_rfc3339_opts(SecondsFormat::Micros, true),
    }
}

/// The value of a text, if it is of that kind and the database can hold it.
fn value(kind: Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Text | Kind::Choice(_) => (!text.contains('\0')).then(|| Value::Text(text.to_owned())),
        Kind::Uuid => text.parse().ok().map(Value::Uuid),
        Kind::Boolean => text.parse().ok().map(Value::Boolean),
        Kind::Integer => text.parse().ok().map(Value::Integer),
        Kind::Decimal => text.parse::<Decimal>().ok().map(Value::Decimal),
        Kind::Date => text.parse::<NaiveDate>().ok().filter(is_usual).map(Value::Date),
        Kind::Time => text.parse::<DateTime<Utc>>().ok().filter(is_usual).map(Value::Time),
    }
}

/// Beyond four digits, a year is further off than the database can think.
fn is_usual(day: &impl Datelike) -> bool {
    (0..=9999).contains(&day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context<'a>(list: &'a [&'a str]) -> Context<'a> {
        Context { tenant: TenantId::from_uuid(Uuid::from_u128(1)), list }
    }

    fn place() -> Place {
        Place { values: Vec::new(), id: Uuid::from_u128(7) }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let context = context(&["/leads", "sort", "name"]);
        for way in [Way::Onwards, Way::Back] {
            let read = context.read(&context.write(&place(), way), &[]).unwrap();
            assert_eq!(read, (place(), way));
        }
    }

    #[test]
    fn a_cursor_of_another_list_or_tenant_is_refused() {
        let cursor = context(&["/leads", "q", "a"]).write(&place(), Way::Onwards);
        assert!(context(&["/leads", "q", "b"]).read(&cursor, &[]).is_err());
        assert!(context(&["/leads", "qa", ""]).read(&cursor, &[]).is_err());
        let tenant = TenantId::from_uuid(Uuid::from_u128(2));
        assert!(Context { tenant, list: &["/leads", "q", "a"] }.read(&cursor, &[]).is_err());
    }

    #[test]
    fn a_cursor_with_any_letter_changed_is_refused() {
        let context = context(&["/leads"]);
        let cursor = context.write(&place(), Way::Onwards);
        for index in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert!(context.read(std::str::from_utf8(&changed).unwrap(), &[]).is_err());
        }
    }

    #[test]
    fn a_cursor_that_says_the_same_in_other_words_is_refused() {
        let context = context(&["/leads"]);
        let read = |body: &str| context.read(&context.seal(body.as_bytes()), &[Key::POSITION]);
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert!(read(&format!("[false,[\"7\"],\"{id}\"]")).is_ok());
        assert!(read(&format!("[false,[\"7\"],\"{}\"]", id.to_uppercase())).is_err());
        assert!(read(&format!("[false,[\"+7\"],\"{id}\"]")).is_err());
        assert!(read(&format!("[false, [\"7\"], \"{id}\"]")).is_err());
    }

    #[test]
    fn values_that_the_database_cannot_hold_are_none() {
        assert_eq!(value(Kind::Text, "a\0b"), None);
        assert_eq!(value(Kind::Date, "+12345-01-01"), None);
        assert_eq!(value(Kind::Time, "-0500-01-01T00:00:00Z"), None);
        assert!(value(Kind::Time, "2026-03-01T09:00:00.000001Z").is_some());
    }
}
