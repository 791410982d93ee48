//! Which invoices of a customer are still to be paid: each is claimed while it is, in the append of the event that says so. So the
//! command side finds them, without a read model that may be behind.

use domain::billing::invoice::{Invoice, InvoiceEvent, Issued};
use domain::billing::payment::Due;
use domain::{Currency, CustomerId, InvoiceId, LegalEntityId};
use event_store::Claim;

/// Who owes whom, in which currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) legal_entity: LegalEntityId,
    pub(super) customer: CustomerId,
    pub(super) currency: Currency,
}

impl Account {
    /// The scope of the claims of what is to be paid on it. In the order of their values, what is due first comes first.
    pub(super) fn scope(self) -> String {
        let Self { legal_entity, customer, currency } = self;
        format!("invoice.open.{legal_entity}.{customer}.{currency}")
    }

    fn claim(self, due: &Due) -> Claim {
        let Due { date, number, invoice } = due;
        Claim { scope: self.scope(), value: format!("{date} {number} {invoice}") }
    }
}

/// What a claim says.
pub(super) fn due(value: &str) -> Option<Due> {
    let mut words = value.split(' ');
    let (date, number, invoice) = (words.next()?, words.next()?, words.next()?);
    Some(Due {
        date: date.parse().ok()?,
        number: number.try_into().ok()?,
        invoice: InvoiceId::parse(invoice).ok()?,
    })
}

/// What an invoice claims from an event on, and what it no longer claims.
pub(super) fn opened_and_closed(
    invoice: &Invoice,
    id: InvoiceId,
    event: &InvoiceEvent,
) -> (Option<Claim>, Option<Claim>) {
    let was_open = invoice.counting().is_ok_and(|issued| !issued.outstanding.is_zero());
    let is_open = event.outstanding().map_or(was_open, |outstanding| !outstanding.is_zero());
    let claim = || match event {
        InvoiceEvent::Issued { number, legal_entity, customer, document, .. } => {
            let account =
                Account { legal_entity: *legal_entity, customer: *customer, currency: document.currency };
            Some(account.claim(&Due { date: document.due_date, number: number.clone(), invoice: id }))
        }
        InvoiceEvent::Drafted { .. }
        | InvoiceEvent::LinesReplaced { .. }
        | InvoiceEvent::Discarded { .. }
        | InvoiceEvent::Voided { .. }
        | InvoiceEvent::PaymentApplied { .. }
        | InvoiceEvent::PaymentUnapplied { .. }
        | InvoiceEvent::WrittenOff { .. }
        | InvoiceEvent::CreditNoteIssued { .. }
        | InvoiceEvent::CreditNoteVoided { .. }
        | InvoiceEvent::WriteOffReversed { .. } => invoice.issued().map(|issued| {
            let Issued { number, legal_entity, customer, due_date, payable, .. } = issued;
            let (legal_entity, customer, currency) = (*legal_entity, *customer, payable.currency());
            let due = Due { date: *due_date, number: number.clone(), invoice: id };
            Account { legal_entity, customer, currency }.claim(&due)
        }),
    };
    match (was_open, is_open) {
        (false, true) => (claim(), None),
        (true, false) => (None, claim()),
        (true, true) | (false, false) => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use domain::billing::invoice::fixtures::{
        INVOICE, drafted, issued, payment_applied, voided, write_off_reversed, written_off,
    };

    use super::*;

    fn after(events: impl IntoIterator<Item = InvoiceEvent>, event: &InvoiceEvent) -> (bool, bool) {
        let mut invoice = Invoice::default();
        events.into_iter().for_each(|event| cqrs_es::Aggregate::apply(&mut invoice, event));
        let (opened, closed) = opened_and_closed(&invoice, INVOICE, event);
        (opened.is_some(), closed.is_some())
    }

    #[test]
    fn an_invoice_is_open_while_something_is_to_be_paid() {
        assert_eq!(after([], &drafted()), (false, false));
        assert_eq!(after([drafted()], &issued()), (true, false));
        assert_eq!(after([drafted(), issued()], &payment_applied()), (false, false), "some is left");
        assert_eq!(after([drafted(), issued()], &voided()), (false, true));
        let partly = [drafted(), issued(), payment_applied()];
        assert_eq!(after(partly.clone(), &written_off()), (false, true));
        assert_eq!(after(partly.into_iter().chain([written_off()]), &write_off_reversed()), (true, false));
    }

    #[test]
    fn a_claim_tells_what_is_due_and_is_given_back_as_it_was_taken() {
        let mut invoice = Invoice::default();
        let (opened, _) = opened_and_closed(&invoice, INVOICE, &issued());
        [drafted(), issued()].into_iter().for_each(|event| cqrs_es::Aggregate::apply(&mut invoice, event));
        let (_, closed) = opened_and_closed(&invoice, INVOICE, &voided());
        assert_eq!(opened, closed);
        let due = due(&opened.unwrap().value).unwrap();
        assert_eq!((due.invoice, due.number.as_str()), (INVOICE, "INV-2026-00001"));
        assert_eq!(due.date, "2026-04-01".parse().unwrap());
    }
}
