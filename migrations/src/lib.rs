//! The database schema: ordered SQL files in `migrations/sql`, embedded into the binary.
//!
//! Job: hand out the one [`MIGRATOR`] that brings a database to the schema of this build.
//! Used by: the `crm` binary (`crm migrate`, `crm serve`) and the test databases.
//! Never here: queries, or anything a running service needs.

/// All migrations, in order. A change works under the previous code too: expand, move, contract.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./sql");
