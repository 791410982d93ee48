//! The straight line of every drill: start, load, break by the schedule, recover, calm down, judge.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::Ordering;
use std::time::Instant;

use futures::future::BoxFuture;
use futures::{StreamExt as _, TryStreamExt as _};

use crate::drills::{Drill, Scheduled};
use crate::judge::judge;
use crate::recovery::{recovered, settled};
use crate::report::Outcome;
use crate::settings::Settings;
use crate::world::World;

/// How a drill is started.
pub type Start = fn(Settings) -> BoxFuture<'static, Outcome>;

/// Runs some drills, up to `jobs` at a time, and returns their outcomes in the order that was asked for.
///
/// # Errors
/// One panicked.
pub async fn side_by_side(runs: Vec<(Start, Settings)>, jobs: usize) -> anyhow::Result<Vec<Outcome>> {
    let started = runs.into_iter().map(|(start, settings)| async move {
        // In a task of its own: it blocks its thread while a server starts.
        let outcome = tokio::spawn(start(settings)).await?;
        eprintln!("drill: {}", outcome.line());
        anyhow::Ok(outcome)
    });
    futures::stream::iter(started).buffered(jobs.max(1)).try_collect().await
}

/// Runs a drill; whatever happens is in the outcome.
pub async fn run<D: Drill>(settings: &Settings) -> Outcome {
    let mut outcome = Outcome { drill: D::NAME.to_owned(), ..Outcome::default() };
    outcome.planted = settings.planted.map(str::to_owned);
    outcome.skipped = D::unable();
    if outcome.skipped.is_some() {
        return outcome;
    }
    let begun = Instant::now();
    let schedule = D::schedule(settings.form, &mut settings.random(D::NAME));
    match World::start(settings, D::NAME, &D::layout()).await {
        Ok(mut world) => {
            if let Err(error) = drill::<D>(&mut world, &schedule, &mut outcome).await {
                outcome.broken.push(format!("{error:#}"));
            }
            outcome.asked_again = world.site.unsure.load(Ordering::Acquire);
            let broken = world.site.complaints.take();
            outcome.broken.extend(broken);
            if !outcome.kept() {
                outcome.broken.push(world.last_words());
            }
            if let Some(folder) = world.close(settings.keep) {
                eprintln!("drill: everything of {} is kept in {}", D::NAME, folder.display());
            }
        }
        Err(error) => outcome.broken.push(format!("it could not begin: {error:#}")),
    }
    outcome.seconds = begun.elapsed().as_secs_f64();
    progress("");
    outcome
}

async fn drill<D: Drill>(
    world: &mut World,
    schedule: &[Scheduled<D::Fault>],
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    recovered(world).await?;
    outcome.began = true;
    world.start_load()?;
    let mut drill = D::default();
    for (number, Scheduled { after, fault, recovers }) in schedule.iter().enumerate() {
        let acknowledged = world.site.journal.count();
        progress(&format!(
            "{}: fault {} of {}, {acknowledged} acknowledged, now: {fault}",
            D::NAME,
            number + 1,
            schedule.len()
        ));
        if let Some(reason) = D::lacks(world, fault) {
            eprintln!("drill: {} leaves out: {fault}: {reason}", D::NAME);
            outcome.left_out.push(format!("{fault}: {reason}"));
            continue;
        }
        tokio::time::sleep(*after).await;
        drill.inject(world, fault).await?;
        outcome.faults.push(fault.to_string());
        if *recovers {
            let healed = Instant::now();
            recovered(world).await.map_err(|error| error.context(format!("after: {fault}")))?;
            outcome.recovery_ms.push(u64::try_from(healed.elapsed().as_millis())?);
        }
    }
    progress(&format!("{}: all faults are over, the judge looks at it", D::NAME));
    world.stop_load().await?;
    settled(world).await?;
    let mut entries = world.site.journal.read()?;
    drill.finish(world, &mut entries).await?;
    outcome.take(judge(world, &entries, D::STREAM).await?);
    Ok(())
}

/// Shows where the run is, in one line that the next one replaces; nothing in a pipe.
fn progress(text: &str) {
    let mut to = std::io::stderr();
    if to.is_terminal() {
        let short: String = text.chars().take(100).collect();
        // Nobody needs to know that nobody looks.
        let _unseen = write!(to, "\r\x1b[K{short}").and_then(|()| to.flush());
    }
}
