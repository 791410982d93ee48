use std::path::Path;
use std::{env, fs};

use domain::billing::invoice::fixtures::{example, line, standard};
use domain::billing::invoice::{CreditNote, Document, PricedAdjustment, PricedLine, TaxSum, Totals};
use domain::billing::series::fixtures::number;
use domain::{Money, Personal};
use einvoice::read::{Figures, Rule, Stated, read};
use einvoice::{WriteError, cii, ubl};
use proptest::prelude::*;

use crate::documents::{Written, all, by_chance, credit_notes};
use crate::support::broken_rules;

const BY_CHANCE: usize = 120;

impl Written {
    fn name(&self) -> String {
        match self {
            Self::Invoice(name, _) | Self::CreditNote(name, _) => name.clone(),
        }
    }

    fn ubl(&self) -> Result<String, WriteError> {
        match self {
            Self::Invoice(_, document) => ubl::invoice(document, &number("INV-2026-00001")),
            Self::CreditNote(_, note) => ubl::credit_note(note, &number("CN-2026-00001")),
        }
    }

    fn cii(&self) -> Result<String, WriteError> {
        match self {
            Self::Invoice(_, document) => cii::invoice(document, &number("INV-2026-00001")),
            Self::CreditNote(_, note) => cii::credit_note(note, &number("CN-2026-00001")),
        }
    }
}

fn is(stated: Option<Stated>, money: Money) -> bool {
    stated.is_some_and(|stated| stated.value == money.amount())
}

fn assert_same(
    figures: &Figures,
    (lines, adjustments, taxes, totals): (&[PricedLine], &[PricedAdjustment], &[TaxSum], &Totals),
) {
    assert_eq!(figures.lines.len(), lines.len());
    for (read, written) in figures.lines.iter().zip(lines) {
        assert!(is(read.net, written.net));
        assert_eq!(read.quantity.unwrap().value, written.line.quantity.get());
        assert_eq!(read.price.unwrap().value, written.line.price.get());
        assert_eq!(read.tax.as_ref().unwrap().rate, Some(written.line.tax.rate().get()));
        let amounts = read.adjustments.iter().zip(&written.adjustments);
        assert!(amounts.clone().all(|(read, written)| is(read.amount, *written)));
        assert_eq!(amounts.count(), written.line.adjustments.len());
    }
    assert_eq!(figures.adjustments.len(), adjustments.len());
    for (read, written) in figures.adjustments.iter().zip(adjustments) {
        assert!(is(read.amount, written.amount));
    }
    let read = &figures.tax_totals[0];
    assert_eq!(read.taxes.len(), taxes.len());
    for (read, written) in read.taxes.iter().zip(taxes) {
        assert!(is(read.taxable, written.taxable) && is(read.amount, written.amount));
    }
    assert!(is(read.amount, totals.tax));
    let of = &figures.totals;
    assert!(is(of.lines, totals.lines) && is(of.allowances, totals.allowances));
    assert!(is(of.charges, totals.charges) && is(of.net, totals.net));
    assert!(is(of.gross, totals.payable) && is(of.payable, totals.payable));
}

fn assert_reads_back(document: &Document) {
    let xml = ubl::invoice(document, &number("INV-1")).unwrap();
    assert_eq!(xml, ubl::invoice(document, &number("INV-1")).unwrap());
    let figures = read(xml.as_bytes()).unwrap();
    assert_same(&figures, (&document.lines, &document.adjustments, &document.taxes, &document.totals));
    assert_eq!(figures.recompute(), [], "{xml}");
}

/// The tax of a credit note is what those before it left, which may be a cent beside what it alone would come to.
fn assert_credit_reads_back(note: &CreditNote) {
    let xml = ubl::credit_note(note, &number("CN-1")).unwrap();
    let figures = read(xml.as_bytes()).unwrap();
    assert_same(&figures, (&note.lines, &note.adjustments, &note.taxes, &note.totals));
    for one in figures.recompute() {
        assert!(matches!(one.rule, Rule::Tax | Rule::CategoryTax(_)) && one.is_tolerated, "{one}\n{xml}");
    }
}

