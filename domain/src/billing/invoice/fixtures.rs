//! One example of each event of an invoice.

use cqrs_es::Aggregate as _;

use super::{CreditOf, Document, Draft, Invoice, InvoiceEvent, Issuance, Totals, calculate, document};
use crate::billing::customer::fixtures::{CUSTOMER, currency, profile};
use crate::billing::legal_entity::fixtures::{LEGAL_ENTITY, seller};
use crate::billing::payment::fixtures::{PAYMENT, dollars};
use crate::billing::series::fixtures::{SERIES, number};
use crate::billing::{
    Adjustment, AdjustmentKind, DocumentAdjustment, Figure, Line, Measure, Period, Tax, TaxCategory, Unit,
};
use crate::fixtures::{at, id, march, prose, text};
use crate::{CreditNoteId, InvoiceId, Money, Text};

/// The invoice of the examples.
pub const INVOICE: InvoiceId = id(231);

/// One of each.
pub fn all() -> Vec<InvoiceEvent> {
    vec![
        drafted(),
        lines_replaced(),
        discarded(),
        issued(),
        voided(),
        payment_applied(),
        payment_unapplied(),
        written_off(),
        write_off_reversed(),
        credit_note_issued(),
        credit_note_voided(),
    ]
}

/// A decimal number.
///
/// # Panics
/// If it breaks the rules of [`Figure`].
pub fn figure<const WHOLE: usize, const FRACTION: usize>(text: &str) -> Figure<WHOLE, FRACTION> {
    Figure::parse(text).expect("a valid number")
}

/// A tax of category S.
///
/// # Panics
/// If the rate is 0.
pub fn standard(rate: &str) -> Tax {
    Tax::new(TaxCategory::S, figure(rate), None).expect("a rate above 0")
}

/// A tax of a category that has neither rate nor reason.
///
/// # Panics
/// If the category has.
pub fn untaxed(category: TaxCategory) -> Tax {
    Tax::new(category, Figure::ZERO, None).expect("a category without rate")
}

/// Exempt, for a reason.
///
/// # Panics
/// Never.
pub fn exempt(reason: &str) -> Tax {
    Tax::new(TaxCategory::E, Figure::ZERO, Some(text(reason))).expect("a reason")
}

/// Pieces of something at a price.
///
/// # Panics
/// If one of them is no number.
pub fn line(quantity: &str, price: &str, tax: Tax) -> Line {
    Line {
        description: text("Cogwheel"),
        quantity: figure(quantity),
        unit: Unit::parse("C62").expect("a unit"),
        price: figure(price),
        adjustments: Vec::new(),
        tax,
        period: None,
    }
}

/// A share that is taken off.
pub fn off(percent: &str) -> Adjustment {
    Adjustment {
        kind: AdjustmentKind::Allowance,
        by: Measure::Percent(figure(percent)),
        reason: text("Long friendship"),
    }
}

/// An amount that is put on the whole.
pub fn freight(amount: &str, tax: Tax) -> DocumentAdjustment {
    DocumentAdjustment {
        kind: AdjustmentKind::Charge,
        by: Measure::Amount(figure(amount)),
        reason: text("Freight"),
        tax,
    }
}

/// Lines with all that a line may have.
///
/// # Panics
/// Never.
pub fn lines() -> Vec<Line> {
    let cogs = Line { adjustments: vec![off("10")], ..line("3", "33.333", standard("19")) };
    let period = Period::new(march(1), march(31)).expect("in order");
    let care = Line { period: Some(period), ..line("1", "100", standard("7")) };
    vec![cogs, care]
}

/// What [`drafted`] was made of.
pub fn draft() -> Draft {
    Draft {
        legal_entity: LEGAL_ENTITY,
        customer: CUSTOMER,
        currency: currency("USD"),
        reference: Some(text("PO-17")),
        note: Some(prose("Thank you.\nCome again.")),
        lines: lines(),
        adjustments: vec![freight("5.90", standard("19"))],
    }
}

/// What it takes to issue [`draft`].
pub fn issuance() -> Issuance {
    Issuance {
        number: number("INV-2026-00001"),
        series: SERIES,
        seller: seller(),
        buyer: profile(),
        on: march(2),
        exchange_rate: Some(figure("0.9")),
    }
}

/// What [`draft`] comes to.
///
/// # Panics
/// Never.
pub fn totals() -> Totals {
    draft().totals().expect("valid lines")
}

/// What [`draft`] becomes.
///
/// # Panics
/// Never.
pub fn example() -> Document {
    let Issuance { seller, buyer, on, exchange_rate, .. } = issuance();
    document(&draft(), &seller, &buyer, on, exchange_rate).expect("a draft that can be issued")
}

