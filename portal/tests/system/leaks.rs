//! Logs, spans and metrics hold neither what people wrote nor what opens a door.

use embedded::testing;
use reqwest::{Method, header};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::crm::{Crm, Site};
use crate::operate::Log;
use crate::receiver::Receiver;

/// What every canary holds, whatever else its field asks for.
const CANARIES: [&str; 2] = ["kanarie", "90817263"];
/// All that can be logged, by any crate in the process.
const EVERYTHING: &str = "trace";

/// The published document: a new command is in here, and so in this test.
fn document() -> Value {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Ids that exist, by the last word of what asks for them.
struct Things {
    pipeline: String,
    stage: String,
    lead: String,
    opportunity: String,
    user: String,
    role: String,
    team: String,
    above: String,
    legal_entity: String,
    customer: String,
    series: String,
    invoice: String,
    payment: String,
    /// The token of somebody who is signed in, for what is their own.
    own: String,
}

impl Things {
    fn named(&self, name: &str) -> String {
        let found = match name.trim_end_matches("_ids").trim_end_matches("_id") {
            "pipeline" | "pipelines" => &self.pipeline,
            "stage" | "stages" | "before_stage" => &self.stage,
            "lead" | "leads" => &self.lead,
            "opportunity" | "opportunities" => &self.opportunity,
            "users" | "user" | "manager" => &self.user,
            "roles" | "custom_roles" => &self.role,
            "teams" => &self.team,
            "parent" => &self.above,
            "legal_entity" | "legal-entities" => &self.legal_entity,
            "customer" | "billing-customers" => &self.customer,
            "series" | "invoice-series" => &self.series,
            "invoice" | "invoices" => &self.invoice,
            "payments" => &self.payment,
            _ => return Uuid::now_v7().to_string(),
        };
        found.clone()
    }
}

/// A value for a schema, with a canary wherever people may write what they like.
fn good(document: &Value, schema: &Value, name: &str, things: &Things) -> Value {
    if let Some(place) = schema["$ref"].as_str() {
        return good(
            document,
            &document[&"components"]["schemas"][place.rsplit('/').next().unwrap()],
            name,
            things,
        );
    }
    if let Some(first) = schema["oneOf"].get(0) {
        return good(document, first, name, things);
    }
    if let Some(value) = schema["enum"].get(0) {
        return value.clone();
    }
    let kind = schema["type"].as_str().or(schema["type"][0].as_str()).unwrap_or("object");
    match (kind, schema["format"].as_str()) {
        ("string", Some("uuid")) => json!(things.named(name)),
        ("string", Some("email")) => json!(format!("kanarie.{name}@kanarie.example")),
        ("string", Some(_)) => schema["example"].clone(),
        ("string", None) if name == "amount" => json!("90817263.45"),
        ("string", None) if schema.get("pattern").is_some() || name == "pattern" => schema["example"].clone(),
        ("string", None) if name == "phone" => json!("+31 90817263"),
        ("string", None) if schema["maxLength"].as_u64().is_some_and(|most| most < 20) => {
            schema["example"].clone()
        }
        ("string", None) => json!(format!("kanarie {name} {}", Uuid::now_v7().simple())),
        ("integer" | "number", _) => schema.get("example").cloned().unwrap_or(json!(1)),
        ("boolean", _) => json!(true),
        ("array", _) if name == "hidden" => json!(["lead.email"]),
        ("array", _) => json!([good(document, &schema["items"], name, things)]),
        // Only what is exempt has a reason.
        _ if name == "tax" => json!({"category": "E", "reason": "kanarie reason"}),
        _ if name == "grants" => json!({"lead.read": "team"}),
        _ if schema.get("properties").is_none() => {
            json!({"kanarie_key": "kanarie custom", "seats": 90_817_263})
        }
        _ => {
            let properties = schema["properties"].as_object().unwrap();
            let made =
                properties.iter().map(|(name, schema)| (name.clone(), good(document, schema, name, things)));
            Value::Object(made.collect::<Map<_, _>>())
        }
    }
}

/// The same, with each field in turn replaced by what it never takes.
fn bad(body: &Value) -> Vec<String> {
    let mut bodies = vec![
        format!("{{\"kanarie\": {body}}}"),
        format!("{body} kanarie"),
        "{\"name\": \"kanarie".to_owned(),
        "\"kanarie\"".to_owned(),
    ];
    for name in body.as_object().into_iter().flatten().map(|(name, _)| name) {
        let long = "kanarie ".repeat(2_000);
        let deep = json!([[{"kanarie": "kanarie"}]]);
        for value in
            [json!("kanarie\u{0}"), json!("kanarie"), json!(long), json!(90_817_263_i64), deep, Value::Null]
        {
            let mut changed = body.clone();
            changed[name] = value;
            bodies.push(changed.to_string());
        }
    }
    bodies
}

/// Sends every command well-formed and malformed, and every read with what people may ask for. Tells how many commands
/// were accepted.
async fn send_everything(site: &Site, crm: &Crm, things: &Things) -> usize {
    let document = document();
    let mut accepted = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let collection = path.split('/').nth(3).unwrap_or_default();
        let way = path.replace("{id}", &things.named(collection)).replace("{stage_id}", &things.stage);
        let way = way.replace("{user_id}", &things.user).replace("{key_id}", &things.named("key"));
        for (method, operation) in item.as_object().unwrap() {
            let is_own = operation["x-permission"] == "session.own";
            let token = if is_own { &things.own } else { &site.token };
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let url = format!("{}{way}", crm.address);
            if method == Method::GET {
                for name in operation["parameters"].as_array().into_iter().flatten().map(|one| &one["name"]) {
                    let name = name.as_str().unwrap();
                    let query = [(name, "kanarie"), ("kanarie", "kanarie")];
                    for query in [&query[..1], &query[..]] {
                        answered(site.client.get(&url).query(query).bearer_auth(&site.token)).await;
                    }
                    let by_header = site.client.get(&url).header("X-Query", format!("{name}=kanarie"));
                    answered(by_header.bearer_auth(&site.token)).await;
                }
                continue;
            }
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = good(&document, schema, "body", things);
            let mut without_time = body.clone();
            without_time.as_object_mut().map(|fields| fields.remove("occurred_at"));
            for (number, text) in [without_time.to_string()].into_iter().chain(bad(&body)).enumerate() {
                let request = site
                    .client
                    .request(method.clone(), &url)
                    .bearer_auth(token)
                    .header(header::CONTENT_TYPE, "application/json")
                    .header("Idempotency-Key", format!("kanarie{}", Uuid::now_v7()))
                    .body(text);
                let succeeded = answered(request).await;
                accepted += usize::from(number == 0 && succeeded);
            }
        }
    }
    accepted
}

