//! The sales report against figures that the test computes from what it told.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use crate::plan::{Dice, NAMES, Stages};
use crate::told::{Told, amounts, tell_many};
use crate::world::World;

/// The figures of deals as the report must show them.
fn figures(deals: &[&Told]) -> Value {
    let count = |keep: &dyn Fn(&Told) -> bool| deals.iter().filter(|deal| keep(deal)).count();
    let (open, won, lost) =
        (count(&Told::is_open), count(&|deal| deal.is(true)), count(&|deal| deal.is(false)));
    let won_deals: Vec<_> = deals.iter().copied().filter(|deal| deal.is(true)).collect();
    let ratio = |over: f64, under: usize, digits: f64| {
        (under > 0).then(|| (over / f64::from(u32::try_from(under).unwrap()) * digits).round() / digits)
    };
    let days: i64 = won_deals.iter().map(|deal| (deal.closed.unwrap().0 - deal.opened).num_days()).sum();
    json!({
        "open": open,
        "won": won,
        "lost": lost,
        "won_value": amounts(won_deals.iter().copied()),
        "win_rate": ratio(f64::from(u32::try_from(won).unwrap()), won + lost, 10_000.0),
        "average_days_to_close": ratio(f64::from(i32::try_from(days).unwrap()), won, 10.0),
    })
}

/// The groups of deals as the report must show them; groups without a key come last.
fn groups(deals: &[&Told], key: impl Fn(&Told) -> Option<String>) -> Vec<Value> {
    let mut grouped: BTreeMap<(bool, Option<String>), Vec<&Told>> = BTreeMap::new();
    for deal in deals {
        let key = key(deal);
        grouped.entry((key.is_none(), key)).or_default().push(deal);
    }
    let group = |((_, key), deals): ((bool, Option<String>), Vec<&Told>)| {
        let mut group = figures(&deals);
        group["key"] = json!(key);
        group["label"] = Value::Null;
        group
    };
    grouped.into_iter().map(group).collect()
}

fn text(value: Option<&str>) -> Option<String> {
    value.map(str::to_owned)
}

fn month(deal: &Told) -> Option<String> {
    deal.closed.map(|(day, _)| day.format("%Y-%m").to_string())
}

fn quarter(deal: &Told) -> Option<String> {
    deal.closed.map(|(day, _)| format!("{}-Q{}", day.year(), day.month0() / 3 + 1))
}

async fn world_of_many() -> (World, Stages, Vec<Told>) {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let told = tell_many(&world, &stages, 150, &mut Dice(5)).await;
    (world, stages, told)
}

type KeyOf = fn(&Told) -> Option<String>;

#[tokio::test]
async fn deals_are_counted_in_their_groups() {
    let (world, stages, told) = world_of_many().await;
    let all: Vec<&Told> = told.iter().collect();
    let keys: [(&str, KeyOf); 7] = [
        ("owner", |deal| text(deal.owner)),
        ("product", |deal| text(deal.product)),
        ("account", |_| None),
        ("source", |_| None),
        ("close_month", month),
        ("close_quarter", quarter),
        ("custom.region", |deal| text(deal.region)),
    ];
    for (group_by, key) in keys {
        let report = world.data(&format!("/api/v1/reports/sales?group_by={group_by}")).await;
        assert_eq!(report["group_by"], group_by);
        assert_eq!(report["groups"], Value::from(groups(&all, key)), "{group_by}");
        assert_eq!(report["totals"], figures(&all), "{group_by}");
    }
    // Stages come in their order, with their names.
    let report = world.data("/api/v1/reports/sales?group_by=stage").await;
    for (index, group) in report["groups"].as_array().unwrap().iter().enumerate() {
        let deals: Vec<&Told> = told.iter().filter(|deal| deal.stage == index).collect();
        let mut expected = figures(&deals);
        expected["key"] = json!(stages.ids[index]);
        expected["label"] = json!(NAMES[index]);
        assert_eq!(*group, expected);
    }
}

#[tokio::test]
async fn closed_deals_count_by_when_they_were_closed_and_open_ones_by_when_they_were_opened() {
    let (world, stages, told) = world_of_many().await;
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    // The first day counts and the last one does not, so the ends are days on which something was closed.
    let mut closed: Vec<NaiveDate> = told.iter().filter_map(|deal| deal.closed).map(|(day, _)| day).collect();
    closed.sort_unstable();
    let (from, to) = (closed[closed.len() / 4], closed[closed.len() / 2]);
    let in_period = |deal: &Told, from: NaiveDate, to: NaiveDate| match deal.closed {
        Some((day, _)) => day >= from && day < to,
        None => deal.opened < to,
    };
    let (always, never) = (day("1900-01-01"), day("9999-12-31"));
    for (query, from, to) in [
        (format!("&from={from}&to={to}"), from, to),
        (format!("&from={from}"), from, never),
        (format!("&to={to}"), always, to),
    ] {
        let report = world.data(&format!("/api/v1/reports/sales?group_by=owner{query}")).await;
        let deals: Vec<&Told> = told.iter().filter(|deal| in_period(deal, from, to)).collect();
        assert!(deals.len() > 10 && deals.len() < told.len() + usize::from(to == never), "{query}");
        assert_eq!(report["groups"], Value::from(groups(&deals, |deal| text(deal.owner))), "{query}");
        assert_eq!(report["totals"], figures(&deals), "{query}");
    }
    let uri = "/api/v1/reports/sales?group_by=owner&currency=JPY";
    let deals: Vec<&Told> =
        told.iter().filter(|deal| deal.amount.is_some_and(|(_, of)| of == "JPY")).collect();
    assert_eq!(world.data(uri).await["totals"], figures(&deals));
    let uri = format!("/api/v1/reports/sales?group_by=owner&pipeline_id={}", stages.pipeline);
    assert_eq!(world.data(&uri).await["totals"], figures(&told.iter().collect::<Vec<_>>()));
    let uri = format!("/api/v1/reports/sales?group_by=owner&pipeline_id={}", stages.ids[0]);
    let none = world.data(&uri).await;
    assert_eq!((&none["groups"], &none["totals"]), (&json!([]), &figures(&[])));
}
