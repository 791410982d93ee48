//! Random commands for the aggregates of billing, and random lines.

use domain::Currency;
use domain::billing::customer::fixtures::{currency, days, language, profile};
use domain::billing::customer::{CustomerAction, CustomerCommand, Profile};
use domain::billing::invoice::fixtures::{
    credit_of, draft, exempt, figure, freight, issuance, line, standard, untaxed,
};
use domain::billing::invoice::{CreditOf, Draft, InvoiceAction, InvoiceCommand, Issuance};
use domain::billing::legal_entity::fixtures::{LEGAL_ENTITY, city, country, seller, vat};
use domain::billing::legal_entity::{LegalEntityAction, LegalEntityCommand};
use domain::billing::payment::fixtures::receipt;
use domain::billing::payment::{PaymentAction, PaymentCommand, Receipt};
use domain::billing::series::fixtures::{number, pattern};
use domain::billing::series::{SeriesAction, SeriesCommand};
use domain::billing::{Adjustment, AdjustmentKind, DocumentAdjustment, Line, Measure, Tax, TaxCategory};
use domain::fixtures::{email, euros, id, march, text};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::commands;

/// What may be asked of a legal entity, in any order.
pub fn legal_entity_commands() -> impl Strategy<Value = Vec<LegalEntityCommand>> {
    commands(prop_oneof![
        1 => Just(LegalEntityAction::Register(Box::new(seller()))),
        2 => "[ab]".prop_map(|name| LegalEntityAction::Rename { name: text(&name) }),
        2 => ("[AB]", "DE|AT").prop_map(|(name, code)| LegalEntityAction::Relocate {
            address: city(&name),
            country: country(&code),
        }),
        2 => vec("DE[12]", 0..7).prop_map(|ids| LegalEntityAction::ChangeTaxIds {
            tax_ids: ids.iter().map(|value| vat(value)).collect(),
        }),
    ])
}

/// What may be asked of a customer, in any order.
pub fn customer_commands() -> impl Strategy<Value = Vec<CustomerCommand>> {
    commands(prop_oneof![
        2 => (0..3_u16).prop_map(|terms| {
            CustomerAction::Register(Box::new(Profile { terms: days(terms), ..profile() }))
        }),
        2 => "[ab]".prop_map(|name| CustomerAction::Rename { name: text(&name).into() }),
        2 => ("[AB]", "DE|AT").prop_map(|(name, code)| CustomerAction::Relocate {
            address: city(&name).into(),
            country: country(&code),
        }),
        1 => vec("DE[12]", 0..7).prop_map(|ids| {
            let tax_ids: Vec<_> = ids.iter().map(|value| vat(value)).collect();
            CustomerAction::ChangeTaxIds { tax_ids: tax_ids.into() }
        }),
        2 => ("EUR|JPY", 0..3_u16)
            .prop_map(|(code, terms)| CustomerAction::AgreeTerms { currency: currency(&code), terms: days(terms) }),
        2 => (option::of("[ab]"), "de|fr").prop_map(|(local, tag)| CustomerAction::ChangeContact {
            email: local.map(|local| email(&format!("{local}@engines.example")).into()),
            language: language(&tag),
        }),
        1 => Just(CustomerAction::Erase),
    ])
}

/// What may be asked of a series, in any order; most of it is to draw numbers.
pub fn series_commands() -> impl Strategy<Value = Vec<SeriesCommand>> {
    let draw = (0..3_u64, 1..3_u128, prop_oneof![9 => Just(LEGAL_ENTITY), 1 => Just(id(299))]);
    commands(prop_oneof![
        2 => prop_oneof!["\\{year\\}-\\{seq:[1-5]\\}", "R\\{seq:[1-5]\\}"].prop_map(|text_of_pattern| {
            SeriesAction::Open { legal_entity: LEGAL_ENTITY, name: text("Invoices"), pattern: pattern(&text_of_pattern) }
        }),
        20 => draw.prop_map(|(year, document, legal_entity)| SeriesAction::Draw {
            legal_entity,
            document: id(document),
            on: march(1) + chrono::Days::new(year * 366),
        }),
        1 => Just(SeriesAction::Close),
    ])
}

