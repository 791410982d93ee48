//! A user: who somebody is to a tenant, the roles that were given, which password is the current one, and whether the
//! account is in use.

mod aggregate;
mod command;
mod error;
mod event;
pub mod fixtures;
#[cfg(test)]
mod tests;

pub use aggregate::{Account, Key, SecondFactor, User};
pub use command::{UserAction, UserCommand};
pub use error::UserError;
pub use event::{RIGHTS_EVENTS, UserEvent};