/// Whether the answer says so. No answer may be a failure of ours.
async fn answered(request: reqwest::RequestBuilder) -> bool {
    let answer = request.send().await.unwrap();
    assert_ne!(answer.status(), 500, "{}", answer.url());
    answer.status().is_success()
}

async fn send_strange_headers(site: &Site, crm: &Crm) {
    let url = format!("{}/api/v1/leads", crm.address);
    for (name, value) in [
        ("Authorization", "Bearer kanarie.kanarie.kanarie"),
        ("Authorization", "kanarie"),
        ("If-Match", "kanarie"),
        ("X-Min-Position", "kanarie"),
        ("X-Query", "kanarie with spaces"),
        ("Cookie", "session=kanarie"),
        ("X-Request-Id", "kanarie with spaces"),
        ("traceparent", "00-kanarie-kanarie-01"),
        ("User-Agent", "kanarie"),
    ] {
        answered(site.client.get(&url).header(name, value)).await;
        answered(site.client.post(&url).bearer_auth(&site.token).header(name, value).body("{}")).await;
    }
    for path in ["/api/v1/kanarie", "/api/v1/leads/kanarie", "/kanarie/90817263?kanarie=kanarie"] {
        answered(site.client.get(format!("{}{path}", crm.address)).bearer_auth(&site.token)).await;
    }
}

/// Fails for whatever must not be in what the world outside gets to see.
fn assert_clean(site: &Site, what: &str, text: &str) {
    let secret = |url: &str| -> Option<String> {
        let (_, rest) = url.split_once("://")?;
        let (_, password) = rest.split_once('@')?.0.split_once(':')?;
        Some(password.to_owned())
    };
    let signature = site.token.rsplit('.').next().unwrap().to_owned();
    let claims = site.token.split('.').nth(1).unwrap().to_owned();
    let passwords = [secret(site.database.url()), secret(&site.nats_url)];
    let forbidden = CANARIES
        .iter()
        .map(|canary| (*canary).to_owned())
        .chain([signature, claims])
        .chain(passwords.into_iter().flatten());
    for forbidden in forbidden {
        assert!(!forbidden.is_empty());
        if let Some(line) = text.lines().find(|line| line.to_lowercase().contains(&forbidden.to_lowercase()))
        {
            panic!("{what} holds {forbidden}: {}", line.chars().take(2_000).collect::<String>());
        }
    }
}

