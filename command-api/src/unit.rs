//! One attempt at a command: what it read, what it decided, on what it relies.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Command, TenantId};
use event_store::{Change, Claim, Loaded, Metadata, read};
use uuid::Uuid;

use crate::decide::{Decide, Occupancy};
use crate::line::Turn;
use crate::{Accepted, CommandApi, CommandError, Context};

/// Gathers what one attempt at a command writes, over one or several aggregates; [`crate::dispatch()`] commits it whole.
pub struct Unit<'a> {
    app: &'a CommandApi,
    context: &'a Context,
    now: DateTime<Utc>,
    newest: bool,
    seen: Seen,
    taken: Vec<Claim>,
    left: Vec<Claim>,
    change: Change,
    /// The line to wait in, and whether to wait for its append too.
    line: Option<(Uuid, bool)>,
    turn: Option<Turn>,
}

/// An attempt that was not refused, ready to be committed.
pub struct Decided {
    pub(crate) change: Change,
    pub(crate) accepted: Accepted,
    /// What was read for it.
    pub(crate) seen: Seen,
    /// The turn that it was decided in, if it waited for one.
    pub(crate) turn: Option<Turn>,
}

/// What an attempt read: two attempts that saw the same decided on the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The newest position of all of it. It does not tell whether what is older has moved.
    position: i64,
    /// The sequence of each aggregate.
    sequences: BTreeMap<(&'static str, Uuid), i64>,
}

impl Seen {
    pub(crate) fn position(&self) -> i64 {
        self.position
    }

    fn note<A: Decide>(&mut self, loaded: &Loaded<A>) {
        self.position = self.position.max(loaded.position);
        self.sequences.insert((A::TYPE, loaded.id), loaded.sequence);
    }
}

impl<'a> Unit<'a> {
    /// An attempt on what is in memory, or on what the log has now.
    pub(crate) fn new(app: &'a CommandApi, context: &'a Context, newest: bool) -> Result<Self, CommandError> {
        let now = app.now();
        let metadata = Metadata {
            actor: context.actor.clone(),
            occurred_at: context.occurred_at.unwrap_or(now),
            correlation_id: context.correlation_id.clone(),
            import: context.import.map(Uuid::from),
            traceparent: context.traceparent.clone(),
        };
        let change = Change::new(context.tenant.as_uuid(), &metadata)
            .map_err(|error| CommandError::Internal(error.into()))?;
        Ok(Self {
            app,
            context,
            now,
            newest,
            seen: Seen::default(),
            taken: Vec::new(),
            left: Vec::new(),
            change,
            line: None,
            turn: None,
        })
    }

    /// The same of a command that goes into one append with others of a line; or alone, once they are appended.
    /// It may have its turn already.
    pub(crate) fn in_line(self, line: Uuid, is_alone: bool, turn: Option<Turn>) -> Self {
        Self { line: Some((line, is_alone)), turn, change: self.change.to_be_joined(), ..self }
    }

    /// Waits for those before it in the line of the command, if it has one. What is loaded from then on is as they left it.
    pub async fn turn(&mut self) {
        let (None, Some((line, is_alone))) = (&self.turn, self.line) else { return };
        let turn = self.app.lines().turn(line).await;
        self.turn = match turn {
            Some(turn) if is_alone => turn.alone(self.app.store()).await,
            turn => turn,
        };
    }

    /// The aggregate as those before in the line left it, if they moved it.
    fn pending<A: Decide>(&self, id: Uuid) -> Option<Loaded<A>> {
        let pending = self.turn.as_ref()?.pending::<A>(self.context.tenant.as_uuid(), id)?;
        Some(Loaded::clone(&pending))
    }

    /// The tenant of the command.
    pub fn tenant(&self) -> TenantId {
        self.context.tenant
    }

    /// When the command is said to have happened; none if that is now, whatever clocks say.
    pub fn happens_at(&self) -> Option<DateTime<Utc>> {
        self.context.occurred_at
    }

