//! Old shapes of events become the current one on their way out of the log; the log itself is never rewritten. And what was
//! sealed is opened.

use cqrs_es::Aggregate;
use serde_json::Value;

use crate::event::Recorded;
use crate::seal::{self, MasterKeys};

/// One step: from a version of an event's payload to the next.
#[derive(Clone, Copy, Debug)]
pub struct Upcast {
    /// The event, such as `opportunity.moved`.
    pub event_type: &'static str,
    /// The version that this step reads; it writes `from + 1`.
    pub from: i32,
    /// The change of shape. It must not fail: what it can't read it leaves for the decoder to refuse.
    pub step: fn(Value) -> Value,
}

/// How events of the log are read: all steps of all contexts, and the master keys, without which neither personal data can be
/// read nor any be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Upcasters {
    steps: &'static [Upcast],
    master_keys: Option<&'static MasterKeys>,
}

impl Upcasters {
    /// These steps, and no master key.
    pub const fn of(steps: &'static [Upcast]) -> Self {
        Self { steps, master_keys: None }
    }

    /// The same with master keys, which then stay in memory for as long as the process runs.
    #[must_use]
    pub fn with_master_keys(self, keys: MasterKeys) -> Self {
        Self { master_keys: Some(Box::leak(Box::new(keys))), ..self }
    }

    /// The master keys, if this process was given some.
    pub(crate) const fn master_keys(&self) -> Option<&'static MasterKeys> {
        self.master_keys
    }

    /// The payload in its newest shape.
    pub fn newest(&self, event_type: &str, version: i32, payload: Value) -> Value {
        let mut version = version;
        let mut payload = payload;
        while let Some(upcast) =
            self.steps.iter().find(|upcast| upcast.event_type == event_type && upcast.from == version)
        {
            payload = (upcast.step)(payload);
            version += 1;
        }
        payload
    }

    /// Applies an event to its aggregate, in its newest shape, without opening what is sealed in it: to the aggregate that is as
    /// if it was erased. For those who ask for something else than personal data, and so need no key.
    ///
    /// # Errors
    /// It is none of the aggregate's.
    pub fn apply<A: Aggregate>(&self, aggregate: &mut A, event: Recorded) -> Result<(), serde_json::Error> {
        let mut payload = self.newest(&event.event_type, event.event_version, event.payload);
        seal::blank(&mut payload);
        aggregate.apply(serde_json::from_value(payload)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rename(mut payload: Value) -> Value {
        if let Some(name) = payload.as_object_mut().and_then(|fields| fields.remove("title")) {
            payload["name"] = name;
        }
        payload
    }

    fn add_currency(mut payload: Value) -> Value {
        payload["currency"] = json!("EUR");
        payload
    }

    const STEPS: Upcasters = Upcasters::of(&[
        Upcast { event_type: "deal.opened", from: 2, step: add_currency },
        Upcast { event_type: "deal.opened", from: 1, step: rename },
    ]);

    #[test]
    fn steps_are_chained_from_the_stored_version_to_the_newest() {
        let old = STEPS.newest("deal.opened", 1, json!({"title": "a"}));
        assert_eq!(old, json!({"name": "a", "currency": "EUR"}));
        let newer = STEPS.newest("deal.opened", 2, json!({"name": "b"}));
        assert_eq!(newer, json!({"name": "b", "currency": "EUR"}));
    }

    #[test]
    fn the_newest_version_and_other_events_stay_as_they_are() {
        let newest = json!({"title": "kept"});
        assert_eq!(STEPS.newest("deal.opened", 3, newest.clone()), newest);
        assert_eq!(STEPS.newest("deal.closed", 1, newest.clone()), newest);
    }
}
