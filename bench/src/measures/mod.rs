//! What is measured, one file each.

mod abuse;
mod append;
mod growth;
mod http_command;
mod issue;
mod large_log;
mod projection;
mod reads;
mod rebuild;
mod relay;
mod visible;
mod walls;

use futures::future::LocalBoxFuture;

use crate::bench::Bench;
use crate::outcome::Row;

/// Something to measure.
pub trait Measure {
    /// What `--only` calls it.
    fn name(&self) -> &'static str;

    /// What it is, in a line.
    fn about(&self) -> &'static str;

    /// Measures it beside its reference.
    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>>;
}

/// All measures, in the order of the report.
pub fn all() -> Vec<Box<dyn Measure>> {
    vec![
        Box::new(append::MANY),
        Box::new(append::CROWD),
        Box::new(append::ONE),
        Box::new(http_command::HttpCommands),
        Box::new(issue::Issuing),
        Box::new(relay::RelayCatchUp),
        Box::new(projection::Projections),
        Box::new(rebuild::Rebuild),
        Box::new(visible::Visible),
        Box::new(reads::Reads),
        Box::new(walls::Walls),
        Box::new(abuse::Abused),
        Box::new(growth::Growth),
        Box::new(large_log::LargeLog),
    ]
}
