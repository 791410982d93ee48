//! The lead: what events make of it.

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Captured, Lead, LeadCommand, LeadError, LeadEvent, Progress};
use crate::Change;

impl Aggregate for Lead {
    const TYPE: &'static str = "sales.lead";
    type Command = LeadCommand;
    type Event = LeadEvent;
    type Error = LeadError;
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
        if let LeadEvent::Captured { name, company, email, phone, source, owner, custom, at } = event {
            let progress = Progress::Open;
            let lead = Captured { name, company, email, phone, source, owner, custom, progress, since: at };
            *self = Self::Captured(Box::new(lead));
            return;
        }
        if let LeadEvent::Erased { from, .. } = event {
            *self =
                Self::Erased { status: from, opportunity: self.converted_to(), owner: self.owner().cloned() };
            return;
        }
        // Only a captured lead has further events; the log cannot hold others.
        let Self::Captured(lead) = self else { return };
        match event {
            LeadEvent::Captured { .. } | LeadEvent::ActivityLogged { .. } | LeadEvent::Erased { .. } => {}
            LeadEvent::Assigned { to, .. } => lead.owner = to,
            LeadEvent::Qualified { score, at, .. } => lead.enter(Progress::Qualified { score }, at),
            LeadEvent::Disqualified { reason, at, .. } => lead.enter(Progress::Disqualified { reason }, at),
            LeadEvent::Reopened { at, .. } => lead.enter(Progress::Open, at),
            LeadEvent::Converted { opportunity, at, .. } => {
                lead.enter(Progress::Converted { opportunity }, at);
            }
            LeadEvent::Corrected { name, company, email, phone, source, custom } => {
                Change::apply(name, &mut lead.name);
                Change::apply(company, &mut lead.company);
                Change::apply(email, &mut lead.email);
                Change::apply(phone, &mut lead.phone);
                Change::apply(source, &mut lead.source);
                lead.custom.apply(&custom);
            }
            LeadEvent::Withdrawn { .. } => *self = Self::Withdrawn,
        }
    }
}

impl Captured {
    fn enter(&mut self, progress: Progress, at: DateTime<Utc>) {
        self.progress = progress;
        self.since = at;
    }
}
