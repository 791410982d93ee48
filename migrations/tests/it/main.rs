//! What the schema promises, asked of the catalogue of a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod walls;
