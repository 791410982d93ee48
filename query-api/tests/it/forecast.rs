//! The forecast against figures that the test computes from what it told.

use chrono::{Datelike, Months, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::plan::Dice;
use crate::told::{Told, tell_many, totals};
use crate::world::World;

fn bucket(told: &[Told], keep: impl Fn(Option<NaiveDate>) -> bool) -> Value {
    let deals: Vec<_> = told.iter().filter(|deal| deal.is_open() && keep(deal.expected_close)).collect();
    let without = deals.iter().filter(|deal| deal.amount.is_none()).count();
    json!({"count": deals.len(), "without_amount": without, "totals": totals(deals.iter().copied())})
}

#[tokio::test]
async fn open_deals_are_summed_by_the_month_in_which_they_are_expected() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let told = tell_many(&world, &stages, 100, &mut Dice(6)).await;
    let first = Utc::now().date_naive().with_day(1).unwrap();
    for (query, count) in [("", 6), ("?months=1", 1), ("?months=36", 36)] {
        let forecast = world.data(&format!("/api/v1/reports/forecast{query}")).await;
        let months = forecast["months"].as_array().unwrap();
        assert_eq!(months.len(), usize::try_from(count).unwrap());
        let mut of_all = 0;
        for (index, month) in (0..).zip(months) {
            let (from, to) = (first + Months::new(index), first + Months::new(index + 1));
            let mut expected = bucket(&told, |day| day.is_some_and(|day| day >= from && day < to));
            of_all += expected["count"].as_i64().unwrap();
            expected["month"] = json!(from.format("%Y-%m").to_string());
            assert_eq!(*month, expected, "{query}");
        }
        let end = first + Months::new(count);
        assert_eq!(forecast["overdue"], bucket(&told, |day| day.is_some_and(|day| day < first)));
        assert_eq!(forecast["later"], bucket(&told, |day| day.is_some_and(|day| day >= end)));
        assert_eq!(forecast["undated"], bucket(&told, |day| day.is_none()));
        for name in ["overdue", "later", "undated"] {
            of_all += forecast[name]["count"].as_i64().unwrap();
        }
        assert_eq!(
            of_all,
            bucket(&told, |_| true)["count"].as_i64().unwrap(),
            "every open deal is in one part"
        );
    }
    let elsewhere = world.data(&format!("/api/v1/reports/forecast?pipeline_id={}", stages.ids[0])).await;
    assert_eq!(elsewhere["undated"], json!({"count": 0, "without_amount": 0, "totals": []}));
}
