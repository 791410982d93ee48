//! Documents of all kinds, from the fixtures, by hand and by chance.

use cqrs_es::Aggregate as _;
use domain::billing::customer::Profile;
use domain::billing::customer::fixtures::{CUSTOMER, currency, profile};
use domain::billing::invoice::fixtures::{
    draft, exempt, figure, freight, issuance, line, off, standard, untaxed,
};
use domain::billing::invoice::{
    CreditNote, Credited, Document, Draft, Invoice, InvoiceEvent, Issued, document,
};
use domain::billing::legal_entity::Seller;
use domain::billing::legal_entity::fixtures::{LEGAL_ENTITY, city, country, seller, vat};
use domain::billing::series::fixtures::{SERIES, number};
use domain::billing::{
    Adjustment, AdjustmentKind, DocumentAdjustment, Line, Measure, Period, Tax, TaxCategory, TaxId,
    TaxIdKind, Unit,
};
use domain::fixtures::{at, march, prose, text};
use domain::{Currency, Text};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// An invoice or a credit note, with a name for messages.
pub enum Written {
    Invoice(String, Box<Document>),
    CreditNote(String, Box<CreditNote>),
}

pub fn registration(value: &str) -> TaxId {
    TaxId { kind: TaxIdKind::Registration, value: text(value) }
}

/// What a draft becomes on the 2nd of March.
pub fn of(draft: &Draft, seller: &Seller, buyer: &Profile) -> Option<Document> {
    let rate = (draft.currency != seller.currency).then(|| figure("0.90123456"));
    document(draft, seller, buyer, march(2), rate).ok()
}

pub fn with(lines: Vec<Line>, adjustments: Vec<DocumentAdjustment>, code: &str) -> Document {
    let draft =
        Draft { lines, adjustments, currency: currency(code), reference: None, note: None, ..draft() };
    of(&draft, &seller(), &profile()).expect("a draft that can be issued")
}

fn taken_off(by: Measure, tax: Tax) -> DocumentAdjustment {
    DocumentAdjustment { kind: AdjustmentKind::Allowance, by, reason: text("Season & <more>"), tax }
}

/// The issued invoice of a document.
pub fn issued(document: &Document) -> Issued {
    let mut invoice = Invoice::default();
    invoice.apply(InvoiceEvent::Issued {
        number: number("INV-2026-00001"),
        series: SERIES,
        legal_entity: LEGAL_ENTITY,
        customer: CUSTOMER,
        document: Box::new(document.clone()),
        at: at(2, 9),
    });
    invoice.issued().expect("issued").clone()
}

/// Credit notes of a document: each line halved and taken back one after the other, then all that is left, and all of it at once.
pub fn credit_notes(document: &Document) -> Vec<CreditNote> {
    let (mut invoice, mut notes) = (issued(document), Vec::new());
    notes.extend(invoice.credit_note(march(9), text("Returned"), None));
    for priced in document.lines.iter().take(3) {
        let half = Line {
            quantity: figure(
                &(priced.line.quantity.get() / rust_decimal::Decimal::TWO)
                    .round_dp(4)
                    .normalize()
                    .to_string(),
            ),
            ..priced.line.clone()
        };
        take(&mut invoice, Some(&[half]), &mut notes);
    }
    take(&mut invoice, None, &mut notes);
    notes
}

fn take(invoice: &mut Issued, lines: Option<&[Line]>, notes: &mut Vec<CreditNote>) {
    let Ok(note) = invoice.credit_note(march(9), text("Broken #42a# & \"bent\""), lines) else { return };
    invoice.credit_notes.push(Credited {
        credit_note: domain::fixtures::id(1),
        number: number("CN-1"),
        issue_date: note.issue_date,
        taxes: note.taxes.clone(),
        payable: note.totals.payable,
    });
    notes.push(note);
}

pub fn by_hand() -> Vec<(&'static str, Document)> {
    let period = Period::new(march(1), march(31)).unwrap();
    let mixed = vec![
        Line { adjustments: vec![off("12.5"), plus("1.99")], ..line("3", "33.333333", standard("19")) },
        Line { period: Some(period), ..line("0.5", "99.99", standard("5.5")) },
        line("1", "10", untaxed(TaxCategory::Z)),
        line("2", "20.005", exempt("Article 132 (1) of Directive 2006/112/EC")),
        Line { unit: Unit::parse("HUR").unwrap(), ..line("7.25", "80", untaxed(TaxCategory::Ae)) },
    ];
    let whole = vec![
        taken_off(Measure::Percent(figure("3.3333")), standard("19")),
        taken_off(Measure::Amount(figure("5")), untaxed(TaxCategory::Ae)),
        freight("5.90", standard("7")),
        freight("1.10", exempt("Article 132 (1) of Directive 2006/112/EC")),
    ];
    let simple = || vec![line("1", "100", standard("19"))];
    let odd = Draft {
        lines: vec![Line {
            description: text("<b>\u{ffff}\u{fffe} ]]> & \"'\u{1f600} é"),
            ..line("1", "1", standard("20"))
        }],
        note: Some(prose("#123# one\n\ttwo & <three> ]]>")),
        reference: Some(text("PO <17> & \u{ffff}")),
        ..draft()
    };
    let local = Seller {
        tax_ids: vec![registration("12/345/67890")],
        address: city("Wien"),
        country: country("AT"),
        ..seller()
    };
    let bare = Seller {
        tax_ids: vec![vat("123456789"), registration("9"), registration("8"), vat("FR1")],
        country: country("GR"),
        ..seller()
    };
    let many = Profile {
        tax_ids: vec![registration("1"), vat("123"), registration("2"), registration("3")].into(),
        email: None,
        address: city("Zürich").into(),
        country: country("CH"),
        ..profile()
    };
    let none = Profile { tax_ids: Vec::new().into(), ..profile() };
    vec![
        ("fixture", domain::billing::invoice::fixtures::example()),
        ("mixed", with(mixed.clone(), whole.clone(), "EUR")),
        ("mixed-chf", with(mixed, whole, "CHF")),
        ("free", with(vec![line("1", "0", standard("19"))], Vec::new(), "EUR")),
        (
            "yen",
            with(
                vec![line("3", "33.335", standard("10")), line("1", "0.5", standard("8"))],
                Vec::new(),
                "JPY",
            ),
        ),
        ("dinar", with(vec![line("8", "1.250", standard("10"))], Vec::new(), "KWD")),
        ("odd", of(&odd, &seller(), &profile()).unwrap()),
        ("registered", of(&Draft { lines: simple(), ..draft() }, &local, &none).unwrap()),
        ("prefixless", of(&Draft { lines: simple(), ..draft() }, &bare, &many).unwrap()),
    ]
}