async fn stopped(mut crm: Crm, log: Log) -> String {
    crm.signal("TERM").await;
    crm.child.wait().await.unwrap();
    log.whole().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_people_write_and_no_secret_reaches_logs_spans_or_metrics() {
    let collector = Receiver::start().await;
    let site = Site::new().await.exporting_to(&collector.url);
    assert!(site.database.url().contains('@'), "a database without a password proves nothing");
    let redis = tokio::task::spawn_blocking(testing::own_redis).await.unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--redis-url"];
    let (crm, log) = site.start_logged(&[&arguments[..], &[redis.url().as_str()]].concat(), EVERYTHING).await;
    let things = site.things(&crm).await;
    let accepted = send_everything(&site, &crm, &things).await;
    assert!(accepted >= 10, "only {accepted} commands were accepted");
    send_strange_headers(&site, &crm).await;
    let scraped = site.scrape(&crm).await;
    collector.spans(|spans| spans.iter().any(|(_, span)| span.name == "fold")).await;
    let log = stopped(crm, log).await;
    assert!(log.lines().count() > 1_000 && log.contains("answered"), "{} lines", log.lines().count());
    assert_clean(&site, "the log", &log);
    assert_clean(&site, "a span", &String::from_utf8_lossy(&collector.bodies()));
    assert_clean(&site, "a metric", &scraped);
    let password = redis.url().split([':', '@']).nth(2).unwrap().to_owned();
    assert!(password.len() > 8);
    assert!(!log.contains(&password) && !scraped.contains(&password), "the password of Redis is told");
}

/// The error of a decoder repeats what it cannot decode.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_cannot_be_read_is_not_repeated_by_the_log() {
    let site = Site::new().await;
    let crm = site.start(&["command-api", "--listen", "127.0.0.1:0"]).await;
    let opened = site.open(&crm, "poisoned").await.unwrap();
    drop(crm);
    sqlx::query("update log.event set payload = jsonb_set(payload, '{data,amount}', '\"kanarie\"') where position = $1")
        .bind(opened.position)
        .execute(&site.pool())
        .await
        .unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let (crm, log) = site.start_logged(&arguments, EVERYTHING).await;
    site.until_scraped(&crm, |text| {
        text.contains("crm_projection_parked_tenants{view=\"sales_opportunity_list\"} 1")
    })
    .await;
    let win = format!("{}/opportunities/{}/win", crm.api, opened.id);
    let answer = site.client.post(win).bearer_auth(&site.token).send().await.unwrap();
    assert_eq!(answer.status(), 500);
    assert!(!answer.text().await.unwrap().contains("kanarie"));
    let past = format!("{}/opportunities/{}?as_of=2100-01-01T00:00:00Z", crm.api, opened.id);
    let answer = site.client.get(past).bearer_auth(&site.token).send().await.unwrap();
    assert_eq!(answer.status(), 500);
    assert!(!answer.text().await.unwrap().contains("kanarie"));
    let log = stopped(crm, log).await;
    assert!(log.contains("cannot be decoded"), "the failure itself is told");
    assert_clean(&site, "the log", &log);
}

impl Site {
    async fn things(&self, crm: &Crm) -> Things {
        let create = async |path: &str, body: Value| -> String {
            let request = self.client.post(format!("{}{path}", crm.api)).bearer_auth(&self.token).json(&body);
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            answer["data"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
        };
        let stages = json!([{"name": "A", "probability": 10}, {"name": "B", "probability": 20}]);
        let pipeline = create("/pipelines", json!({"name": "P", "stages": stages})).await;
        let money = json!({"amount": "1.00", "currency": "EUR"});
        let deal = json!({"name": "D", "amount": money, "pipeline_id": pipeline});
        let opportunity = create("/opportunities", deal).await;
        let lead = create("/leads", json!({"name": "L"})).await;
        let user = create("/users", json!({"name": "U", "email": "u@engines.example"})).await;
        let (_, shown) = {
            let answer =
                self.client.get(format!("{}/pipelines/{pipeline}", crm.api)).bearer_auth(&self.token);
            let answer = answer.header("X-Min-Position", "3").send().await.unwrap();
            (answer.status(), answer.json::<Value>().await.unwrap())
        };
        let stage = shown["data"]["stages"][0]["id"].as_str().unwrap_or_else(|| panic!("{shown}")).to_owned();
        let role = create("/roles", json!({"name": "R"})).await;
        let team = create("/teams", json!({"name": "T"})).await;
        let above = create("/teams", json!({"name": "A"})).await;
        let seller = json!({
            "name": "S", "address": {"city": "C"}, "country": "DE", "currency": "EUR",
            "tax_ids": [{"kind": "vat", "value": "DE1"}],
        });
        let legal_entity = create("/legal-entities", seller).await;
        let buyer = json!({
            "name": "B", "address": {"city": "C"}, "country": "DE", "currency": "EUR", "terms": 14, "language": "de",
        });
        let customer = create("/billing-customers", buyer).await;
        let numbers = json!({"legal_entity_id": legal_entity, "name": "N", "pattern": "N{seq:3}"});
        let series = create("/invoice-series", numbers).await;
        let draft = json!({"legal_entity_id": legal_entity, "customer_id": customer});
        let invoice = create("/invoices", draft).await;
        let money = json!({"amount": "9.00", "currency": "EUR"});
        let receipt = json!({
            "legal_entity_id": legal_entity, "customer_id": customer, "amount": money, "method": "cash",
            "received_on": "2026-01-31",
        });
        let payment = create("/payments", receipt).await;
        let own = self.signed_in(crm, "kanarie kanarie").await;
        Things {
            pipeline,
            stage,
            lead,
            opportunity,
            user,
            role,
            team,
            above,
            legal_entity,
            customer,
            series,
            invoice,
            payment,
            own,
        }
    }
}
