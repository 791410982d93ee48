//! Opening what was sealed, with the keys of all events at hand read at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::SEALED;
use super::cipher::Key;
use super::keys::{Stream, TenantKey};
use super::master::{MasterKeyError, MasterKeys};
use crate::database::within_reason;
use crate::event::Recorded;
use crate::upcast::Upcasters;

/// What there is of the key of a stream.
enum Held {
    Key(Key),
    /// It was destroyed, and with it all that it had sealed.
    Destroyed,
}

#[derive(FromRow)]
struct KeyRow {
    tenant_id: Uuid,
    aggregate_type: String,
    aggregate_id: Uuid,
    /// None once it was destroyed.
    wrapped: Option<Vec<u8>>,
    tenant_key: Uuid,
    master: String,
    tenant_wrapped: Vec<u8>,
}

/// Events with their personal data in plain text; null stands for what was erased.
///
/// What does not open, since it was changed or its key is lost, stays sealed: then the event cannot be decoded, which whoever
/// reads it has to deal with anyway.
///
/// # Errors
/// The database is not there, or its role sees no keys; this process lacks the master key.
pub async fn open(
    connection: &mut PgConnection,
    mut events: Vec<Recorded>,
    upcasters: Upcasters,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let keys = keys(connection, &events, upcasters.master_keys()).await?;
    if !keys.is_empty() {
        for event in &mut events {
            open_event(event, &keys);
        }
    }
    Ok(events)
}

/// The same for events of aggregates of one type and tenant, with the keys that those of each were sealed under.
pub(crate) async fn open_streams(
    connection: &mut PgConnection,
    mut events: Vec<Recorded>,
    masters: Option<&MasterKeys>,
) -> Result<(Vec<Recorded>, HashMap<Uuid, Key>), sqlx::Error> {
    let keys = keys(connection, &events, masters).await?;
    for event in &mut events {
        open_event(event, &keys);
    }
    let keys = keys.into_iter().filter_map(|((_, _, aggregate), held)| match held {
        Held::Key(key) => Some((aggregate, key)),
        Held::Destroyed => None,
    });
    Ok((events, keys.collect()))
}

/// Whether something in there is sealed.
pub fn is_sealed(payload: &Value) -> bool {
    match payload {
        Value::Object(fields) => sealed_text(payload).is_some() || fields.values().any(is_sealed),
        Value::Array(elements) => elements.iter().any(is_sealed),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Puts null, as for what was erased, in place of all that is sealed in there.
pub(crate) fn blank(payload: &mut Value) {
    if sealed_text(payload).is_some() {
        *payload = Value::Null;
        return;
    }
    match payload {
        Value::Object(fields) => fields.values_mut().for_each(blank),
        Value::Array(elements) => elements.iter_mut().for_each(blank),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The text of a sealed value.
fn sealed_text(value: &Value) -> Option<&str> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    fields.get(SEALED)?.as_str()
}

type StreamKey = (Uuid, String, Uuid);

/// The keys of the streams in which something is sealed.
async fn keys(
    connection: &mut PgConnection,
    events: &[Recorded],
    masters: Option<&MasterKeys>,
) -> Result<HashMap<StreamKey, Held>, sqlx::Error> {
    let mut streams: Vec<(Uuid, &str, Uuid)> = events
        .iter()
        .filter(|event| is_sealed(&event.payload))
        .map(|event| (event.tenant_id, event.aggregate_type.as_str(), event.aggregate_id))
        .collect();
    if streams.is_empty() {
        return Ok(HashMap::new());
    }
    let masters = masters.ok_or(MasterKeyError::Absent)?;
    streams.sort_unstable();
    streams.dedup();
    let rows = sqlx::query_as(include_str!("../sql/keys.sql"))
        .bind(streams.iter().map(|stream| stream.0).collect::<Vec<_>>())
        .bind(streams.iter().map(|stream| stream.1).collect::<Vec<_>>())
        .bind(streams.iter().map(|stream| stream.2).collect::<Vec<_>>())
        .fetch_all(connection);
    let rows: Vec<KeyRow> = within_reason(rows).await?;
    let mut tenants = HashMap::new();
    let mut keys = HashMap::with_capacity(rows.len());
    for row in rows {
        let held = row.held(masters, &mut tenants)?;
        if let Some(held) = held {
            keys.insert((row.tenant_id, row.aggregate_type, row.aggregate_id), held);
        }
    }
    Ok(keys)
}

impl KeyRow {
    /// The key in it; nothing if it does not open.
    fn held(
        &self,
        masters: &MasterKeys,
        tenants: &mut HashMap<Uuid, TenantKey>,
    ) -> Result<Option<Held>, sqlx::Error> {
        let Some(wrapped) = &self.wrapped else { return Ok(Some(Held::Destroyed)) };
        let tenant = self.tenant_id;
        let key = match tenants.entry(tenant) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let key = masters.unwrap(tenant, self.tenant_key, &self.master, &self.tenant_wrapped);
                unknown.insert(TenantKey::new(self.tenant_key, key?))
            }
        };
        let Self { aggregate_type, aggregate_id, .. } = self;
        let stream = Stream { tenant, aggregate_type, aggregate_id: *aggregate_id };
        Ok(key.unwrap(stream, wrapped).map(Held::Key))
    }
}

fn open_event(event: &mut Recorded, keys: &HashMap<StreamKey, Held>) {
    let Recorded { tenant_id, aggregate_type, aggregate_id, event_id, payload, .. } = event;
    let Some(held) = keys.get(&(*tenant_id, aggregate_type.clone(), *aggregate_id)) else { return };
    let stream = Stream { tenant: *tenant_id, aggregate_type, aggregate_id: *aggregate_id };
    let mut opener = Opener { stream, event: *event_id, held, path: String::new() };
    opener.open(payload);
}

struct Opener<'a> {
    stream: Stream<'a>,
    event: Uuid,
    held: &'a Held,
    path: String,
}

