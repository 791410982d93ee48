//! Electronic invoices: what is written is read back and held against the published rules, and what others wrote is recomputed.
#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod codes;
mod documents;
mod hostile;
mod published;
mod support;
mod written;
