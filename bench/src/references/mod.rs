//! What one would use instead, one file each.

pub mod raw_insert;
pub mod stock;
