//! What a command on an opportunity leads to.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::{
    Closing, Deal, Direction, NewOpportunity, Opportunity, OpportunityAction, OpportunityCommand,
    OpportunityError, OpportunityEvent, OpportunityRevision, Stay,
};
use crate::command::{FIRST_YEAR, LAST_YEAR};
use crate::sales::Owner;
use crate::sales::activity::{ActivityKind, Summary};
use crate::{Change, Money, Percent, StageId, Text};

type Decision = Result<Option<OpportunityEvent>, OpportunityError>;

impl Opportunity {
    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: OpportunityCommand) -> Result<Vec<OpportunityEvent>, OpportunityError> {
        command.not_in_future(OpportunityError::OccurredInFuture)?;
        command.not_too_early(OpportunityError::OccurredTooEarly)?;
        let at = command.business_time(self.last_change());
        let event = match (self, command.action) {
            (Self::Unborn, OpportunityAction::Open(new)) => Some(open(*new, at)?),
            (_, OpportunityAction::Open(_)) => return Err(OpportunityError::AlreadyExists),
            (Self::Unborn, _) => return Err(OpportunityError::NotFound),
            (Self::Withdrawn, OpportunityAction::Withdraw { .. }) => None,
            // Its history is still there. That this was erased before is not remembered, and asking again does no harm.
            (Self::Withdrawn, OpportunityAction::Erase) => Some(OpportunityEvent::Erased {}),
            (Self::Withdrawn, _) => return Err(OpportunityError::Withdrawn),
            (Self::Open { deal, stay }, action) => OpenDeal { deal, stay: *stay, at }.decide(action)?,
            (Self::Closed { deal, closing }, action) => {
                ClosedDeal { deal, closing: *closing, at }.decide(action)?
            }
        };
        Ok(event.into_iter().collect())
    }
}

fn open(new: NewOpportunity, at: DateTime<Utc>) -> Result<OpportunityEvent, OpportunityError> {
    check_expected_close(new.expected_close)?;
    let NewOpportunity { name, pipeline, stage, probability, amount, expected_close, .. } = new;
    let NewOpportunity { product, account, owner, source, lead, custom, .. } = new;
    Ok(OpportunityEvent::Opened {
        name,
        pipeline,
        stage,
        probability,
        amount,
        expected_close,
        product,
        account,
        owner,
        source,
        lead,
        custom,
        at,
    })
}

fn check_expected_close(date: Option<NaiveDate>) -> Result<(), OpportunityError> {
    let known = |date: NaiveDate| (FIRST_YEAR..=LAST_YEAR).contains(&date.year());
    if date.is_none_or(known) { Ok(()) } else { Err(OpportunityError::ExpectedCloseOutOfRange) }
}

impl Deal {
    fn log_activity(&self, kind: ActivityKind, summary: Summary) -> Decision {
        if self.erased {
            return Err(OpportunityError::Erased);
        }
        Ok(Some(OpportunityEvent::ActivityLogged { kind, summary }))
    }
}

/// A deal in a stage, and the business time of what is asked of it.
struct OpenDeal<'a> {
    deal: &'a Deal,
    stay: Stay,
    at: DateTime<Utc>,
}

/// A deal that was won or lost, and the business time of what is asked of it.
struct ClosedDeal<'a> {
    deal: &'a Deal,
    closing: Closing,
    at: DateTime<Utc>,
}

