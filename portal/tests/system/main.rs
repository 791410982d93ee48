//! The built binary as a whole: fed with a real file; killed, stopped, without its NATS store; with a log that somebody
//! changed.

mod crm;
mod kills;
mod maven;
mod nats_store;
mod stopped_relay;
mod tampering;
