//! Reads over HTTP, of what the real appender, relay and runners made of real events; each test has its own log.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod api_keys;
mod audit;
mod billing;
mod billing_credit_note;
mod billing_payment;
mod board;
mod by_header;
mod cursors;
mod export;
mod forecast;
mod history;
mod hostile;
mod kept;
mod kept_together;
mod limits;
mod lists;
mod past;
mod permissions;
mod plan;
mod positions;
mod provider;
mod rights;
mod sales_report;
mod sessions;
mod singles;
mod slow_readers;
mod stage_report;
mod tenants;
mod told;
mod trail;
mod users;
mod world;
