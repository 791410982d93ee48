use chrono::Days;

use super::super::fixtures::{
    CREDIT_NOTE, credit_note_issued, credit_note_voided, credit_of, drafted, example, issued, line, off,
    payment_applied, reason, standard, totals, untaxed, voided,
};
use super::super::{CreditNote, CreditOf, Freed, Invoice, InvoiceAction, InvoiceError, InvoiceEvent};
use super::{decide, pay, void};
use crate::billing::invoice::InvoiceStatus;
use crate::billing::payment::fixtures::{PAYMENT, dollars};
use crate::billing::{Line, TaxCategory};
use crate::fixtures::{id, march, text};
use crate::testing::{given, on};
use crate::{CreditNoteId, Money};

fn after(events: &[InvoiceEvent], action: InvoiceAction) -> Result<Vec<InvoiceEvent>, InvoiceError> {
    decide([drafted(), issued()].into_iter().chain(events.iter().cloned()), action)
}

fn credit_with(change: impl FnOnce(&mut CreditOf)) -> InvoiceAction {
    let mut changed = credit_of();
    change(&mut changed);
    InvoiceAction::Credit(Box::new(changed))
}

fn some(lines: Vec<Line>) -> InvoiceAction {
    credit_with(|credit| (credit.lines, credit.on) = (Some(lines), march(10)))
}

fn all() -> InvoiceAction {
    credit_with(|credit| {
        (credit.credit_note, credit.lines, credit.on) = (id(252), None, march(10));
    })
}

fn void_of(credit_note: CreditNoteId) -> InvoiceAction {
    InvoiceAction::VoidCreditNote { credit_note, reason: reason() }
}

/// The document of a credit note, and what is still to be paid after it.
fn note(events: &[InvoiceEvent]) -> (&CreditNote, Money) {
    match events {
        [InvoiceEvent::CreditNoteIssued { document, outstanding, .. }] => (document, *outstanding),
        others => panic!("{others:?}"),
    }
}

#[test]
fn a_credit_note_of_all_says_what_the_invoice_says() {
    let events = after(&[], all()).unwrap();
    let (document, outstanding) = note(&events);
    let invoice = example();
    assert_eq!((&document.lines, &document.adjustments), (&invoice.lines, &invoice.adjustments));
    assert_eq!((&document.taxes, document.totals), (&invoice.taxes, invoice.totals));
    assert_eq!(document.exchange, invoice.exchange);
    assert_eq!((document.invoice_number.as_str(), document.invoice_date), ("INV-2026-00001", march(2)));
    assert!(outstanding.is_zero());
    let credited = given::<Invoice>([drafted(), issued()].into_iter().chain(events));
    assert_eq!(credited.status(), Some(InvoiceStatus::Credited));
}

#[test]
fn the_rest_is_exact_to_the_cent() {
    // 95.90 at 19 % and 100 at 7 %: of the first, a tenth of a cent of tax is rounded away in each part.
    let part = |n: u128| {
        credit_with(|credit| {
            (credit.credit_note, credit.on) = (id(300 + n), march(10));
            credit.lines = Some(vec![line("1", "0.02", standard("19")), line("1", "33.33", standard("7"))]);
        })
    };
    let mut history = vec![drafted(), issued()];
    for n in 0..3 {
        history.extend(given::<Invoice>(history.clone()).decide(on(10, part(n))).unwrap());
    }
    history.extend(given::<Invoice>(history.clone()).decide(on(10, all())).unwrap());
    let invoice = given::<Invoice>(history.clone());
    assert_eq!(invoice.status(), Some(InvoiceStatus::Credited));
    let sum = |of: fn(&CreditNote) -> Money| {
        let notes = history.iter().filter_map(|event| {
            let InvoiceEvent::CreditNoteIssued { document, .. } = event else { return None };
            Some(of(document))
        });
        notes.reduce(|sum, one| sum.plus(one).unwrap()).unwrap()
    };
    assert_eq!(sum(|note| note.totals.payable), totals().payable);
    assert_eq!(sum(|note| note.totals.tax), totals().tax);
    assert_eq!(sum(|note| note.exchange.unwrap().tax), example().exchange.unwrap().tax);
    assert_eq!(given::<Invoice>(history).decide(on(10, part(9))), Err(InvoiceError::MoreThanInvoiced));
}

#[test]
fn no_more_is_taken_back_than_was_invoiced_and_taxed_so() {
    let more = some(vec![line("1", "95.91", standard("19"))]);
    assert_eq!(after(&[], more), Err(InvoiceError::MoreThanInvoiced));
    let second = |credit_note, price| {
        let lines = Some(vec![line("1", price, standard("19"))]);
        credit_with(|credit| {
            (credit.credit_note, credit.on, credit.lines) = (credit_note, march(10), lines);
        })
    };
    assert!(after(&[credit_note_issued()], second(id(252), "85.90")).is_ok());
    let same = after(&[credit_note_issued()], second(CREDIT_NOTE, "1"));
    assert_eq!(same, Err(InvoiceError::CreditNoteExists));
    assert_eq!(after(&[credit_note_issued()], second(id(252), "85.91")), Err(InvoiceError::MoreThanInvoiced));
    let other = some(vec![line("1", "1", untaxed(TaxCategory::Z))]);
    assert_eq!(after(&[], other), Err(InvoiceError::TaxNotOnInvoice));
    for nothing in [vec![], vec![line("1", "0", standard("19"))]] {
        assert_eq!(after(&[], some(nothing)), Err(InvoiceError::NothingToCredit));
    }
    let done = after(&[], all()).unwrap();
    let again = credit_with(|credit| (credit.lines, credit.on) = (None, march(10)));
    assert_eq!(after(&done, again), Err(InvoiceError::NothingToCredit));
}

