//! Bugs that `CRM_PLANTED` switches on by their names, in builds with the feature `planted` alone.
//!
//! Each takes away one of the things that keep the promises of the log. Fault drills run against them and must notice:
//! a drill that stays green on its bug is not a drill. No build that is shipped has the feature; without it, all of
//! this comes to nothing when it is compiled.

use sqlx::PgPool;

use crate::append::{Append, Kept};
use crate::appender::count;

/// Positions come from a sequence, like those of a `bigserial`, and nobody waits at the gate.
pub const APPENDER_WITHOUT_GATE: &str = "appender_without_gate";
/// Events are stamped by the clock alone, whatever the one before was stamped with.
pub const RECORDED_BY_CLOCK: &str = "recorded_by_clock";
/// Answers are kept in a transaction of their own, after the events.
pub const IDEMPOTENCY_APART: &str = "idempotency_apart";
/// Messages carry an id and no fence; the window in which the server knows the id again is as short as a pause.
pub const RELAY_WITHOUT_FENCE: &str = "relay_without_fence";
/// What arrives is folded, wherever the checkpoint is.
pub const RUNNER_WITHOUT_POSITIONS: &str = "runner_without_positions";

/// Whether this bug is switched on.
#[cfg(feature = "planted")]
pub fn is_planted(bug: &str) -> bool {
    static NAMED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    NAMED.get_or_init(|| std::env::var("CRM_PLANTED").ok()).as_deref() == Some(bug)
}

/// Whether this bug is switched on: never, in this build.
#[cfg(not(feature = "planted"))]
pub const fn is_planted(_bug: &str) -> bool {
    false
}

/// The statement of the appender; with bugs, it draws numbers from a sequence that the drill has made, or asks the clock
/// alone.
pub(crate) fn append_sql() -> &'static str {
    const DRAWN: &str = "select max(n) - $1 as base, clock_timestamp() as recorded_at
        from (select nextval('log.planted_position') as n from generate_series(1, $1)) as drawn";
    const SOUND: &str = include_str!("sql/append.sql");
    if !is_planted(APPENDER_WITHOUT_GATE) && !is_planted(RECORDED_BY_CLOCK) {
        return SOUND;
    }
    static SQL: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    SQL.get_or_init(|| {
        if is_planted(RECORDED_BY_CLOCK) {
            return SOUND.replace("greatest(last_recorded_at, clock_timestamp())", "clock_timestamp()");
        }
        let (before, rest) = SOUND.split_once("materialized (").unwrap_or((SOUND, ""));
        let (_, after) = rest.split_once("), added").unwrap_or_default();
        format!("{before}materialized ({DRAWN}), added{after}")
    })
}

/// Keeps answers after their events were committed, for [`IDEMPOTENCY_APART`].
pub(crate) async fn keep_answers(pool: &PgPool, batch: &[&Append], base: i64) -> Result<(), sqlx::Error> {
    let mut position = base;
    for append in batch {
        for Kept { row, events } in &append.answers {
            sqlx::query("insert into log.idempotency values ($1, $2, $3, $4, $5, now())")
                .bind(append.tenant)
                .bind(&row.key)
                .bind(&row.request_hash)
                .bind(&row.answer)
                .bind(position + events)
                .execute(pool)
                .await?;
        }
        position += count(append);
    }
    Ok(())
}
