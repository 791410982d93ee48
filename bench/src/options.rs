//! What a run can be asked for.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Measures the system beside what one would use instead, and prints how it compares with each bar.
#[derive(Parser, Debug)]
#[command(name = "bench", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
#[command(after_help = "\
It starts a PostgreSQL and a nats-server of its own, with their files in --dir, and stops them. Whatever else the
machine does meanwhile is in the figures: the ratios suffer less from it than the figures, since both sides take turns.
Exit status: 0 if each bar was reached, 1 if one was missed or something failed.")]
pub struct Options {
    #[command(flatten)]
    pub run: RunOptions,
    /// List the measures and end
    #[arg(long)]
    pub list: bool,
    #[command(subcommand)]
    pub part: Option<Part>,
}

/// What the program runs itself as beside the servers.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Part {
    /// Clients of HTTP: they read what to do from their input
    #[command(hide = true)]
    Load,
    /// A bare server: it reads what to do from its input
    #[command(hide = true)]
    Bare,
}

/// How to measure.
#[derive(Args, Clone, Debug)]
pub struct RunOptions {
    /// Measure only this; may be given several times. A partial run does not write docs/BENCHMARKS.md
    #[arg(long, value_name = "MEASURE")]
    pub only: Vec<String>,
    /// Rounds of each measure; the figures are their medians
    #[arg(long, default_value_t = 5, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=50))]
    pub rounds: u32,
    /// See whether everything works, in seconds; the figures mean nothing
    #[arg(long, conflicts_with = "full")]
    pub quick: bool,
    /// Let the log grow to 5 million events instead of 1 million
    #[arg(long)]
    pub full: bool,
    /// The folder of the servers' files, on the disk that is to be measured; removed at the end
    #[arg(long, default_value = ".crm-bench", value_name = "FOLDER")]
    pub dir: PathBuf,
    /// The `crm` program to measure; by default the one beside this program
    #[arg(long, value_name = "FILE")]
    pub crm: Option<PathBuf>,
    /// Where to write all figures
    #[arg(long, default_value = "bench.json", value_name = "FILE")]
    pub json: PathBuf,
    /// Where to write the report of a whole run
    #[arg(long, default_value = "docs/BENCHMARKS.md", value_name = "FILE")]
    pub report: PathBuf,
}

impl RunOptions {
    /// How long one side of a round runs, for what is measured by time.
    pub fn turn(&self) -> Duration {
        if self.quick { Duration::from_millis(150) } else { Duration::from_secs(3) }
    }

    /// How long to warm up, once for each side.
    pub fn warm_up(&self) -> Duration {
        self.turn() / 3
    }

    /// A quantity of a normal run, or the little that shows that it works.
    pub fn amount(&self, normal: usize, quick: usize) -> usize {
        if self.quick { quick } else { normal }
    }

    /// Rounds of what takes long.
    pub fn few_rounds(&self) -> u32 {
        self.rounds.min(3)
    }
}
