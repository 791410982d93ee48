//! The examples of maps on the files that they are written for.

use std::collections::BTreeMap;
use std::path::Path;

use cqrs_es::Aggregate as _;
use domain::sales::lead::{Lead, LeadStatus};
use domain::sales::opportunity::{Opportunity, OpportunityStatus};
use domain::{Event, FieldKey};
use rust_decimal::Decimal;

use crate::importer::{Importer, data, docs};

#[derive(Debug, Default, PartialEq)]
struct Totals {
    rows: usize,
    won: usize,
    lost: usize,
    open: usize,
    without_account: usize,
    won_value: BTreeMap<String, Decimal>,
    rows_of_manager: BTreeMap<String, usize>,
    opened_in: BTreeMap<String, usize>,
    closed_in: BTreeMap<String, usize>,
}

fn add<N: std::ops::AddAssign<N> + Default>(counts: &mut BTreeMap<String, N>, key: &str, number: N) {
    *counts.entry(key.to_owned()).or_default() += number;
}

fn rows_of(path: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

/// Counted from the files, by nothing that the import uses.
fn counted(folder: &Path) -> Totals {
    let teams = rows_of(&folder.join("sales_teams.csv"));
    let manager: BTreeMap<_, _> = teams.iter().map(|team| (&team["sales_agent"], &team["manager"])).collect();
    let mut totals = Totals::default();
    for row in rows_of(&folder.join("sales_pipeline_engaged_to_2017-06-30.csv")) {
        totals.rows += 1;
        totals.without_account += usize::from(row["account"].is_empty());
        add(&mut totals.rows_of_manager, manager[&row["sales_agent"]], 1);
        add(&mut totals.opened_in, &row["engage_date"][..7], 1);
        match row["deal_stage"].as_str() {
            "Won" => {
                totals.won += 1;
                let product = if row["product"] == "GTXPro" { "GTX Pro" } else { &row["product"] };
                add(&mut totals.won_value, product, row["close_value"].parse().unwrap());
            }
            "Lost" => totals.lost += 1,
            _ => totals.open += 1,
        }
        if !row["close_date"].is_empty() {
            add(&mut totals.closed_in, &row["close_date"][..7], 1);
        }
    }
    totals
}

/// Folded from the log, event by event.
async fn folded(crm: &Importer) -> Totals {
    let mut totals = Totals::default();
    for facts in crm.facts(Opportunity::TYPE).await.into_values() {
        let mut state = Opportunity::default();
        for (.., payload, _) in facts {
            let Ok(Event::Opportunity(event)) = Event::decode(Opportunity::TYPE, payload) else { panic!() };
            state.apply(event);
        }
        let deal = state.deal().unwrap();
        totals.rows += 1;
        totals.without_account += usize::from(deal.account.is_none());
        let manager = deal.custom.get(&FieldKey::parse("manager").unwrap()).unwrap();
        add(&mut totals.rows_of_manager, serde_json::to_value(manager).unwrap().as_str().unwrap(), 1);
        add(&mut totals.opened_in, &deal.opened_at.format("%Y-%m").to_string(), 1);
        match state.status().unwrap() {
            OpportunityStatus::Won => {
                totals.won += 1;
                let amount = deal.amount.unwrap();
                assert_eq!(amount.currency().code(), "USD");
                add(&mut totals.won_value, deal.product.as_ref().unwrap(), amount.amount());
            }
            OpportunityStatus::Lost => totals.lost += 1,
            OpportunityStatus::Open => totals.open += 1,
            OpportunityStatus::Withdrawn => panic!("nothing was withdrawn"),
        }
        if let Opportunity::Closed { closing, .. } = &state {
            add(&mut totals.closed_in, &closing.at.format("%Y-%m").to_string(), 1);
        }
    }
    totals
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_the_maven_file_has_the_totals_of_the_file() {
    let Some(folder) = data("maven_crm") else { return };
    let crm = Importer::new().await;
    let file = folder.join("sales_pipeline_engaged_to_2017-06-30.csv");
    let map = docs("examples/maven_opportunities.toml");
    let done = crm
        .run(&[
            "opportunities",
            file.to_str().unwrap(),
            "--map",
            map.to_str().unwrap(),
            "--join-dir",
            folder.to_str().unwrap(),
        ])
        .await;
    done.assert(0, &["accepted  4365", "rejected  0", "events    8014"]);
    println!("{}", done.out);
    let totals = counted(&folder);
    assert_eq!((totals.rows, totals.won, totals.lost, totals.open), (4365, 2394, 1255, 716));
    assert_eq!(folded(&crm).await, totals);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_the_lead_file_has_the_leads_of_the_file() {
    let Some(folder) = data("xeducation_leads") else { return };
    let crm = Importer::new().await;
    let file = folder.join("leads_first_1500.csv");
    let map = docs("examples/xeducation_leads.toml");
    let done = crm.run(&["leads", file.to_str().unwrap(), "--map", map.to_str().unwrap()]).await;
    done.assert(0, &["accepted  1500", "rejected  0"]);
    println!("{}", done.out);

    let rows = rows_of(&file);
    let mut by_id: BTreeMap<&str, _> = rows.iter().map(|row| (row["Prospect ID"].as_str(), row)).collect();
    for facts in crm.facts(Lead::TYPE).await.into_values() {
        let mut state = Lead::default();
        for (.., payload, _) in facts {
            let Ok(Event::Lead(event)) = Event::decode(Lead::TYPE, payload) else { panic!() };
            state.apply(event);
        }
        let Lead::Captured(lead) = &state else { panic!("{state:?}") };
        let custom = serde_json::to_value(&lead.custom).unwrap();
        let row = by_id.remove(custom["prospect_id"].as_str().unwrap()).unwrap();
        let converted = row["Converted"] == "1";
        let expected = if converted { LeadStatus::Qualified } else { LeadStatus::Open };
        assert_eq!(state.status(), Some(expected));
        assert_eq!(custom["converted"], converted);
        assert_eq!(custom["do_not_email"], row["Do Not Email"] == "Yes");
        let visits = row["TotalVisits"].parse::<i64>().ok();
        assert_eq!(custom.get("total_visits").and_then(serde_json::Value::as_i64), visits);
        let city = Some(row["City"].as_str()).filter(|city| !["", "Select"].contains(city));
        assert_eq!(custom.get("city").and_then(|city| city.as_str()), city);
        let source = lead.source.as_ref().map_or("", |source| source.as_str());
        assert_eq!(source.to_lowercase(), row["Lead Source"].to_lowercase());
    }
    assert!(by_id.is_empty(), "{} rows are missing", by_id.len());
}
