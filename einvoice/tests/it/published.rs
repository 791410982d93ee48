use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use einvoice::read::{Figures, Rule, Stated, read};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::{broken_rules, data};

/// Documents with lines that are not quantity × price, how many of them, and why. No published rule is about that; all that is
/// computed from the net amounts of their lines is right to the cent in these as well.
const INCONSISTENT: &[(&str, usize, &str)] = &[
    (
        "ubl-examples/guide-example1.xml",
        1,
        "what is returned has a net amount below 0, and a quantity and price above",
    ),
    ("ubl-examples/ubl-tc434-example1.xml", 1, "as guide-example1"),
    ("ubl-examples/ubl-tc434-example10.xml", 1, "as guide-example1"),
    ("ubl-examples/guide-example2.xml", 1, "2 pieces at 1273.00 each are 2546.00, but 1273.00 is stated"),
    ("ubl-examples/ubl-tc434-example2.xml", 1, "as guide-example2"),
    (
        "ubl-examples/guide-example3.xml",
        2,
        "2 subscriptions at 800.00 each are 1600.00, but 400.00 is stated",
    ),
    (
        "ubl-examples/ubl-tc434-example3.xml",
        2,
        "2 subscriptions at 800.00 each are 1600.00, but 800.00 is stated",
    ),
    ("zugferd-ubl/EN16931_1_Teilrechnung.ubl.xml", 1, "the price was 2.773 and is rounded to 2.77"),
];

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

fn or_zero(stated: Option<Stated>) -> Decimal {
    stated.map_or(Decimal::ZERO, |stated| stated.value)
}

/// Holds what is read against another reading of the same file.
fn assert_same(name: &str, figures: &Figures, other: &Value) {
    let totals = &figures.totals;
    for (key, stated) in [
        ("LineExtensionAmount", totals.lines),
        ("TaxExclusiveAmount", totals.net),
        ("TaxInclusiveAmount", totals.gross),
        ("AllowanceTotalAmount", totals.allowances),
        ("ChargeTotalAmount", totals.charges),
        ("PrepaidAmount", totals.prepaid),
        ("PayableRoundingAmount", totals.rounding),
        ("PayableAmount", totals.payable),
    ] {
        assert_eq!(or_zero(stated), decimal(&other[key]), "{name}: {key}");
    }
    assert_eq!(figures.lines.len() as u64, other["lines"].as_u64().unwrap(), "{name}: lines");
    assert_eq!(figures.currency.as_deref(), other["currency"].as_str(), "{name}");
    assert_eq!(format!("{:?}", figures.kind), other["type"].as_str().unwrap(), "{name}");
    let total = figures.tax_totals.iter().find(|total| total.currency == figures.currency).unwrap();
    assert_eq!(or_zero(total.amount), decimal(&other["tax_total"]), "{name}: tax");
    let others = other["vat_breakdown"].as_array().unwrap();
    assert_eq!(total.taxes.len(), others.len(), "{name}");
    for (one, other) in total.taxes.iter().zip(others) {
        assert_eq!(one.tax.as_ref().unwrap().category, other["category"].as_str().unwrap(), "{name}");
        assert_eq!(or_zero(one.taxable), decimal(&other["taxable"]), "{name}");
        assert_eq!(or_zero(one.amount), decimal(&other["tax"]), "{name}");
    }
}

