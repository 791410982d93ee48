//! Headers with a meaning of ours.

use axum::Router;
use axum::http::{HeaderValue, Request, StatusCode};
use axum::routing::get as at;
use edge::{Answer, CorrelationId, IdempotencyKey, IfMatch, MinPosition, Problem, created, finish, ok};
use uuid::Uuid;

use crate::{get, get_with, send};

fn router() -> Router {
    async fn key(key: Option<IdempotencyKey>) -> Answer<Option<String>> {
        ok(key.map(IdempotencyKey::into_inner))
    }
    async fn needed(_: IdempotencyKey, _: IfMatch, MinPosition(position): MinPosition) -> Answer<i64> {
        ok(position)
    }
    async fn version(seen: Option<IfMatch>) -> Result<Answer<Option<i64>>, Problem> {
        if let Some(seen) = seen {
            seen.check(12)?;
        }
        Ok(ok(seen.and_then(IfMatch::version)).with_version(12))
    }
    async fn position(least: Option<MinPosition>) -> Answer<Option<i64>> {
        ok(least.map(|MinPosition(position)| position)).with_position(99)
    }
    async fn correlation(id: CorrelationId) -> Answer<String> {
        ok(id.to_string())
    }
    async fn made() -> Answer<()> {
        created("/leads/1", ())
    }
    finish(
        Router::new()
            .route("/key", at(key))
            .route("/needed", at(needed))
            .route("/version", at(version))
            .route("/position", at(position))
            .route("/correlation", at(correlation))
            .route("/made", at(made)),
    )
}

#[tokio::test]
async fn an_idempotency_key_is_1_to_255_visible_characters() {
    let longest = "k".repeat(255);
    for key in ["k", "8e03978e-40d5-43e8-bc93-6894a57f9324", "\"quoted\"", &longest] {
        assert_eq!(get_with(&router(), "/key", &[("idempotency-key", key)]).await.body["data"], key);
    }
    let long = "k".repeat(256);
    for key in ["", "two words", "\t", "é", &long] {
        let reply = get_with(&router(), "/key", &[("idempotency-key", key)]).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{key}");
        assert_eq!(reply.errors(), ["Idempotency-Key: invalid: must be 1 to 255 visible ASCII characters"]);
    }
    let twice = get_with(&router(), "/key", &[("idempotency-key", "a"), ("idempotency-key", "b")]).await;
    assert_eq!(twice.errors(), ["Idempotency-Key: duplicate: must be sent once"]);
    assert_eq!(get(&router(), "/key").await.body["data"], serde_json::Value::Null);
}

#[tokio::test]
async fn if_match_takes_the_etag_that_was_given_even_a_weakened_one() {
    let etag = get(&router(), "/version").await.header("etag").to_owned();
    assert_eq!(etag, "\"12\"");
    for (sent, version) in [("\"12\"", Some(12)), ("W/\"12\"", Some(12)), ("*", None)] {
        let reply = get_with(&router(), "/version", &[("if-match", sent)]).await;
        assert_eq!(reply.body["data"], serde_json::json!(version), "{sent}");
    }
    let stale = get_with(&router(), "/version", &[("if-match", "\"11\"")]).await;
    assert_eq!((stale.status, stale.code()), (StatusCode::PRECONDITION_FAILED, "version.stale"));
    for bad in [
        "12",
        "\"\"",
        "\"-1\"",
        "\"+1\"",
        "\"1\", \"2\"",
        "\"99999999999999999999\"",
        "\"a\"",
        "w/\"1\"",
        "\"",
    ] {
        let reply = get_with(&router(), "/version", &[("if-match", bad)]).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(reply.errors()[0].starts_with("If-Match: invalid"));
    }
}

#[tokio::test]
async fn positions_go_both_ways() {
    let reply = get_with(&router(), "/position", &[("x-min-position", "98")]).await;
    assert_eq!(reply.body["data"], 98);
    assert_eq!(reply.body["meta"], serde_json::json!({"position": 99}));
    assert_eq!(reply.header("x-position"), "99");
    for bad in ["-1", "+1", "1.0", "", "x", "9223372036854775808"] {
        let reply = get_with(&router(), "/position", &[("x-min-position", bad)]).await;
        assert_eq!(reply.errors(), ["X-Min-Position: invalid: must be a whole number from 0"], "{bad}");
    }
}

#[tokio::test]
async fn a_header_that_is_needed_is_asked_for() {
    assert_eq!(get(&router(), "/needed").await.errors(), ["Idempotency-Key: required: must be sent"]);
    let all = [("idempotency-key", "k"), ("if-match", "*"), ("x-min-position", "0")];
    assert_eq!(get_with(&router(), "/needed", &all).await.body["data"], 0);
}

#[tokio::test]
async fn the_correlation_id_is_the_callers_if_that_is_harmless() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let trace = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let longest = "a".repeat(64);
    for (headers, id) in [
        (&[("x-request-id", "abc-1_2.3")][..], "abc-1_2.3"),
        (&[("x-request-id", &longest)], &longest),
        (&[("traceparent", &trace)], TRACE),
        (&[("x-request-id", "mine"), ("traceparent", &trace)], "mine"),
        (&[("x-request-id", "not harmless"), ("traceparent", &trace)], TRACE),
    ] {
        let reply = get_with(&router(), "/correlation", headers).await;
        assert_eq!(reply.body["data"], id);
        assert_eq!(reply.header("x-request-id"), id);
    }
}

#[tokio::test]
async fn a_correlation_id_that_could_do_harm_is_replaced() {
    let zeros = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
    let long = "a".repeat(65);
    for (name, value) in [
        ("x-request-id", "a b"),
        ("x-request-id", "a\"}"),
        ("x-request-id", "é"),
        ("x-request-id", ""),
        ("x-request-id", &long),
        ("traceparent", "00-xyz-1-01"),
        ("traceparent", &zeros),
        ("traceparent", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ] {
        let mut request = Request::get("/correlation").body(axum::body::Body::empty()).unwrap();
        request.headers_mut().insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        let reply = send(&router(), request).await;
        let id = Uuid::try_parse(reply.header("x-request-id")).unwrap();
        assert_eq!(id.get_version_num(), 7, "{name}: {value}");
    }
}

#[tokio::test]
async fn what_was_created_has_a_place() {
    let reply = get(&router(), "/made").await;
    assert_eq!((reply.status, reply.header("location")), (StatusCode::CREATED, "/leads/1"));
}
