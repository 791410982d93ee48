//! Whatever is sent: an envelope comes back, never a 5xx, and the log stays readable.

use axum::body::Body;
use axum::http::Request;
use domain::Event;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

use crate::support::{Api, Call, Things, routes};

/// Bodies for each route. More only repeat themselves.
const BODIES: usize = 250;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_body_makes_a_route_fail_on_our_side() {
    let api = Api::new().await;
    let mut random = StdRng::seed_from_u64(0x4352_4d21);
    let (mut accepted, mut refused) = (0, 0);
    for route in routes() {
        let (things, mut token) = (Things::of(&api).await, api.signed_in().await);
        // Signing in again after each success takes long.
        for _ in 0..if route.is_own() { BODIES / 10 } else { BODIES } {
            let body = hostile(&mut random, &route.body(&things));
            let shown = String::from_utf8_lossy(&body).chars().take(300).collect::<String>();
            let call = Call::new(&route.method, &route.to(&things)).bytes(body);
            let reply = api.send(if route.is_own() { call.bearer(&token) } else { call }).await;
            let status = reply.status.as_u16();
            let credentials = route.is_own() || route.is_public();
            let expected = matches!(status, 200 | 201 | 202 | 400 | 404 | 409 | 413 | 422)
                || credentials && matches!(status, 401 | 429)
                || route.id == "invite_user" && status == 429;
            assert!(expected, "{} answers {status} to {shown}: {}", route.id, reply.text);
            if route.is_own() && reply.status.is_success() {
                token = api.signed_in().await;
            }
            *(if reply.status.is_success() { &mut accepted } else { &mut refused }) += 1;
        }
    }
    assert!(accepted > 100 && refused > 1_000, "{accepted} accepted, {refused} refused");
    for (aggregate_type, payload) in log(&api).await {
        Event::decode(&aggregate_type, payload).unwrap();
    }
}