#[test]
fn what_is_written_by_hand_is_read_back() {
    for written in all(0) {
        match written {
            Written::Invoice(_, document) => assert_reads_back(&document),
            Written::CreditNote(_, note) => assert_credit_reads_back(&note),
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(document in by_chance()) {
        assert_reads_back(&document);
        for note in credit_notes(&document) {
            assert_credit_reads_back(&note);
        }
    }
}

fn assert_keeps_all_rules(rules: &str, write: fn(&Written) -> Result<String, WriteError>) {
    let documents: Vec<_> = all(BY_CHANCE).iter().map(|one| (one.name(), write(one).unwrap())).collect();
    let Some(broken) = broken_rules(rules, &documents) else { return };
    let (fatal, warnings): (Vec<_>, Vec<_>) = broken.iter().partition(|[_, flag, ..]| flag == "fatal");
    assert!(fatal.is_empty(), "{} of {}: {:#?}", fatal.len(), documents.len(), &fatal[..fatal.len().min(20)]);
    let warned: std::collections::BTreeSet<_> =
        warnings.iter().map(|[_, _, rule, element]| (rule, element)).collect();
    println!("{} documents keep all fatal rules; warnings: {warned:?}", documents.len());
}

#[test]
fn ubl_keeps_all_rules_of_the_standard() {
    assert_keeps_all_rules("EN16931-UBL-validation-preprocessed.sch", Written::ubl);
}

#[test]
fn cii_keeps_all_rules_of_the_standard() {
    assert_keeps_all_rules("EN16931-CII-validation-preprocessed.sch", Written::cii);
}

#[test]
fn a_cent_too_much_is_found_by_the_rules_of_both() {
    let xml = ubl::invoice(&example(), &number("INV-1")).unwrap();
    let wrong = xml.replace(
        "<cbc:PayableAmount currencyID=\"USD\">221.12",
        "<cbc:PayableAmount currencyID=\"USD\">221.13",
    );
    let Some(found) = broken_rules("EN16931-UBL-validation-preprocessed.sch", &[("one".to_owned(), wrong)])
    else {
        return;
    };
    assert!(matches!(found.as_slice(), [[_, _, rule, _]] if rule == "BR-CO-16"), "{found:?}");
    let xml = cii::invoice(&example(), &number("INV-1")).unwrap();
    let wrong = xml.replace("<ram:DuePayableAmount>221.12", "<ram:DuePayableAmount>221.13");
    let found =
        broken_rules("EN16931-CII-validation-preprocessed.sch", &[("one".to_owned(), wrong)]).unwrap();
    assert!(matches!(found.as_slice(), [[_, _, rule, _]] if rule == "BR-CO-16"), "{found:?}");
}

#[test]
fn a_document_that_the_standard_cannot_hold_is_refused() {
    let erased = Document { buyer: Personal::erased(), ..example() };
    assert_eq!(ubl::invoice(&erased, &number("INV-1")), Err(WriteError::BuyerErased));
    assert_eq!(cii::invoice(&erased, &number("INV-1")), Err(WriteError::BuyerErased));
    let dinar = crate::documents::with(vec![line("1", "1.255", standard("10"))], Vec::new(), "KWD");
    assert_eq!(ubl::invoice(&dinar, &number("INV-1")), Err(WriteError::TooManyDecimalPlaces));
}

/// `UPDATE_GOLDEN=1 cargo test -p einvoice` writes them anew.
fn assert_golden(name: &str, xml: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, xml).unwrap();
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), xml, "{name}");
}

#[test]
fn the_same_document_gives_the_same_bytes_for_ever() {
    let document = example();
    let note = &credit_notes(&document)[1];
    assert_golden("invoice.ubl.xml", &ubl::invoice(&document, &number("INV-2026-00001")).unwrap());
    assert_golden("invoice.cii.xml", &cii::invoice(&document, &number("INV-2026-00001")).unwrap());
    assert_golden("credit-note.ubl.xml", &ubl::credit_note(note, &number("CN-2026-00001")).unwrap());
    assert_golden("credit-note.cii.xml", &cii::credit_note(note, &number("CN-2026-00001")).unwrap());
}
