//! What one would use instead, one file each.

pub mod copy;
pub mod raw_insert;
pub mod raw_publish;
pub mod statement;
pub mod stock;
pub mod upsert;
