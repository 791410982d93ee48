//! Bugs that a special build of `crm` has on purpose. A drill that stays green on its bug is not a drill.

use event_store::planted::{
    APPENDER_WITHOUT_GATE, IDEMPOTENCY_APART, RECORDED_BY_CLOCK, RELAY_WITHOUT_FENCE,
    RUNNER_WITHOUT_POSITIONS,
};
use sqlx::{Executor as _, PgPool};

use crate::drills;
use crate::report::Outcome;
use crate::run::side_by_side;
use crate::settings::{Form, Settings};

/// A bug by the name that `CRM_PLANTED` switches it on by, and the drill that must notice it.
pub const BUGS: [(&str, &str); 5] = [
    (APPENDER_WITHOUT_GATE, "kills"),
    (RUNNER_WITHOUT_POSITIONS, "restore"),
    (RELAY_WITHOUT_FENCE, "takeover"),
    (IDEMPOTENCY_APART, "kills"),
    (RECORDED_BY_CLOCK, "clock"),
];

/// Makes what a bug needs in the database.
///
/// # Errors
/// The database does not answer.
pub async fn prepare(pool: &PgPool, bug: &str) -> Result<(), sqlx::Error> {
    if bug == APPENDER_WITHOUT_GATE {
        pool.execute(
            "create sequence log.planted_position; grant usage on log.planted_position to crm_appender",
        )
        .await?;
    }
    Ok(())
}

/// Runs the drill of each bug against it, in the short form.
///
/// # Errors
/// A drill panicked.
pub async fn hunt(settings: &Settings, jobs: usize) -> anyhow::Result<Vec<Outcome>> {
    let all = drills::all();
    let runs = BUGS.iter().filter_map(|(bug, drill)| {
        let drill = all.iter().find(|entry| entry.name == *drill)?;
        let settings = Settings { form: Form::Short, planted: Some(*bug), ..settings.clone() };
        Some((drill.run, settings))
    });
    side_by_side(runs.collect(), jobs).await
}
