//! What holds of the aggregates of billing, whatever is asked of them.

use std::collections::{BTreeMap, BTreeSet};

use domain::billing::customer::Customer;
use domain::billing::invoice::{Invoice, InvoiceError, InvoiceEvent, InvoiceStatus, calculate};
use domain::billing::legal_entity::LegalEntity;
use domain::billing::payment::{Payment, PaymentStatus};
use domain::billing::series::{Series, SeriesEvent};
use proptest::prelude::*;

use super::commands::billing::lines_and_adjustments;
use super::commands::{
    customer_commands, invoice_commands, legal_entity_commands, payment_commands, series_commands,
};
use super::{Stored, after, check, oracle};

proptest! {
    #[test]
    fn a_legal_entity_is_what_was_said_last_whatever_is_asked(commands in legal_entity_commands()) {
        let mut entity = LegalEntity::default();
        let mut stored = Stored::default();
        for command in commands {
            let Ok(events) = entity.decide(command.clone()) else { continue };
            let next = after(&entity, &events);
            check(&entity, &command, &next, &events)?;
            stored.add(&events, &next)?;
            let again = next.decide(command);
            prop_assert!(again.is_err() || again == Ok(vec![]), "asked again, nothing changes");
            prop_assert!(next.seller().is_some_and(|seller| seller.tax_ids.len() <= 5));
            entity = next;
        }
    }

    #[test]
    fn a_customer_is_erased_for_good_whatever_is_asked(commands in customer_commands()) {
        let mut customer = Customer::default();
        let mut stored = Stored::default();
        for command in commands {
            let Ok(events) = customer.decide(command.clone()) else { continue };
            let next = after(&customer, &events);
            check(&customer, &command, &next, &events)?;
            stored.add(&events, &next)?;
            let again = next.decide(command);
            prop_assert!(again.is_err() || again == Ok(vec![]), "asked again, nothing changes");
            prop_assert!(customer != Customer::Erased || next == Customer::Erased);
            customer = next;
        }
    }

    #[test]
    fn a_series_has_neither_gap_nor_double_whatever_is_asked(commands in series_commands()) {
        let mut series = Series::default();
        let mut stored = Stored::default();
        let mut numbers = BTreeSet::new();
        let mut counters: BTreeMap<i32, u32> = BTreeMap::new();
        let mut is_yearly = false;
        for command in commands {
            let Ok(events) = series.decide(command.clone()) else { continue };
            let next = after(&series, &events);
            check(&series, &command, &next, &events)?;
            stored.add(&events, &next)?;
            for event in &events {
                match event {
                    SeriesEvent::Opened { pattern, .. } => is_yearly = pattern.is_yearly(),
                    SeriesEvent::NumberDrawn { number, year, counter, .. } => {
                        prop_assert!(numbers.insert(number.clone()), "{} twice", number);
                        let last = counters.entry(if is_yearly { *year } else { 0 }).or_default();
                        *last += 1;
                        prop_assert_eq!(counter, last);
                        prop_assert_eq!(next.last_number(), Some(number));
                    }
                    SeriesEvent::Closed {} => {}
                }
            }
            prop_assert!(series != Series::Closed || next == Series::Closed);
            series = next;
        }
    }

    #[test]
    fn an_issued_invoice_keeps_its_number_and_amount_whatever_is_asked(commands in invoice_commands()) {
        let mut invoice = Invoice::default();
        let mut stored = Stored::default();
        for command in commands {
            let Ok(events) = invoice.decide(command.clone()) else { continue };
            let next = after(&invoice, &events);
            check(&invoice, &command, &next, &events)?;
            stored.add(&events, &next)?;
            if let Some(issued) = invoice.issued() {
                let now = next.issued().map(|now| (&now.number, now.payable));
                prop_assert_eq!(now, Some((&issued.number, issued.payable)));
            }
            if let Some(InvoiceEvent::Issued { document, .. }) = events.first() {
                let draft = invoice.draft().expect("a draft");
                prop_assert_eq!(Ok(document.totals), draft.totals());
                prop_assert!(document.issue_date <= document.due_date);
            }
            prop_assert!(invoice.status() != Some(InvoiceStatus::Void) || next == invoice);
            prop_assert!(invoice != Invoice::Discarded || next == Invoice::Discarded);
            prop_assert!(invoice.last_change().zip(next.last_change()).is_none_or(|(was, is)| was <= is));
            invoice = next;
        }
    }

    #[test]
    fn of_a_payment_neither_more_nor_less_goes_than_came_whatever_is_asked(commands in payment_commands()) {
        let mut payment = Payment::default();
        let mut stored = Stored::default();
        for command in commands {
            let Ok(events) = payment.decide(command.clone()) else { continue };
            let next = after(&payment, &events);
            check(&payment, &command, &next, &events)?;
            stored.add(&events, &next)?;
            if let Payment::Received(received) | Payment::Reversed(received) = &next {
                let gone = received.applied.values().chain(received.refunds.values());
                let all = gone.map(|money| money.amount()).fold(received.unapplied.amount(), |sum, one| sum + one);
                prop_assert_eq!(all, received.receipt.amount.amount());
            }
            prop_assert!(payment.status() != Some(PaymentStatus::Reversed) || next == payment);
            prop_assert!(payment.last_change().zip(next.last_change()).is_none_or(|(was, is)| was <= is));
            payment = next;
        }
    }

    #[test]
    fn documents_come_to_what_exact_fractions_come_to(
        (currency, lines, adjustments) in lines_and_adjustments(),
    ) {
        match calculate(&lines, &adjustments, currency) {
            Ok(calculation) => {
                let expected = oracle::sums(currency, &lines, &adjustments);
                prop_assert_eq!(expected, Some(oracle::minor_units(&calculation.totals)));
            }
            Err(InvoiceError::AllowanceTooLarge | InvoiceError::AmountTooFine) => {
                prop_assert_eq!(oracle::sums(currency, &lines, &adjustments), None);
            }
            Err(InvoiceError::AmountTooLarge) => {
                let sums = oracle::sums(currency, &lines, &adjustments);
                let longest = 10_i128.pow(15 + currency.minor_units());
                let is_long = lines.iter().any(|line| line.quantity.get() * line.price.get() >= rust_decimal::Decimal::from(10_i64.pow(15) - 1));
                prop_assert!(is_long || sums.is_none_or(|sums| sums.iter().any(|sum| *sum >= longest)));
            }
            Err(InvoiceError::ExemptionReasonsDiffer) => {
                let exempt = lines.iter().map(|line| &line.tax).chain(adjustments.iter().map(|one| &one.tax));
                let reasons: BTreeSet<_> = exempt.filter_map(|tax| tax.reason()).collect();
                prop_assert_eq!(reasons.len(), 2);
            }
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }
}
