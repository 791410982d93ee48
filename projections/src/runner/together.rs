//! Read models that have nothing to fold of what arrived move their checkpoints together: one statement for all of them, so that a
//! further read model costs nothing while nothing happens to it.

use std::collections::BTreeMap;

use event_store::{Session, Sessions, measured, within_reason};
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

use crate::checkpoint::{self, Target};

/// Read models that may ask before others wait to do so.
const ASKING: usize = 64;

/// Moves checkpoints together. Clones share one task.
#[derive(Clone)]
pub struct Together(mpsc::Sender<Asked>);

struct Asked {
    view: String,
    target: Target,
    moved: oneshot::Sender<bool>,
}

impl Together {
    /// The task has to run for as long as there are runners; without it they move their checkpoints each by itself.
    pub(super) fn new(pool: &PgPool) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (sender, asked) = mpsc::channel(ASKING);
        (Self(sender), move_for_ever(Sessions::like(pool), asked))
    }

    /// Moves a checkpoint together with those of others. Tells whether it was moved; if not, whoever asks has to find out why.
    pub(super) async fn advance(&self, view: &str, target: &Target) -> bool {
        let (moved, answer) = oneshot::channel();
        let asked = Asked { view: view.to_owned(), target: target.clone(), moved };
        self.0.send(asked).await.is_ok() && answer.await.unwrap_or(false)
    }
}

async fn move_for_ever(sessions: Sessions, mut asked: mpsc::Receiver<Asked>) {
    let mut all = Vec::with_capacity(ASKING);
    while asked.recv_many(&mut all, ASKING).await > 0 {
        // What reached one of them is on its way to the others.
        tokio::task::yield_now().await;
        while let Ok(another) = asked.try_recv() {
            all.push(another);
        }
        for (_, alike) in alike(&mut all) {
            let moved = advance(&sessions, &alike).await.unwrap_or_else(|error| {
                tracing::debug!(error = checkpoint::chain(&error), "checkpoints were not moved together");
                Vec::new()
            });
            for Asked { view, moved: answer, .. } in alike {
                // Whoever no longer waits was stopped.
                _ = answer.send(moved.contains(&view));
            }
        }
    }
}

/// Those that go the same way, told by its ends and by the events that the log must have.
fn alike(all: &mut Vec<Asked>) -> BTreeMap<impl Ord + use<>, Vec<Asked>> {
    let mut groups: BTreeMap<_, Vec<Asked>> = BTreeMap::new();
    for asked in all.drain(..) {
        let Target { from, to, events } = &asked.target;
        groups.entry((*from, *to, events.clone())).or_default().push(asked);
    }
    groups
}

async fn advance(sessions: &Sessions, alike: &[Asked]) -> Result<Vec<String>, sqlx::Error> {
    let Some(first) = alike.first() else { return Ok(Vec::new()) };
    let views: Vec<&str> = alike.iter().map(|asked| asked.view.as_str()).collect();
    let mut session: Session = measured("projections", sessions.take()).await?;
    let moved = within_reason(checkpoint::advance_all(&mut session, &views, &first.target)).await?;
    sessions.give_back(session);
    Ok(moved)
}
