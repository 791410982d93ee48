//! Limits as APIs ask for them: counted in this process always, and for all processes together where they share a Redis.
//!
//! What this process has counted holds whatever becomes of the other. Without an answer from there, guesses at secrets are not
//! let through, since somebody else may have counted enough of them; everything else goes by the count of this process. Of what happens
//! all the time, such as commands, each process tells the others from time to time.

mod flows;
mod guesses;
mod rates;
mod shared;

pub use flows::Flows;
pub use guesses::{Admitted, Guesses, NotNow};
pub use rates::{Rate, Rates};
pub use shared::{BadUrl, SharedLimits};
