//! Bodies that nobody sends by mistake.

use axum::body::Body;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::body::{errors, post_to, sent};

#[tokio::test]
async fn a_key_sent_twice_is_refused_wherever_it_is() {
    let reply = sent(
        r#"{"name":"A","name":"B","probability":1,"lines":[{"item":"x","quantity":1,"quantity":{"deep":[1,1]}}]}"#,
    )
    .await;
    assert_eq!(
        reply.errors(),
        ["lines.0.quantity: duplicate: must be sent once", "name: duplicate: must be sent once"]
    );
    let reply = sent(r#"{"probability":1,"lines":[],"prices":{},"name":"A","name":"B"}"#).await;
    assert_eq!(reply.errors(), ["name: duplicate: must be sent once"]);
    // The same key in two ways of writing it.
    let reply = sent(r#"{"name":"A","n\u0061me":"B","probability":1}"#).await;
    assert_eq!(reply.errors(), ["name: duplicate: must be sent once"]);
}

#[tokio::test]
async fn nul_is_refused_in_texts_and_keys() {
    let reply =
        sent(r#"{"name":"A\u0000B","probability":1,"prices":{"a\u0000":{"item":"x","quantity":1}}}"#).await;
    assert_eq!(
        reply.errors(),
        [
            "name: invalid: must not contain the character U+0000",
            "prices.a\0: invalid: must not contain the character U+0000",
        ]
    );
}

#[tokio::test]
async fn text_that_turns_the_direction_of_writing_is_left_to_the_value_objects() {
    let errors = errors(json!({"name": "evil\u{202e}gpj.exe", "probability": 1})).await;
    assert_eq!(errors, ["name: invalid: must not contain characters that override the direction of writing"]);
}

#[tokio::test]
async fn no_answer_repeats_a_value_that_was_sent() {
    let secret = "hunter2-correct-horse";
    let body = json!({
        "name": [secret], "lead": secret, "owner": secret, "amount": secret, "probability": secret,
        "urgent": secret, "closes": secret, "occurred_at": secret, "source": secret, "contact": secret,
        "lines": secret, "prices": {"x": secret},
    });
    let reply = sent(body.to_string()).await;
    assert_eq!(reply.errors().len(), 12, "{:#?}", reply.errors());
    assert!(!reply.body.to_string().contains("hunter2"), "{:#}", reply.body);
    // A value that imitates the end of a message of serde.
    let reply =
        sent(json!({"name": "A", "probability": 1, "source": "x`, expected one of `hunter2`"}).to_string())
            .await;
    assert_eq!(reply.errors(), ["source: invalid: must be one of web, trade_fair"]);
}

#[test]
fn a_type_that_repeats_what_it_refuses_is_not_passed_on() {
    #[derive(Debug, Deserialize, ToSchema)]
    struct Login {
        #[serde(deserialize_with = "talkative")]
        _password: String,
    }
    fn talkative<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        let text = String::deserialize(deserializer)?;
        Err(serde::de::Error::custom(format!("must not be {text}")))
    }
    let problem = edge::json::from_bytes::<Login>(br#"{"_password":"hunter2"}"#).unwrap_err();
    assert_eq!(problem.body().errors[0].message, "is invalid");
}

#[tokio::test]
async fn what_is_not_json_is_refused_with_line_and_column() {
    for (body, place) in [
        ("{\n  \"name\": }", "line 2 column 11"),
        ("{\"name\": \"A\"} trailing", "line 1 column 15"),
        ("{\"name\": \"\\ud800\"}", "line 1"),
        ("{'name': 1}", "line 1 column 2"),
        ("{\"probability\": NaN}", "line 1"),
        ("{\"probability\": 01}", "line 1"),
        ("{\"probability\": 1e400}", "out of range at line 1"),
        ("\u{feff}{}", "line 1 column 1"),
        ("{\"name\": \"A\0B\"}", "line 1"),
        ("{\"name\"", "line 1 column 7"),
    ] {
        let reply = sent(body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(reply.code(), "request.unreadable");
        let detail = reply.problem()["detail"].as_str().unwrap();
        assert!(detail.contains(place), "{body}: {detail}");
    }
    for empty in ["", " \n\t"] {
        assert_eq!(sent(empty).await.problem()["detail"], "The body is empty.");
    }
}

#[tokio::test]
async fn bytes_that_are_no_utf8_are_refused() {
    for bytes in
        [&b"{\"name\":\"\xff\xfe\"}"[..], b"\x1f\x8b\x08", b"{\"name\":\"\xed\xa0\x80\"}", b"\xff\xfe{\0}\0"]
    {
        assert_eq!(sent(bytes.to_vec()).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn deep_nesting_is_refused_and_breaks_nothing() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let body = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        let reply = sent(body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert!(reply.problem()["detail"].as_str().unwrap().contains("recursion limit"));
    }
    // Inside of a value that is skipped, too.
    let body = format!("{{\"a\":1,\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(sent(body).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_body_may_have_1_mib_and_not_a_byte_more() {
    let padded = |length: usize| {
        let body = json!({"name": "A", "probability": 1}).to_string();
        let padding = " ".repeat(length - body.len());
        body + &padding
    };
    assert_eq!(sent(padded(1024 * 1024)).await.status, StatusCode::OK);
    for path in ["/", "/maybe", "/whole"] {
        let reply = post_to(path, "application/json", padded(1024 * 1024 + 1)).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert_eq!(reply.code(), "body.too_large");
    }
    let endless =
        Body::from_stream(futures::stream::repeat(Ok::<_, std::convert::Infallible>(vec![b' '; 4096])));
    assert_eq!(sent(endless).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_unreadable() {
    let chunks = [Ok(b"{\"name\":".to_vec()), Err(std::io::Error::other("connection reset"))];
    let reply = sent(Body::from_stream(futures::stream::iter(chunks))).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.problem()["detail"], "The body ended early.");
}

#[tokio::test]
async fn a_body_of_too_many_values_is_too_large() {
    let body = format!("{{\"lines\":[{}1]}}", "1,".repeat(50_000));
    let reply = sent(body).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(reply.problem()["detail"], "The body may have at most 50000 values.");
}

#[tokio::test]
async fn at_most_100_bad_fields_are_named() {
    let unknown: serde_json::Map<_, _> = (0..1000).map(|n| (format!("field{n}"), json!(n))).collect();
    assert_eq!(errors(Value::Object(unknown)).await.len(), 100);
    let lines = vec![json!({"item": 1, "quantity": "x"}); 1000];
    assert_eq!(errors(json!({"lines": lines})).await.len(), 100);
    let twice = format!("{{\"a\":1{}}}", ",\"a\":1".repeat(1000));
    assert_eq!(sent(twice).await.errors().len(), 3, "one for the key, two missing");
}

#[tokio::test]
async fn numbers_that_do_not_fit_are_refused() {
    for number in
        ["256", "-1", "1.5", "1e2", "1e300", "99999999999999999999999999", "-0", "-99999999999999999999"]
    {
        let reply = sent(format!(r#"{{"name":"A","probability":{number}}}"#)).await;
        let errors = reply.errors();
        assert_eq!(errors.len(), 1);
        assert!(errors[0].contains("must be a whole number from 0 to 255"), "{number}: {errors:?}");
    }
}

#[tokio::test]
async fn long_keys_are_cut_when_repeated() {
    let errors = errors(json!({"name": "A", "probability": 1, "é".repeat(100_000): 1})).await;
    assert!(errors[0].chars().count() < 500, "{}", errors[0].chars().count());
}