/// What may be asked of an invoice, in any order.
pub fn invoice_commands() -> impl Strategy<Value = Vec<InvoiceCommand>> {
    commands(prop_oneof![
        2 => lines_and_adjustments().prop_map(|(currency, lines, adjustments)| {
            InvoiceAction::Draft(Box::new(Draft { currency, lines, adjustments, ..draft() }))
        }),
        2 => lines_and_adjustments()
            .prop_map(|(_, lines, adjustments)| InvoiceAction::ReplaceLines { lines, adjustments }),
        1 => Just(InvoiceAction::Discard),
        2 => (1..4_u32, option::of("[0-9]{1,3}\\.[0-9]{1,8}")).prop_map(|(n, rate)| {
            let exchange_rate = rate.map(|rate| figure(&rate));
            let number = number(&format!("INV-{n}"));
            InvoiceAction::Issue(Box::new(Issuance { number, exchange_rate, ..issuance() }))
        }),
        1 => Just(InvoiceAction::Void { reason: text("Wrong address") }),
        2 => (1..3_u128, "[0-9]{1,3}").prop_map(|(payment, amount)| InvoiceAction::ApplyPayment {
            payment: id(payment),
            amount: euros(&amount),
        }),
        1 => (1..3_u128).prop_map(|payment| InvoiceAction::UnapplyPayment { payment: id(payment) }),
        1 => Just(InvoiceAction::WriteOff { reason: text("Bankrupt") }),
        1 => Just(InvoiceAction::ReverseWriteOff),
        2 => (1..3_u128, option::of("[0-9]{1,2}")).prop_map(|(credit_note, price)| {
            let lines = price.map(|price| vec![line("1", &price, standard("19"))]);
            InvoiceAction::Credit(Box::new(CreditOf { credit_note: id(credit_note), lines, ..credit_of() }))
        }),
        1 => (1..3_u128).prop_map(|credit_note| InvoiceAction::VoidCreditNote {
            credit_note: id(credit_note),
            reason: text("Wrong lines"),
        }),
    ])
}

/// What may be asked of a payment, in any order.
pub fn payment_commands() -> impl Strategy<Value = Vec<PaymentCommand>> {
    let amount = || "[0-9]{1,2}".prop_map(|amount| euros(&amount));
    commands(prop_oneof![
        2 => (amount(), option::of("[a-c]")).prop_map(|(amount, reference)| {
            let reference = reference.map(|said| text(&said).into());
            PaymentAction::Record(Box::new(Receipt { amount, reference, received_on: march(1), ..receipt() }))
        }),
        4 => (1..3_u128, amount())
            .prop_map(|(invoice, amount)| PaymentAction::Apply { invoice: id(invoice), amount }),
        2 => (1..3_u128).prop_map(|invoice| PaymentAction::Unapply { invoice: id(invoice) }),
        2 => (1..3_u128, amount())
            .prop_map(|(refund, amount)| PaymentAction::Refund { refund: id(refund), amount, on: march(1) }),
        1 => (1..3_u128).prop_map(|refund| PaymentAction::CancelRefund { refund: id(refund) }),
        1 => Just(PaymentAction::Reverse { reason: text("Drawn back") }),
    ])
}

fn tax() -> impl Strategy<Value = Tax> {
    prop_oneof![
        Just(standard("19")),
        Just(standard("7")),
        Just(standard("8.875")),
        Just(untaxed(TaxCategory::Z)),
        Just(untaxed(TaxCategory::Ae)),
        Just(exempt("Health")),
        Just(exempt("Export")),
    ]
}

fn kind() -> impl Strategy<Value = AdjustmentKind> {
    prop_oneof![Just(AdjustmentKind::Allowance), Just(AdjustmentKind::Charge)]
}

fn measure() -> impl Strategy<Value = Measure> {
    prop_oneof![
        "[0-9]{1,2}(\\.[0-9]{1,3})?".prop_map(|amount| Measure::Amount(figure(&amount))),
        "[0-9]{1,2}(\\.[0-9]{1,4})?".prop_map(|percent| Measure::Percent(figure(&percent))),
    ]
}

fn any_line() -> impl Strategy<Value = Line> {
    let adjustment =
        (kind(), measure()).prop_map(|(kind, by)| Adjustment { kind, by, reason: text("Because") });
    let figures = ("[0-9]{1,8}(\\.[0-9]{1,4})?", "[0-9]{1,10}(\\.[0-9]{1,6})?");
    let usual = ("[0-9]{1,2}(\\.[0-9]{1,4})?", "[0-9]{1,4}(\\.[0-9]{1,6})?");
    let figures = prop_oneof![1 => figures, 9 => usual];
    (figures, tax(), vec(adjustment, 0..3)).prop_map(|((quantity, price), tax, adjustments)| Line {
        adjustments,
        ..line(&quantity, &price, tax)
    })
}

/// Lines, allowances and charges of a document, most of them possible; and its currency, of 0, 2 or 3 minor units.
pub fn lines_and_adjustments() -> impl Strategy<Value = (Currency, Vec<Line>, Vec<DocumentAdjustment>)> {
    let adjustment = (kind(), measure(), tax()).prop_map(|(kind, by, tax)| DocumentAdjustment {
        kind,
        by,
        ..freight("0", tax)
    });
    let code = prop_oneof![3 => Just("EUR"), 1 => Just("JPY"), 1 => Just("KWD")];
    (code.prop_map(currency), vec(any_line(), 0..8), vec(adjustment, 0..3))
}
