//! Whatever happens inside, the answer is an envelope, and the log has one line of it.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::Ready;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get as at, post};
use edge::{Answer, FieldError, Json, Problem, finish, ok};
use serde::Deserialize;
use serde_json::json;
use tower::service_fn;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::fmt::MakeWriter;

use crate::{Reply, get, get_with, send};

#[derive(Debug)]
struct Outer(Inner);
#[derive(Debug)]
struct Inner;
impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot append")
    }
}
impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("password authentication failed for hunter2")
    }
}
impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
impl Error for Inner {}

#[derive(Deserialize)]
struct Plain {
    _n: u8,
}

fn router() -> Router {
    async fn fine() -> Answer<&'static str> {
        ok("fine")
    }
    async fn broken() -> Result<Answer<()>, Problem> {
        Err(Problem::internal(Outer(Inner)))
    }
    async fn panics() -> Answer<()> {
        panic!("index out of hunter2")
    }
    fn collapses(_: Request<Body>) -> Ready<Result<Response, Infallible>> {
        panic!("index out of hunter2")
    }
    async fn endless() -> Answer<()> {
        std::future::pending().await
    }
    async fn foreign(axum::Json(_): axum::Json<Plain>) -> Answer<()> {
        ok(())
    }
    async fn leaky() -> impl IntoResponse {
        (StatusCode::INTERNAL_SERVER_ERROR, [("content-length", "7")], "hunter2")
    }
    async fn busy() -> Result<Answer<()>, Problem> {
        Err(Problem::unavailable(Duration::from_millis(1500), "Come back later.").with_source(Inner))
    }
    async fn large(body: axum::body::Bytes) -> Answer<usize> {
        ok(body.len())
    }
    async fn sized(Json(body): Json<serde_json::Value>) -> Answer<bool> {
        ok(body.is_array())
    }
    finish(
        Router::new()
            .route("/fine", at(fine))
            .route("/broken/{id}", at(broken))
            .route("/panics", at(panics))
            .route_service("/collapses", service_fn(collapses))
            .route("/endless", at(endless))
            .route("/foreign", post(foreign))
            .route("/leaky", at(leaky))
            .route("/busy", at(busy))
            .route("/large", post(large).layer(DefaultBodyLimit::max(4 * 1024 * 1024)))
            .route("/small", post(sized).layer(DefaultBodyLimit::max(10))),
    )
}

/// The log as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

pub async fn logged(answer: impl Future<Output = Reply>) -> (Reply, String) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
    let reply = answer.with_subscriber(subscriber).await;
    (reply, log.text())
}

#[tokio::test]
async fn our_own_failure_is_logged_once_with_all_its_causes_and_told_to_nobody() {
    let (reply, log) = logged(get(&router(), "/broken/7?name=Ada")).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
    assert!(!reply.body.to_string().contains("hunter2") && !reply.body.to_string().contains("append"));
    let id = reply.header("x-request-id");
    assert_eq!(reply.problem()["instance"], format!("/broken/7#{id}"));
    let errors: Vec<&str> = log.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 1, "{log}");
    assert!(errors[0].contains("cannot append: password authentication failed for hunter2"), "{log}");
    assert!(errors[0].contains(id), "{log}");
}

#[tokio::test]
async fn the_log_has_route_status_and_latency_but_neither_query_nor_path_parameters() {
    let (_, log) = logged(get(&router(), "/broken/secret7?name=Ada")).await;
    for wanted in ["method=GET", "route=\"/broken/{id}\"", "status=500", "latency_ms="] {
        assert!(log.contains(wanted), "{wanted}: {log}");
    }
    assert!(!log.contains("Ada") && !log.contains("secret7"), "{log}");
}

