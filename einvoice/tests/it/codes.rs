use std::collections::BTreeSet;

use domain::Currency;
use domain::billing::customer::fixtures::profile;
use domain::billing::invoice::Document;
use domain::billing::invoice::fixtures::{draft, example, line, standard};
use domain::billing::legal_entity::Seller;
use domain::billing::legal_entity::fixtures::seller;
use domain::billing::series::fixtures::number;
use domain::billing::{Country, Line, Unit};
use einvoice::{cii, ubl};

use crate::documents::{of, with};
use crate::support::broken_rules;

/// Currencies that the domain takes and the rules do not list: those that were given up, and some that are on no invoice.
const NOT_LISTED: &[&str] = &["BGN", "CUC", "HRK", "SLL", "STN", "XAD", "ZWL"];

fn letters(length: u32) -> impl Iterator<Item = String> {
    (0..26_u32.pow(length)).map(move |number| {
        let letter = |at| char::from(b'A' + u8::try_from(number / 26_u32.pow(at) % 26).unwrap());
        (0..length).rev().map(letter).collect()
    })
}

fn broken(documents: &[(String, Document)]) -> Option<BTreeSet<[String; 2]>> {
    let number = number("INV-1");
    let ubls: Vec<_> =
        documents.iter().map(|(name, one)| (name.clone(), ubl::invoice(one, &number).unwrap())).collect();
    let ciis: Vec<_> =
        documents.iter().map(|(name, one)| (name.clone(), cii::invoice(one, &number).unwrap())).collect();
    let of_ubl = broken_rules("EN16931-UBL-validation-preprocessed.sch", &ubls)?;
    let of_cii = broken_rules("EN16931-CII-validation-preprocessed.sch", &ciis)?;
    let all = of_ubl.into_iter().chain(of_cii).filter(|[_, flag, ..]| flag == "fatal");
    Some(all.map(|[name, _, rule, _]| [name, rule]).collect())
}

#[test]
fn the_rules_know_all_countries_but_south_sudan() {
    let countries: Vec<Country> = letters(2).filter_map(|code| Country::parse(&code).ok()).collect();
    let documents: Vec<_> = countries
        .into_iter()
        .map(|country| {
            let (seller, buyer) = (Seller { country, ..seller() }, profile());
            (country.code().to_owned(), of(&draft(), &seller, &buyer).unwrap())
        })
        .collect();
    assert_eq!(documents.len(), 249);
    let Some(broken) = broken(&documents) else { return };
    assert_eq!(broken, BTreeSet::from([["SS", "BR-CL-14"].map(str::to_owned)]));
}

#[test]
fn the_rules_know_almost_all_currencies() {
    let currencies: Vec<Currency> = letters(3).filter_map(|code| Currency::parse(&code).ok()).collect();
    let documents: Vec<_> = currencies
        .into_iter()
        .map(|currency| (currency.code().to_owned(), Document { currency, ..example() }))
        .collect();
    let Some(broken) = broken(&documents) else { return };
    let codes: BTreeSet<&str> =
        broken.iter().filter(|[_, rule]| rule.starts_with("BR-CL")).map(|[name, _]| name.as_str()).collect();
    assert_eq!(codes, NOT_LISTED.iter().copied().collect(), "of {}", documents.len());
}

#[test]
fn the_rules_know_all_units() {
    let unit = |code: &str| Line { unit: Unit::parse(code).unwrap(), ..line("1", "100", standard("19")) };
    let codes: Vec<&str> = include_str!("../../../domain/src/billing/units.txt").split_whitespace().collect();
    let documents: Vec<(String, Document)> = codes
        .chunks(500)
        .map(|codes| {
            (codes[0].to_owned(), with(codes.iter().map(|code| unit(code)).collect(), Vec::new(), "EUR"))
        })
        .collect();
    assert_eq!(documents.len(), 5);
    let Some(broken) = broken(&documents) else { return };
    assert_eq!(broken, BTreeSet::new());
}

/// A rate that rounds to 0 leaves less than half a unit of the currency of tax, by BR-CO-17 as it is published, which is not what its
/// text says.
#[test]
fn the_rules_refuse_some_rates_that_the_domain_takes() {
    let documents: Vec<(String, Document)> =
        [("low-rate", line("1", "1000", standard("0.4"))), ("low-tax", line("1", "100", standard("0.4")))]
            .map(|(name, line)| (name.to_owned(), with(vec![line], Vec::new(), "EUR")))
            .into();
    let Some(broken) = broken(&documents) else { return };
    let expected = [["low-rate", "BR-CO-17"]];
    assert_eq!(broken, expected.map(|pair| pair.map(str::to_owned)).into());
}