    /// The day of the command, in UTC, by the clock that it is decided by.
    pub fn day(&self) -> NaiveDate {
        self.context.occurred_at.unwrap_or(self.now).date_naive()
    }

    /// The aggregate, which may not exist.
    ///
    /// # Errors
    /// [`CommandError::Unavailable`], or [`CommandError::Internal`] for a history that cannot be read.
    pub async fn load<A: Decide>(&mut self, id: Uuid) -> Result<Loaded<A>, CommandError> {
        let (store, tenant) = (self.app.store(), self.context.tenant.as_uuid());
        let loaded = match self.pending::<A>(id) {
            Some(pending) => pending,
            None if self.newest => store.load_newest(tenant, id).await?,
            None => store.load(tenant, id).await?,
        };
        self.seen.note(&loaded);
        Ok(loaded)
    }

    /// Several aggregates of one type, which may not exist, in the order of their ids; by one query if they are not in memory.
    ///
    /// # Errors
    /// Those of [`Unit::load`].
    pub async fn load_all<A: Decide>(&mut self, ids: &[Uuid]) -> Result<Vec<Loaded<A>>, CommandError> {
        let (store, tenant) = (self.app.store(), self.context.tenant.as_uuid());
        let mut loaded = if self.newest {
            store.load_all_newest(tenant, ids).await?
        } else {
            store.load_all(tenant, ids).await?
        };
        for one in &mut loaded {
            if let Some(pending) = self.pending::<A>(one.id) {
                *one = pending;
            }
        }
        loaded.iter().for_each(|one| self.seen.note(one));
        Ok(loaded)
    }

    /// The first values that are occupied in a scope, in order. Others may come and go until the events are appended.
    ///
    /// # Errors
    /// [`CommandError::Unavailable`].
    pub async fn occupied(&mut self, scope: &str, limit: i64) -> Result<Vec<String>, CommandError> {
        let claimed = read::claimed(self.app.store().pool(), self.context.tenant.as_uuid(), scope, limit);
        claimed.await.map_err(CommandError::unavailable)
    }

    /// The aggregate that the command is about, in the version that the caller asks for.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], also of what is beyond the caller's reach; [`CommandError::StaleVersion`]; and those of
    /// [`Unit::load`].
    pub async fn target<A: Decide>(&mut self, id: Uuid) -> Result<Loaded<A>, CommandError> {
        let loaded = self.load(id).await?;
        if loaded.sequence == 0 || !self.sees(&loaded) {
            return Err(CommandError::NotFound);
        }
        if self.context.if_match.is_some_and(|version| version != loaded.sequence) {
            return Err(CommandError::StaleVersion);
        }
        Ok(loaded)
    }

    /// Whether the caller may know of an aggregate.
    pub fn sees<A: Decide>(&self, loaded: &Loaded<A>) -> bool {
        loaded.state.is_within(&self.context.reach)
    }

    /// An aggregate to create under a new id. The first attempt takes its word for it and asks nobody.
    ///
    /// # Errors
    /// Those of [`Unit::load`].
    pub async fn unborn<A: Decide>(&mut self, id: Uuid) -> Result<Loaded<A>, CommandError> {
        if self.newest {
            return self.load(id).await;
        }
        let tenant = self.context.tenant.as_uuid();
        Ok(Loaded::unborn(tenant, id))
    }

