//! Typed queries.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get as at;
use chrono::NaiveDate;
use edge::{Answer, Query, finish, ok};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{Reply, get};

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

async fn asked(query: &str) -> Reply {
    async fn forecast(Query(query): Query<Forecast>) -> Answer<Forecast> {
        ok(query)
    }
    get(&finish(Router::new().route("/forecast", at(forecast))), &format!("/forecast?{query}")).await
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
