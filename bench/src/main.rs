//! Measures the system beside what one would use instead, in one run, and says how it compares.
//!
//! Job: start servers, run each measure and its reference in alternating rounds, print and write the ratios.
//! Used by: `make bench`.
//! Never here: limits of its own on what is measured. The product is driven through its public API, its processes
//! and HTTP; the references do the least that could do the same.

mod bench;
mod machine;
mod measures;
mod options;
mod outcome;
mod references;
mod report;
mod rounds;
mod servers;
mod statistics;
mod workload;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match bench::run(Options::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
