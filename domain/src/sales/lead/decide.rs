//! What a command on a lead leads to.

use chrono::{DateTime, Utc};

use super::{
    Captured, Lead, LeadAction, LeadCommand, LeadCorrection, LeadError, LeadEvent, LeadStatus, NewLead,
    Progress, Score,
};
use crate::sales::Owner;
use crate::{Change, OpportunityId, Text};

type Decision = Result<Option<LeadEvent>, LeadError>;

impl Lead {
    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: LeadCommand) -> Result<Vec<LeadEvent>, LeadError> {
        command.not_in_future(LeadError::OccurredInFuture)?;
        command.not_too_early(LeadError::OccurredTooEarly)?;
        let at = command.business_time(self.last_change());
        let event = match (self, command.action) {
            (Self::Unborn, LeadAction::Capture(new)) => Some(capture(*new, at)),
            (Self::Captured(_) | Self::Withdrawn | Self::Erased { .. }, LeadAction::Capture(_)) => {
                return Err(LeadError::AlreadyExists);
            }
            (Self::Unborn, _) => return Err(LeadError::NotFound),
            (Self::Withdrawn, LeadAction::Withdraw { .. }) | (Self::Erased { .. }, LeadAction::Erase) => None,
            // Its history is still there.
            (Self::Withdrawn, LeadAction::Erase) => {
                Some(LeadEvent::Erased { from: LeadStatus::Withdrawn, at })
            }
            (Self::Erased { .. }, _) => return Err(LeadError::Erased),
            (Self::Withdrawn, _) => return Err(LeadError::Withdrawn),
            (Self::Captured(lead), action) => lead.decide(action, at)?,
        };
        Ok(event.into_iter().collect())
    }
}

fn capture(new: NewLead, at: DateTime<Utc>) -> LeadEvent {
    let NewLead { name, company, email, phone, source, owner, custom } = new;
    LeadEvent::Captured { name, company, email, phone, source, owner, custom, at }
}

impl Captured {
    fn decide(&self, action: LeadAction, at: DateTime<Utc>) -> Decision {
        match action {
            LeadAction::Capture(_) => Err(LeadError::AlreadyExists),
            LeadAction::Assign { owner } => self.assign(owner),
            LeadAction::Qualify { score } => self.qualify(score, at),
            LeadAction::Disqualify { reason } => self.disqualify(reason, at),
            LeadAction::Reopen => self.reopen(at),
            LeadAction::LogActivity { kind, summary } => {
                Ok(Some(LeadEvent::ActivityLogged { kind, summary }))
            }
            LeadAction::Convert { opportunity } => self.convert(opportunity, at),
            LeadAction::Correct(wishes) => self.correct(*wishes),
            LeadAction::Withdraw { reason } => self.withdraw(reason, at),
            LeadAction::Erase => Ok(Some(LeadEvent::Erased { from: self.progress.status(), at })),
        }
    }

    fn assign(&self, to: Option<Owner>) -> Decision {
        self.not_converted()?;
        self.not_disqualified()?;
        let from = self.owner.clone();
        Ok((from != to).then_some(LeadEvent::Assigned { from, to }))
    }

    fn qualify(&self, score: Score, at: DateTime<Utc>) -> Decision {
        let previous = match self.progress {
            Progress::Open => None,
            Progress::Qualified { score: same } if same == score => return Ok(None),
            Progress::Qualified { score } => Some(score),
            Progress::Disqualified { .. } => return Err(LeadError::Disqualified),
            Progress::Converted { .. } => return Err(LeadError::Converted),
        };
        self.not_before_last_change(at)?;
        Ok(Some(LeadEvent::Qualified { score, previous, at }))
    }

    fn disqualify(&self, reason: Text<500>, at: DateTime<Utc>) -> Decision {
        match &self.progress {
            Progress::Open | Progress::Qualified { .. } => {}
            Progress::Disqualified { reason: same } if *same == reason => return Ok(None),
            Progress::Disqualified { .. } => return Err(LeadError::Disqualified),
            Progress::Converted { .. } => return Err(LeadError::Converted),
        }
        self.not_before_last_change(at)?;
        Ok(Some(LeadEvent::Disqualified { reason, from: self.progress.status(), at }))
    }

    fn reopen(&self, at: DateTime<Utc>) -> Decision {
        match self.progress {
            Progress::Disqualified { .. } => {}
            Progress::Open | Progress::Qualified { .. } => return Err(LeadError::NotDisqualified),
            Progress::Converted { .. } => return Err(LeadError::Converted),
        }
        self.not_before_last_change(at)?;
        Ok(Some(LeadEvent::Reopened { from: self.progress.status(), at }))
    }

    fn convert(&self, opportunity: OpportunityId, at: DateTime<Utc>) -> Decision {
        match self.progress {
            Progress::Open | Progress::Qualified { .. } => {}
            Progress::Disqualified { .. } => return Err(LeadError::Disqualified),
            Progress::Converted { .. } => return Ok(None),
        }
        self.not_before_last_change(at)?;
        Ok(Some(LeadEvent::Converted { opportunity, from: self.progress.status(), at }))
    }

    fn correct(&self, wishes: LeadCorrection) -> Decision {
        self.not_converted()?;
        let name = Change::between(&self.name, wishes.name);
        let company = Change::between(&self.company, wishes.company);
        let email = Change::between(&self.email, wishes.email);
        let phone = Change::between(&self.phone, wishes.phone);
        let source = Change::between(&self.source, wishes.source);
        let custom = self.custom.changes(wishes.custom)?;
        let nothing = name.is_none()
            && company.is_none()
            && email.is_none()
            && phone.is_none()
            && source.is_none()
            && custom.is_empty();
        Ok((!nothing).then_some(LeadEvent::Corrected { name, company, email, phone, source, custom }))
    }

    fn withdraw(&self, reason: Text<500>, at: DateTime<Utc>) -> Decision {
        self.not_converted()?;
        self.not_before_last_change(at)?;
        Ok(Some(LeadEvent::Withdrawn { reason, from: self.progress.status(), at }))
    }

    fn not_converted(&self) -> Result<(), LeadError> {
        match self.progress {
            Progress::Converted { .. } => Err(LeadError::Converted),
            Progress::Open | Progress::Qualified { .. } | Progress::Disqualified { .. } => Ok(()),
        }
    }

    fn not_disqualified(&self) -> Result<(), LeadError> {
        match self.progress {
            Progress::Disqualified { .. } => Err(LeadError::Disqualified),
            Progress::Open | Progress::Qualified { .. } | Progress::Converted { .. } => Ok(()),
        }
    }

    fn not_before_last_change(&self, at: DateTime<Utc>) -> Result<(), LeadError> {
        if at < self.since { Err(LeadError::BeforeLastChange) } else { Ok(()) }
    }
}
