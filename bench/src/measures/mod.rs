//! What is measured, one file each.

mod append;
mod projection;
mod rebuild;
mod relay;

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
        Box::new(relay::RelayCatchUp),
        Box::new(projection::Projections),
        Box::new(rebuild::Rebuild),
    ]
}
