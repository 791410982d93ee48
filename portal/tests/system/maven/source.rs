//! The CSV, read without any code of the importer.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

/// Where the sample data is.
pub fn folder() -> PathBuf {
    std::env::var_os("CRM_TEST_DATA")
        .filter(|folder| !folder.is_empty())
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from)
        .join("maven_crm")
}

pub fn deals_file() -> PathBuf {
    folder().join("sales_pipeline_engaged_to_2017-06-30.csv")
}

#[derive(Clone, Debug, PartialEq)]
pub struct Deal {
    pub agent: String,
    pub product: String,
    pub manager: String,
    pub stage: String,
    pub engaged: NaiveDate,
    pub closed: Option<NaiveDate>,
    pub value: Decimal,
    pub list_price: Decimal,
}

pub fn deals() -> Vec<Deal> {
    let managers: HashMap<String, String> = rows(&folder().join("sales_teams.csv"))
        .into_iter()
        .map(|row| (row["sales_agent"].clone(), row["manager"].clone()))
        .collect();
    let prices: HashMap<String, Decimal> = rows(&folder().join("products.csv"))
        .into_iter()
        .map(|row| (row["product"].clone(), row["sales_price"].parse().unwrap()))
        .collect();
    let product = |row: &HashMap<String, String>| {
        if row["product"] == "GTXPro" { "GTX Pro".to_owned() } else { row["product"].clone() }
    };
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    rows(&deals_file())
        .into_iter()
        .map(|row| Deal {
            manager: managers[&row["sales_agent"]].clone(),
            agent: row["sales_agent"].clone(),
            product: product(&row),
            list_price: prices[&product(&row)],
            stage: row["deal_stage"].clone(),
            engaged: day(&row["engage_date"]).unwrap(),
            closed: day(&row["close_date"]),
            value: row["close_value"].parse().unwrap_or_default(),
        })
        .collect()
}

fn rows(file: &std::path::Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// What a group of deals comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    pub open: u64,
    pub won: u64,
    pub lost: u64,
    pub won_value: Decimal,
    pub days_to_win: i64,
}

/// Figures by key; deals without one are under `None`.
pub fn group(deals: &[Deal], key: impl Fn(&Deal) -> Option<String>) -> BTreeMap<Option<String>, Figures> {
    let mut groups: BTreeMap<Option<String>, Figures> = BTreeMap::new();
    for deal in deals {
        let figures = groups.entry(key(deal)).or_default();
        match deal.stage.as_str() {
            "Won" => {
                figures.won += 1;
                figures.won_value += deal.value;
                figures.days_to_win += (deal.closed.unwrap() - deal.engaged).num_days();
            }
            "Lost" => figures.lost += 1,
            _ => figures.open += 1,
        }
    }
    groups
}

pub fn quarter(deal: &Deal) -> Option<String> {
    deal.closed.map(|day| format!("{}-Q{}", day.year(), day.month0() / 3 + 1))
}
