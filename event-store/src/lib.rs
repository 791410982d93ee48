//! The log: append, load, read from a position, upcast, seal and open personal data, relay to NATS JetStream.
//!
//! Job: keep every event once, in one dense order of positions, and publish it in that order.
//! Used by: the command API (append, load), projections and the query API (read), the binary (relay).
//! Never here: knowledge of any one context, HTTP, read models.

pub mod append;
pub mod appender;
mod cache;
pub mod change;
pub mod database;
pub mod event;
pub mod fixtures;
mod history;
mod joint;
pub mod metrics;
pub mod nats;
pub mod planted;
pub mod read;
pub mod relay;
pub mod seal;
mod sessions;
pub mod store;
pub mod stream;
pub mod trace;
pub mod upcast;

pub use append::{Append, AppendError, Appended, Claim, Guard, Idempotency, Kept, Stored};
pub use cache::AGGREGATE_CACHE_MIB;
pub use change::Change;
pub use database::{Duty, connect, measured, within_reason};
pub use event::{Metadata, NewEvent, RawRecorded, Recorded};
pub use joint::{Joint, Place};
pub use seal::MasterKeys;
pub use sessions::{PooledSession, Session, SessionPool, Sessions, Usage};
pub use store::{EventStore, LoadError, Loaded};
pub use stream::StreamNames;
pub use upcast::{Upcast, Upcasters};
