//! Gives the commands of rows, many rows at a time, each row's in order.

use std::time::Duration;

use anyhow::Context as _;
use command_api::{Accepted, CommandApi, CommandError, Context, Idempotent};
use domain::{ImportId, TenantId};
use futures::{Stream, StreamExt as _, stream};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::becomes::{Becomes, Step};
use super::prepare::{Prepared, Rejected};

/// Attempts while the log is away; together they last about 13 seconds.
const ATTEMPTS: u32 = 7;
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Whose commands they are.
pub struct Sender<'a> {
    /// Takes them.
    pub app: &'a CommandApi,
    /// The tenant.
    pub tenant: TenantId,
    /// Who histories will show.
    pub actor: &'a str,
    /// The import.
    pub import: ImportId,
}

/// A command that was taken.
pub struct Taken {
    /// Its name.
    pub name: &'static str,
    /// Its events.
    pub events: usize,
    /// Whether an interrupted run had given it.
    pub before: bool,
}

/// What came of a row.
pub type Outcome = Result<Vec<Taken>, Rejected>;

impl Sender<'_> {
    /// Gives the commands of all `rows`, of at most `concurrency` at a time. The outcomes come in the order of the rows.
    pub fn send_all<'a, B: Becomes>(
        &'a self,
        subject: &'a B,
        rows: impl Iterator<Item = anyhow::Result<Result<Prepared<B::Command>, Rejected>>> + 'a,
        concurrency: usize,
    ) -> impl Stream<Item = anyhow::Result<Outcome>> + 'a {
        let outcomes = rows.map(move |row| async move {
            match row? {
                Ok(prepared) => self.send(subject, prepared).await,
                Err(rejected) => Ok(Err(rejected)),
            }
        });
        stream::iter(outcomes).buffered(concurrency)
    }

    async fn send<B: Becomes>(&self, subject: &B, row: Prepared<B::Command>) -> anyhow::Result<Outcome> {
        let Prepared { raw, id, steps } = row;
        let mut taken: Vec<Taken> = Vec::with_capacity(steps.len());
        for (step, events) in steps {
            let name = step.name;
            match self.step(subject, id, step).await? {
                Ok(accepted) => taken.push(Taken { name, events, before: accepted.replayed }),
                Err(refused) => {
                    let stays =
                        if taken.is_empty() { "" } else { ", after earlier commands of the row were taken" };
                    let reason = format!("{name}: {refused}{stays}");
                    return Ok(Err(Rejected { line: raw.line, cells: raw.cells, reason }));
                }
            }
        }
        Ok(Ok(taken))
    }

    /// Gives one command; again, while the log is away, and when it is refused: another process at the same import may
    /// have been faster with this very command, and then the answer to that one is given again. A refusal that stays is
    /// an outcome, a failure ends the import.
    async fn step<B: Becomes>(
        &self,
        subject: &B,
        id: Uuid,
        step: Step<B::Command>,
    ) -> anyhow::Result<Result<Accepted, String>> {
        let context = Context { occurred_at: step.at, ..self.context(id, step.name) };
        let (mut failures, mut refusals) = (0, 0);
        loop {
            match subject.send(self.app, &context, id, &step.command).await {
                Ok(accepted) => return Ok(Ok(accepted)),
                Err(error) if error.is_passing() && failures + 1 < ATTEMPTS => {
                    tokio::time::sleep(FIRST_WAIT * 2_u32.pow(failures)).await;
                    failures += 1;
                }
                Err(error @ (CommandError::Unavailable { .. } | CommandError::Internal(_))) => {
                    return Err(error).context(
                        "the import stopped half-way; start it again in the same way, and it goes on from there",
                    );
                }
                Err(_) if refusals == 0 => refusals += 1,
                Err(refused) => return Ok(Err(refusal(&refused))),
            }
        }
    }

    /// The circumstances of a command about `id`. The key says all that makes the command what it is: import, row and
    /// step. So the digest has nothing to add.
    pub fn context(&self, id: Uuid, step: &str) -> Context {
        let key = format!("import.{}.{id}.{step}", self.import);
        let request_hash = Sha256::digest(&key).to_vec();
        Context {
            import: Some(self.import),
            idempotency: Some(Idempotent { key, request_hash }),
            ..Context::new(self.tenant, self.actor, self.import.to_string())
        }
    }
}

/// A refusal in a sentence, with the fields that broke the rule. None of it repeats a value.
fn refusal(error: &CommandError) -> String {
    let fields: Vec<String> =
        error.errors().iter().map(|field| format!("{} {}", field.field, field.message)).collect();
    if fields.is_empty() { error.to_string() } else { format!("{error}: {}", fields.join("; ")) }
}
