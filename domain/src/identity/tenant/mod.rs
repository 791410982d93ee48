//! A tenant: a company that rents the portal, and what it is called.
//!
//! Its id is that of the tenant which all else belongs to. Tenants of before there was such a thing have no events of their
//! own, and are none the worse for it.

mod aggregate;
mod command;
mod error;
mod event;
pub mod fixtures;
#[cfg(test)]
mod tests;

pub use aggregate::Tenant;
pub use command::{TenantAction, TenantCommand};
pub use error::TenantError;
pub use event::TenantEvent;
