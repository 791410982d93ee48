//! What a drill needs to be there.

use std::ops::Range;

/// Seconds from now in which the tokens of clients are good.
const TOKEN: Range<i64> = 0..4 * 3600;

/// How many of each there are, and where the servers' files lie.
#[derive(Clone, Debug)]
pub struct Layout {
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
            command_apis: 2,
            projectors: 1,
            mounts: Vec::new(),
            environment: Vec::new(),
            clocks: false,
            tokens: TOKEN,
        }
    }
}
