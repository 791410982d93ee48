//! Identity: the users of a tenant, and what they may do.
//!
//! Who was let in, given a role or shut out, when and by whom, is history like everything else. Passwords, sessions and
//! tokens are not: they have tables of their own and never reach an event.

mod role;
pub mod user;

pub use role::Role;
