//! Walking through a list by cursor.

use std::collections::BTreeSet;

use domain::fixtures::text;
use domain::sales::opportunity::{NewOpportunity, Opportunity, OpportunityCommand};
use domain::{Command, OpportunityId};
use event_store::Loaded;
use serde_json::Value;

use crate::plan::{Dice, Stages, at, maybe, money, new_deal, new_id, open};
use crate::world::{World, each};

/// Opens deals with few different values each, so that many are the same and many are missing.
async fn open_many(world: &World, stages: &Stages, count: usize, dice: &mut Dice) {
    let mut change = world.change("sam", at(3, 1, 9));
    for _ in 0..count {
        let owner = dice.pick(&[None, Some("sam"), Some("kim")]);
        let amount = dice.pick(&[None, Some("1.00"), Some("1.00"), Some("250000.05"), Some("3.14")]);
        let close = dice.pick(&[None, Some("2025-06-01"), Some("2025-06-02")]);
        let new = NewOpportunity {
            amount: amount.map(|amount| money(amount, "EUR")),
            expected_close: close.map(|day| day.parse().unwrap()),
            owner: maybe(owner),
            ..new_deal(stages, dice.pick(&["Äpfel", "apples", "Zebra's \"ü\" 😀", "b"]))
        };
        let when = at(3, u32::try_from(1 + dice.roll(3)).unwrap(), 9);
        let command: OpportunityCommand =
            Command { occurred_at: when, now: chrono::Utc::now(), action: open(new) };
        let id: OpportunityId = new_id();
        let loaded = Loaded::<Opportunity>::unborn(world.tenant.into(), id.into());
        let events = loaded.state.decide(command).unwrap();
        change.record(&loaded, events).unwrap();
    }
    world.commit(change).await;
    world.settle().await;
}

fn ids(data: &Value) -> Vec<String> {
    each(data, "id").into_iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn href<'v>(data: &'v Value, name: &str) -> Option<&'v str> {
    data["links"][name]["href"].as_str()
}

/// The list by page numbers, which the walk by cursor has to equal.
async fn by_number(world: &World, query: &str) -> Vec<String> {
    let mut all = Vec::new();
    for page in 1.. {
        let data = world.data(&format!("/api/v1/opportunities?{query}&page_size=200&page={page}")).await;
        let found = ids(&data);
        if found.is_empty() {
            break;
        }
        all.extend(found);
    }
    all
}

#[tokio::test]
async fn a_walk_by_cursor_is_the_whole_list_with_each_row_once_and_back_again() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    open_many(&world, &stages, 500, &mut Dice(1)).await;
    for query in [
        "sort=-opened_at",
        "sort=amount",
        "sort=-amount",
        "sort=owner,-amount,name",
        "sort=-owner,expected_close,-weighted",
        "sort=-expected_close,owner,amount",
        "sort=name,-probability",
        "sort=closed_on",
        "filter[owner][null]=true&sort=-expected_close",
        "filter[custom.region][null]=true&filter[status]=open&q=z&sort=amount",
    ] {
        let expected = by_number(&world, query).await;
        let unique: BTreeSet<&String> = expected.iter().collect();
        assert_eq!(unique.len(), expected.len());
        assert!(expected.len() > 50, "{query}: {}", expected.len());

        let mut uri = format!("/api/v1/opportunities?{query}&page_size=37");
        let mut forth = Vec::new();
        let mut last = loop {
            let reply = world.get(&uri).await;
            let next_cursor = reply.body["meta"]["next_cursor"].as_str().map(str::to_owned);
            let data = reply.data(&uri);
            forth.extend(ids(&data));
            let Some(next) = href(&data, "next").map(str::to_owned) else {
                assert_eq!(next_cursor, None);
                break data;
            };
            assert!(next.ends_with(&format!("cursor={}", next_cursor.unwrap())));
            uri = next;
        };
        assert_eq!(forth, expected, "{query}");

        let mut back = ids(&last);
        while let Some(prev) = href(&last, "prev").map(str::to_owned) {
            last = world.data(&prev).await;
            let mut page = ids(&last);
            page.append(&mut back);
            back = page;
        }
        assert_eq!(back, expected, "{query}, backwards");
        assert_eq!(href(&last, "prev"), None);
    }
}