/// A reason to void it.
pub fn reason() -> Text<500> {
    text("Sent to somebody else")
}

/// `invoice.drafted`, on the 1st of March
pub fn drafted() -> InvoiceEvent {
    let Draft { legal_entity, customer, currency, reference, note, lines, adjustments } = draft();
    let (totals, at) = (totals(), at(1, 9));
    InvoiceEvent::Drafted {
        legal_entity,
        customer,
        currency,
        reference,
        note,
        lines,
        adjustments,
        totals,
        at,
    }
}

/// `invoice.lines_replaced`
///
/// # Panics
/// Never.
pub fn lines_replaced() -> InvoiceEvent {
    let lines = vec![line("1", "100", standard("19"))];
    let totals = calculate(&lines, &[], draft().currency).expect("valid lines").totals;
    InvoiceEvent::LinesReplaced { lines, adjustments: Vec::new(), totals, previous: self::totals() }
}

/// `invoice.discarded`, on the 2nd of March
pub fn discarded() -> InvoiceEvent {
    InvoiceEvent::Discarded { totals: totals(), at: at(2, 9) }
}

/// `invoice.issued`, on the 2nd of March
pub fn issued() -> InvoiceEvent {
    let Issuance { number, series, .. } = issuance();
    InvoiceEvent::Issued {
        number,
        series,
        legal_entity: LEGAL_ENTITY,
        customer: CUSTOMER,
        document: Box::new(example()),
        at: at(2, 9),
    }
}

/// `invoice.voided`, on the 3rd of March
pub fn voided() -> InvoiceEvent {
    InvoiceEvent::Voided {
        number: issuance().number,
        reason: reason(),
        payable: totals().payable,
        at: at(3, 9),
    }
}

/// So much of what it comes to is still to be paid when 100 dollars are settled.
///
/// # Panics
/// Never.
fn rest() -> Money {
    totals().payable.minus(dollars("100")).expect("more than 100 dollars")
}

/// `invoice.payment_applied`: 100 dollars, on the 5th of March
pub fn payment_applied() -> InvoiceEvent {
    let (amount, outstanding) = (dollars("100"), rest());
    InvoiceEvent::PaymentApplied { payment: PAYMENT, amount, outstanding, at: at(5, 9) }
}

/// `invoice.payment_unapplied`, on the 6th of March
pub fn payment_unapplied() -> InvoiceEvent {
    let (amount, outstanding) = (dollars("100"), totals().payable);
    InvoiceEvent::PaymentUnapplied { payment: PAYMENT, amount, outstanding, at: at(6, 9) }
}

/// `invoice.written_off`: what 100 dollars leave, on the 7th of March
pub fn written_off() -> InvoiceEvent {
    InvoiceEvent::WrittenOff { amount: rest(), reason: reason(), at: at(7, 9) }
}

/// `invoice.write_off_reversed`, on the 8th of March
pub fn write_off_reversed() -> InvoiceEvent {
    InvoiceEvent::WriteOffReversed { amount: rest(), outstanding: rest(), at: at(8, 9) }
}

/// The credit note of the examples.
pub const CREDIT_NOTE: CreditNoteId = id(251);

/// What it takes to take back a line of 10 dollars.
pub fn credit_of() -> CreditOf {
    CreditOf {
        credit_note: CREDIT_NOTE,
        number: number("CN-2026-00001"),
        series: SERIES,
        on: march(9),
        reason: text("Broken"),
        lines: Some(vec![line("1", "10", standard("19"))]),
    }
}

/// `invoice.credit_note_issued`: of 11.90 dollars, on the 9th of March
///
/// # Panics
/// Never.
pub fn credit_note_issued() -> InvoiceEvent {
    let CreditOf { credit_note, number, series, on, reason, lines } = credit_of();
    let mut invoice = Invoice::default();
    invoice.apply(issued());
    let document = invoice.issued().expect("issued").credit_note(on, reason, lines.as_deref());
    let document = Box::new(document.expect("a credit note"));
    let outstanding = totals().payable.minus(document.totals.payable).expect("less than all");
    let legal_entity = LEGAL_ENTITY;
    InvoiceEvent::CreditNoteIssued {
        credit_note,
        number,
        series,
        legal_entity,
        document,
        outstanding,
        at: at(9, 9),
    }
}

/// `invoice.credit_note_voided`, on the 10th of March
pub fn credit_note_voided() -> InvoiceEvent {
    InvoiceEvent::CreditNoteVoided {
        credit_note: CREDIT_NOTE,
        number: credit_of().number,
        issue_date: credit_of().on,
        amount: dollars("11.90"),
        reason: reason(),
        outstanding: totals().payable,
        at: at(10, 9),
    }
}
