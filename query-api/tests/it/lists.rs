//! Lists: filters, order, search and pages by number.

use chrono::NaiveDate;
use domain::fixtures::{custom, custom_number, custom_text, email, percent, phone};
use domain::sales::lead::{LeadAction, NewLead};
use domain::sales::opportunity::NewOpportunity;
use domain::{CustomValue, OpportunityId};
use edge::Role;
use serde_json::{Value, json};

use crate::plan::{Stages, at, lose, maybe, money, new_deal, new_id, new_lead, open, step, win};
use crate::world::{World, each};

/// Five deals, named by their place here.
async fn deals(world: &World) -> (Stages, Vec<OpportunityId>) {
    let stages = world.pipeline().await;
    let day = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
    let new = |name: &str| new_deal(&stages, name);
    let plans = [
        NewOpportunity {
            amount: Some(money("100.00", "EUR")),
            expected_close: day("2025-06-01"),
            owner: maybe(Some("sam")),
            custom: custom([("region", custom_text("North")), ("seats", custom_number(12.0))]),
            ..new("one")
        },
        NewOpportunity {
            amount: Some(money("2500.50", "EUR")),
            expected_close: day("2025-07-01"),
            owner: maybe(Some("kim")),
            product: maybe(Some("Difference engine")),
            custom: custom([("region", custom_text("South")), ("seats", custom_number(12.5))]),
            ..new("two")
        },
        NewOpportunity {
            amount: Some(money("9", "JPY")),
            owner: maybe(Some("sam")),
            account: maybe(Some("O'Neil & Sons")),
            custom: custom([("vip", CustomValue::Flag(true)), ("seats", custom_text("12"))]),
            ..new("three")
        },
        NewOpportunity { source: maybe(Some("Trade fair 100%_\\")), ..new("four") },
        NewOpportunity { expected_close: day("2025-06-15"), ..new("five") },
    ];
    let mut ids = Vec::new();
    for (index, plan) in plans.into_iter().enumerate() {
        let id = new_id();
        world.tell_deal(id, at(3, 1 + u32::try_from(index).unwrap(), 9), open(plan)).await;
        ids.push(id);
    }
    world.tell_deal(ids[1], at(4, 1, 9), step(&stages, 0, 1)).await;
    world.tell_deal(ids[2], at(4, 1, 9), win("10", "JPY")).await;
    world.tell_deal(ids[3], at(4, 2, 9), lose()).await;
    world.settle().await;
    (stages, ids)
}

