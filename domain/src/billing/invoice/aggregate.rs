//! The invoice: what events make of it.

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Draft, Invoice, InvoiceCommand, InvoiceError, InvoiceEvent, Issued};
use crate::Money;

impl Aggregate for Invoice {
    const TYPE: &'static str = "billing.invoice";
    type Command = InvoiceCommand;
    type Event = InvoiceEvent;
    type Error = InvoiceError;
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
            InvoiceEvent::Drafted {
                legal_entity,
                customer,
                currency,
                reference,
                note,
                lines,
                adjustments,
                at,
                ..
            } => {
                let draft = Draft { legal_entity, customer, currency, reference, note, lines, adjustments };
                *self = Self::Draft { draft: Box::new(draft), since: at };
            }
            InvoiceEvent::LinesReplaced { lines, adjustments, .. } => {
                // Only a draft has other lines; the log cannot hold others.
                if let Self::Draft { draft, .. } = self {
                    draft.lines = lines;
                    draft.adjustments = adjustments;
                }
            }
            InvoiceEvent::Discarded { .. } => *self = Self::Discarded,
            InvoiceEvent::Issued { number, legal_entity, customer, document, at, .. } => {
                let payable = document.totals.payable;
                *self = Self::Issued(Box::new(Issued {
                    number,
                    legal_entity,
                    customer,
                    due_date: document.due_date,
                    payable,
                    paid: BTreeMap::new(),
                    written_off: Money::zero(payable.currency()),
                    credit_notes: Vec::new(),
                    document,
                    outstanding: payable,
                    since: at,
                }));
            }
            // Only what is issued can be void or settled; the log cannot hold others.
            InvoiceEvent::Voided { at, .. } => {
                if let Self::Issued(issued) = self {
                    issued.since = at;
                    *self = Self::Void(issued.clone());
                }
            }
            settling @ (InvoiceEvent::PaymentApplied { .. }
            | InvoiceEvent::PaymentUnapplied { .. }
            | InvoiceEvent::WrittenOff { .. }
            | InvoiceEvent::CreditNoteIssued { .. }
            | InvoiceEvent::CreditNoteVoided { .. }
            | InvoiceEvent::WriteOffReversed { .. }) => {
                if let Self::Issued(issued) = self {
                    issued.settle(settling);
                }
            }
        }
    }
}
