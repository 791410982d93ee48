//! Sends what the document has, and compares each answer with what ought to come.

use std::collections::BTreeSet;
use std::fmt::Debug;

use domain::identity::Level;
use domain::identity::permission::{self, Permission};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::targets::Target;
use super::world::{World, everything};

const LEVELS: [Level; 3] = [Level::Own, Level::Team, Level::All];
/// What has owners.
const OWNED: [&str; 2] = ["leads", "opportunities"];
/// Things of each sort in each collection, for lists and reports.
const OF_EACH: usize = 2;

/// What came of it.
#[derive(Default)]
pub struct Walk {
    pub looked_at: usize,
    /// Answers that ought to have been others.
    pub holes: Vec<String>,
}

/// An operation of the document.
struct Operation<'d> {
    id: &'d str,
    method: String,
    path: &'d str,
    permission: &'d str,
}

impl Walk {
    pub async fn through(world: &World, document: &Value) -> Self {
        let mut walk = Self::default();
        walk.lists_and_reports(world).await;
        let operations = operations(document);
        for operation in &operations {
            walk.with_one_permission_and_with_all_others(world, operation).await;
            let collection = operation.path.split('/').nth(3).unwrap();
            if OWNED.contains(&collection) && operation.path.contains("{id}") {
                walk.things(world, operation, collection).await;
            }
        }
        walk
    }

    fn expect(&mut self, place: String, expected: impl Debug, found: impl Debug) {
        self.looked_at += 1;
        let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
        if expected != found {
            self.holes.push(format!("{place} : {found} instead of {expected}"));
        }
    }

    /// Whoever has no permission but this one gets in; whoever has all but this one does not.
    async fn with_one_permission_and_with_all_others(&mut self, world: &World, operation: &Operation<'_>) {
        if matches!(operation.permission, "public" | "session.own") {
            return;
        }
        let path = operation.path.replace("{id}", &Uuid::now_v7().to_string());
        let path = path.replace("{stage_id}", &Uuid::now_v7().to_string());
        let path = path.replace("{user_id}", &Uuid::now_v7().to_string());
        let path = path.replace("{key_id}", &Uuid::now_v7().to_string());
        let mut others = everything(Level::All);
        others.as_object_mut().unwrap().remove(operation.permission);
        let refused = world.token(others).await;
        let (status, _) = world.send(&operation.method, &path, &refused, None).await;
        self.expect(format!("{} {} with all others", operation.method, operation.path), 403, status);
        let permission = Permission::of_name(operation.permission);
        if permission.is_some_and(|permission| permission.can_be_given(Level::All)) {
            let token = world.token(json!({operation.permission: "all"})).await;
            let (status, _) = world.send(&operation.method, &path, &token, None).await;
            let gets_in = !matches!(status, 401 | 403);
            self.expect(format!("{} {} with it alone", operation.method, operation.path), true, gets_in);
        }
    }

    /// A thing is there for those who reach it, and for all others it never existed.
    async fn things(&mut self, world: &World, operation: &Operation<'_>, collection: &str) {
        for level in LEVELS {
            let token = world.token(everything(level)).await;
            for target in Target::ALL {
                let thing = target.make(world, collection).await;
                let path = operation.path.replace("{id}", &thing.to_string());
                let body = (operation.method != "GET").then(|| body(operation.id, world));
                let (status, answer) = world.send(&operation.method, &path, &token, body).await;
                // A rule may refuse what is there: an open deal cannot be reopened.
                let is_there = matches!(status, 200 | 201 | 409);
                let place = format!("{} {} {target:?} at {level:?}", operation.method, operation.path);
                // What was taken back keeps its history, and people in that can be erased.
                let is_left = ["/history", "/erase"].iter().any(|left| operation.path.ends_with(left));
                if target.is_within(level) || target.is_told_of(level) && is_left {
                    self.expect(place, true, is_there);
                } else if target.is_told_of(level) && operation.method != "GET" {
                    self.expect(place, 409, status);
                } else {
                    self.expect(place.clone(), 404, status);
                    self.expect(place, json!("not_found"), &answer["error"]["code"]);
                }
                if operation.method == "GET" && operation.path.ends_with("{id}") {
                    let past = format!("{path}?as_of={}", world.head().await);
                    let (status, _) = world.send("GET", &past, &token, None).await;
                    let place = format!("GET {} as_of {target:?} at {level:?}", operation.path);
                    self.expect(place, if target.is_within(level) { 200 } else { 404 }, status);
                }
            }
        }
    }

