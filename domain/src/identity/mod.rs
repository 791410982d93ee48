//! Identity: tenants, their users, what they may do, and where they are signed in.
//!
//! Who was let in, given a role or shut out, signed in or out, when and by whom, is history like everything else. Hashes
//! of passwords, tokens and digests of tokens are not: they have tables of their own and never reach an event.

pub mod custom_role;
pub mod field;
mod organisation;
pub mod permission;
pub mod policy;
pub mod provider;
mod role;
pub mod session;
pub mod team;
pub mod tenant;
pub mod user;

pub use field::{HiddenFields, RecordKind};
pub use organisation::{Hidden, Organisation, Reason, Rights};
pub use permission::{Grants, Level};
pub use role::Role;
