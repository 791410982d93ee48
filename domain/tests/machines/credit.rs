//! Credit notes of one invoice: however it is taken back, all of it is in the end, to the cent, tax included.

use domain::Command;
use domain::billing::Line;
use domain::billing::customer::fixtures::profile;
use domain::billing::invoice::fixtures::{credit_of, draft, figure, issuance, line};
use domain::billing::invoice::{
    CreditNote, CreditOf, Draft, Invoice, InvoiceAction, InvoiceEvent, InvoiceStatus, Issuance,
};
use domain::fixtures::{at, id, march, text};
use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::after;
use super::commands::billing::lines_and_adjustments;

/// What somebody does next.
#[derive(Clone, Debug)]
enum Step {
    /// Takes back a share of what is left of each way in which it is taxed, in thousandths.
    Take(Vec<u16>),
    /// Declares the last credit note void.
    Undo,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let take = vec(0..1_000_u16, 7).prop_map(Step::Take);
    vec(prop_oneof![4 => take, 1 => Just(Step::Undo)], 0..12)
}

fn ask(invoice: &Invoice, action: InvoiceAction) -> Result<(Invoice, Vec<InvoiceEvent>), String> {
    let command = Command { occurred_at: at(10, 9), now: at(30, 12), action };
    let events = invoice.decide(command).map_err(|rule| rule.to_string())?;
    Ok((after(invoice, &events), events))
}

fn credit(n: u128, lines: Option<Vec<Line>>) -> InvoiceAction {
    let on = march(10);
    InvoiceAction::Credit(Box::new(CreditOf { credit_note: id(600 + n), on, lines, ..credit_of() }))
}

/// What is left of each tax of the invoice, as one who adds up documents finds.
fn left(invoice: &Invoice, notes: &[CreditNote], place: usize) -> Decimal {
    let of = &invoice.counting().expect("issued").document.taxes[place];
    let alike = notes.iter().flat_map(|note| &note.taxes).filter(|sum| sum.tax == of.tax);
    of.taxable.amount() - alike.map(|sum| sum.taxable.amount()).sum::<Decimal>()
}

fn sum(notes: &[CreditNote], of: fn(&CreditNote) -> Decimal) -> Decimal {
    notes.iter().map(of).sum()
}

proptest! {
    #[test]
    fn all_of_an_invoice_is_taken_back_to_the_cent(
        (currency, lines, adjustments) in lines_and_adjustments(),
        steps in steps(),
        rate in "[0-9]{1,3}\\.[0-9]{1,8}",
    ) {
        let books = issuance().seller.currency;
        let rate = (currency != books).then(|| figure(&rate));
        let issuance = Issuance { exchange_rate: rate, buyer: profile(), ..issuance() };
        let draft = Draft { currency, lines, adjustments, ..draft() };
        let drafted = ask(&Invoice::default(), InvoiceAction::Draft(Box::new(draft)));
        let issued = drafted.and_then(|(draft, _)| ask(&draft, InvoiceAction::Issue(Box::new(issuance))));
        // Not every draft can be issued.
        let Ok((mut invoice, _)) = issued else { return Ok(()) };
        let document = invoice.counting().expect("issued").document.clone();
        let mut notes: Vec<CreditNote> = Vec::new();
        for (n, step) in (0..).zip(steps) {
            match step {
                Step::Take(shares) => {
                    let prices = document.taxes.iter().enumerate().zip(&shares).map(|((place, of), share)| {
                        let part = left(&invoice, &notes, place) * Decimal::from(*share) / Decimal::from(1000);
                        let part = part.min(Decimal::from(9_999_999_999_u64));
                        (part.trunc_with_scale(currency.minor_units()), of.tax.clone())
                    });
                    let lines: Vec<_> = prices
                        .filter(|(price, _)| !price.is_zero())
                        .map(|(price, tax)| line("1", &price.to_string(), tax))
                        .collect();
                    let done = ask(&invoice, credit(n, Some(lines.clone())));
                    prop_assert_eq!(done.is_ok(), !lines.is_empty(), "{:?} of {:?}", done.err(), lines);
                    let Ok((next, events)) = done else { continue };
                    let [InvoiceEvent::CreditNoteIssued { document, .. }] = &events[..] else {
                        return Err(TestCaseError::fail("no credit note"));
                    };
                    let net: Decimal = document.lines.iter().map(|line| line.net.amount()).sum();
                    prop_assert_eq!(document.totals.net.amount(), net);
                    prop_assert_eq!(document.totals.payable.amount(), net + document.totals.tax.amount());
                    notes.push(CreditNote::clone(document));
                    invoice = next;
                }
                Step::Undo => {
                    let Some(last) = invoice.counting().expect("issued").credit_notes.last() else { continue };
                    let (credit_note, reason) = (last.credit_note, text("Wrong lines"));
                    invoice = ask(&invoice, InvoiceAction::VoidCreditNote { credit_note, reason }).expect("undone").0;
                    notes.pop();
                }
            }
            let outstanding = document.totals.payable.amount() - sum(&notes, |note| note.totals.payable.amount());
            prop_assert_eq!(invoice.counting().expect("issued").outstanding.amount(), outstanding);
        }
        if !document.totals.payable.amount().is_zero() {
            if let Ok((next, events)) = ask(&invoice, credit(99, None)) {
                let [InvoiceEvent::CreditNoteIssued { document, .. }] = &events[..] else {
                    return Err(TestCaseError::fail("no credit note"));
                };
                notes.push(CreditNote::clone(document));
                invoice = next;
            }
            prop_assert_eq!(invoice.status(), Some(InvoiceStatus::Credited));
            prop_assert_eq!(sum(&notes, |note| note.totals.net.amount()), document.totals.net.amount());
            prop_assert_eq!(sum(&notes, |note| note.totals.tax.amount()), document.totals.tax.amount());
            let worth = sum(&notes, |note| note.exchange.map_or(Decimal::ZERO, |it| it.tax.amount()));
            prop_assert_eq!(worth, document.exchange.map_or(Decimal::ZERO, |it| it.tax.amount()));
        }
    }
}