    /// Has the aggregate decide on one action after the other, and adds the events and what they occupy. Returns what
    /// it will be. An aggregate may be asked once in an attempt.
    ///
    /// # Errors
    /// The rule that refuses an action; [`CommandError::BeyondReach`] if the caller could not see what comes of it.
    pub fn decide<A: Decide>(
        &mut self,
        loaded: &Loaded<A>,
        actions: impl IntoIterator<Item = A::Action>,
    ) -> Result<Loaded<A>, CommandError> {
        let occurred_at = self.context.occurred_at.unwrap_or(self.now);
        let mut next = loaded.clone();
        let mut events = Vec::new();
        for action in actions {
            let command = Command { occurred_at, now: self.now, action };
            for event in next.state.decide(command).map_err(|rule| CommandError::rule(&rule))? {
                let Occupancy { taken, left } = next.state.occupancy(loaded.id, &event);
                // What begins and ends within one append never reaches the log.
                left.into_iter().for_each(|claim| settle(claim, &mut self.taken, &mut self.left));
                taken.into_iter().for_each(|claim| settle(claim, &mut self.left, &mut self.taken));
                next.state.apply(event.clone());
                events.push(event);
            }
        }
        if !events.is_empty() && !self.sees(&next) {
            return Err(CommandError::BeyondReach);
        }
        let person = next.state.person(loaded.id);
        let recorded = self.change.record_about(person, loaded, events);
        next.sequence = recorded.map_err(|error| CommandError::Internal(error.into()))?;
        Ok(next)
    }

    /// Destroys the keys of a person when the events are appended.
    pub fn erase(&mut self, person: Uuid) {
        self.change.erase(person);
    }

    /// Gives a claim free that no event tells of.
    pub fn leave(&mut self, claim: Claim) {
        settle(claim, &mut self.taken, &mut self.left);
    }

    /// Requires that an aggregate which was only read has not moved when the events are appended.
    pub fn rely_on<A: Decide>(&mut self, loaded: &Loaded<A>) {
        self.change.rely_on(loaded);
    }

    /// Requires that nothing occupies `scope` when the events are appended.
    pub fn require_unoccupied(&mut self, scope: String) {
        self.change.require_unclaimed(scope);
    }

    /// Ends the attempt.
    pub fn done(mut self, accepted: Accepted) -> Decided {
        self.left.into_iter().for_each(|claim| self.change.release(claim));
        self.taken.into_iter().for_each(|claim| self.change.claim(claim));
        Decided { change: self.change, accepted, seen: self.seen, turn: self.turn }
    }
}

/// Takes a claim back out of `opposite`, or adds it to `own`.
fn settle(claim: Claim, opposite: &mut Vec<Claim>, own: &mut Vec<Claim>) {
    match opposite.iter().position(|other| *other == claim) {
        Some(place) => drop(opposite.swap_remove(place)),
        None => own.push(claim),
    }
}

#[cfg(test)]
mod tests {
    use domain::billing::series::Series;

    use super::*;

    #[test]
    fn what_is_taken_and_left_in_one_append_cancels_out() {
        let claim = |value: &str| Claim { scope: "stage".to_owned(), value: value.to_owned() };
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        settle(claim("a"), &mut left, &mut taken);
        settle(claim("b"), &mut left, &mut taken);
        settle(claim("a"), &mut taken, &mut left);
        settle(claim("c"), &mut taken, &mut left);
        assert_eq!((taken, left), (vec![claim("b")], vec![claim("c")]));
    }

    /// As when a series that another process draws from is older than the draft that is issued by it.
    #[test]
    fn what_moves_behind_the_newest_is_noticed() {
        let at = |id: u128, sequence: i64, position: i64| {
            let unborn = Loaded::<Series>::unborn(Uuid::nil(), Uuid::from_u128(id));
            Loaded { sequence, position, ..unborn }
        };
        let seen = |all: &[Loaded<Series>]| {
            let mut seen = Seen::default();
            all.iter().for_each(|one| seen.note(one));
            seen
        };
        let before = seen(&[at(1, 1, 100), at(2, 5, 50)]);
        assert_eq!(before, seen(&[at(1, 1, 100), at(2, 5, 50)]));
        let after = seen(&[at(1, 1, 100), at(2, 6, 60)]);
        assert_eq!((before.position(), after.position()), (100, 100));
        assert_ne!(before, after);
    }
}
