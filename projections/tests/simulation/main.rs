//! The real appender, relay and runner between a log and a stream in memory, where all chance comes from a seed.
//!
//! `SIM_SEED=7` runs one seed and tells every step; `SIM_SEEDS=10000` runs that many.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod billing_rows;
mod chance;
mod client;
#[path = "../../../domain/tests/machines/commands/mod.rs"]
mod commands;
mod faults;
mod folds;
mod identity_rows;
mod memory;
mod oracle;
mod plant;
mod process;
mod rows;
mod run;
mod scenarios;
mod trace;
mod views;

use plant::Plant;
use run::run;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn every_promise_holds_in_every_run() {
    if let Some(seed) = number("SIM_SEED") {
        let outcome = run(seed, Plant::Nothing, true);
        assert_eq!(outcome.violation, None, "SIM_SEED={seed}");
        return;
    }
    let seeds = number("SIM_SEEDS").unwrap_or(300);
    let threads = std::thread::available_parallelism().map_or(2, |threads| threads.get() as u64);
    let broken: Vec<(u64, String)> = std::thread::scope(|scope| {
        let share = |first| {
            let seeds = (first..seeds).step_by(usize::try_from(threads).unwrap());
            seeds
                .filter_map(|seed| Some((seed, run(seed, Plant::Nothing, false).violation?)))
                .collect::<Vec<_>>()
        };
        let running: Vec<_> = (0..threads).map(|first| scope.spawn(move || share(first))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    for (seed, violation) in broken.iter().take(5) {
        eprintln!("SIM_SEED={seed}: {violation}");
    }
    assert!(broken.is_empty(), "{} of {seeds} runs broke a promise", broken.len());
}

#[test]
fn the_same_seed_takes_the_same_turns() {
    for seed in 0..10 {
        let first = run(seed, Plant::Nothing, false);
        assert_eq!(run(seed, Plant::Nothing, false), first, "SIM_SEED={seed}");
        assert_ne!(run(seed + 1_000, Plant::Nothing, false).digest, first.digest);
    }
}

/// Each mistake, and within how many runs it is found.
#[test]
fn planted_mistakes_are_found() {
    let plants = [
        (Plant::NoGate, 20),
        (Plant::NoPositionCheck, 20),
        (Plant::NoEventCheck, 300),
        (Plant::NoFence, 200),
        (Plant::NoKeyCheck, 50),
        (Plant::NoTransaction, 50),
    ];
    for (plant, seeds) in plants {
        let found = (0..seeds).find_map(|seed| Some((seed, run(seed, plant, false).violation?)));
        let (seed, violation) = found.unwrap_or_else(|| panic!("{plant:?} was not found in {seeds} runs"));
        println!("{plant:?} is found by seed {seed}: {}", violation.chars().take(100).collect::<String>());
    }
}
