//! Typed queries.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, Uri};
use axum::routing::get as at;
use chrono::NaiveDate;
use edge::{Answer, Query, WebPolicy, finish, finish_for, ok};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{Reply, get, get_with, send};

#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Forecast {
    pipeline: Uuid,
    from: NaiveDate,
    months: Option<u8>,
    #[serde(default)]
    weighted: bool,
    #[serde(default)]
    stage: Vec<String>,
    by: Option<By>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum By {
    Owner,
    Stage,
}

fn routes() -> Router {
    async fn forecast(Query(query): Query<Forecast>) -> Answer<Forecast> {
        ok(query)
    }
    async fn asked(uri: Uri) -> Answer<String> {
        ok(uri.to_string())
    }
    Router::new().route("/forecast", at(forecast)).route("/asked", at(asked).post(asked))
}

async fn asked(query: &str) -> Reply {
    get(&finish(routes()), &format!("/forecast?{query}")).await
}

/// Asked half by the URL and half by the header.
async fn asked_by(query: &str, header: &str) -> Reply {
    get_with(&finish(routes()), &format!("/forecast?{query}"), &[("x-query", header)]).await
}

const GOOD: &str = "pipeline=01890a5d-ac96-774b-bcce-b302099a8057&from=2026-01-31";

#[tokio::test]
async fn parameters_arrive_typed_and_repeated() {
    let reply = asked(&format!("{GOOD}&months=3&weighted=true&stage=a&stage=b%26c+d&by=owner")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let data = &reply.body["data"];
    assert_eq!(data["months"], 3);
    assert_eq!(data["weighted"], true);
    assert_eq!(data["stage"], serde_json::json!(["a", "b&c d"]));
    assert_eq!(data["by"], "owner");
}

#[tokio::test]
async fn every_bad_parameter_is_named_at_once() {
    let mut errors =
        asked("pipeline=17&months=300&weighted=perhaps&by=moon&colour=red&months=x").await.errors();
    errors.sort();
    assert_eq!(
        errors,
        [
            "by: invalid: must be one of owner, stage",
            "colour: unknown: is not known here, where there are pipeline, from, months, weighted, stage, by",
            "from: required: must be given",
            "months: duplicate: must be sent once",
            "pipeline: invalid: must be a UUID",
            "weighted: invalid: must be true or false",
        ]
    );
}

#[tokio::test]
async fn bytes_that_no_text_has_are_refused() {
    for bad in ["stage=a%00b", "stage=%FF", "st%00age=a", "%FF=a"] {
        let reply = asked(&format!("{GOOD}&{bad}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert_eq!(reply.errors().len(), 1, "{bad}: {:?}", reply.errors());
    }
}

#[tokio::test]
async fn a_parameter_that_cannot_be_read_is_not_called_missing_too() {
    let errors = asked("pipeline=%00&from=%FF").await.errors();
    assert_eq!(
        errors,
        [
            "pipeline: invalid: must not contain the character U+0000",
            "from: invalid: must be percent-encoded UTF-8"
        ]
    );
}

#[tokio::test]
async fn a_query_of_too_many_parameters_is_refused() {
    let reply = asked(&format!("{GOOD}{}", "&stage=a".repeat(1000))).await;
    assert_eq!(reply.errors(), [": too_many: must be at most 100 parameters in all"]);
    let reply = asked(&"%FF=1&".repeat(5000)).await;
    assert_eq!(reply.errors().len(), 103, "100 parameters, one for all beyond, two missing");
    let reply = asked(&(0..90).map(|n| format!("x{n}=1&")).collect::<String>()).await;
    assert_eq!(reply.errors().len(), 92);
}

#[tokio::test]
async fn a_value_is_never_repeated() {
    let reply = asked("pipeline=hunter2&from=hunter2&months=hunter2&weighted=hunter2&by=hunter2").await;
    assert_eq!(reply.errors().len(), 5);
    assert!(!reply.body.to_string().contains("hunter2"), "{}", reply.body);
}

#[tokio::test]
async fn a_parameter_without_a_value_is_named_and_never_taken_for_an_absent_one() {
    for query in ["months=", "months", "by=", "stage=a&stage="] {
        let reply = asked(&format!("{GOOD}&{query}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {}", reply.body);
        let errors = reply.errors();
        assert_eq!(errors.len(), 1, "{query}");
    }
}

#[tokio::test]
async fn whatever_a_url_may_ask_a_header_may_ask() {
    let whole = asked(&format!("{GOOD}&months=3&stage=a&stage=b%26c+d")).await;
    for (query, header) in [
        (format!("{GOOD}&months=3"), "stage=a&stage=b%26c+d".to_owned()),
        (String::new(), format!("{GOOD}&months=3&stage=a&stage=b%26c+d")),
        (format!("{GOOD}&months=3&stage=a&stage=b%26c+d"), String::new()),
    ] {
        let reply = asked_by(&query, &header).await;
        assert_eq!((reply.status, &reply.body["data"]), (StatusCode::OK, &whole.body["data"]), "{header}");
        // So no cache gives it to who asks another thing by the same URL.
        assert_eq!(reply.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_header_is_as_strictly_read_as_a_url() {
    assert_eq!(asked_by(GOOD, "months=3&months=4").await.errors(), ["months: duplicate: must be sent once"]);
    assert_eq!(
        asked_by(&format!("{GOOD}&months=3"), "months=4").await.errors(),
        ["months: duplicate: must be sent once"]
    );
    assert_eq!(asked_by(GOOD, "stage=%FF").await.errors(), ["stage: invalid: must be percent-encoded UTF-8"]);
    let rule = "X-Query: invalid: must be what may follow ? in a URL, with all else percent-encoded";
    for bad in ["stage=a b", "stage=é", "stage=a#b"] {
        assert_eq!(asked_by(GOOD, bad).await.errors(), [rule], "{bad}");
    }
    let twice = [("x-query", "months=3"), ("x-query", "stage=a")];
    let reply = get_with(&finish(routes()), &format!("/forecast?{GOOD}"), &twice).await;
    assert_eq!(reply.errors(), ["X-Query: duplicate: must be sent once"]);
    let reply = asked_by(GOOD, &format!("stage={}", "a".repeat(40_000))).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers.too_large")
    );
}

#[tokio::test]
async fn where_urls_may_not_name_people_they_are_refused_and_the_header_is_not() {
    let router = finish_for(routes(), &WebPolicy::default().without_names_in_urls(), None);
    let reply = get(&router, &format!("/forecast?{GOOD}&q=hunter2&filter[email]=hunter2")).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::BAD_REQUEST, "query.in_url"));
    let named = ["q: in_url: must be sent by X-Query", "filter[email]: in_url: must be sent by X-Query"];
    assert_eq!(reply.errors(), named);
    assert!(!reply.body.to_string().contains("hunter2"), "{}", reply.body);
    let reply = get_with(&router, &format!("/forecast?{GOOD}"), &[("x-query", "stage=a")]).await;
    assert_eq!(reply.body["data"]["stage"], serde_json::json!(["a"]), "{}", reply.body);
}

#[tokio::test]
async fn commands_are_asked_nothing_by_the_header() {
    let router = finish_for(routes(), &WebPolicy::default().without_names_in_urls(), None);
    let request = Request::post("/asked").header("x-query", "q=Ada").body(Body::empty()).unwrap();
    assert_eq!(send(&router, request).await.body["data"], "/asked");
    assert_eq!(get_with(&router, "/asked", &[("x-query", "q=Ada")]).await.body["data"], "/asked?&&q=Ada");
}
