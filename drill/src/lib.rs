//! Fault drills: the whole system as real processes, under load, while things break.
//!
//! Job: break one thing at a time by a schedule that a seed repeats, and judge afterwards what was promised to clients.
//! Used by: the binary `drill`, which `make drill` and the short form in `make test` run.
//! Never here: anything that the product needs; a drill knows it only by its processes, its HTTP and its tables.

pub mod client;
pub mod clocks;
pub mod drills;
pub mod journal;
pub mod judge;
pub mod layout;
pub mod load;
pub mod planted;
pub mod proxy;
pub mod recovery;
pub mod report;
pub mod run;
pub mod servers;
pub mod service;
pub mod settings;
pub mod token;
pub mod vdso;
pub mod versions;
pub mod world;
