//! One run, from the start of the servers to the report.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::machine::Machine;
use crate::measures::{self, Measure};
use crate::options::{Options, RunOptions};
use crate::outcome::Row;
use crate::report::{self, Report};
use crate::servers::Servers;

/// What every measure is given.
pub struct Bench {
    pub options: RunOptions,
    pub servers: Servers,
}

/// Measures what is asked for.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    if options.list {
        for measure in measures::all() {
            println!("{:<14} {}", measure.name(), measure.about());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let options = options.run;
    let chosen = choose(&options.only)?;
    let servers = Servers::start(&options.dir).await?;
    let machine = Machine::of(&servers).await?;
    println!("{machine}");
    let bench = Bench { options, servers };
    let measured = measure_all(&bench, &chosen).await;
    let Bench { options, servers } = bench;
    servers.stop().await?;
    finish(&options, Report::new(&options, machine, measured?))
}

fn choose(only: &[String]) -> anyhow::Result<Vec<Box<dyn Measure>>> {
    let mut chosen = measures::all();
    if let Some(unknown) = only.iter().find(|name| chosen.iter().all(|measure| measure.name() != *name)) {
        bail!("there is no measure {unknown:?}; --list tells which there are");
    }
    chosen.retain(|measure| only.is_empty() || only.iter().any(|name| name == measure.name()));
    Ok(chosen)
}

async fn measure_all(bench: &Bench, chosen: &[Box<dyn Measure>]) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for measure in chosen {
        let begun = Instant::now();
        let found = measure.run(bench).await.with_context(|| format!("measuring {}", measure.name()))?;
        for row in &found {
            println!("{}", report::line(row));
        }
        println!("    ({} took {:.0} s)", measure.name(), begun.elapsed().as_secs_f64());
        rows.extend(found);
    }
    Ok(rows)
}

fn finish(options: &RunOptions, report: Report) -> anyhow::Result<ExitCode> {
    let write = |file: &std::path::Path, text: String| {
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    };
    write(&options.json, serde_json::to_string_pretty(&report)? + "\n")?;
    println!("all figures are in {}", options.json.display());
    if options.only.is_empty() && !options.quick {
        write(&options.report, report.markdown())?;
        println!("the report is in {}", options.report.display());
    }
    let missed = report.rows.iter().filter(|row| !row.is_reached()).count();
    if missed == 0 || options.quick {
        return Ok(ExitCode::SUCCESS);
    }
    println!("{missed} of {} bars were missed", report.rows.len());
    Ok(ExitCode::FAILURE)
}
