//! A real file of deals, imported in one command; then every figure of the board and the reports against figures that
//! are computed from the CSV alone.

mod source;

use std::collections::BTreeMap;

use domain::sales::pipeline::default_pipeline_id;
use rust_decimal::Decimal;
use serde_json::Value;

use self::source::{Deal, Figures, deals, deals_file, group, quarter};
use crate::crm::{Crm, Site};

async fn imported() -> (Site, Crm, i64) {
    let site = Site::new().await;
    let map = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/maven_opportunities.toml");
    let (file, folder, tenant) = (deals_file(), source::folder(), site.tenant.to_string());
    let (done, text) = site
        .run(&[
            "import",
            "opportunities",
            file.to_str().unwrap(),
            "--map",
            map,
            "--join-dir",
            folder.to_str().unwrap(),
            "--tenant",
            &tenant,
        ])
        .await;
    assert!(done, "{text}");
    let head = event_store::read::head(&site.pool()).await.unwrap();
    let crm = site.serve().await;
    (site, crm, head)
}

/// Reads until the read model has reached the end of the log.
async fn settled(site: &Site, crm: &Crm, path: &str, head: i64) -> Value {
    loop {
        let answer = site.read(crm, path, head).await;
        assert_eq!(answer["success"], true, "{answer}");
        if answer["meta"]["stale"] != true {
            return answer["data"].clone();
        }
    }
}

fn assert_figures(of: &Value, expected: &Figures, what: &str) {
    assert_eq!(of["open"], expected.open, "{what}: open");
    assert_eq!(of["won"], expected.won, "{what}: won");
    assert_eq!(of["lost"], expected.lost, "{what}: lost");
    let values = of["won_value"].as_array().unwrap();
    let value = match values.as_slice() {
        [] => Decimal::ZERO,
        [only] => {
            assert_eq!(only["currency"], "USD");
            only["amount"].as_str().unwrap().parse().unwrap()
        }
        more => panic!("{what}: one currency went in, {more:?} came out"),
    };
    assert_eq!(value, expected.won_value, "{what}: won value");
    let closed = expected.won + expected.lost;
    let rate = (closed > 0).then(|| rounded(expected.won, closed, 4));
    assert_eq!(of["win_rate"].as_f64(), rate, "{what}: win rate");
    let days = (expected.won > 0).then(|| rounded(expected.days_to_win.unsigned_abs(), expected.won, 1));
    assert_eq!(of["average_days_to_close"].as_f64(), days, "{what}: days to close");
}

/// A quotient, rounded half away from zero as SQL does.
fn rounded(dividend: u64, divisor: u64, digits: u32) -> f64 {
    let exact = Decimal::from(dividend) / Decimal::from(divisor);
    let rounded = exact.round_dp_with_strategy(digits, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    rounded.to_string().parse().unwrap()
}

fn assert_report(report: &Value, expected: &BTreeMap<Option<String>, Figures>, all: &[Deal]) {
    let groups = report["groups"].as_array().unwrap();
    assert_eq!(groups.len(), expected.len());
    for of in groups {
        let key = of["key"].as_str().map(ToOwned::to_owned);
        assert_figures(of, &expected[&key], &format!("{key:?}"));
    }
    let total = group(all, |_| None);
    assert_figures(&report["totals"], &total[&None], "totals");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn board_and_reports_equal_what_the_csv_says_to_the_unit() {
    let (site, crm, head) = imported().await;
    let all = deals();
    assert_eq!(all.len(), 4_365);

    for (group_by, expected) in [
        ("owner", group(&all, |deal| Some(deal.agent.clone()))),
        ("product", group(&all, |deal| Some(deal.product.clone()))),
        ("close_quarter", group(&all, quarter)),
        ("custom.manager", group(&all, |deal| Some(deal.manager.clone()))),
    ] {
        let report = settled(&site, &crm, &format!("/reports/sales?group_by={group_by}"), head).await;
        assert_report(&report, &expected, &all);
    }

    let pipeline = default_pipeline_id(site.tenant);
    let board = settled(&site, &crm, &format!("/pipelines/{pipeline}/board"), head).await;
    let open: Vec<&Deal> = all.iter().filter(|deal| deal.closed.is_none()).collect();
    let list_price: Decimal = open.iter().map(|deal| deal.list_price).sum();
    for stage in board["stages"].as_array().unwrap() {
        if stage["name"] != "Qualified" {
            assert_eq!(
                (&stage["count"], &stage["totals"]),
                (&0.into(), &Value::Array(vec![])),
                "{}",
                stage["name"]
            );
            continue;
        }
        assert_eq!(stage["count"], open.len());
        assert_eq!(stage["cards"].as_array().unwrap().len(), open.len().min(50));
        let total = &stage["totals"][0];
        let amount = |field: &str| total[field].as_str().unwrap().parse::<Decimal>().unwrap();
        assert_eq!((total["currency"].as_str(), &total["count"]), (Some("USD"), &open.len().into()));
        assert_eq!(amount("amount"), list_price);
        assert_eq!(amount("weighted"), list_price * Decimal::new(20, 2));
    }

    let again = site.run(&["verify"]).await;
    assert!(again.0, "{}", again.1);
}