fn plus(amount: &str) -> Adjustment {
    Adjustment { kind: AdjustmentKind::Charge, by: Measure::Amount(figure(amount)), reason: text("Packing") }
}

fn taxes() -> impl Strategy<Value = Tax> {
    let exempt = exempt("Not taxed & <why>");
    prop::sample::select(vec![
        standard("19"),
        standard("7"),
        standard("5.5"),
        standard("0.75"),
        untaxed(TaxCategory::Z),
        untaxed(TaxCategory::Ae),
        exempt,
    ])
}

fn words<const MAX: usize>() -> impl Strategy<Value = Text<MAX>> {
    "\\PC{1,40}".prop_filter_map("a text", |words| Text::parse(&words).ok())
}

fn measures(fine: bool) -> impl Strategy<Value = Measure> {
    let percent = (0_u32..1_000_000).prop_map(|ppm| Measure::Percent(figure(&decimal(ppm, 4))));
    let amount = (0_u32..5_000)
        .prop_map(move |cents| Measure::Amount(figure(&decimal(cents, if fine { 2 } else { 0 }))));
    prop_oneof![percent, amount]
}

fn decimal(mantissa: u32, scale: u32) -> String {
    rust_decimal::Decimal::new(mantissa.into(), scale).normalize().to_string()
}

fn kinds() -> impl Strategy<Value = AdjustmentKind> {
    prop::sample::select(vec![AdjustmentKind::Allowance, AdjustmentKind::Charge])
}

fn lines(fine: bool) -> impl Strategy<Value = Line> {
    let adjustment =
        (kinds(), measures(fine), words()).prop_map(|(kind, by, reason)| Adjustment { kind, by, reason });
    let units = prop::sample::select(vec!["C62", "HUR", "MON", "KGM", "LTR", "XBX"]);
    let adjustments = prop::collection::vec(adjustment, 0..3);
    (words(), 0_u32..10_000_000, 0_u32..1_000_000_000, units, adjustments, taxes(), any::<bool>()).prop_map(
        |(description, quantity, price, unit, adjustments, tax, has_period)| Line {
            description,
            quantity: figure(&decimal(quantity, 4)),
            unit: Unit::parse(unit).unwrap(),
            price: figure(&decimal(price, 6)),
            adjustments,
            tax,
            period: has_period.then(|| Period::new(march(1), march(31)).unwrap()),
        },
    )
}

/// Documents by chance, in one currency of several.
pub fn by_chance() -> impl Strategy<Value = Document> {
    let codes = prop::sample::select(vec!["EUR", "EUR", "USD", "JPY", "CHF"]);
    let drafts = codes.prop_flat_map(|code| {
        let fine = code != "JPY";
        let adjustment = (kinds(), measures(fine), words(), taxes());
        let adjustment =
            adjustment.prop_map(|(kind, by, reason, tax)| DocumentAdjustment { kind, by, reason, tax });
        (
            prop::collection::vec(lines(fine), 1..8),
            prop::collection::vec(adjustment, 0..4),
            words(),
            words::<200>(),
        )
            .prop_map(move |(lines, adjustments, reference, note)| Draft {
                lines,
                adjustments,
                currency: currency(code),
                reference: Some(reference),
                note: Some(prose(note.as_str())),
                ..draft()
            })
    });
    drafts.prop_filter_map("a draft that can be issued", |draft| of(&draft, &seller(), &profile()))
}

/// The same ones each time: those by hand, so many by chance, and their credit notes.
pub fn all(by_chance_count: usize) -> Vec<Written> {
    let mut runner = TestRunner::deterministic();
    let by_chance = by_chance();
    let chance = (0..by_chance_count)
        .map(|at| (format!("chance-{at}"), by_chance.new_tree(&mut runner).unwrap().current()));
    let hand = by_hand().into_iter().map(|(name, document)| (name.to_owned(), document));
    let mut all = Vec::new();
    for (name, document) in hand.chain(chance) {
        for (note, at) in credit_notes(&document).into_iter().zip(1..) {
            all.push(Written::CreditNote(format!("{name}-credit-{at}"), Box::new(note)));
        }
        all.push(Written::Invoice(name, Box::new(document)));
    }
    all
}

/// The currency of the books of the seller, and what a draft in it needs.
#[test]
fn the_examples_of_the_domain_have_an_exchange() {
    assert_ne!(issuance().seller.currency, draft().currency);
    assert_eq!(seller().currency, Currency::EUR);
}