#[test]
fn invoices_of_others_are_recomputed_to_the_cent() {
    let Some(data) = data() else { return };
    let known: Value = serde_json::from_slice(&fs::read(data.join("FIGURES.json")).unwrap()).unwrap();
    let known = known["invoices"].as_object().unwrap();
    let mut exact = 0;
    let mut wrong = Vec::new();
    for (name, other) in known {
        let figures =
            read(&fs::read(data.join(name)).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_same(name, &figures, other);
        let found = figures.recompute();
        let expected =
            INCONSISTENT.iter().find(|(known, ..)| known == name).map_or(0, |(_, lines, _)| *lines);
        if found.len() != expected || found.iter().any(|one| one.rule != Rule::LineNet) {
            wrong.extend(found.iter().map(|one| format!("{name}: {one}")));
        }
        exact += usize::from(expected == 0);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{exact} of {} documents are right to the cent", known.len());
    assert_eq!((exact, known.len()), (17, 25));
}

/// Cases of the file of a rule: what it says of the rule, and the document.
fn cases(file: &Path) -> Vec<(bool, String, String)> {
    let text = fs::read_to_string(file).unwrap();
    let between = |text: &str, start: &str, end: &str| {
        let from = text.find(start)? + start.len();
        Some(text[from..from + text[from..].find(end)?].to_owned())
    };
    let mut cases = Vec::new();
    for case in text.split("<test>").skip(1) {
        let passes = between(case, "<success>", "<");
        let rule = passes.clone().or_else(|| between(case, "<error>", "<")).unwrap();
        let document = ["Invoice", "CreditNote"].iter().find_map(|root| {
            let from = case.find(&format!("<{root}"))?;
            let to = case.rfind(&format!("</{root}>"))? + root.len() + 3;
            Some(case[from..to].to_owned())
        });
        cases.push((passes.is_some(), rule, document.unwrap()));
    }
    cases
}

fn all_cases(data: &Path) -> Vec<(String, bool, String, String)> {
    let folder = fs::read_dir(data.join("unit-invoice")).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<_> = folder.collect();
    let named = |file: &Path| file.file_stem().unwrap().to_string_lossy().into_owned();
    let of_file = |file: &std::path::PathBuf| {
        let name = named(file);
        let cases = cases(file).into_iter().zip(1..);
        cases
            .map(move |((passes, rule, xml), at)| (format!("{name}-case{at}"), passes, rule, xml))
            .collect::<Vec<_>>()
    };
    files.iter().flat_map(of_file).collect()
}

#[test]
fn a_document_breaks_a_rule_where_the_published_cases_say_so() {
    let Some(data) = data() else { return };
    let cases = all_cases(&data);
    let mut wrong = Vec::new();
    for (name, passes, rule, xml) in &cases {
        let figures = read(xml.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = figures.recompute();
        let breaks = found.iter().any(|one| one.rule.code() == rule && !one.is_tolerated);
        if breaks == *passes {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            wrong.push(format!(
                "{name}: {rule} should {}: {found:?}",
                if *passes { "hold" } else { "not hold" }
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    println!("{} cases", cases.len());
    assert!(cases.len() > 100);
}

#[test]
fn the_engine_finds_what_the_published_cases_say() {
    let Some(data) = data() else { return };
    let cases = all_cases(&data);
    let files: Vec<_> = cases.iter().map(|(name, _, _, xml)| (name.clone(), xml.clone())).collect();
    let Some(broken) = broken_rules("EN16931-UBL-validation-preprocessed.sch", &files) else { return };
    for (name, passes, rule, _) in &cases {
        let breaks = broken.iter().any(|[document, _, broken, _]| document == name && broken == rule);
        assert_ne!(breaks, *passes, "{name}: {rule}");
    }
}

#[test]
fn a_cent_too_much_is_found_where_it_is() {
    let Some(data) = data() else { return };
    let file = fs::read_to_string(data.join("ubl-examples/BIS3_Invoice_positive.XML")).unwrap();
    let figures = read(file.as_bytes()).unwrap();
    let payable = figures.totals.payable.unwrap();
    let at = payable.place.offset;
    assert!(file[at..].starts_with("<cbc:PayableAmount"), "{}", &file[at..at + 40]);
    assert_eq!(payable.place.line, 1 + file[..at].matches('\n').count());
    let wrong = (payable.value + Decimal::new(1, 2)).to_string();
    let spot = at + file[at..].find('>').unwrap() + 1;
    let end = spot + file[spot..].find('<').unwrap();
    let found = read(format!("{}{wrong}{}", &file[..spot], &file[end..]).as_bytes()).unwrap().recompute();
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.rule, one.place, one.computed), (Rule::Payable, payable.place, Some(payable.value)));
}