impl OpenDeal<'_> {
    fn decide(&self, action: OpportunityAction) -> Decision {
        match action {
            OpportunityAction::Open(_) => Err(OpportunityError::AlreadyExists),
            OpportunityAction::Move { to, probability, direction } => {
                self.move_to(to, probability, direction)
            }
            OpportunityAction::Revise(wishes) => self.revise(*wishes),
            OpportunityAction::Assign { owner } => Ok(self.assign(owner)),
            OpportunityAction::Win { amount } => self.win(amount),
            OpportunityAction::Lose { reason } => self.lose(reason),
            OpportunityAction::Reopen { .. } => Err(OpportunityError::NotClosed),
            OpportunityAction::LogActivity { kind, summary } => self.deal.log_activity(kind, summary),
            OpportunityAction::Withdraw { reason } => self.withdraw(reason),
            OpportunityAction::Erase => Ok((!self.deal.erased).then_some(OpportunityEvent::Erased {})),
        }
    }

    fn move_to(&self, to: StageId, probability: Percent, direction: Direction) -> Decision {
        let Stay { stage: from, since, number: stay } = self.stay;
        if from == to {
            return Ok(None);
        }
        not_before(since, self.at)?;
        let Deal { pipeline, amount, .. } = *self.deal;
        let probability = Change { from: self.deal.probability, to: probability };
        Ok(Some(OpportunityEvent::Moved {
            pipeline,
            from,
            to,
            direction,
            probability,
            amount,
            since,
            at: self.at,
            stay,
        }))
    }

    fn revise(&self, wishes: OpportunityRevision) -> Decision {
        check_expected_close(wishes.expected_close.flatten())?;
        let name = Change::between(&self.deal.name, wishes.name);
        let amount = Change::between(&self.deal.amount, wishes.amount);
        let probability = Change::between(&self.deal.probability, wishes.probability);
        let expected_close = Change::between(&self.deal.expected_close, wishes.expected_close);
        let product = Change::between(&self.deal.product, wishes.product);
        let account = Change::between(&self.deal.account, wishes.account);
        let source = Change::between(&self.deal.source, wishes.source);
        let custom = self.deal.custom.changes(wishes.custom)?;
        let nothing = name.is_none()
            && amount.is_none()
            && probability.is_none()
            && expected_close.is_none()
            && product.is_none()
            && account.is_none()
            && source.is_none()
            && custom.is_empty();
        if nothing {
            return Ok(None);
        }
        Ok(Some(OpportunityEvent::Revised {
            pipeline: self.deal.pipeline,
            stage: Some(self.stay.stage),
            name,
            amount,
            probability,
            expected_close,
            product,
            account,
            source,
            custom,
        }))
    }

    fn assign(&self, to: Option<Owner>) -> Option<OpportunityEvent> {
        let from = self.deal.owner.clone();
        (from != to).then_some(OpportunityEvent::Assigned { from, to })
    }

    fn win(&self, amount: Option<Money>) -> Decision {
        let previous_amount = self.deal.amount;
        let amount = amount.or(previous_amount).ok_or(OpportunityError::WonWithoutAmount)?;
        not_before(self.stay.since, self.at)?;
        Ok(Some(OpportunityEvent::Won {
            pipeline: self.deal.pipeline,
            from: self.stay.stage,
            amount,
            previous_amount,
            probability: self.deal.probability,
            owner: self.deal.owner.clone(),
            since: self.stay.since,
            at: self.at,
            closed_on: self.at.date_naive(),
            opened_on: self.deal.opened_at.date_naive(),
            stay: self.stay.number,
        }))
    }

    fn lose(&self, reason: Text<500>) -> Decision {
        not_before(self.stay.since, self.at)?;
        Ok(Some(OpportunityEvent::Lost {
            pipeline: self.deal.pipeline,
            from: self.stay.stage,
            reason,
            amount: self.deal.amount,
            probability: self.deal.probability,
            owner: self.deal.owner.clone(),
            since: self.stay.since,
            at: self.at,
            closed_on: self.at.date_naive(),
            opened_on: self.deal.opened_at.date_naive(),
            stay: self.stay.number,
        }))
    }

    fn withdraw(&self, reason: Text<500>) -> Decision {
        not_before(self.stay.since, self.at)?;
        Ok(Some(OpportunityEvent::Withdrawn {
            reason,
            pipeline: self.deal.pipeline,
            outcome: None,
            stage: Some(self.stay.stage),
            amount: self.deal.amount,
            probability: self.deal.probability,
            owner: self.deal.owner.clone(),
            since: self.stay.since,
            at: self.at,
            closed_on: None,
            opened_on: self.deal.opened_at.date_naive(),
            stay: self.stay.number,
        }))
    }
}

impl ClosedDeal<'_> {
    fn decide(&self, action: OpportunityAction) -> Decision {
        match action {
            OpportunityAction::Open(_) => Err(OpportunityError::AlreadyExists),
            OpportunityAction::Move { .. }
            | OpportunityAction::Revise(_)
            | OpportunityAction::Assign { .. }
            | OpportunityAction::Win { .. }
            | OpportunityAction::Lose { .. } => Err(OpportunityError::Closed),
            OpportunityAction::Reopen { stage, probability } => self.reopen(stage, probability),
            OpportunityAction::LogActivity { kind, summary } => self.deal.log_activity(kind, summary),
            OpportunityAction::Withdraw { reason } => self.withdraw(reason),
            OpportunityAction::Erase => Ok((!self.deal.erased).then_some(OpportunityEvent::Erased {})),
        }
    }

    fn reopen(&self, to: StageId, probability: Percent) -> Decision {
        let Closing { outcome, at: since, last_stay } = self.closing;
        not_before(since, self.at)?;
        Ok(Some(OpportunityEvent::Reopened {
            pipeline: self.deal.pipeline,
            from: outcome,
            to,
            probability,
            amount: self.deal.amount,
            owner: self.deal.owner.clone(),
            since,
            at: self.at,
            closed_on: since.date_naive(),
            opened_on: self.deal.opened_at.date_naive(),
            stay: last_stay + 1,
        }))
    }

    fn withdraw(&self, reason: Text<500>) -> Decision {
        let Closing { outcome, at: since, last_stay: stay } = self.closing;
        not_before(since, self.at)?;
        Ok(Some(OpportunityEvent::Withdrawn {
            reason,
            pipeline: self.deal.pipeline,
            outcome: Some(outcome),
            stage: None,
            amount: self.deal.amount,
            probability: self.deal.probability,
            owner: self.deal.owner.clone(),
            since,
            at: self.at,
            closed_on: Some(since.date_naive()),
            opened_on: self.deal.opened_at.date_naive(),
            stay,
        }))
    }
}

/// Stages and statuses change in the order of time, or the days spent in each would not add up.
fn not_before(since: DateTime<Utc>, at: DateTime<Utc>) -> Result<(), OpportunityError> {
    if at < since { Err(OpportunityError::BeforeLastChange) } else { Ok(()) }
}
