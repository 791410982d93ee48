//! What all commands have in common: an action and its times.

use chrono::{DateTime, Datelike, Utc};

/// The first year that anything of business is dated. Dates of four digits also keep databases from choking on
/// what a client mistyped.
pub const FIRST_YEAR: i32 = 1900;
/// The last year that anything of business is dated.
pub const LAST_YEAR: i32 = 9999;

/// A command: what to do, when it happened in the business, and what time it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Command<A> {
    /// Business time; may be in the past, as it is in imports and corrections.
    pub occurred_at: DateTime<Utc>,
    /// The present, as the caller's clock shows it. No command may have occurred after it.
    pub now: DateTime<Utc>,
    /// What to do.
    pub action: A,
}

impl<A> Command<A> {
    /// `action`, happening at this moment.
    pub const fn now(action: A, now: DateTime<Utc>) -> Self {
        Self { occurred_at: now, now, action }
    }

    /// Refuses, with `error`, what would have occurred in the future. There is no tolerance: callers who leave the
    /// time out get the server's own, and the others name a time they know to be past.
    ///
    /// # Errors
    /// `error`.
    pub fn not_in_future<E>(&self, error: E) -> Result<(), E> {
        if self.occurred_at > self.now { Err(error) } else { Ok(()) }
    }

    /// Refuses, with `error`, what would have occurred before [`FIRST_YEAR`].
    ///
    /// # Errors
    /// `error`.
    pub fn not_too_early<E>(&self, error: E) -> Result<(), E> {
        if self.occurred_at.year() < FIRST_YEAR { Err(error) } else { Ok(()) }
    }

    /// The business time to go by. What happens at the present does not precede `last`, the last change, even if
    /// that was stamped by another process whose clock is a little ahead; a time that a client names stays as it is.
    pub fn business_time(&self, last: Option<DateTime<Utc>>) -> DateTime<Utc> {
        match last {
            Some(last) if self.occurred_at == self.now => self.occurred_at.max(last),
            Some(_) | None => self.occurred_at,
        }
    }
}
