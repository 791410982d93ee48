//! A fold over the events of one deal, for what must hold of them.

use chrono::{DateTime, Utc};
use domain::StageId;
use domain::sales::opportunity::OpportunityEvent;
use proptest::prelude::*;

/// What a fold knows of one deal from its events alone.
#[derive(Default)]
pub struct Folded {
    pub stage: Option<StageId>,
    entered: Option<DateTime<Utc>>,
    stays_begun: u32,
    withdrawn: bool,
}

impl Folded {
    /// A fold that counts deals per stage stays right, and stays are numbered 1, 2, 3, … and never of negative length.
    pub fn apply(&mut self, event: &OpportunityEvent) -> Result<(), TestCaseError> {
        let erased = *event == OpportunityEvent::Erased {};
        prop_assert!(!self.withdrawn || erased, "{event:?} after the withdrawal");
        if let Some(left) = event.stage_left() {
            prop_assert_eq!(self.stage, Some(left));
            self.stage = None;
        }
        if let Some(entered) = event.stage_entered() {
            prop_assert_eq!(self.stage, None, "a deal is in one stage at a time");
            self.stage = Some(entered);
        }
        match event {
            OpportunityEvent::Opened { at, .. } => self.begin(1, *at)?,
            OpportunityEvent::Moved { from, to, since, at, stay, .. } => {
                prop_assert_ne!(from, to);
                self.end(*stay, *since, *at)?;
                self.begin(stay + 1, *at)?;
            }
            OpportunityEvent::Won { since, at, stay, closed_on, .. }
            | OpportunityEvent::Lost { since, at, stay, closed_on, .. } => {
                prop_assert_eq!(*closed_on, at.date_naive());
                self.end(*stay, *since, *at)?;
            }
            OpportunityEvent::Reopened { since, at, stay, .. } => {
                prop_assert!(since <= at);
                self.begin(*stay, *at)?;
            }
            OpportunityEvent::Withdrawn { since, at, stay, stage, .. } => {
                self.withdrawn = true;
                prop_assert_eq!(*stay, self.stays_begun);
                if stage.is_some() {
                    self.end(*stay, *since, *at)?;
                }
            }
            OpportunityEvent::Revised { stage, .. } => prop_assert_eq!(*stage, self.stage),
            OpportunityEvent::Assigned { .. }
            | OpportunityEvent::ActivityLogged { .. }
            | OpportunityEvent::Erased {} => {}
        }
        Ok(())
    }

    fn begin(&mut self, stay: u32, at: DateTime<Utc>) -> Result<(), TestCaseError> {
        self.stays_begun += 1;
        prop_assert_eq!(stay, self.stays_begun);
        prop_assert_eq!(self.entered.replace(at), None);
        Ok(())
    }

    fn end(&mut self, stay: u32, since: DateTime<Utc>, at: DateTime<Utc>) -> Result<(), TestCaseError> {
        prop_assert_eq!(stay, self.stays_begun);
        prop_assert_eq!(self.entered.take(), Some(since));
        prop_assert!(since <= at);
        Ok(())
    }
}
