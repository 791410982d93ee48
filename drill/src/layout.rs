//! What a drill needs to be there.

use std::ops::Range;
use std::time::Duration;

/// Seconds from now in which the tokens of clients are good.
const TOKEN: Range<i64> = 0..4 * 3600;

/// How many of each there are, and where the servers' files lie.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What clients do.
    pub work: Work,
    /// Command APIs.
    pub command_apis: usize,
    /// Projectors, each with a relay: one works, the others stand by.
    pub projectors: usize,
    /// What is mounted before the servers start: a folder below that of the drill, and its bytes.
    pub mounts: Vec<(&'static str, u64)>,
    /// Environment of single services, by their names.
    pub environment: Vec<(&'static str, String, String)>,
    /// Whether each service and PostgreSQL has a wall clock that can be set.
    pub clocks: bool,
    /// Seconds from now in which the tokens of clients are good.
    pub tokens: Range<i64>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            work: Work::Everything,
            command_apis: 2,
            projectors: 1,
            mounts: Vec::new(),
            environment: Vec::new(),
            clocks: false,
            tokens: TOKEN,
        }
    }
}

/// What clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A few clients of several tenants do all that there is, one thing after the other.
    Everything,
    /// Many clients of one tenant issue invoices in the same few series, each as soon as it is answered.
    Issuing,
}

impl Work {
    /// How many clients are at work.
    pub fn clients(self) -> usize {
        match self {
            Self::Everything => 6,
            Self::Issuing => 32,
        }
    }

    /// How long a client waits between two commands at most.
    pub fn think(self) -> Duration {
        match self {
            Self::Everything => Duration::from_millis(40),
            Self::Issuing => Duration::ZERO,
        }
    }

    /// The tenant of a client, by its place.
    pub fn tenant(self, client: usize) -> usize {
        match self {
            Self::Everything => client,
            Self::Issuing => 0,
        }
    }
}
