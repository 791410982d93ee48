//! What browsers are told about every kind of answer, and which sites may read them.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get as at;
use edge::{Answer, Identity, Json, OpenApiExt as _, Origins, Problem, WebPolicy, docs, finish_for, ok};
use futures::stream;
use utoipa::OpenApi as _;

use crate::token::Forge;
use crate::{Reply, get, get_with, send};

const APP: &str = "https://app.example";
const API: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

#[derive(utoipa::OpenApi)]
struct Api;

fn routes() -> Router<std::sync::Arc<edge::TokenKeys>> {
    async fn fine() -> Answer<u8> {
        ok(1)
    }
    async fn broken() -> Result<Answer<()>, Problem> {
        Err(Problem::internal("hunter2"))
    }
    async fn panics() -> Answer<()> {
        panic!("hunter2")
    }
    async fn endless() -> Answer<()> {
        std::future::pending().await
    }
    async fn lines() -> Response {
        let lines = stream::iter(["{}\n", "{}\n"].map(|line| Ok::<_, std::io::Error>(Bytes::from(line))));
        ([("content-type", "application/x-ndjson")], Body::from_stream(lines)).into_response()
    }
    async fn me(identity: Identity) -> Answer<String> {
        ok(identity.subject)
    }
    async fn take(Json(body): Json<u8>) -> Answer<u8> {
        ok(body)
    }
    Router::new()
        .route("/fine", at(fine).post(take))
        .route("/broken", at(broken))
        .route("/panics", at(panics))
        .route("/endless", at(endless))
        .route("/lines", at(lines))
        .route("/me", at(me))
        .merge(docs::router(Api::openapi().completed()))
}

fn router(web: &WebPolicy) -> Router {
    finish_for(routes(), web, None).with_state(std::sync::Arc::new(Forge::new().keys))
}

fn policy() -> WebPolicy {
    let origins = Origins::new([APP.parse().unwrap(), "http://localhost:5173".parse().unwrap()]);
    WebPolicy::default().with_origins(origins).with_hsts(Duration::from_secs(31_536_000))
}

fn from(origin: &str, method: &str, path: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("origin", origin);
    request.body(Body::empty()).unwrap()
}

/// One answer of every kind, with the status that it must have.
async fn every_kind(router: &Router, origin: &str) -> Vec<(&'static str, Reply)> {
    let long = "a".repeat(40_000);
    let mut replies = Vec::new();
    for (method, path, status) in [
        ("GET", "/fine", 200),
        ("HEAD", "/fine", 200),
        ("GET", "/lines", 200),
        ("GET", "/me", 401),
        ("GET", "/nowhere", 404),
        ("DELETE", "/fine", 405),
        ("POST", "/fine", 415),
        ("GET", "/broken", 500),
        ("GET", "/panics", 500),
        ("GET", "/endless", 503),
    ] {
        let reply = send(router, from(origin, method, path)).await;
        assert_eq!(reply.status.as_u16(), status, "{method} {path}");
        replies.push((path, reply));
    }
    let reply = get_with(router, "/fine", &[("origin", origin), ("x-long", &long)]).await;
    assert_eq!(reply.status.as_u16(), 431);
    replies.push(("431", reply));
    replies
}

#[tokio::test(start_paused = true)]
async fn every_answer_tells_browsers_what_not_to_do_with_it() {
    for web in [WebPolicy::default(), policy()] {
        for (name, reply) in every_kind(&router(&web), APP).await {
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{name}");
            assert_eq!(reply.header("content-security-policy"), API, "{name}");
            assert_eq!(reply.header("referrer-policy"), "no-referrer", "{name}");
            assert_eq!(reply.header("cross-origin-resource-policy"), "same-origin", "{name}");
            assert_eq!(reply.header("cache-control"), "no-store", "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn browsers_are_told_to_come_by_tls_where_it_is_there() {
    for (name, reply) in every_kind(&router(&policy()), APP).await {
        assert_eq!(
            reply.header("strict-transport-security"),
            "max-age=31536000; includeSubDomains",
            "{name}"
        );
    }
    let without = router(&WebPolicy::default());
    assert_eq!(get(&without, "/fine").await.header("strict-transport-security"), "");
}

#[tokio::test(start_paused = true)]
async fn a_site_that_may_call_reads_every_answer_also_a_refusal() {
    for (name, reply) in every_kind(&router(&policy()), APP).await {
        assert_eq!(reply.header("access-control-allow-origin"), APP, "{name}");
        assert_eq!(reply.header("access-control-allow-credentials"), "true", "{name}");
        assert!(reply.header("access-control-expose-headers").contains("x-position"), "{name}");
        assert!(reply.header("vary").contains("origin"), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_site_that_may_not_call_reads_nothing() {
    let strangers = [
        "https://evil.example",
        "https://app.example.evil.example",
        "https://sub.app.example",
        "http://app.example",
        "https://app.example:8443",
        "HTTPS://APP.EXAMPLE",
        "null",
        "*",
    ];
    for origin in strangers {
        for (name, reply) in every_kind(&router(&policy()), origin).await {
            assert_eq!(reply.header("access-control-allow-origin"), "", "{origin}: {name}");
        }
        let asked = preflight(&router(&policy()), origin, "POST").await;
        assert_eq!(asked.header("access-control-allow-origin"), "", "{origin}");
    }
    // Where none is named, nobody may.
    let reply = get_with(&router(&WebPolicy::default()), "/fine", &[("origin", APP)]).await;
    assert_eq!(reply.header("access-control-allow-origin"), "");
}

async fn preflight(router: &Router, origin: &str, method: &str) -> Reply {
    let request = Request::options("/fine")
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "content-type,x-csrf-token,idempotency-key,if-match");
    send(router, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_browser_that_asks_first_is_told_what_the_site_may_send() {
    for origin in [APP, "http://localhost:5173"] {
        let reply = preflight(&router(&policy()), origin, "PATCH").await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        assert_eq!(reply.header("access-control-allow-credentials"), "true");
        assert_eq!(reply.header("access-control-max-age"), "600");
        let (methods, headers) =
            (reply.header("access-control-allow-methods"), reply.header("access-control-allow-headers"));
        assert_eq!(methods, "GET,POST,PUT,PATCH,DELETE");
        for name in [
            "authorization",
            "content-type",
            "idempotency-key",
            "if-match",
            "x-csrf-token",
            "x-min-position",
            "x-query",
        ] {
            assert!(headers.split(',').any(|one| one == name), "{name}: {headers}");
        }
        assert!(!methods.contains('*') && !headers.contains('*'));
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }
    let refused = preflight(&router(&WebPolicy::default()), APP, "PATCH").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::METHOD_NOT_ALLOWED, "method.not_allowed"));
}

#[tokio::test]
async fn the_pages_of_the_document_load_their_own_files_and_no_others() {
    let reply = get(&router(&policy()), "/docs/").await;
    let policy = reply.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';")
            && policy.ends_with("frame-ancestors 'none'")
    );
    assert!(!policy.contains("script-src 'self' 'unsafe") && !policy.contains('*'), "{policy}");
    // They have no script of their own in the page.
    let page = reply.body.as_str().unwrap();
    assert!(page.contains("<script src=") && !page.contains("<script>"), "{page}");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
}
