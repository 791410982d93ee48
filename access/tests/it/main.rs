//! The tables of secrets on a real PostgreSQL, in the role that services have there.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod factors;
mod shared;
mod tenants;
mod trail;
