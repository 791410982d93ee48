//! Identity: the users of a tenant, what they may do, and where they are signed in.
//!
//! Who was let in, given a role or shut out, signed in or out, when and by whom, is history like everything else. Hashes
//! of passwords, tokens and digests of tokens are not: they have tables of their own and never reach an event.

pub mod policy;
mod role;
pub mod session;
pub mod user;

pub use role::Role;
