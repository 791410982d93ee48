//! The place of a request in a trace.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get as at;
use edge::{Answer, TraceParent, finish, ok};

use crate::{get, get_with};

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn router() -> Router {
    async fn told(trace: TraceParent) -> Answer<String> {
        ok(trace.to_string())
    }
    finish(Router::new().route("/trace", at(told)))
}

fn text(body: &serde_json::Value) -> String {
    body["data"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_request_goes_on_with_its_callers_trace_under_an_id_of_its_own() {
    let own = text(&get_with(&router(), "/trace", &[("traceparent", CALLER)]).await.body);
    assert!(own.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && own.ends_with("-01"), "{own}");
    assert_ne!(own, CALLER);
    assert!(TraceParent::parse(&own).is_some());
}

#[tokio::test]
async fn without_a_valid_trace_of_its_caller_a_request_begins_one() {
    let zeros = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
    let one = text(&get(&router(), "/trace").await.body);
    let other = text(&get_with(&router(), "/trace", &[("traceparent", zeros)]).await.body);
    for own in [&one, &other] {
        assert!(TraceParent::parse(own).is_some(), "{own}");
    }
    assert_ne!(one[3..35], other[3..35]);
}

#[test]
fn a_traceparent_is_read_as_the_standard_says() {
    let refused = [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        "00-4bf92f3577b34da6a3ce929d0e0e47-3600f067aa0ba902b7-01",
        "00-\u{e9}bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
    ];
    for text in refused {
        assert_eq!(TraceParent::parse(text), None, "{text}");
    }
    let later = CALLER.replacen("00", "01", 1) + "-more";
    let read = TraceParent::parse(&later).map(|trace| trace.to_string());
    assert_eq!(read.as_deref(), Some(CALLER));
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", CALLER.parse().unwrap());
    assert_eq!(TraceParent::of(&headers).unwrap().trace_id(), &CALLER[3..35]);
}
