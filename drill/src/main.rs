//! `drill`: breaks a running system on purpose, and tells what became of its promises.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Parser;
use drill::drills::{self, Entry};
use drill::report::Report;
use drill::run::side_by_side;
use drill::settings::{Form, Settings};
use drill::{planted, versions};
use rand::Rng as _;

/// Starts the whole system as real processes (PostgreSQL, NATS, two command APIs, query API, projector, and a TCP proxy
/// between each two), lets clients work, breaks things, and judges at the end: every acknowledged command is in the log
/// exactly once, positions are dense, the stream is the log, and every read model equals a rebuild from zero.
#[derive(Parser)]
#[command(name = "drill", version, max_term_width = 100)]
#[command(after_help = "\
All of it, about 10 minutes:               make drill
The short form:                            drill --short
One drill with a schedule seen before:     drill kills --seed 42
What a seed would do, without doing it:    drill --schedule --seed 42

It exits with 1 if any promise was broken, and leaves nothing behind. The schedule (which faults, in which order, how long
after each other) comes from the seed alone; what the machine does meanwhile does not.")]
struct Cli {
    /// Drills to run; all if none is named
    #[arg(value_name = "DRILL")]
    drills: Vec<String>,
    /// At most 2 minutes, every kind of fault at least once
    #[arg(long)]
    short: bool,
    /// Repeats the schedule of an earlier run; a new one if left out
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// The crm binary; by default the one beside this program
    #[arg(long, value_name = "FILE")]
    crm: Option<PathBuf>,
    /// Where the outcome goes as JSON
    #[arg(long, value_name = "FILE", default_value = "drill.json")]
    out: PathBuf,
    /// Name the drills and end
    #[arg(long)]
    list: bool,
    /// Print the schedule and end
    #[arg(long)]
    schedule: bool,
    /// Drills at a time; they mostly wait
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    jobs: usize,
    /// A crm built with the feature `planted`: runs drills against each of its bugs, and each must be caught
    #[arg(long, value_name = "FILE")]
    planted: Option<PathBuf>,
    /// Keep the folder of each drill: logs of all services, journal, data
    #[arg(long)]
    keep: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = tokio::select! {
        ended = carry_out(cli) => ended,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("drill: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every promise was kept.
async fn carry_out(cli: Cli) -> anyhow::Result<bool> {
    let chosen = chosen(&cli.drills)?;
    if cli.list {
        for drill in chosen {
            println!("{:<16} {}", drill.name, drill.about);
        }
        return Ok(true);
    }
    let settings = Settings {
        form: if cli.short { Form::Short } else { Form::Long },
        seed: cli.seed.unwrap_or_else(|| rand::rng().random_range(1..1_000_000)),
        crm: cli.crm.map_or_else(beside, Ok)?,
        planted: None,
        keep: cli.keep,
    };
    println!("drill: seed {}", settings.seed);
    if cli.schedule {
        for drill in chosen {
            println!("{}", drill.name);
            for fault in (drill.schedule)(&settings) {
                println!("  {fault}");
            }
        }
        return Ok(true);
    }
    let mut report = Report {
        seed: settings.seed,
        form: settings.form.pick("short", "long"),
        versions: versions::all()?,
        drills: Vec::new(),
        planted: Vec::new(),
    };
    let runs = chosen.iter().map(|drill| (drill.run, settings.clone())).collect();
    report.drills = side_by_side(runs, cli.jobs).await?;
    if let Some(crm) = cli.planted {
        report.planted = planted::hunt(&Settings { crm, ..settings }, cli.jobs).await?;
    }
    report.write(&cli.out).with_context(|| format!("cannot write {}", cli.out.display()))?;
    println!("\n{}", report.table());
    Ok(report.good())
}

fn chosen(names: &[String]) -> anyhow::Result<Vec<Entry>> {
    let all = drills::all();
    for name in names {
        if !all.iter().any(|drill| drill.name == name) {
            let known: Vec<&str> = all.iter().map(|drill| drill.name).collect();
            bail!("there is no drill {name:?}; there are {}", known.join(", "));
        }
    }
    Ok(all
        .into_iter()
        .filter(|drill| names.is_empty() || names.iter().any(|name| name == drill.name))
        .collect())
}

/// The `crm` that cargo built beside this program.
fn beside() -> anyhow::Result<PathBuf> {
    let file = std::env::current_exe()?.with_file_name("crm");
    if !file.exists() {
        bail!("{} is missing; build it, or name another with --crm", file.display());
    }
    Ok(file)
}