#[tokio::test]
async fn rows_that_come_meanwhile_neither_hide_nor_repeat_others() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let mut dice = Dice(2);
    open_many(&world, &stages, 60, &mut dice).await;
    for query in ["sort=amount", "sort=-owner,name", "sort=-opened_at"] {
        let before: BTreeSet<String> = by_number(&world, query).await.into_iter().collect();
        let mut seen = Vec::new();
        let mut uri = format!("/api/v1/opportunities?{query}&page_size=7");
        loop {
            let data = world.data(&uri).await;
            seen.extend(ids(&data));
            let Some(next) = href(&data, "next") else { break };
            uri = next.to_owned();
            open_many(&world, &stages, 3, &mut dice).await;
        }
        let unique: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(unique.len(), seen.len(), "{query}: a row came twice");
        assert!(before.is_subset(&unique), "{query}: a row was left out");
    }
}

#[tokio::test]
async fn a_cursor_only_goes_with_the_list_that_it_came_from() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    open_many(&world, &stages, 20, &mut Dice(3)).await;
    let asked = "/api/v1/opportunities?filter[status]=open&sort=name&page_size=5";
    let cursor = world.get(asked).await.body["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let with = |uri: &str| format!("{uri}&cursor={cursor}");
    world.data(&with(asked)).await;
    // The size of pages and the order of parameters may change on the way.
    world.data(&with("/api/v1/opportunities?page_size=3&sort=name&filter[status]=open")).await;
    for foreign in [
        "/api/v1/opportunities?filter[status]=open&sort=-name",
        "/api/v1/opportunities?filter[status]=open",
        "/api/v1/opportunities?filter[status]=won&sort=name",
        "/api/v1/opportunities?filter[status]=open&sort=name&q=a",
        "/api/v1/opportunities?filter[status]=open&sort=name&filter[custom.a]=b",
        "/api/v1/leads?filter[status]=open&sort=name",
    ] {
        assert_eq!(world.get(&with(foreign)).await.bad_fields(), ["cursor"], "{foreign}");
    }
    for index in [0, cursor.len() / 2, cursor.len() - 1] {
        let mut tampered = cursor.clone().into_bytes();
        tampered[index] = if tampered[index] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(tampered).unwrap();
        let reply = world.get(&format!("{asked}&cursor={tampered}")).await;
        assert_eq!(reply.bad_fields(), ["cursor"], "{tampered}");
    }
    for (junk, fields) in [("", ["cursor"]), ("%00", ["cursor"]), ("1", ["cursor"])] {
        assert_eq!(world.get(&format!("{asked}&cursor={junk}")).await.bad_fields(), fields, "{junk}");
    }
    assert_eq!(world.get(&with(&format!("{asked}&page=2"))).await.bad_fields(), ["page"]);
    assert_eq!(world.get(&format!("{}&cursor={cursor}", with(asked))).await.bad_fields(), ["cursor"]);
}

/// Every value of an order fits into a cursor, however long.
#[tokio::test]
async fn the_longest_names_fit_into_a_cursor() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    for _ in 0..2 {
        let long = "\"😀".repeat(100);
        let new = NewOpportunity {
            product: Some(text(&long)),
            account: Some(text(&long)),
            ..new_deal(&stages, &long)
        };
        world.tell_deal(new_id(), at(3, 1, 9), open(new)).await;
    }
    world.settle().await;
    let data = world.data("/api/v1/opportunities?sort=name,account,-product&page_size=1").await;
    let next = world.data(href(&data, "next").unwrap()).await;
    assert_eq!(next["items"].as_array().unwrap().len(), 1);
    assert_ne!(ids(&data), ids(&next));
    assert_eq!(href(&next, "next"), None);
}
