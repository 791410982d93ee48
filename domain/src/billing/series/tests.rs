use chrono::NaiveDate;

use super::fixtures::{DOCUMENT, closed, number, number_drawn, opened, pattern};
use super::{Series, SeriesAction, SeriesError, SeriesEvent};
use crate::billing::legal_entity::fixtures::LEGAL_ENTITY;
use crate::fixtures::{id, march, text};
use crate::testing::{given, on};

fn decide(
    events: impl IntoIterator<Item = SeriesEvent>,
    action: SeriesAction,
) -> Result<Vec<SeriesEvent>, SeriesError> {
    given::<Series>(events).decide(on(10, action))
}

fn open(text_of_pattern: &str) -> SeriesAction {
    let (legal_entity, name) = (LEGAL_ENTITY, text("Invoices"));
    SeriesAction::Open { legal_entity, name, pattern: pattern(text_of_pattern) }
}

fn draw(on: NaiveDate) -> SeriesAction {
    SeriesAction::Draw { legal_entity: LEGAL_ENTITY, document: DOCUMENT, on }
}

/// What is drawn on these days, one after the other.
fn numbers(pattern: &str, days: &[(i32, u32)]) -> Vec<String> {
    let mut series = given::<Series>(decide([], open(pattern)).unwrap());
    let mut numbers = Vec::new();
    for (year, day) in days {
        let on_day = NaiveDate::from_yo_opt(*year, *day).unwrap();
        for event in series.decide(on(10, draw(on_day))).unwrap() {
            cqrs_es::Aggregate::apply(&mut series, event);
        }
        numbers.push(series.last_number().unwrap().to_string());
    }
    numbers
}

#[test]
fn a_series_is_opened_once_and_counts_from_one() {
    assert_eq!(decide([], open("INV-{year}-{seq:5}")), Ok(vec![opened()]));
    assert_eq!(decide([opened()], open("{seq:1}")), Err(SeriesError::AlreadyExists));
    assert_eq!(decide([opened()], draw(march(10))), Ok(vec![number_drawn()]));
    assert_eq!(given::<Series>([opened(), number_drawn()]).last_number(), Some(&number("INV-2026-00001")));
}

#[test]
fn a_pattern_with_a_year_counts_each_year_by_itself_whichever_comes_first() {
    let days = [(2026, 365), (2027, 1), (2026, 364), (2027, 2)];
    assert_eq!(numbers("{year}-{seq:1}", &days), ["2026-1", "2027-1", "2026-2", "2027-2"]);
    assert_eq!(numbers("{seq:2}", &days), ["01", "02", "03", "04"], "without one, it goes on");
}

#[test]
fn a_closed_series_gives_out_nothing() {
    assert_eq!(decide([opened()], SeriesAction::Close), Ok(vec![closed()]));
    assert_eq!(decide([opened(), closed()], SeriesAction::Close), Ok(vec![]));
    assert_eq!(decide([opened(), closed()], draw(march(10))), Err(SeriesError::Closed));
    assert_eq!(decide([], draw(march(10))), Err(SeriesError::NotFound));
    assert_eq!(decide([], SeriesAction::Close), Err(SeriesError::NotFound));
}

#[test]
fn numbers_are_for_documents_of_its_legal_entity() {
    let action = SeriesAction::Draw { legal_entity: id(299), document: DOCUMENT, on: march(10) };
    assert_eq!(decide([opened()], action), Err(SeriesError::OtherLegalEntity));
}
