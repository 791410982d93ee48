//! The built binary under faults: killed, stopped, without its NATS store, with a log that somebody changed.

mod crm;
mod kills;
mod nats_store;
mod stopped_relay;
mod tampering;
