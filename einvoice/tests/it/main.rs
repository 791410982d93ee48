//! Electronic invoices: what is written is read back and held against the published rules, and what others wrote is recomputed.

mod documents;
mod hostile;
mod published;
mod support;
mod written;