    /// Lists have those things that are reached, and totals count no others.
    async fn lists_and_reports(&mut self, world: &World) {
        let mut made: Vec<(Target, &str, Uuid)> = Vec::new();
        for collection in OWNED {
            for target in Target::ALL.into_iter().cycle().take(Target::ALL.len() * OF_EACH) {
                made.push((target, collection, target.make(world, collection).await));
            }
        }
        for level in LEVELS {
            let token = world.token(everything(level)).await;
            let within = |name: &str| -> BTreeSet<String> {
                let reached = made
                    .iter()
                    .filter(|(target, collection, _)| *collection == name && target.is_within(level));
                reached.map(|(_, _, id)| id.to_string()).collect()
            };
            for collection in OWNED {
                let all = within(collection);
                for query in
                    ["page_size=100", "page_size=100&sort=name", "page_size=100&filter[owner][null]=false"]
                {
                    let list = format!("/api/v1/{collection}?{query}");
                    let (_, answer) = world.send("GET", &list, &token, None).await;
                    let place = format!("GET /api/v1/{collection} {query} at {level:?}");
                    let owned = |id: &&String| !query.contains("null") || is_owned(&made, id);
                    let expected: BTreeSet<&String> = all.iter().filter(owned).collect();
                    let items = answer["data"]["items"].as_array().cloned().unwrap_or_default();
                    let found: BTreeSet<String> =
                        items.iter().map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect();
                    self.expect(place.clone(), &expected, &found);
                    self.expect(place, json!(expected.len()), &answer["meta"]["total"]);
                }
            }
            let deals = within("opportunities").len();
            self.totals(world, &token, deals, level).await;
        }
    }

    /// What screens and reports count.
    async fn totals(&mut self, world: &World, token: &str, deals: usize, level: Level) {
        let sum = |items: &Value, field: &str| -> i64 {
            items.as_array().into_iter().flatten().filter_map(|item| item[field].as_i64()).sum()
        };
        let expected = i64::try_from(deals).unwrap();
        let board = format!("/api/v1/pipelines/{}/board", world.pipeline);
        let (_, answer) = world.send("GET", &board, token, None).await;
        let stages = &answer["data"]["stages"];
        let cards: usize = stages
            .as_array()
            .into_iter()
            .flatten()
            .map(|stage| stage["cards"].as_array().map_or(0, Vec::len))
            .sum();
        self.expect(
            format!("GET /api/v1/pipelines/{{id}}/board at {level:?}"),
            expected,
            sum(stages, "count"),
        );
        self.expect(format!("GET /api/v1/pipelines/{{id}}/board cards at {level:?}"), deals, cards);
        let (_, answer) = world.send("GET", "/api/v1/reports/sales?group_by=owner", token, None).await;
        let place = format!("GET /api/v1/reports/sales at {level:?}");
        self.expect(place.clone(), json!(expected), &answer["data"]["totals"]["open"]);
        self.expect(place, expected, sum(&answer["data"]["groups"], "open"));
        let (_, answer) = world.send("GET", "/api/v1/reports/stages", token, None).await;
        let place = format!("GET /api/v1/reports/stages at {level:?}");
        self.expect(place, expected, sum(&answer["data"]["stages"], "entered"));
        let (_, answer) = world.send("GET", "/api/v1/reports/forecast", token, None).await;
        let place = format!("GET /api/v1/reports/forecast at {level:?}");
        self.expect(place, expected, counted(&answer["data"]));
    }
}

fn is_owned(made: &[(Target, &str, Uuid)], id: &str) -> bool {
    made.iter().any(|(target, _, made)| made.to_string() == id && *target != Target::OfNobody)
}

/// The sum of all counts in an answer.
fn counted(data: &Value) -> i64 {
    match data {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match (name.as_str(), value.as_i64()) {
                ("count", Some(count)) => count,
                _ => counted(value),
            })
            .sum(),
        Value::Array(items) => items.iter().map(counted).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| Operation {
            id: operation["operationId"].as_str().unwrap(),
            method: method.to_uppercase(),
            path,
            permission: operation["x-permission"].as_str().unwrap(),
        })
    });
    operations.collect()
}

/// A body that is fine, and leaves the thing with the caller.
fn body(operation: &str, world: &World) -> Value {
    match operation {
        "assign_lead" | "assign_opportunity" => json!({"owner": world.boss}),
        "correct_lead" | "revise_opportunity" => json!({"name": "Another"}),
        "qualify_lead" => json!({"score": 70}),
        "disqualify_lead" | "lose_opportunity" => json!({"reason": "No budget"}),
        "log_lead_activity" | "log_opportunity_activity" => json!({"kind": "call", "summary": "Talked."}),
        "move_opportunity" => json!({"stage_id": world.stage}),
        "convert_lead" | "reopen_lead" | "erase_lead" | "win_opportunity" | "reopen_opportunity"
        | "erase_opportunity" => Value::Object(Map::new()),
        other => panic!("a new command on a thing with an owner needs an example of its body: {other}"),
    }
}

#[test]
fn every_permission_of_a_route_is_in_the_list_and_every_one_of_the_list_is_asked_for() {
    let document = super::world::document();
    let asked: BTreeSet<&str> = operations(&document).iter().map(|operation| operation.permission).collect();
    let listed: BTreeSet<&str> = permission::ALL.iter().map(|permission| permission.name).collect();
    assert_eq!(asked.difference(&listed).collect::<Vec<_>>(), [&"public", &"session.own"]);
    assert_eq!(listed.difference(&asked).collect::<Vec<_>>(), Vec::<&&str>::new());
}
