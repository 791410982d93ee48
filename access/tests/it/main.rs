//! The tables of secrets on a real PostgreSQL, in the role that services have there; and whom passwords are asked of.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod factors;
mod leaked;
mod shared;
mod tenants;
mod trail;
