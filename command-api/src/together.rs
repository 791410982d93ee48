//! Commands that all move one aggregate beside their own, such as the series that numbers come from: they decide one after the other,
//! each on what the one before left, and go into one append together.

use event_store::AppendError;
use uuid::Uuid;

use crate::dispatch::{ATTEMPTS, append, judge, keep_answer, kept_or, wait};
use crate::line::Parting;
use crate::unit::{Decided, Unit};
use crate::{Accepted, CommandApi, CommandError, Context};

/// What a command is decided on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// What is in memory, and what those before in the line have decided.
    Memory,
    /// What the log has, and what those before in the line have decided.
    Newest,
    /// What the log has, once nobody in the line waits for an append, and while nobody else has a turn. Only what is refused on this
    /// ground is refused.
    Log,
}

/// The same as [`crate::dispatch()`], for commands that all move the aggregate `line`. `decide` waits by [`Unit::turn`] for those before it
/// as soon as it needs that aggregate, and not for their append.
///
/// What they decide on is not in the log yet, so all of them are appended, or none, and then each decides again.
///
/// # Errors
/// Those of [`crate::dispatch()`].
pub async fn dispatch_together<'a, F, Fut>(
    app: &'a CommandApi,
    context: &'a Context,
    line: Uuid,
    decide: F,
) -> Result<Accepted, CommandError>
where
    F: Fn(Unit<'a>) -> Fut,
    Fut: Future<Output = Result<Decided, CommandError>>,
{
    kept_or(app, context, attempt_all(app, context, line, decide)).await
}

async fn attempt_all<'a, F, Fut>(
    app: &'a CommandApi,
    context: &'a Context,
    line: Uuid,
    decide: F,
) -> Result<Accepted, CommandError>
where
    F: Fn(Unit<'a>) -> Fut,
    Fut: Future<Output = Result<Decided, CommandError>>,
{
    let mut last_refusal = None;
    let mut ground = Ground::Memory;
    let mut kept = None;
    for attempt in 0..ATTEMPTS {
        wait(attempt).await;
        let is_alone = ground == Ground::Log;
        let mut unit =
            Unit::new(app, context, ground != Ground::Memory)?.in_line(line, is_alone, kept.take());
        if is_alone {
            unit.turn().await;
        }
        let mut decided = match decide(unit).await {
            Err(error) if !is_alone && error.is_refusal() => {
                ground = Ground::Log;
                continue;
            }
            decided => decided?,
        };
        if decided.change.is_empty() && !is_alone {
            ground = Ground::Log;
            continue;
        }
        let seen = decided.seen.clone();
        keep_answer(context, &mut decided)?;
        let result = match decided.turn.take() {
            Some(turn) if !is_alone => match turn.join(app.store(), decided.change) {
                Ok(told) => {
                    // Whoever was to tell it is gone: the process is shutting down.
                    let told = told.await.unwrap_or(Err(Parting::Failed(AppendError::Closed)));
                    told.map(|appended| Accepted { position: appended.position, ..decided.accepted })
                }
                Err(turn) => {
                    drop(turn);
                    ground = Ground::Log;
                    continue;
                }
            },
            turn => {
                let appended = append(app, decided).await;
                // Nobody moves meanwhile what it has seen.
                kept = turn;
                appended.map_err(Parting::Failed)
            }
        };
        match result {
            Ok(accepted) => return Ok(accepted),
            Err(Parting::Apart) => ground = Ground::Log,
            Err(Parting::Failed(error)) => {
                if let Some(answered) = judge(error, context, seen, &mut last_refusal)? {
                    return Ok(answered);
                }
                // Who was too late twice in company comes alone, so that nobody else has to wait for their luck.
                ground = if ground == Ground::Memory { Ground::Newest } else { Ground::Log };
            }
        }
    }
    Err(CommandError::contended())
}
