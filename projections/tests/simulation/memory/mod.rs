//! A log, read models and a stream in memory, with the promises of ours in PostgreSQL and JetStream.

pub mod bus;
pub mod database;
pub mod error;
pub mod feed;
pub mod link;
pub mod log;
pub mod state;
pub mod store;
mod text;
