//! The opportunity: what events make of it.

use std::mem;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{
    Closing, Deal, Opportunity, OpportunityCommand, OpportunityError, OpportunityEvent, Outcome, Stay,
};
use crate::{Change, Money, Percent, StageId};

impl Aggregate for Opportunity {
    const TYPE: &'static str = "sales.opportunity";
    type Command = OpportunityCommand;
    type Event = OpportunityEvent;
    type Error = OpportunityError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            OpportunityEvent::Opened {
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
            } => {
                let deal = Deal {
                    name,
                    pipeline,
                    probability,
                    amount,
                    expected_close,
                    product,
                    account,
                    owner,
                    source,
                    lead,
                    custom,
                    opened_at: at,
                    erased: false,
                };
                *self = Self::Open { deal: Box::new(deal), stay: Stay { stage, since: at, number: 1 } };
            }
            OpportunityEvent::Moved { to, probability, at, stay, .. } => {
                self.enter(to, probability.to, at, stay + 1);
            }
            OpportunityEvent::Revised {
                name,
                amount,
                probability,
                expected_close,
                product,
                account,
                source,
                custom,
                ..
            } => {
                let Some(deal) = self.deal_mut() else { return };
                Change::apply(name, &mut deal.name);
                Change::apply(amount, &mut deal.amount);
                Change::apply(probability, &mut deal.probability);
                Change::apply(expected_close, &mut deal.expected_close);
                Change::apply(product, &mut deal.product);
                Change::apply(account, &mut deal.account);
                Change::apply(source, &mut deal.source);
                deal.custom.apply(&custom);
            }
            OpportunityEvent::Assigned { to, .. } => {
                if let Some(deal) = self.deal_mut() {
                    deal.owner = to;
                }
            }
            OpportunityEvent::Won { amount, at, stay, .. } => {
                self.close(
                    Closing { outcome: Outcome::Won, at, last_stay: stay },
                    Percent::HUNDRED,
                    Some(amount),
                );
            }
            OpportunityEvent::Lost { amount, at, stay, .. } => {
                self.close(Closing { outcome: Outcome::Lost, at, last_stay: stay }, Percent::ZERO, amount);
            }
            OpportunityEvent::Reopened { to, probability, at, stay, .. } => {
                self.enter(to, probability, at, stay);
            }
            OpportunityEvent::ActivityLogged { .. } => {}
            OpportunityEvent::Withdrawn { .. } => *self = Self::Withdrawn,
            OpportunityEvent::Erased {} => {
                if let Some(deal) = self.deal_mut() {
                    deal.erased = true;
                }
            }
        }
    }
}

impl Opportunity {
    /// The deal, taken out; none before it is opened and after it is withdrawn, when the log holds no such events.
    fn take_deal(&mut self) -> Option<Box<Deal>> {
        match mem::take(self) {
            Self::Open { deal, .. } | Self::Closed { deal, .. } => Some(deal),
            other @ (Self::Unborn | Self::Withdrawn) => {
                *self = other;
                None
            }
        }
    }

    fn deal_mut(&mut self) -> Option<&mut Deal> {
        match self {
            Self::Open { deal, .. } | Self::Closed { deal, .. } => Some(deal),
            Self::Unborn | Self::Withdrawn => None,
        }
    }

    fn enter(&mut self, stage: StageId, probability: Percent, since: DateTime<Utc>, number: u32) {
        if let Some(mut deal) = self.take_deal() {
            deal.probability = probability;
            *self = Self::Open { deal, stay: Stay { stage, since, number } };
        }
    }

    fn close(&mut self, closing: Closing, probability: Percent, amount: Option<Money>) {
        if let Some(mut deal) = self.take_deal() {
            deal.probability = probability;
            deal.amount = amount;
            *self = Self::Closed { deal, closing };
        }
    }
}