#[test]
fn a_credit_note_takes_back_what_is_outstanding() {
    assert_eq!(after(&[payment_applied()], all()), Err(InvoiceError::MoreThanOutstanding));
    let events = after(&[payment_applied()], some(vec![line("1", "10", standard("19"))])).unwrap();
    let (document, outstanding) = note(&events);
    assert_eq!(document.totals.payable, dollars("11.90"));
    assert_eq!(outstanding.plus(dollars("111.90")), Some(totals().payable));
    let rest = outstanding.amount().to_string();
    let paid: Vec<_> = [payment_applied()].into_iter().chain(events).collect();
    assert_eq!(after(&paid, pay("1")), Err(InvoiceError::AlreadyApplied));
    let second = InvoiceAction::ApplyPayment { payment: id(7), amount: dollars(&rest) };
    let settled = after(&paid, second).unwrap();
    let invoice = given::<Invoice>([drafted(), issued()].into_iter().chain(paid).chain(settled));
    assert_eq!(invoice.status(), Some(InvoiceStatus::Paid), "some of it is");
}

#[test]
fn payments_settle_less_where_a_credit_note_needs_room() {
    let given = given::<Invoice>([drafted(), issued(), payment_applied()]);
    let issued = given.counting().unwrap();
    let outstanding = issued.outstanding;
    assert_eq!(issued.freed_for(outstanding), Some(vec![]));
    let more = outstanding.plus(dollars("30")).unwrap();
    let kept = Some(dollars("70"));
    assert_eq!(issued.freed_for(more), Some(vec![Freed { payment: PAYMENT, kept }]));
    let freed = Freed { payment: PAYMENT, kept: None };
    assert_eq!(issued.freed_for(issued.payable), Some(vec![freed]));
    assert_eq!(issued.freed_for(issued.payable.plus(dollars("0.01")).unwrap()), None);
}

#[test]
fn the_last_credit_note_can_be_void() {
    assert_eq!(after(&[credit_note_issued()], void_of(CREDIT_NOTE)).unwrap(), [credit_note_voided()]);
    assert_eq!(after(&[], void_of(CREDIT_NOTE)), Err(InvoiceError::NoSuchCreditNote));
    let two: Vec<_> =
        [credit_note_issued()].into_iter().chain(after(&[credit_note_issued()], all()).unwrap()).collect();
    assert_eq!(after(&two, void_of(CREDIT_NOTE)), Err(InvoiceError::NotLastCreditNote));
    assert!(after(&two, void_of(id(252))).is_ok());
    let undone = [drafted(), issued(), credit_note_issued(), credit_note_voided()];
    let restored = given::<Invoice>(undone);
    assert_eq!(restored.status(), Some(InvoiceStatus::Issued));
    assert!(restored.counting().unwrap().credit_notes.is_empty());
}

#[test]
fn a_credit_note_is_dated_neither_before_what_it_takes_back_nor_in_future() {
    let dated = |day| credit_with(|credit| credit.on = march(day));
    assert_eq!(after(&[], dated(1)), Err(InvoiceError::CreditedTooEarly));
    assert!(after(&[], dated(2)).is_ok());
    assert_eq!(after(&[payment_applied()], dated(4)), Err(InvoiceError::CreditedTooEarly));
    assert!(after(&[payment_applied()], dated(5)).is_ok());
    let april = credit_with(|credit| credit.on = march(31) + Days::new(1));
    assert_eq!(after(&[], april), Err(InvoiceError::DatedInFuture));
}

#[test]
fn only_what_counts_is_credited_and_what_is_credited_is_not_void() {
    assert_eq!(decide([], all()), Err(InvoiceError::NotFound));
    assert_eq!(decide([drafted()], all()), Err(InvoiceError::NotIssued));
    assert_eq!(after(&[voided()], all()), Err(InvoiceError::Void));
    assert_eq!(after(&[credit_note_issued()], void()), Err(InvoiceError::Settled));
    assert!(after(&[credit_note_issued(), credit_note_voided()], void()).is_ok());
}

#[test]
fn there_are_bounds_to_credit_notes() {
    let cent = |n: u128| {
        credit_with(|credit| {
            (credit.credit_note, credit.on) = (id(1000 + n), march(10));
            credit.reason = text("Goodwill");
            credit.lines = Some(vec![line("1", "0.01", standard("7"))]);
        })
    };
    let mut history = vec![drafted(), issued()];
    for n in 0..100 {
        history.extend(given::<Invoice>(history.clone()).decide(on(10, cent(n))).unwrap());
    }
    let more = given::<Invoice>(history).decide(on(10, cent(100)));
    assert_eq!(more, Err(InvoiceError::TooManyCreditNotes));
    let lines = vec![line("1", "0.01", standard("7")); 501];
    assert_eq!(after(&[], some(lines)), Err(InvoiceError::TooManyLines));
    let with =
        |adjustments| Line { adjustments: vec![off("1"); adjustments], ..line("1", "0.01", standard("7")) };
    assert!(after(&[], some(vec![with(20); 50])).is_ok());
    for many in [vec![with(21)], vec![with(20); 51]] {
        assert_eq!(after(&[], some(many)), Err(InvoiceError::TooManyAdjustments));
    }
}
