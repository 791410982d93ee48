//! Old shapes of events become the current one on their way out of the log; the log itself is never rewritten.

use cqrs_es::Aggregate;
use serde_json::Value;

use crate::event::Recorded;

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

/// All steps of all contexts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Upcasters(pub &'static [Upcast]);

impl Upcasters {
    /// The payload in its newest shape.
    pub fn newest(&self, event_type: &str, version: i32, payload: Value) -> Value {
        let mut version = version;
        let mut payload = payload;
        while let Some(upcast) =
            self.0.iter().find(|upcast| upcast.event_type == event_type && upcast.from == version)
        {
            payload = (upcast.step)(payload);
            version += 1;
        }
        payload
    }

    /// Applies an event to its aggregate, in its newest shape.
    ///
    /// # Errors
    /// It is none of the aggregate's.
    pub fn apply<A: Aggregate>(&self, aggregate: &mut A, event: Recorded) -> Result<(), serde_json::Error> {
        let payload = self.newest(&event.event_type, event.event_version, event.payload);
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

    const STEPS: Upcasters = Upcasters(&[
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
