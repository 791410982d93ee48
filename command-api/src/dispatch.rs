//! The straight line of every command: answer again, load, decide, append; and once more if others were faster.

use std::time::Duration;

use domain::RuleKind;
use event_store::{AppendError, Guard, Idempotency, Stored};
use uuid::Uuid;

use crate::decide::Decide;
use crate::unit::{Decided, Seen, Unit};
use crate::{Accepted, CommandApi, CommandError, Context, Idempotent};

/// Attempts before a caller is told to come back. Each one that fails means that another command got through.
pub(crate) const ATTEMPTS: u32 = 20;
/// Attempts that follow each other at once. After that, waiting a little lets the others pass.
const EAGER_ATTEMPTS: u32 = 4;
/// Milliseconds of the longest wait between two attempts.
const MAX_WAIT: u64 = 40;

/// Carries out a command: `decide` loads what it needs from a [`Unit`] and decides on it, and all of that is appended
/// or nothing. `decide` is asked again whenever what it saw turns out to be no longer so.
///
/// The first attempt may see aggregates from memory, behind what other processes appended. Its events are safe, since
/// the log refuses those that come too late; but what it refuses, or finds unchanged, is decided again on the newest
/// state before anyone hears of it.
///
/// # Errors
/// Whatever `decide` says about the newest state; 422 `idempotency_key.reused`; [`CommandError::Unavailable`] if the
/// log is, or if others were faster each time.
pub async fn dispatch<'a, F, Fut>(
    app: &'a CommandApi,
    context: &'a Context,
    decide: F,
) -> Result<Accepted, CommandError>
where
    F: Fn(Unit<'a>) -> Fut,
    Fut: Future<Output = Result<Decided, CommandError>>,
{
    dispatch_within(app, context, None, decide).await
}

/// The same for commands that all move one aggregate beside their own: each waits for those before it until it begins, instead
/// of finding out by the optimistic lock that it came too late. Who has their turn finds in memory what the one before
/// left there, unless another process has moved it since.
///
/// # Errors
/// Those of [`dispatch`].
pub async fn dispatch_in_line<'a, F, Fut>(
    app: &'a CommandApi,
    context: &'a Context,
    line: Uuid,
    decide: F,
) -> Result<Accepted, CommandError>
where
    F: Fn(Unit<'a>) -> Fut,
    Fut: Future<Output = Result<Decided, CommandError>>,
{
    dispatch_within(app, context, Some(line), decide).await
}

async fn dispatch_within<'a, F, Fut>(
    app: &'a CommandApi,
    context: &'a Context,
    line: Option<Uuid>,
    decide: F,
) -> Result<Accepted, CommandError>
where
    F: Fn(Unit<'a>) -> Fut,
    Fut: Future<Output = Result<Decided, CommandError>>,
{
    kept_or(app, context, attempt_all(app, context, line, decide)).await
}

/// The answer that is kept, or else that of the attempts.
pub(crate) async fn kept_or(
    app: &CommandApi,
    context: &Context,
    attempts: impl Future<Output = Result<Accepted, CommandError>>,
) -> Result<Accepted, CommandError> {
    if let Some(kept) = kept_answer(app, context).await? {
        return Ok(kept);
    }
    match attempts.await {
        // A twin with the same key may have got through in between, and be the very reason for the refusal.
        Err(error) if error.is_refusal() => kept_answer(app, context).await?.ok_or(error),
        done => done,
    }
}

async fn attempt_all<'a, F, Fut>(
    app: &'a CommandApi,
    context: &'a Context,
    line: Option<Uuid>,
    decide: F,
) -> Result<Accepted, CommandError>
where
    F: Fn(Unit<'a>) -> Fut,
    Fut: Future<Output = Result<Decided, CommandError>>,
{
    let mut last_refusal = None;
    let mut turn = match line {
        Some(line) => app.lines().turn(line).await,
        None => None,
    };
    for attempt in 0..ATTEMPTS {
        wait(attempt).await;
        let newest = attempt > 0;
        let mut decided = match decide(Unit::new(app, context, newest)?).await {
            Err(error) if !newest && error.is_refusal() => continue,
            decided => decided?,
        };
        let changes = !decided.change.is_empty();
        if !changes && !newest {
            continue;
        }
        let (id, seen) = (decided.accepted.id, decided.seen.clone());
        // Who has a turn waits in no second line: one might be the first.
        if !newest && turn.is_none() && app.lines().is_busy(id) {
            // Whoever overtook those in line would only make them start over.
            turn = app.lines().turn(id).await;
            continue;
        }
        keep_answer(context, &mut decided)?;
        match append(app, decided).await {
            Ok(accepted) => return Ok(accepted),
            Err(error) => {
                if let Some(answered) = judge(error, context, seen, &mut last_refusal)? {
                    return Ok(answered);
                }
            }
        }
        if turn.is_none() {
            turn = app.lines().turn(id).await;
        }
    }
    Err(CommandError::contended())
}

/// What becomes of a command that the log did not take: it was answered before; or nothing, and it is to be decided again.
///
/// # Errors
/// It stands that the log does not take it.
pub(crate) fn judge(
    error: AppendError,
    context: &Context,
    seen: Seen,
    last_refusal: &mut Option<Seen>,
) -> Result<Option<Accepted>, CommandError> {
    match (error, &context.idempotency) {
        (AppendError::Replayed(stored), Some(idempotent)) => answer_again(idempotent, stored).map(Some),
        (AppendError::Conflict | AppendError::GuardFailed(Guard::Unmoved { .. }), _) => Ok(None),
        // Of a command that came too late in several ways, the log names any one. It stands only if all that the
        // command saw is still so.
        (error @ (AppendError::ClaimTaken(_) | AppendError::GuardFailed(Guard::Unclaimed { .. })), _) => {
            if last_refusal.as_ref() == Some(&seen) {
                return Err(error.into());
            }
            *last_refusal = Some(seen);
            Ok(None)
        }
        (error, _) => Err(error.into()),
    }
}

/// Has an existing aggregate decide on some actions, in order.
///
/// # Errors
/// Those of [`dispatch`]; [`CommandError::NotFound`] and [`CommandError::StaleVersion`] of the aggregate.
pub async fn change<A: Decide>(
    app: &CommandApi,
    context: &Context,
    id: Uuid,
    actions: Vec<A::Action>,
) -> Result<Accepted, CommandError> {
    let actions = &actions;
    dispatch(app, context, move |mut unit| async move {
        let loaded = unit.target::<A>(id).await?;
        let next = unit.decide(&loaded, actions.iter().cloned())?;
        Ok(unit.done(Accepted::of(id, next.sequence)))
    })
    .await
}

/// Creates an aggregate under a new id.
///
/// # Errors
/// Those of [`dispatch`].
pub async fn create<A: Decide>(
    app: &CommandApi,
    context: &Context,
    id: Uuid,
    action: A::Action,
) -> Result<Accepted, CommandError> {
    let action = &action;
    dispatch(app, context, move |mut unit| async move {
        let loaded = unit.unborn::<A>(id).await?;
        let next = unit.decide(&loaded, [action.clone()])?;
        Ok(unit.done(Accepted { created: loaded.sequence == 0, ..Accepted::of(id, next.sequence) }))
    })
    .await
}

/// Has the answer kept for requests that repeat the key, if there is one.
pub(crate) fn keep_answer(context: &Context, decided: &mut Decided) -> Result<(), CommandError> {
    if let Some(Idempotent { key, request_hash }) = &context.idempotency {
        let answer =
            serde_json::to_value(&decided.accepted).map_err(|error| CommandError::Internal(error.into()))?;
        let (key, request_hash) = (key.clone(), request_hash.clone());
        decided.change.answer_again_with(Idempotency { key, request_hash, answer });
    }
    Ok(())
}

/// Appends what was decided; nothing if there is neither an event nor an answer to keep.
pub(crate) async fn append(app: &CommandApi, decided: Decided) -> Result<Accepted, AppendError> {
    let Decided { change, accepted, seen, .. } = decided;
    if change.is_empty() {
        return Ok(Accepted { position: seen.position(), ..accepted });
    }
    let appended = app.store().commit(change).await?;
    Ok(Accepted { position: appended.position, ..accepted })
}

/// What an earlier request with the same key was answered.
pub(crate) async fn kept_answer(
    app: &CommandApi,
    context: &Context,
) -> Result<Option<Accepted>, CommandError> {
    let Some(idempotent) = &context.idempotency else { return Ok(None) };
    let stored = app.store().stored_answer(context.tenant.as_uuid(), &idempotent.key).await;
    stored.map_err(CommandError::unavailable)?.map(|stored| answer_again(idempotent, stored)).transpose()
}

/// The kept answer, if the request is the one that it was given to.
fn answer_again(idempotent: &Idempotent, stored: Stored) -> Result<Accepted, CommandError> {
    if stored.request_hash != idempotent.request_hash {
        let detail = "this Idempotency-Key was used for another request";
        return Err(CommandError::refused("idempotency_key.reused", RuleKind::Invalid, detail));
    }
    let accepted: Accepted =
        serde_json::from_value(stored.answer).map_err(|error| CommandError::Internal(error.into()))?;
    Ok(Accepted { position: stored.position, replayed: true, ..accepted })
}

/// Nothing before the first attempts; then longer and longer, by chance, so that those who clash get out of step.
pub(crate) async fn wait(attempt: u32) {
    if let Some(late) = attempt.checked_sub(EAGER_ATTEMPTS) {
        let longest = (2_u64 << late.min(6)).min(MAX_WAIT);
        tokio::time::sleep(Duration::from_millis(rand::random_range(1..=longest))).await;
    }
}