impl Opener<'_> {
    fn open(&mut self, value: &mut Value) {
        if let Some(sealed) = sealed_text(value) {
            if let Some(opened) = self.opened(sealed) {
                *value = opened;
            }
            return;
        }
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.within(name, value);
                }
            }
            Value::Array(elements) => {
                for (index, value) in elements.iter_mut().enumerate() {
                    self.within(&index.to_string(), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn within(&mut self, step: &str, value: &mut Value) {
        let above = self.path.len();
        self.path.push('/');
        self.path.push_str(step);
        self.open(value);
        self.path.truncate(above);
    }

    fn opened(&self, sealed: &str) -> Option<Value> {
        let Held::Key(key) = self.held else { return Some(Value::Null) };
        let sealed = STANDARD.decode(sealed).ok()?;
        let plain = key.open(&self.stream.place(self.event, &self.path), &sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::*;
    use crate::seal::Sealer;

    #[derive(Serialize)]
    struct Personal<T>(T);

    #[derive(Serialize)]
    #[serde(tag = "type", content = "data", rename_all = "snake_case")]
    enum Event {
        Met {
            name: Personal<&'static str>,
            others: Vec<Personal<u8>>,
            note: Option<Personal<Vec<bool>>>,
            at: u8,
        },
    }

    fn stream() -> Stream<'static> {
        Stream { tenant: Uuid::from_u128(1), aggregate_type: "test.person", aggregate_id: Uuid::from_u128(2) }
    }

    fn met() -> Event {
        Event::Met {
            name: Personal("Ada"),
            others: vec![Personal(1), Personal(2)],
            note: Some(Personal(vec![true])),
            at: 7,
        }
    }

    fn sealed(event: Uuid) -> (Value, Key) {
        let mut sealer = Sealer::new(stream(), None);
        let text = sealer.seal(event, &met()).unwrap();
        (serde_json::from_str(&text).unwrap(), sealer.into_key().unwrap())
    }

    fn opened(event: Uuid, held: &Held, mut payload: Value) -> Value {
        Opener { stream: stream(), event, held, path: String::new() }.open(&mut payload);
        payload
    }

    #[test]
    fn what_is_personal_is_sealed_and_nothing_else() {
        let (payload, _) = sealed(Uuid::nil());
        assert!(is_sealed(&payload));
        assert_eq!(payload["type"], "met");
        assert_eq!(payload["data"]["at"], 7);
        for place in ["/data/name", "/data/others/0", "/data/others/1", "/data/note"] {
            assert!(sealed_text(payload.pointer(place).unwrap()).is_some(), "{place}: {payload}");
        }
        assert!(!payload.to_string().contains("Ada"));
    }

    #[test]
    fn what_was_sealed_comes_back_as_it_was() {
        let (payload, key) = sealed(Uuid::nil());
        let plain = opened(Uuid::nil(), &Held::Key(key), payload);
        assert_eq!(plain, serde_json::to_value(met()).unwrap());
    }

    #[test]
    fn without_its_key_it_is_null() {
        let (payload, _) = sealed(Uuid::nil());
        let erased = opened(Uuid::nil(), &Held::Destroyed, payload);
        let expected = json!({"name": null, "others": [null, null], "note": null, "at": 7});
        assert_eq!(erased["data"], expected);
    }

    #[test]
    fn who_needs_nothing_personal_reads_on_without_a_key() {
        let (mut payload, _) = sealed(Uuid::nil());
        blank(&mut payload);
        assert_eq!(payload, opened(Uuid::nil(), &Held::Destroyed, sealed(Uuid::nil()).0));
    }

    #[test]
    fn what_was_moved_or_changed_stays_sealed() {
        let (payload, key) = sealed(Uuid::nil());
        let held = Held::Key(key);
        assert_eq!(opened(Uuid::max(), &held, payload.clone()), payload, "of another event");
        let mut swapped = payload.clone();
        swapped["data"]["others"][0] = payload["data"]["others"][1].clone();
        let half_open = opened(Uuid::nil(), &held, swapped);
        assert!(is_sealed(&half_open["data"]["others"][0]), "of another place: {half_open}");
        assert_eq!(half_open["data"]["others"][1], 2);
    }

    #[test]
    fn an_event_without_personal_data_needs_no_key() {
        let mut sealer = Sealer::new(stream(), None);
        assert_eq!(
            sealer.seal(Uuid::nil(), &json!({"a": [1, {"b": null}]})).unwrap(),
            r#"{"a":[1,{"b":null}]}"#
        );
        assert!(sealer.into_key().is_none());
    }
}
