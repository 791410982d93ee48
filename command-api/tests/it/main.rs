//! HTTP in, events out: the commands against a real PostgreSQL, each test with a database of its own.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod concurrency;
mod document;
mod erasing;
mod failing;
mod hostile;
mod idempotency;
mod identity_password;
mod identity_session;
mod identity_throttle;
mod identity_user;
mod in_process;
mod permissions;
mod sales_lead;
mod sales_opportunity;
mod sales_pipeline;
mod stale;
mod support;
mod tenancy;
