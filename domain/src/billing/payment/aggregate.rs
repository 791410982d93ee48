//! The payment: what events make of it.

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Payment, PaymentCommand, PaymentError, PaymentEvent, Received};

impl Aggregate for Payment {
    const TYPE: &'static str = "billing.payment";
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Error = PaymentError;
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
        if let PaymentEvent::Recorded { receipt, at } = event {
            let unapplied = receipt.amount;
            let (applied, refunds) = (BTreeMap::new(), BTreeMap::new());
            let received = Received { receipt: *receipt, applied, refunds, unapplied, since: at };
            *self = Self::Received(Box::new(received));
            return;
        }
        // Only what was received has further events; the log cannot hold others.
        let Self::Received(received) = self else { return };
        match event {
            PaymentEvent::Recorded { .. } => {}
            PaymentEvent::Applied { invoice, amount, unapplied, at } => {
                received.applied.insert(invoice, amount);
                (received.unapplied, received.since) = (unapplied, at);
            }
            PaymentEvent::Unapplied { invoice, unapplied, at, .. } => {
                received.applied.remove(&invoice);
                (received.unapplied, received.since) = (unapplied, at);
            }
            PaymentEvent::Refunded { refund, amount, unapplied, at, .. } => {
                received.refunds.insert(refund, amount);
                (received.unapplied, received.since) = (unapplied, at);
            }
            PaymentEvent::RefundCancelled { refund, unapplied, at, .. } => {
                received.refunds.remove(&refund);
                (received.unapplied, received.since) = (unapplied, at);
            }
            PaymentEvent::Reversed { at, .. } => {
                received.since = at;
                *self = Self::Reversed(received.clone());
            }
        }
    }
}