async fn found(world: &World, query: &str) -> Vec<String> {
    let data = world.data(&format!("/api/v1/opportunities?{query}")).await;
    each(&data, "name").into_iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let world = World::new().await;
    let (stages, ids) = deals(&world).await;
    let stage = stages.ids[1];
    for (query, expected) in [
        ("", &["five", "four", "three", "two", "one"][..]),
        ("filter[status]=open", &["five", "two", "one"]),
        ("filter[status]=won&filter[status]=lost", &["four", "three"]),
        ("filter[status][ne]=open", &["four", "three"]),
        ("filter[owner]=sam", &["three", "one"]),
        ("filter[owner][ne]=sam", &["five", "four", "two"]),
        ("filter[owner][null]=true", &["five", "four"]),
        ("filter[owner][null]=false", &["three", "two", "one"]),
        ("filter[amount][gte]=100&filter[currency]=EUR", &["two", "one"]),
        ("filter[amount][gt]=100", &["two"]),
        ("filter[amount]=2500.5", &["two"]),
        ("filter[amount][lt]=100", &["three"]),
        ("filter[weighted][gte]=1250.25", &["two"]),
        ("filter[probability][lte]=10", &["five", "four", "one"]),
        ("filter[expected_close][lte]=2025-06-15", &["five", "one"]),
        ("filter[expected_close][gt]=2025-06-01&filter[expected_close][lt]=2025-07-01", &["five"]),
        ("filter[opened_on]=2025-03-02", &["two"]),
        ("filter[closed_on][gte]=2025-04-02", &["four"]),
        ("filter[days_to_close]=29", &["four", "three"]),
        ("filter[opened_at][lt]=2025-03-02T09:00:00Z", &["one"]),
        ("filter[stage_since][gte]=2025-04-01T00:00:00Z", &["four", "three", "two"]),
        ("filter[product][contains]=ENGINE", &["two"]),
        ("filter[source][contains]=100%25_%5C", &["four"]),
        ("filter[source][contains]=100x", &[]),
        ("filter[account]=O'Neil+%26+Sons", &["three"]),
        (&format!("filter[stage_id]={stage}"), &["two"]),
        (&format!("filter[pipeline_id]={stage}"), &[]),
        (&format!("filter[id]={}&filter[id]={}", ids[0], ids[4]), &["five", "one"]),
        ("filter[custom.region]=North", &["one"]),
        ("filter[custom.region]=North&filter[custom.region]=South", &["two", "one"]),
        ("filter[custom.region][ne]=North", &["five", "four", "three", "two"]),
        ("filter[custom.region][null]=true", &["five", "four", "three"]),
        ("filter[custom.region][contains]=ORT", &["one"]),
        ("filter[custom.seats]=12", &["three", "one"]),
        ("filter[custom.seats]=12.50", &["two"]),
        ("filter[custom.seats][gt]=12", &["two"]),
        ("filter[custom.seats][lte]=12.5", &["two", "one"]),
        ("filter[custom.vip]=true", &["three"]),
        ("filter[custom.nobody]=x", &[]),
    ] {
        assert_eq!(found(&world, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn nulls_come_last_whichever_end_comes_first() {
    let world = World::new().await;
    deals(&world).await;
    for (query, expected) in [
        ("sort=amount&filter[amount][null]=false", &["three", "one", "two"][..]),
        ("sort=expected_close", &["one", "five", "two", "three", "four"]),
        ("sort=-expected_close", &["two", "five", "one", "three", "four"]),
        ("sort=owner,-amount", &["two", "one", "three", "four", "five"]),
        ("sort=-owner,amount", &["three", "one", "two", "four", "five"]),
        ("sort=status,-opened_at", &["four", "five", "two", "one", "three"]),
        ("sort=name", &["five", "four", "one", "three", "two"]),
    ] {
        assert_eq!(found(&world, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn every_field_of_every_list_can_be_filtered_and_sorted_by() {
    let world = World::new().await;
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    let lead = world.lead("Ada").await;
    world.settle().await;
    for path in ["/api/v1/leads", "/api/v1/opportunities", "/api/v1/pipelines", "/api/v1/leads/{id}/history"]
    {
        let uri = path.replace("{id}", &lead.to_string());
        for parameter in document["paths"][path]["get"]["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            if name == "sort" {
                let (names, _) = parameter["description"].as_str().unwrap().split_once(", with").unwrap();
                for field in names.strip_prefix("Up to 3 of ").unwrap().split(", ") {
                    world.data(&format!("{uri}?sort={field}")).await;
                    world.data(&format!("{uri}?sort=-{field}")).await;
                }
            } else if name.starts_with("filter[") && !name.contains('{') {
                let value = match parameter["schema"]["items"]["format"].as_str() {
                    Some("uuid") => "019b76da-a800-7000-8000-000000000001",
                    Some("date") => "2025-01-31",
                    Some("date-time") => "2025-01-31T12:00:00Z",
                    _ => parameter["schema"]["items"]["enum"][0].as_str().unwrap_or("7"),
                };
                for op in parameter["description"]
                    .as_str()
                    .unwrap()
                    .split("compares by op: ")
                    .nth(1)
                    .unwrap()
                    .split(", ")
                {
                    let op = op.trim_end_matches('.');
                    let value = if op == "null" { "true" } else { value };
                    world.data(&format!("{uri}?{name}[{op}]={value}")).await;
                }
            }
        }
    }
}

async fn leads_of(world: &World, q: &str) -> Vec<String> {
    let q: String = q.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let data = world.data(&format!("/api/v1/leads?sort=name&q={q}")).await;
    each(&data, "name").into_iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn search_finds_words_by_how_they_begin() {
    let world = World::new().await;
    for lead in [
        NewLead {
            company: maybe(Some("Example Engines Ltd")),
            email: Some(email("ada@engines.example").into()),
            phone: Some(phone("+44 20 7946 0000").into()),
            ..new_lead("Ada Lovelace")
        },
        NewLead {
            company: maybe(Some("O'Neil & Sons")),
            source: maybe(Some("Trade fair")),
            ..new_lead("Grace Hopper")
        },
        NewLead { company: maybe(Some("Müller-Lüdenscheidt GmbH")), ..new_lead("Jörg") },
    ] {
        world.tell_lead(new_id(), at(3, 1, 9), LeadAction::Capture(Box::new(lead))).await;
    }
    world.settle().await;
    for (q, expected) in [
        ("ada", &["Ada Lovelace"][..]),
        ("LOVE", &["Ada Lovelace"]),
        ("lov ada", &["Ada Lovelace"]),
        ("ada hopper", &[]),
        ("ada@eng", &["Ada Lovelace"]),
        ("ada@engines.example", &["Ada Lovelace"]),
        ("7946", &["Ada Lovelace"]),
        ("O'Neil & Sons", &["Grace Hopper"]),
        ("neil", &["Grace Hopper"]),
        ("o'ne", &["Grace Hopper"]),
        ("sons,", &["Grace Hopper"]),
        ("müller", &["Jörg"]),
        ("lüden", &["Jörg"]),
        ("müller-lüd", &["Jörg"]),
        ("jör", &["Jörg"]),
        ("trade fair", &["Grace Hopper"]),
        ("&", &[]),
        ("elace", &[]),
    ] {
        assert_eq!(leads_of(&world, q).await, expected, "{q:?}");
    }
}

#[tokio::test]
async fn pages_by_number_tell_how_many_there_are_and_link_to_their_neighbours() {
    let world = World::new().await;
    for index in 0..7 {
        world.lead(&format!("Lead {index}")).await;
    }
    world.settle().await;
    let href = |data: &Value, name: &str| data["links"][name]["href"].as_str().map(str::to_owned);
    let uri = "/api/v1/leads?filter[status]=open&sort=name&page=2&page_size=3";
    let reply = world.get(uri).await;
    let meta = &reply.body["meta"];
    assert_eq!((&meta["page"], &meta["page_size"], &meta["total"]), (&json!(2), &json!(3), &json!(7)));
    let data = reply.data(uri);
    assert_eq!(each(&data, "name"), ["Lead 3", "Lead 4", "Lead 5"]);
    let last = world.data(&href(&data, "next").unwrap()).await;
    assert_eq!(each(&last, "name"), ["Lead 6"]);
    assert_eq!(href(&last, "next"), None);
    assert_eq!(href(&last, "prev"), href(&data, "self"));
    let first = world.data(&href(&data, "prev").unwrap()).await;
    assert_eq!(each(&first, "name"), ["Lead 0", "Lead 1", "Lead 2"]);
    assert_eq!(href(&first, "prev"), None);
    let beyond = world.get("/api/v1/leads?page=100").await;
    assert_eq!((&beyond.body["meta"]["total"], &beyond.body["data"]["items"]), (&json!(7), &json!([])));
}

#[tokio::test]
async fn scores_and_pipelines_are_listed_too() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let id = world.lead("Ada").await;
    world.tell_lead(id, at(3, 2, 9), LeadAction::Qualify { score: percent(70) }).await;
    world.settle().await;
    let scored = world.data("/api/v1/leads?filter[score][gte]=70").await;
    assert_eq!(each(&scored, "score"), [70]);
    let pipelines = world.data("/api/v1/pipelines").await;
    assert_eq!(each(&pipelines, "id"), [&json!(stages.pipeline)]);
    let board = &pipelines["items"][0]["links"]["board"]["href"];
    assert_eq!(*board, json!(format!("/api/v1/pipelines/{}/board", stages.pipeline)));
    let links = pipelines["items"][0]["links"].as_object().unwrap();
    assert_eq!(links.keys().collect::<Vec<_>>(), ["add_stage", "board", "patch", "reorder_stages", "self"]);
    let sold = world.get_as(Role::SalesRep, "/api/v1/pipelines").await;
    let links = sold.body["data"]["items"][0]["links"].as_object().unwrap();
    assert_eq!(links.keys().collect::<Vec<_>>(), ["board", "self"]);
    let names: Vec<&str> = pipelines["items"][0]["stages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|s| s["name"].as_str())
        .collect();
    assert_eq!(names, crate::plan::NAMES);
}
