//! Events as the relay passes them on: with their JSON as text.

use event_store::{RawRecorded, Recorded};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

pub fn written(event: Recorded) -> RawRecorded {
    let (event, payload, metadata) = event.take();
    event.with(to_raw_value(&payload).unwrap(), to_raw_value(&metadata).unwrap())
}

pub fn read(event: RawRecorded) -> Recorded {
    let (event, payload, metadata) = event.take();
    let value = |text: &RawValue| -> Value { serde_json::from_str(text.get()).unwrap() };
    event.with(value(&payload), value(&metadata))
}
