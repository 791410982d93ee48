//! The built binary as a whole: fed with a real file; abused, killed, stopped, without its NATS store; with a log that somebody
//! changed; and who may do what by all of its routes.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod abused;
mod crm;
mod encrypted;
mod erasing;
mod guarded_nats;
mod kills;
mod leaked_passwords;
mod leaks;
mod mails;
mod matrix;
mod maven;
mod nats_store;
mod operate;
mod operated;
mod provider;
mod receiver;
mod services;
mod shared_limits;
mod sign_in;
mod stopped_relay;
mod tampering;
mod traces;
mod trail;
