//! Mistakes that are planted on purpose: a simulation that does not find them is none.

/// What the servers in memory leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Nothing.
    Nothing,
    /// The log draws numbers without its gate.
    NoGate,
    /// The checkpoint is moved from wherever it is.
    NoPositionCheck,
    /// The checkpoint is moved without asking whether the log has the event.
    NoEventCheck,
    /// The stream takes a message whatever it should follow.
    NoFence,
    /// The checkpoint is moved if the log has the last event of a batch.
    LastEventOnly,
    /// Idempotency keys are not unique.
    NoKeyCheck,
    /// Rows become visible although the transaction ends without a commit.
    NoTransaction,
}
