//! The aggregates of billing, as dispatch sees them.

use domain::billing::customer::{Customer, CustomerAction, CustomerCommand, CustomerError, CustomerEvent};
use domain::billing::invoice::{Invoice, InvoiceAction, InvoiceCommand, InvoiceError, InvoiceEvent};
use domain::billing::legal_entity::{
    LegalEntity, LegalEntityAction, LegalEntityCommand, LegalEntityError, LegalEntityEvent,
};
use domain::billing::payment::{Payment, PaymentAction, PaymentCommand, PaymentError, PaymentEvent};
use domain::billing::series::{Series, SeriesAction, SeriesCommand, SeriesError, SeriesEvent};
use event_store::Claim;
use uuid::Uuid;

use super::account::opened_and_closed;
use crate::decide::{Decide, Occupancy};

impl Decide for LegalEntity {
    type Action = LegalEntityAction;

    fn decide(&self, command: LegalEntityCommand) -> Result<Vec<LegalEntityEvent>, LegalEntityError> {
        self.decide(command)
    }
}

impl Decide for Customer {
    type Action = CustomerAction;

    fn decide(&self, command: CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerError> {
        self.decide(command)
    }
}

impl Decide for Series {
    type Action = SeriesAction;

    fn decide(&self, command: SeriesCommand) -> Result<Vec<SeriesEvent>, SeriesError> {
        self.decide(command)
    }

    /// A series has the shape of its pattern for good: documents have its numbers even when it is closed.
    fn occupancy(&self, _: Uuid, event: &SeriesEvent) -> Occupancy {
        let taken = match event {
            SeriesEvent::Opened { legal_entity, pattern, .. } => {
                Some(Claim { scope: format!("series.pattern.{legal_entity}"), value: pattern.shape() })
            }
            SeriesEvent::NumberDrawn { .. } | SeriesEvent::Closed {} => None,
        };
        Occupancy::new(taken, None)
    }
}

impl Decide for Invoice {
    type Action = InvoiceAction;

    fn decide(&self, command: InvoiceCommand) -> Result<Vec<InvoiceEvent>, InvoiceError> {
        self.decide(command)
    }

    /// An invoice has its number for good, void or not; two series whose patterns meet cannot both give it out. While something of it is
    /// to be paid, it is among the open ones of its customer.
    fn occupancy(&self, id: Uuid, event: &InvoiceEvent) -> Occupancy {
        let number = event.number_taken().map(|(legal_entity, number)| Claim {
            scope: format!("document.number.{legal_entity}"),
            value: number.as_str().to_owned(),
        });
        let (opened, closed) = opened_and_closed(self, id.into(), event);
        Occupancy::new(number.into_iter().chain(opened), closed)
    }
}

impl Decide for Payment {
    type Action = PaymentAction;

    fn decide(&self, command: PaymentCommand) -> Result<Vec<PaymentEvent>, PaymentError> {
        self.decide(command)
    }
}