#[tokio::test]
async fn a_panic_is_our_own_failure() {
    for path in ["/panics", "/collapses"] {
        let (reply, log) = logged(get(&router(), path)).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
        assert!(!reply.body.to_string().contains("hunter2"));
        assert!(log.contains("panic: index out of hunter2"), "{log}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_not_available() {
    let reply = get(&router(), "/endless").await;
    assert_eq!((reply.status, reply.code()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    assert_eq!(reply.header("retry-after"), "1");
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_problems_too() {
    let reply = get(&router(), "/nowhere").await;
    assert_eq!((reply.status, reply.code()), (StatusCode::NOT_FOUND, "not_found"));
    let reply = send(&router(), Request::delete("/fine").body(Body::empty()).unwrap()).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::METHOD_NOT_ALLOWED, "method.not_allowed"));
    assert_eq!(reply.header("allow"), "GET,HEAD");
    let reply = send(&router(), Request::options("*").body(Body::empty()).unwrap()).await;
    assert!(reply.status.is_client_error());
}

#[tokio::test]
async fn what_axum_refuses_by_itself_is_a_problem_without_axums_text() {
    let request = |body: &'static str| {
        Request::post("/foreign").header("content-type", "application/json").body(Body::from(body)).unwrap()
    };
    let reply = send(&router(), request("{\"_n\":\"hunter2\"}")).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::UNPROCESSABLE_ENTITY, "request.refused"));
    assert!(!reply.body.to_string().contains("hunter2"));
    let plain = Request::post("/foreign").body(Body::from("{}")).unwrap();
    assert_eq!(send(&router(), plain).await.code(), "body.media_type");
    let (leaky, log) = logged(get(&router(), "/leaky")).await;
    assert_eq!((leaky.status, leaky.code()), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
    assert!(!leaky.body.to_string().contains("hunter2"));
    assert_ne!(leaky.header("content-length"), "7");
    assert!(log.contains("ERROR"));
}

#[tokio::test]
async fn the_answer_to_head_has_no_body_and_the_right_status() {
    for (path, status) in [("/fine", 200), ("/broken/7", 500), ("/nowhere", 404)] {
        let reply = send(&router(), Request::head(path).body(Body::empty()).unwrap()).await;
        assert_eq!((reply.status.as_u16(), reply.body), (status, json!("")), "{path}");
    }
}

#[tokio::test]
async fn come_back_later_is_rounded_up_and_its_cause_is_logged() {
    let (reply, log) = logged(get(&router(), "/busy")).await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    assert_eq!(reply.problem()["detail"], "Come back later.");
    assert!(!reply.body.to_string().contains("hunter2") && log.contains("WARN") && log.contains("hunter2"));
}

#[tokio::test]
async fn a_route_can_have_a_limit_of_its_own() {
    let body = vec![b' '; 2 * 1024 * 1024];
    let large = send(&router(), Request::post("/large").body(Body::from(body)).unwrap()).await;
    assert_eq!(large.body["data"], 2 * 1024 * 1024);
    let small = Request::post("/small").header("content-type", "application/json");
    let small = send(&router(), small.body(Body::from("[1,2,3,4,5,6]")).unwrap()).await;
    assert_eq!(small.code(), "body.too_large");
}

#[tokio::test]
async fn a_header_without_end_is_refused() {
    let value = "a".repeat(40 * 1024);
    let reply = get_with(&router(), "/fine", &[("x-large", &value)]).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (431, "headers.too_large"));
    let many = vec![("x-many", "1"); 101];
    assert_eq!(get_with(&router(), "/fine", &many).await.status.as_u16(), 431);
}

#[tokio::test]
async fn answers_are_not_kept_by_caches_nor_guessed_at_by_browsers() {
    for path in ["/fine", "/nowhere"] {
        let reply = get(&router(), path).await;
        assert_eq!(
            (reply.header("cache-control"), reply.header("x-content-type-options")),
            ("no-store", "nosniff")
        );
        assert!(!reply.header("x-request-id").is_empty());
    }
}

#[test]
fn each_problem_has_its_status_and_names_itself() {
    let field = || FieldError::new("name", "invalid", "must be text");
    for (problem, status, code) in [
        (Problem::unreadable("x"), 400, "request.unreadable"),
        (Problem::unauthenticated(), 401, "token.missing"),
        (Problem::forbidden("lead.capture"), 403, "permission.missing"),
        (Problem::not_found(), 404, "not_found"),
        (Problem::method_not_allowed(), 405, "method.not_allowed"),
        (Problem::too_slow("x"), 408, "request.too_slow"),
        (Problem::refused("opportunity.closed", "x"), 409, "opportunity.closed"),
        (Problem::stale_version(), 412, "version.stale"),
        (Problem::too_large("x"), 413, "body.too_large"),
        (Problem::unsupported_media_type(), 415, "body.media_type"),
        (Problem::invalid(vec![field()]), 422, "values.invalid"),
        (Problem::too_many_requests(Duration::from_secs(1)), 429, "rate.limited"),
        (Problem::headers_too_large(), 431, "headers.too_large"),
        (Problem::internal("x"), 500, "internal"),
        (Problem::unavailable(Duration::from_secs(1), "x"), 503, "unavailable"),
    ] {
        assert_eq!((problem.status().as_u16(), problem.body().code.as_ref()), (status, code));
        assert_eq!(problem.body().kind, format!("/problems/{code}"));
        assert!(!problem.body().title.is_empty() && !problem.body().detail.is_empty());
    }
}

#[test]
fn a_rule_of_the_domain_is_answered_by_its_kind() {
    #[derive(Debug)]
    struct Refusal(domain::RuleKind);
    impl fmt::Display for Refusal {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the opportunity is closed")
        }
    }
    impl Error for Refusal {}
    impl domain::Rule for Refusal {
        fn code(&self) -> &'static str {
            "opportunity.closed"
        }
        fn kind(&self) -> domain::RuleKind {
            self.0
        }
    }
    for (kind, status, code) in [
        (domain::RuleKind::NotFound, 404, "not_found"),
        (domain::RuleKind::Refused, 409, "opportunity.closed"),
        (domain::RuleKind::Invalid, 422, "opportunity.closed"),
    ] {
        let problem = Problem::rule(&Refusal(kind));
        assert_eq!((problem.status().as_u16(), problem.body().code.as_ref()), (status, code));
    }
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_not_repeated_by_the_log() {
    async fn unreadable() -> Result<Answer<()>, Problem> {
        Err(Problem::internal(serde_json::from_str::<u8>("\"hunter2\"").unwrap_err()))
    }
    let (_, log) =
        logged(get(&finish(Router::new().route("/unreadable", at(unreadable))), "/unreadable")).await;
    assert!(log.contains("JSON does not fit") && !log.contains("hunter2"), "{log}");
}
