//! The aggregates of billing, as dispatch sees them.

use domain::billing::customer::{Customer, CustomerAction, CustomerCommand, CustomerError, CustomerEvent};
use domain::billing::invoice::{Invoice, InvoiceAction, InvoiceCommand, InvoiceError, InvoiceEvent};
use domain::billing::legal_entity::{
    LegalEntity, LegalEntityAction, LegalEntityCommand, LegalEntityError, LegalEntityEvent,
};
use domain::billing::series::{Series, SeriesAction, SeriesCommand, SeriesError, SeriesEvent};
use event_store::Claim;
use uuid::Uuid;

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
    fn occupancy(_: Uuid, event: &SeriesEvent) -> Occupancy {
        let taken = match event {
            SeriesEvent::Opened { legal_entity, pattern, .. } => {
                Some(Claim { scope: format!("series.pattern.{legal_entity}"), value: pattern.shape() })
            }
            SeriesEvent::NumberDrawn { .. } | SeriesEvent::Closed {} => None,
        };
        Occupancy { taken, left: None }
    }
}

impl Decide for Invoice {
    type Action = InvoiceAction;

    fn decide(&self, command: InvoiceCommand) -> Result<Vec<InvoiceEvent>, InvoiceError> {
        self.decide(command)
    }

    /// An invoice has its number for good, void or not; two series whose patterns meet cannot both give it out.
    fn occupancy(_: Uuid, event: &InvoiceEvent) -> Occupancy {
        let taken = event.number_taken().map(|(legal_entity, number)| Claim {
            scope: format!("document.number.{legal_entity}"),
            value: number.as_str().to_owned(),
        });
        Occupancy { taken, left: None }
    }
}
