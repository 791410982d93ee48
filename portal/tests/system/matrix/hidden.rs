//! Fields that a role hides: every field of the list in every thing, every read of the document, every command.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use domain::identity::field;
use domain::identity::{Level, RecordKind};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::world::{World, document, everything};

/// What every hidden text holds, the digits of every hidden amount, and every hidden day.
const CANARIES: [&str; 3] = ["kanarie", "90817263", "2031-07-19"];
/// What boards and reports call what is made of amounts.
const TOTALS: [&str; 3] = ["weighted", "won_value", "without_amount"];
/// Reads of which answers were looked at. A new route makes it more, never less.
const AT_LEAST: usize = 60;

/// Things of which every field that can be hidden has a canary.
struct Things {
    lead: Uuid,
    lost_lead: Uuid,
    deal: Uuid,
    lost_deal: Uuid,
}

impl Things {
    async fn of(world: &World, owner: Uuid) -> Self {
        let lead = json!({
            "name": "Ada", "company": "kanarie company", "email": "kanarie@kanarie.example", "phone": "+31 90817263",
            "source": "kanarie source", "custom": {"region": "kanarie custom"}, "owner": owner,
        });
        let deal = json!({
            "name": "Engine", "amount": {"amount": "90817263.45", "currency": "EUR"}, "expected_close": "2031-07-19",
            "product": "kanarie product", "account": "kanarie account", "source": "kanarie source",
            "custom": {"region": "kanarie custom"}, "owner": owner,
        });
        let things = Self {
            lead: world.made("/api/v1/leads", lead.clone()).await,
            lost_lead: world.made("/api/v1/leads", lead).await,
            deal: world.made("/api/v1/opportunities", deal.clone()).await,
            lost_deal: world.made("/api/v1/opportunities", deal).await,
        };
        let reason = json!({"reason": "kanarie reason"});
        let changed = json!({"email": "kanarie.2@kanarie.example", "custom": {"region": "kanarie again"}});
        let revised =
            json!({"amount": {"amount": "90817263.46", "currency": "EUR"}, "account": "kanarie other"});
        for (method, path, body) in [
            ("POST", format!("leads/{}/qualify", things.lead), json!({"score": 73})),
            ("POST", format!("leads/{}/disqualify", things.lost_lead), reason.clone()),
            ("PATCH", format!("leads/{}", things.lead), changed),
            ("PATCH", format!("opportunities/{}", things.deal), revised),
            ("POST", format!("opportunities/{}/move", things.deal), json!({"stage_id": world.stage})),
            ("POST", format!("opportunities/{}/lose", things.lost_deal), reason),
        ] {
            let (status, answer) =
                world.send(method, &format!("/api/v1/{path}"), &world.admin, Some(body)).await;
            assert_eq!(status, 200, "{path}: {answer}");
        }
        things
    }
}

fn all_fields() -> Vec<&'static str> {
    field::ALL.iter().map(|field| field.name).collect()
}