#[tokio::test]
async fn no_header_makes_a_route_fail_on_our_side() {
    let api = Api::new().await;
    let things = Things::of(&api).await;
    let long = "k".repeat(256);
    let values: Vec<&[u8]> = vec![
        b"",
        b" ",
        b"\"",
        b"\"-1\"",
        b"\"9223372036854775808\"",
        b"W/\"1\"",
        b"\"1\", \"2\"",
        b"\xff\xfe",
        b"a b",
        long.as_bytes(),
    ];
    for route in routes() {
        for name in
            ["idempotency-key", "if-match", "x-request-id", "traceparent", "content-type", "content-encoding"]
        {
            for value in &values {
                let token = api.token(api.tenant, &[edge::Role::Admin], "sam");
                let request = Request::builder()
                    .method(route.method.as_str())
                    .uri(route.to(&things))
                    .header("authorization", format!("Bearer {token}"))
                    .header(name, *value)
                    .body(Body::from(route.body(&things).to_string()))
                    .unwrap();
                let reply = api.request(request).await;
                assert!(reply.status.as_u16() < 500, "{} {name} {value:?}: {}", route.id, reply.text);
            }
        }
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_as_such() {
    let api = Api::new().await;
    let body = format!(r#"{{"name": "{}"}}"#, "x".repeat(1024 * 1024));
    api.send(Call::post("/api/v1/leads").bytes(body)).await.fails(413, "body.too_large");
    let text = Call::post("/api/v1/leads").header("content-type", "text/plain");
    api.send(text).await.fails(415, "body.media_type");
    api.send(Call::post("/api/v1/leads").bytes("")).await.fails(400, "request.unreadable");
    api.send(Call::post("/api/v1/leads").bytes("{\"name\": \"\\u0000\"}")).await.fails(422, "values.invalid");
}

async fn log(api: &Api) -> Vec<(String, Value)> {
    let events = event_store::fixtures::opened(&api.pool).await.unwrap();
    events.into_iter().map(|event| (event.aggregate_type, event.payload)).collect()
}

/// A body that is fine, or was until something happened to it.
fn hostile(random: &mut StdRng, fine: &Value) -> Vec<u8> {
    let mut body = fine.clone();
    for _ in 0..random.random_range(0..4) {
        spoil(random, &mut body);
    }
    let mut text = body.to_string().into_bytes();
    // What serde_json would not write.
    match random.random_range(0..12) {
        0 => text.truncate(random.random_range(0..=text.len())),
        1 if !text.is_empty() => {
            let place = random.random_range(0..text.len());
            text[place] = random.random();
        }
        2 => text = replaced(random, &text),
        3 => text.extend_from_slice(b"{}"),
        4 => text.splice(0..0, *b"\xef\xbb\xbf").for_each(drop),
        5 => text = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)).into_bytes(),
        _ => {}
    }
    text
}

/// The body with a value in its place that has no form as a tree, or with a key twice.
fn replaced(random: &mut StdRng, text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let raw = [
        "1e400",
        "-1e400",
        "1e-400",
        "NaN",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "01",
        "0x1",
        "'a'",
        "\"\\x\"",
    ];
    let raw = raw.choose(random).unwrap();
    match random.random_range(0..2) {
        0 => text
            .replacen("\"Engine\"", raw, 1)
            .replacen("12", raw, 1)
            .replacen("\"kim\"", raw, 1)
            .into_bytes(),
        _ => text.replacen('{', &format!("{{\"name\": {raw}, \"name\": \"x\", "), 1).into_bytes(),
    }
}

fn spoil(random: &mut StdRng, body: &mut Value) {
    let Value::Object(fields) = body else {
        *body = value(random, 0);
        return;
    };
    let keys: Vec<String> = fields.keys().cloned().collect();
    match (random.random_range(0..10), keys.choose(random)) {
        (0, Some(key)) => drop(fields.remove(key)),
        (1, _) => drop(fields.insert(text(random), value(random, 0))),
        (2, _) => *body = value(random, 0),
        (3, _) => drop(fields.insert("occurred_at".to_owned(), moment(random))),
        (4, _) => drop(fields.insert("custom".to_owned(), custom(random))),
        (5 | 6, Some(key)) => fields.get_mut(key).into_iter().for_each(|inner| spoil(random, inner)),
        (_, Some(key)) => drop(fields.insert(key.clone(), value(random, 0))),
        (_, None) => drop(fields.insert(text(random), Value::Null)),
    }
}

fn value(random: &mut StdRng, depth: usize) -> Value {
    match random.random_range(0..if depth > 3 { 7 } else { 9 }) {
        0 => Value::Null,
        1 => random.random::<bool>().into(),
        2 => [
            json!(0),
            json!(-1),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e308),
            json!(-0.0),
            json!(1e-9),
            json!(0.1),
        ]
        .choose(random)
        .unwrap()
        .clone(),
        3 => uuid::Uuid::from_u128(random.random()).to_string().into(),
        4 => moment(random),
        5 | 6 => text(random).into(),
        7 => (0..random.random_range(0..4)).map(|_| value(random, depth + 1)).collect(),
        _ => (0..random.random_range(0..4))
            .map(|_| (text(random), value(random, depth + 1)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

fn custom(random: &mut StdRng) -> Value {
    let count = *[0, 1, 3, 64, 65, 300].choose(random).unwrap();
    let mut fields = Map::new();
    for n in 0..count {
        let key = if random.random_ratio(1, 20) { text(random) } else { format!("field_{n}") };
        fields.insert(key, value(random, 3));
    }
    fields.into()
}

fn moment(random: &mut StdRng) -> Value {
    let moments = [
        "2026-01-31T12:00:00Z",
        "1900-01-01T00:00:00Z",
        "1899-12-31T23:59:59Z",
        "2200-12-31T23:59:59Z",
        "0000-00-00T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2026-01-31T12:00:00.999999999Z",
        "2026-01-31T12:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "-2026-01-31T12:00:00Z",
        "+262142-12-31T23:59:59Z",
        "2026-01-31",
        "1900-01-01",
        "2200-12-31",
        "2026-02-29",
        "infinity",
        "now",
    ];
    Value::from(*moments.choose(random).unwrap())
}

fn text(random: &mut StdRng) -> String {
    let texts = [
        "",
        " ",
        "x",
        "\0",
        "a\0b",
        "\u{202E}gnp.exe",
        "\u{feff}",
        "\u{2028}",
        "e\u{301}",
        "👩‍👩‍👧",
        "\u{10FFFF}",
        "\u{FFFD}",
        "\\u0000",
        "'; drop table log.event; --",
        "$1",
        "{}",
        "null",
        "EUR",
        "XAU",
        "1200.00",
        "-1",
        "9999999999999999",
        "1e5",
        "call",
        "ada@engines.example",
        "+44 20 7946 0000",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "name",
        "__proto__",
        "occurred_at",
    ];
    match random.random_range(0..8) {
        0 => "ß".repeat(*[40, 100, 101, 200, 201, 500, 4_001, 50_000].choose(random).unwrap()),
        1 => (0..random.random_range(0..20)).map(|_| random.random::<char>()).collect(),
        _ => (*texts.choose(random).unwrap()).to_owned(),
    }
}
