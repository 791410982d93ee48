//! A session: one sign-in of a user on one device, from its start to its end.
//!
//! Refresh tokens and their digests are in no event: they have a table of their own. That a session is over since all
//! sessions of its user were ended is told by the user's events, not once more by each session.

mod aggregate;
mod command;
mod device;
mod error;
mod event;
pub mod fixtures;
#[cfg(test)]
mod tests;

pub use aggregate::Session;
pub use command::{SessionAction, SessionCommand};
pub use device::Device;
pub use error::SessionError;
pub use event::{EndReason, Method, SessionEvent};
