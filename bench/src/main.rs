//! Measures the system beside what one would use instead, in one run, and says how it compares.
//!
//! Job: start servers, run each measure and its reference in alternating rounds, print and write the ratios.
//! Used by: `make bench`.
//! Never here: limits of its own on what is measured. The product is driven through its public API, its processes
//! and HTTP; the references do the least that could do the same.

mod bench;
mod http;
mod load;
mod machine;
mod measures;
mod options;
mod outcome;
mod process;
mod references;
mod report;
mod rounds;
mod servers;
mod statistics;
mod workload;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use tracing_subscriber::EnvFilter;

use crate::options::{Options, Part};

/// That of `crm`, so that it makes no difference between both sides.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let options = Options::parse();
    let done = match options.part {
        Some(Part::Load) => load::main().map(|()| ExitCode::SUCCESS),
        Some(Part::Bare) => on_all_cores(process::bare::main()).map(|()| ExitCode::SUCCESS),
        None => on_all_cores(bench::run(options)),
    };
    done.unwrap_or_else(|error| {
        eprintln!("bench: {error:#}");
        ExitCode::FAILURE
    })
}

/// As the services run.
fn on_all_cores<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
