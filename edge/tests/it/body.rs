//! Bodies: friendly, and wrong in every way at once.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::post;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{LeadId, Money, Text};
use edge::{Answer, Json, Problem, finish, ok};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Reply, send};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenDeal {
    #[schema(value_type = String)]
    name: Text<20>,
    #[schema(value_type = Option<String>, format = Uuid)]
    lead: Option<LeadId>,
    owner: Option<Uuid>,
    #[schema(value_type = Option<Object>)]
    amount: Option<Money>,
    probability: u8,
    #[serde(default)]
    urgent: bool,
    closes: Option<NaiveDate>,
    occurred_at: Option<DateTime<Utc>>,
    source: Option<Source>,
    next: Option<Next>,
    contact: Option<Contact>,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    prices: BTreeMap<String, Line>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Source {
    Web,
    TradeFair,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Next {
    Close,
    Call { on: NaiveDate, minutes: u8 },
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Contact {
    #[schema(value_type = String)]
    first_name: Text<20>,
    #[schema(value_type = String)]
    last_name: Text<20>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    #[schema(value_type = String)]
    item: Text<20>,
    quantity: u32,
}

async fn open(Json(deal): Json<OpenDeal>) -> Answer<OpenDeal> {
    ok(deal)
}

async fn maybe(body: Option<Json<OpenDeal>>) -> Answer<bool> {
    ok(body.is_some())
}

async fn whole(bytes: axum::body::Bytes) -> Result<Answer<usize>, Problem> {
    Ok(ok(bytes.len()))
}

fn router() -> Router {
    finish(Router::new().route("/", post(open)).route("/maybe", post(maybe)).route("/whole", post(whole)))
}

pub async fn post_to(path: &str, content_type: &str, body: impl Into<Body>) -> Reply {
    let request = Request::post(path).header("content-type", content_type).body(body.into()).unwrap();
    send(&router(), request).await
}

pub async fn sent(body: impl Into<Body>) -> Reply {
    post_to("/", "application/json", body).await
}

pub async fn errors(body: Value) -> Vec<String> {
    let reply = sent(body.to_string()).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.body);
    assert_eq!(reply.code(), "values.invalid");
    reply.errors()
}

#[tokio::test]
async fn a_good_body_arrives() {
    let body = json!({
        "name": " Acme ", "probability": 50, "amount": {"amount": "12.50", "currency": "EUR"},
        "source": "trade_fair", "lines": [{"item": "Desk", "quantity": 2}], "closes": "2026-01-31",
    });
    let reply = sent(body.to_string()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    assert_eq!(reply.body["success"], true);
    assert_eq!(reply.body["error"], Value::Null);
    assert_eq!(reply.body["data"]["name"], "Acme");
    assert_eq!(reply.body["data"]["source"], "trade_fair");
}

#[tokio::test]
async fn text_in_any_writing_arrives_unharmed_in_either_form_of_escape() {
    for name in ["\u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{200f}", "日本語", "👩‍👩‍👧", "e\u{301}"] {
        let plain = json!({"name": name, "probability": 1}).to_string();
        let escaped: String = name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        for body in [plain, format!(r#"{{"name":"{escaped}","probability":1}}"#)] {
            assert_eq!(sent(body).await.body["data"]["name"], name);
        }
    }
}

#[tokio::test]
async fn every_bad_field_is_named_at_once() {
    let errors = errors(json!({
        "name": "", "lead": "17", "owner": 5, "amount": {"amount": "1.234", "currency": "EUR"},
        "probability": 300, "urgent": "yes", "closes": "31.1.2026", "occurred_at": "yesterday",
        "source": "gossip", "contact": {"last_name": 5}, "colour": "red", "tenant": "x",
        "lines": [
            {"item": "Desk", "quantity": -1}, {"quantity": 1}, {"item": "Lamp", "quantity": 1},
            {"item": "Chair", "quantity": "many", "size": "XL"}, "lamp",
        ],
        "prices": {"a.b": {"item": "A"}},
    }))
    .await;
    assert_eq!(
        errors,
        [
            "amount: invalid: must have an amount of at most 2 decimal places in EUR, had 3",
            "closes: invalid: must be a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z",
            "colour: unknown: is not known here, where there are name, lead, owner, amount, probability, urgent, \
             closes, occurred_at, source, next, contact, lines, prices",
            "contact.first_name: required: must be given",
            "contact.last_name: invalid: must be text",
            "lead: invalid: must be a UUID",
            "lines.0.quantity: invalid: must be a whole number from 0 to 4294967295",
            "lines.1.item: required: must be given",
            "lines.3.quantity: type: must be a whole number from 0 to 4294967295",
            "lines.3.size: unknown: is not known here, where there are item, quantity",
            "lines.4: type: must be an object",
            "name: invalid: must be 1 to 20 characters, was 0",
            "occurred_at: invalid: must be a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z",
            "owner: type: must be a UUID",
            "prices.a.b.quantity: required: must be given",
            "probability: invalid: must be a whole number from 0 to 255",
            "source: invalid: must be one of web, trade_fair",
            "tenant: unknown: is not known here, where there are name, lead, owner, amount, probability, urgent, \
             closes, occurred_at, source, next, contact, lines, prices",
            "urgent: type: must be true or false",
        ]
    );
}

#[tokio::test]
async fn all_missing_fields_are_named_however_deep() {
    let errors = errors(json!({"contact": {}, "lines": [{}, {"item": "Desk"}]})).await;
    assert_eq!(
        errors,
        [
            "contact.first_name: required: must be given",
            "contact.last_name: required: must be given",
            "lines.0.item: required: must be given",
            "lines.0.quantity: required: must be given",
            "lines.1.quantity: required: must be given",
            "name: required: must be given",
            "probability: required: must be given",
        ]
    );
}

#[tokio::test]
async fn fields_of_a_variant_are_named_by_their_path() {
    let deal = |next: Value| json!({"name": "A", "probability": 1, "next": next});
    assert_eq!(sent(deal(json!("close")).to_string()).await.status, StatusCode::OK);
    let call = json!({"call": {"on": "soon", "minutes": 300, "who": "Ada"}});
    assert_eq!(
        errors(deal(call)).await,
        [
            "next.call.minutes: invalid: must be a whole number from 0 to 255",
            "next.call.on: invalid: must be a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z",
            "next.call.who: unknown: is not known here, where there are on, minutes",
        ]
    );
    assert_eq!(
        errors(deal(json!({"call": {"minutes": 5}}))).await,
        ["next.call.on: required: must be given"]
    );
    assert_eq!(errors(deal(json!("call"))).await.len(), 1);
    assert_eq!(errors(deal(json!({"write": {}}))).await, ["next: invalid: must be one of close, call"]);
    assert_eq!(errors(deal(json!({"call": {}, "close": {}}))).await.len(), 1);
}

#[tokio::test]
async fn null_is_no_value_where_one_is_needed() {
    let errors = errors(json!({"name": null, "probability": null, "lines": null, "lead": null})).await;
    assert_eq!(
        errors,
        [
            "lines: type: must not be null",
            "name: type: must not be null",
            "probability: type: must not be null",
        ]
    );
}

#[tokio::test]
async fn a_list_is_no_object_though_serde_would_take_it() {
    assert_eq!(errors(json!(["Acme", null, null, null, 1])).await, [": type: must be an object"]);
    let contact = json!({"name": "Acme", "probability": 1, "contact": ["Ada", "Lovelace"]});
    assert_eq!(errors(contact).await, ["contact: type: must be an object"]);
    for scalar in [json!(null), json!(1), json!("x"), json!(true)] {
        assert_eq!(errors(scalar).await.len(), 1);
    }
}

#[tokio::test]
async fn only_json_is_taken() {
    let good = json!({"name": "A", "probability": 1}).to_string();
    for kind in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
    {
        assert_eq!(post_to("/", kind, good.clone()).await.status, StatusCode::OK, "{kind}");
    }
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "application/json; charset=latin1",
        "",
    ] {
        let reply = post_to("/", kind, good.clone()).await;
        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        assert_eq!(reply.code(), "body.media_type");
    }
    let none = Request::post("/").body(Body::from(good.clone())).unwrap();
    assert_eq!(send(&router(), none).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let packed =
        Request::post("/").header("content-type", "application/json").header("content-encoding", "gzip");
    let packed = packed.body(Body::from(good)).unwrap();
    assert_eq!(send(&router(), packed).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn an_optional_body_may_be_absent_but_not_nameless() {
    let absent = Request::post("/maybe").body(Body::empty()).unwrap();
    assert_eq!(send(&router(), absent).await.body["data"], false);
    let nameless = Request::post("/maybe").body(Body::from("{}")).unwrap();
    assert_eq!(send(&router(), nameless).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let good = json!({"name": "A", "probability": 1}).to_string();
    assert_eq!(post_to("/maybe", "application/json", good).await.body["data"], true);
    assert_eq!(post_to("/maybe", "application/json", "{}").await.errors().len(), 2);
}
