//! Folding a batch of events over rows held in memory.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::marker::PhantomData;

use event_store::{Recorded, Upcasters};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::projection::{Fact, FoldError, Projection, decode};

/// Tenant and id of a row.
pub type RowKey = (Uuid, Uuid);

/// A row as the table has it.
pub struct StoredRow {
    /// Whose it is, and which.
    pub key: RowKey,
    /// Its columns as one document.
    pub doc: Value,
}

/// What a batch changes in the table.
#[derive(Default)]
pub struct Changes {
    /// Rows to write, each with the position of the last event folded into it and its document as JSON text.
    pub upserts: Vec<(RowKey, i64, String)>,
    /// Rows to remove.
    pub deletes: Vec<RowKey>,
}

/// An event that this read model reads, or why it cannot.
pub(crate) struct Step {
    tenant: Uuid,
    position: i64,
    event_type: String,
    fact: Result<(Fact, Vec<Uuid>), FoldError>,
}

/// Where a tenant's rows stopped.
#[derive(Debug)]
pub struct Stop {
    /// Whose rows stand still.
    pub tenant: Uuid,
    /// The event that could not be folded.
    pub position: i64,
    /// Its type.
    pub event_type: String,
    /// Why.
    pub error: FoldError,
}

/// The fold of one read model, with the type of its rows hidden.
pub(crate) trait Fold: Send + Sync {
    fn name(&self) -> &'static str;
    /// The aggregate types whose events it reads.
    fn reads(&self) -> &'static [&'static str];
    /// Decodes what this read model reads; the keys tell which rows to load.
    fn steps(&self, events: Vec<Recorded>, upcasters: Upcasters) -> Vec<Step>;
    /// Begins with no row in memory.
    fn begin(&self) -> Box<dyn Sheet>;
}

/// Rows that are held in memory while events are folded over them, until they are written.
pub(crate) trait Sheet: Send {
    /// Those of the keys whose rows are not in memory yet.
    fn missing(&self, keys: Vec<RowKey>) -> Vec<RowKey>;
    /// Folds all steps over the rows in memory and the stored ones, which are those of all missing keys. A step that fails
    /// stops its tenant, and only that one.
    fn fold(&mut self, stored: Vec<StoredRow>, steps: Vec<Step>);
    /// Rows in memory.
    fn rows(&self) -> usize;
    /// What has to be written of it.
    fn finish(self: Box<Self>) -> Result<(Changes, Vec<Stop>), serde_json::Error>;
}

/// The rows that the steps touch, each once.
pub(crate) fn keys(steps: &[Step]) -> Vec<RowKey> {
    let mut keys: Vec<RowKey> = steps
        .iter()
        .filter_map(|step| step.fact.as_ref().ok().map(|(_, keys)| (step.tenant, keys)))
        .flat_map(|(tenant, keys)| keys.iter().map(move |key| (tenant, *key)))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The one implementation of [`Fold`], for every projection.
pub(crate) struct Typed<P>(pub(crate) PhantomData<fn() -> P>);

struct Slot<R> {
    row: Option<R>,
    was_stored: bool,
    position: i64,
}

impl<P: Projection> Fold for Typed<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn reads(&self) -> &'static [&'static str] {
        P::READS
    }

    fn steps(&self, events: Vec<Recorded>, upcasters: Upcasters) -> Vec<Step> {
        events
            .into_iter()
            .filter(|event| P::READS.contains(&event.aggregate_type.as_str()))
            .map(|event| Step {
                tenant: event.tenant_id,
                position: event.position,
                event_type: event.event_type.clone(),
                fact: decode(event, upcasters).map(|fact| {
                    let keys = P::keys(&fact);
                    (fact, keys)
                }),
            })
            .collect()
    }

    fn begin(&self) -> Box<dyn Sheet> {
        Box::new(Slots::<P> { unread: HashMap::new(), slots: HashMap::new(), stops: Vec::new() })
    }
}

/// The one implementation of [`Sheet`].
struct Slots<P: Projection> {
    unread: HashMap<RowKey, Value>,
    slots: HashMap<RowKey, Slot<P::Row>>,
    stops: Vec<Stop>,
}

impl<P: Projection> Sheet for Slots<P> {
    fn missing(&self, mut keys: Vec<RowKey>) -> Vec<RowKey> {
        keys.retain(|key| !self.slots.contains_key(key) && !self.unread.contains_key(key));
        keys
    }

    fn fold(&mut self, stored: Vec<StoredRow>, steps: Vec<Step>) {
        let Self { unread, slots, stops } = self;
        unread.extend(stored.into_iter().map(|row| (row.key, row.doc)));
        for step in steps {
            if stops.iter().any(|stop| stop.tenant == step.tenant) {
                continue;
            }
            let done = step.fact.and_then(|(fact, keys)| apply::<P>(unread, slots, &fact, &keys));
            if let Err(error) = done {
                let Step { tenant, position, event_type, .. } = step;
                stops.push(Stop { tenant, position, event_type, error });
            }
        }
    }

    fn rows(&self) -> usize {
        self.slots.len() + self.unread.len()
    }

    fn finish(self: Box<Self>) -> Result<(Changes, Vec<Stop>), serde_json::Error> {
        Ok((changes(self.slots)?, self.stops))
    }
}

/// Applies one event to all rows it touches, or to none.
fn apply<P: Projection>(
    unread: &mut HashMap<RowKey, Value>,
    slots: &mut HashMap<RowKey, Slot<P::Row>>,
    fact: &Fact,
    keys: &[Uuid],
) -> Result<(), FoldError> {
    for key in keys {
        let key = (fact.tenant_id, *key);
        if let Entry::Vacant(vacant) = slots.entry(key) {
            let row = match unread.get(&key) {
                Some(doc) => Some(P::Row::deserialize(doc).map_err(FoldError::UnreadableRow)?),
                None => None,
            };
            vacant.insert(Slot { was_stored: row.is_some(), row, position: 0 });
            unread.remove(&key);
        }
    }
    // Kept for the fold that fails half-way: an event is folded into all its rows or into none.
    let before: Vec<(Uuid, Option<P::Row>)> = keys
        .iter()
        .map(|key| (*key, slots.get(&(fact.tenant_id, *key)).and_then(|slot| slot.row.clone())))
        .collect();
    for key in keys {
        let Some(slot) = slots.get_mut(&(fact.tenant_id, *key)) else { continue };
        if let Err(error) = apply_one::<P>(slot, *key, fact) {
            for (key, row) in before {
                if let Some(slot) = slots.get_mut(&(fact.tenant_id, key)) {
                    slot.row = row;
                }
            }
            return Err(error);
        }
    }
    Ok(())
}

fn apply_one<P: Projection>(slot: &mut Slot<P::Row>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
    P::apply(&mut slot.row, key, fact)?;
    slot.position = fact.position;
    Ok(())
}

fn changes<R: serde::Serialize>(slots: HashMap<RowKey, Slot<R>>) -> Result<Changes, serde_json::Error> {
    let mut changes = Changes::default();
    for (key, slot) in slots {
        match slot.row {
            Some(row) if slot.position > 0 => {
                changes.upserts.push((key, slot.position, serde_json::to_string(&row)?));
            }
            None if slot.was_stored && slot.position > 0 => changes.deletes.push(key),
            Some(_) | None => {}
        }
    }
    // The same order in every transaction: two writers of one table cannot lock each other out.
    changes.upserts.sort_unstable_by_key(|(key, ..)| *key);
    changes.deletes.sort_unstable();
    Ok(changes)
}