/// Where something hidden is in an answer: a canary in a text, or a member that is called like a hidden field of a thing.
fn told(answer: &Value, names: &[&str], place: &str, found: &mut Vec<String>) {
    match answer {
        Value::Object(members) => {
            // Users have an address as well, which is another field.
            let is_thing = members.contains_key("version") && members.contains_key("activities");
            for (name, value) in members {
                if is_thing && names.contains(&name.as_str()) || TOTALS.contains(&name.as_str()) {
                    found.push(format!("{place}.{name}"));
                }
                told(value, names, &format!("{place}.{name}"), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| told(item, names, place, found)),
        Value::String(text) if CANARIES.iter().any(|canary| text.contains(canary)) => {
            found.push(place.to_owned())
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Every read of the document, of these things, now and in the past.
fn reads(document: &Value, world: &World, things: &[&Things], head: i64) -> Vec<String> {
    let mut reads = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        if item.get("get").is_none() {
            continue;
        }
        let collection = path.split('/').nth(3).unwrap();
        let of = |things: &&Things| match collection {
            "leads" => vec![things.lead, things.lost_lead],
            "opportunities" => vec![things.deal, things.lost_deal],
            "pipelines" => vec![world.pipeline],
            _ => vec![world.boss],
        };
        let ids: Vec<Uuid> =
            if path.contains("{id}") { things.iter().flat_map(of).collect() } else { vec![Uuid::nil()] };
        for id in ids {
            let path = path.replace("{id}", &id.to_string());
            match collection {
                "reports" if path.ends_with("sales") => reads.push(format!("{path}?group_by=owner")),
                "audit" => reads.push(format!("{path}?page_size=200")),
                _ => reads.push(path.clone()),
            }
            if path.ends_with(&id.to_string()) {
                reads.push(format!("{path}?as_of={head}"));
            }
        }
    }
    reads
}

/// What whoever has a role is told of what the role hides; and how many answers were looked at.
async fn leaks(world: &World, document: &Value, things: &[&Things], token: &str) -> (usize, Vec<String>) {
    let names: Vec<&str> = field::ALL.iter().map(|field| field.json).collect();
    let (mut looked_at, mut found) = (0, Vec::new());
    for read in reads(document, world, things, world.head().await) {
        // Answers are kept: the second one comes from memory.
        for _ in 0..2 {
            let (status, answer) = world.send("GET", &read, token, None).await;
            if status == 200 {
                looked_at += 1;
                told(&answer, &names, &read, &mut found);
            }
        }
    }
    (looked_at, found)
}

#[tokio::test]
async fn nobody_is_told_a_field_that_their_role_hides_by_any_read() {
    let world = World::new().await;
    let things = Things::of(&world, world.colleague).await;
    let own = Things::of(&world, world.boss).await;
    // Whoever sees everything comes first: what is kept for them is not for others.
    let whole = world.token(everything(Level::All)).await;
    let (_, seen) = leaks(&world, &document(), &[&things], &whole).await;
    let shown = |collection: &str| seen.iter().any(|place| place.contains(collection));
    for place in
        ["/leads?", "/leads.", "/opportunities.", "/board", "/history", "/audit/events", "/reports/", "as_of"]
    {
        assert!(place == "/leads?" || shown(place), "the canaries cannot be seen in {place}: {seen:#?}");
    }
    for level in [Level::Own, Level::Team, Level::All] {
        let token = world.token_hiding(everything(level), &all_fields()).await;
        let (looked_at, found) = leaks(&world, &document(), &[&things, &own], &token).await;
        assert_eq!(found, Vec::<String>::new(), "at {level:?}");
        assert!(looked_at >= AT_LEAST / 2, "{looked_at} at {level:?}");
        println!("{looked_at} answers at {level:?}");
    }
}

/// Lines of an export, which are no JSON as a whole.
async fn exported(world: &World, token: &str) -> String {
    let request = Request::get("/api/v1/audit/events").header("authorization", format!("Bearer {token}"));
    let request = request.header("accept", "application/x-ndjson").body(Body::empty()).unwrap();
    let answer = world.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn an_export_of_events_hides_what_pages_of_them_hide() {
    let world = World::new().await;
    Things::of(&world, world.boss).await;
    let whole = exported(&world, &world.token(everything(Level::All)).await).await;
    let hidden = exported(&world, &world.token_hiding(everything(Level::All), &all_fields()).await).await;
    assert!(CANARIES.iter().all(|canary| whole.contains(canary)), "{whole}");
    assert!(!CANARIES.iter().any(|canary| hidden.contains(canary)), "{hidden}");
    assert!(whole.lines().count() > 10 && hidden.lines().count() >= whole.lines().count());
}

#[tokio::test]
async fn totals_of_hidden_amounts_are_absent_and_counts_are_not() {
    let world = World::new().await;
    Things::of(&world, world.boss).await;
    let token = world.token_hiding(everything(Level::All), &["opportunity.amount"]).await;
    let board = format!("/api/v1/pipelines/{}/board", world.pipeline);
    let reports = ["/api/v1/reports/forecast", "/api/v1/reports/sales?group_by=owner", &board];
    for read in reports {
        let (status, answer) = world.send("GET", read, &token, None).await;
        assert_eq!(status, 200, "{read}: {answer}");
        let mut found = Vec::new();
        told(&answer, &["amount"], read, &mut found);
        found.retain(|place| place.ends_with("amount") || TOTALS.iter().any(|name| place.ends_with(name)));
        assert_eq!(found, Vec::<String>::new());
        assert!(
            answer.to_string().contains(if read.contains("sales") { "\"open\":1" } else { "\"count\":1" }),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_read_that_forgets_to_hide_is_found() {
    let mut world = World::new().await;
    let things = Things::of(&world, world.boss).await;
    let peek = || async {
        axum::Json(json!({"success": true, "data": {"items": [{"email": "kanarie@kanarie.example"}]}}))
    };
    world.router = world.router.merge(Router::new().route("/api/v1/leads/{id}/peek", get(peek)));
    let mut document = document();
    document["paths"]["/api/v1/leads/{id}/peek"]["get"] =
        json!({"operationId": "peek", "x-permission": "lead.read"});
    let token = world.token_hiding(everything(Level::All), &all_fields()).await;
    let (_, found) = leaks(&world, &document, &[&things], &token).await;
    assert!(!found.is_empty() && found.iter().all(|place| place.contains("/peek")), "{found:#?}");
}

#[tokio::test]
async fn what_is_asked_by_a_hidden_field_is_refused_and_names_it() {
    let world = World::new().await;
    Things::of(&world, world.boss).await;
    let token = world.token_hiding(everything(Level::All), &all_fields()).await;
    let whole = world.token(everything(Level::All)).await;
    for (read, field) in [
        ("leads?filter[email]=kanarie@kanarie.example", "lead.email"),
        ("leads?filter[phone][contains]=9", "lead.phone"),
        ("leads?filter[score][gte]=1", "lead.score"),
        ("leads?sort=company", "lead.company"),
        ("leads?sort=-source,name", "lead.source"),
        ("leads?q=kanarie", "lead.email"),
        ("leads?filter[custom.region]=x", "lead.custom"),
        ("opportunities?filter[amount][gte]=1", "opportunity.amount"),
        ("opportunities?filter[currency]=EUR", "opportunity.amount"),
        ("opportunities?sort=weighted", "opportunity.amount"),
        ("opportunities?filter[expected_close][lt]=2032-01-01", "opportunity.expected_close"),
        ("opportunities?q=kanarie", "opportunity.account"),
        ("opportunities?filter[custom.region][null]=true", "opportunity.custom"),
        ("reports/sales?group_by=account", "opportunity.account"),
        ("reports/sales?group_by=product", "opportunity.product"),
        ("reports/sales?group_by=custom.region", "opportunity.custom"),
        ("reports/sales?group_by=owner&currency=EUR", "opportunity.amount"),
        ("reports/forecast", "opportunity.expected_close"),
    ] {
        let path = format!("/api/v1/{read}");
        let (status, answer) = world.send("GET", &path, &token, None).await;
        assert_eq!((status, &answer["error"]["code"]), (403, &json!("field.hidden")), "{read}: {answer}");
        assert!(answer["error"]["errors"].to_string().contains(field), "{read}: {answer}");
        assert_eq!(world.send("GET", &path, &whole, None).await.0, 200, "{read}");
    }
}

#[tokio::test]
async fn what_would_write_a_hidden_field_is_refused_and_names_it() {
    let world = World::new().await;
    let things = Things::of(&world, world.boss).await;
    let token = world.token_hiding(everything(Level::All), &all_fields()).await;
    let (lead, deal) = (format!("leads/{}", things.lead), format!("opportunities/{}", things.deal));
    let money = json!({"amount": "1.00", "currency": "EUR"});
    for (method, path, body, field) in [
        ("POST", "leads".to_owned(), json!({"name": "A", "email": "a@b.example"}), "lead.email"),
        ("POST", "leads".to_owned(), json!({"name": "A", "custom": {}}), "lead.custom"),
        ("PATCH", lead.clone(), json!({"phone": null}), "lead.phone"),
        ("POST", format!("{lead}/qualify"), json!({"score": 1}), "lead.score"),
        ("POST", format!("{lead}/disqualify"), json!({"reason": "x"}), "lead.disqualified_reason"),
        ("POST", format!("{lead}/convert"), json!({"amount": money}), "opportunity.amount"),
        ("POST", "opportunities".to_owned(), json!({"name": "A", "amount": money}), "opportunity.amount"),
        ("PATCH", deal.clone(), json!({"expected_close": "2030-01-01"}), "opportunity.expected_close"),
        ("POST", format!("{deal}/win"), json!({"amount": money}), "opportunity.amount"),
        ("POST", format!("{deal}/lose"), json!({"reason": "x"}), "opportunity.lost_reason"),
    ] {
        let path = format!("/api/v1/{path}");
        let (status, answer) = world.send(method, &path, &token, Some(body)).await;
        assert_eq!((status, &answer["error"]["code"]), (403, &json!("field.hidden")), "{path}: {answer}");
        assert!(answer["error"]["errors"].to_string().contains(field), "{path}: {answer}");
    }
    let (status, _) =
        world.send("PATCH", &format!("/api/v1/{lead}"), &token, Some(json!({"name": "B"}))).await;
    assert_eq!(status, 200);
    let (status, _) = world.send("POST", &format!("/api/v1/{deal}/win"), &token, Some(json!({}))).await;
    assert_eq!(status, 200);
}

/// Of two roles, one shows the address of one's own leads, the other hides that of all.
#[tokio::test]
async fn a_field_is_shown_of_the_records_of_which_any_role_shows_it() {
    let world = World::new().await;
    let own = Things::of(&world, world.boss).await;
    let other = Things::of(&world, world.colleague).await;
    let shows = world.role(json!({"lead.read": "own"}), &[]).await;
    let hides = world.role(json!({"lead.read": "all"}), &["lead.email"]).await;
    let token = world.token_of(vec![shows, hides]);
    let email = async |lead: Uuid, suffix: &str| {
        let (status, answer) =
            world.send("GET", &format!("/api/v1/leads/{lead}{suffix}"), &token, None).await;
        assert_eq!(status, 200);
        answer["data"].get("email").is_some()
    };
    assert!(email(own.lead, "").await && !email(other.lead, "").await);
    let past = format!("?as_of={}", world.head().await);
    assert!(email(own.lead, &past).await && !email(other.lead, &past).await);
    let changes = async |lead: Uuid| {
        let (_, answer) = world.send("GET", &format!("/api/v1/leads/{lead}/history"), &token, None).await;
        answer["data"].to_string().contains("\"email\"")
    };
    assert!(changes(own.lead).await && !changes(other.lead).await);
    let (_, list) = world.send("GET", "/api/v1/leads?page_size=100", &token, None).await;
    for item in list["data"]["items"].as_array().unwrap() {
        assert_eq!(item.get("email").is_some(), item["owner"] == json!(world.boss), "{item}");
        assert!(item.get("phone").is_some());
    }
    // What the one role shows, it shows of one's own only.
    let (status, _) = world.send("GET", "/api/v1/leads?filter[email][null]=true", &token, None).await;
    assert_eq!(status, 403);
    assert_eq!(RecordKind::Lead.read().name, "lead.read");
}
