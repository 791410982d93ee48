//! HTTP in, HTTP out: what clients of any service see, whatever the service does.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod body;
mod body_hostile;
mod cookie;
mod docs;
mod headers;
mod health;
mod layers;
mod list;
mod metrics;
mod path;
mod permit;
mod query;
mod server;
mod slow;
mod stop;
mod tls;
mod token;
mod token_malformed;
mod trace;
mod trail;
mod web;
mod whose;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

/// An answer, with its body read as JSON.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    /// The problem of a refusal, after checking that it is a whole and consistent one.
    fn problem(&self) -> &Value {
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!(self.body["success"], false, "{}", self.body);
        assert_eq!(self.body["data"], Value::Null);
        assert_eq!(self.body["meta"], serde_json::json!({}));
        let problem = &self.body["error"];
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["type"], format!("/problems/{}", problem["code"].as_str().unwrap()));
        problem
    }

    fn code(&self) -> &str {
        self.problem()["code"].as_str().unwrap()
    }

    /// Every bad field as `field: code: message`.
    fn errors(&self) -> Vec<String> {
        let errors = self.problem()["errors"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        errors
            .map(|e| format!("{}: {}: {}", text(&e["field"]), text(&e["code"]), text(&e["message"])))
            .collect()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(router: &Router, request: Request<Body>) -> Reply {
    let answer = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Reply { status: parts.status, headers: parts.headers, body }
}

async fn get(router: &Router, uri: &str) -> Reply {
    send(router, Request::get(uri).body(Body::empty()).unwrap()).await
}

async fn get_with(router: &Router, uri: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::get(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(router, request.body(Body::empty()).unwrap()).await
}
