//! Read models: pure folds from events to rows, and the one runner that drives them all.
//!
//! Job: keep the tables of `read_model` equal to a fold of the log, each event exactly once.
//! Used by: the query API (row types, waiting for a position, `as_of`) and the binary (run, rebuild, verify).
//! Never here: HTTP, decisions, and I/O in a fold.

pub mod billing;
pub mod checkpoint;
pub mod erased;
pub mod fold;
pub mod identity;
pub mod metrics;
pub mod positions;
pub mod progress;
pub mod projection;
pub mod rebuild;
pub mod registry;
pub mod resume;
pub mod runner;
pub mod sales;
mod table;
mod trace;

pub use positions::Positions;
pub use progress::{Stamp, Verdict};
pub use projection::{Fact, FoldError, Projection};
pub use registry::{ReadModel, registry};
