//! Many deals, with what was told of each, from which tests compute for themselves what reports must say.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Months, NaiveDate, Utc};
use domain::fixtures::{custom, custom_number, custom_text, percent};
use domain::sales::opportunity::{NewOpportunity, OpportunityAction};
use domain::{CustomFields, OpportunityId};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use crate::plan::{Dice, PROBABILITIES, Stages, lose, maybe, money, new_deal, new_id, noon, open, step};
use crate::world::World;

/// What was told of a deal.
#[derive(Clone, Debug)]
pub struct Told {
    pub id: OpportunityId,
    pub owner: Option<&'static str>,
    pub product: Option<&'static str>,
    pub region: Option<&'static str>,
    pub stage: usize,
    pub probability: u8,
    pub amount: Option<(Decimal, &'static str)>,
    pub expected_close: Option<NaiveDate>,
    pub opened: NaiveDate,
    pub since: DateTime<Utc>,
    /// The day, and whether it was won.
    pub closed: Option<(NaiveDate, bool)>,
}

/// Opens deals in 2025, moves some, closes some, and waits until the read models show it.
pub async fn tell_many(world: &World, stages: &Stages, count: usize, dice: &mut Dice) -> Vec<Told> {
    let mut all = Vec::new();
    for index in 0..count {
        all.push(tell_one(world, stages, index, dice).await);
    }
    world.settle().await;
    all
}

async fn tell_one(world: &World, stages: &Stages, index: usize, dice: &mut Dice) -> Told {
    let first = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
    let mut days =
        |from: NaiveDate, most: u64| from + Duration::days(i64::try_from(dice.roll(most)).unwrap());
    let opened = days(first, 120);
    let moved = days(opened, 30);
    let closed = days(moved, 120);
    let this_month = Utc::now().date_naive();
    let expected =
        [None, Some(this_month), Some(this_month - Months::new(1)), Some(this_month + Months::new(2))];
    let expected_close =
        dice.pick(&[expected[0], expected[1], expected[2], expected[3], Some(this_month + Months::new(40))]);
    let amount = dice.pick(&[
        None,
        Some(("99.99", "EUR")),
        Some(("1250.05", "EUR")),
        Some(("777", "JPY")),
        Some(("0.01", "USD")),
    ]);
    let mut told = Told {
        id: new_id(),
        owner: dice.pick(&[None, Some("sam"), Some("kim"), Some("Zoë")]),
        product: dice.pick(&[None, Some("Engine"), Some("engine")]),
        region: dice.pick(&[None, Some("North"), Some("12")]),
        stage: 0,
        probability: PROBABILITIES[0],
        amount: amount.map(|(amount, currency)| (amount.parse().unwrap(), currency)),
        expected_close,
        opened,
        since: noon(opened),
        closed: None,
    };
    let fields = match told.region {
        None => CustomFields::default(),
        Some("12") => custom([("region", custom_number(12.0))]),
        Some(region) => custom([("region", custom_text(region))]),
    };
    let new = NewOpportunity {
        amount: amount.map(|(amount, currency)| money(amount, currency)),
        expected_close,
        owner: maybe(told.owner),
        product: maybe(told.product),
        custom: fields,
        ..new_deal(stages, &format!("Deal {index}"))
    };
    world.tell_deal(told.id, noon(opened), open(new)).await;
    let to = usize::try_from(dice.roll(3)).unwrap();
    if to > 0 {
        told.stage = to;
        told.probability = if dice.roll(2) == 0 { PROBABILITIES[to] } else { 33 };
        told.since = noon(moved);
        let OpportunityAction::Move { to, direction, .. } = step(stages, 0, to) else { panic!("a move") };
        let probability = percent(told.probability);
        world.tell_deal(told.id, noon(moved), OpportunityAction::Move { to, probability, direction }).await;
    }
    let wins = told.amount.is_some() && dice.roll(3) > 0;
    if dice.roll(2) == 0 {
        told.closed = Some((closed, wins));
        told.since = noon(closed);
        let close = if wins { OpportunityAction::Win { amount: None } } else { lose() };
        world.tell_deal(told.id, noon(closed), close).await;
    }
    told
}

impl Told {
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    pub fn is(&self, won: bool) -> bool {
        self.closed.is_some_and(|(_, was)| was == won)
    }
}

fn places(currency: &str) -> u32 {
    if currency == "JPY" { 0 } else { 2 }
}

/// `[{currency, count, amount, weighted}]` of deals.
pub fn totals<'t>(deals: impl IntoIterator<Item = &'t Told>) -> Value {
    let mut sums: BTreeMap<&str, (i64, Decimal, Decimal)> = BTreeMap::new();
    for deal in deals {
        let Some((amount, currency)) = deal.amount else { continue };
        let sum = sums.entry(currency).or_default();
        sum.0 += 1;
        sum.1 += amount;
        sum.2 += amount * Decimal::from(deal.probability) / Decimal::ONE_HUNDRED;
    }
    let total = |(currency, (count, amount, weighted)): (&&str, &(i64, Decimal, Decimal))| {
        let text = |number: &Decimal| {
            let places = places(currency);
            let mut number = number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
            number.rescale(places);
            number.to_string()
        };
        json!({"currency": currency, "count": count, "amount": text(amount), "weighted": text(weighted)})
    };
    sums.iter().map(total).collect()
}

/// `[{currency, amount}]` of deals.
pub fn amounts<'t>(deals: impl IntoIterator<Item = &'t Told>) -> Value {
    let Value::Array(totals) = totals(deals) else { panic!("an array") };
    totals.iter().map(|total| json!({"currency": total["currency"], "amount": total["amount"]})).collect()
}
