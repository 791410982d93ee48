//! Tokens that browsers send along as cookies, and what a page has to show to act by them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use axum::routing::get as at;
use edge::{Answer, Bearer, EdgeState, Origins, TenantId, TokenKeys, finish, ok};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::token::{Forge, claims, header, with};
use crate::{Reply, send};

const SESSION: Uuid = Uuid::from_u128(7);
const COOKIE: &str = "__Host-crm-access";

#[derive(Clone)]
struct App(Arc<(TokenKeys, Origins)>);

impl EdgeState for App {
    fn token_keys(&self) -> &TokenKeys {
        &self.0.0
    }

    fn origins(&self) -> &Origins {
        &self.0.1
    }
}

struct Site {
    forge: Forge,
    router: Router,
}

impl Site {
    fn new() -> Self {
        async fn me(bearer: Bearer) -> Answer<(String, bool)> {
            ok((bearer.identity().subject.clone(), bearer.is_by_cookie()))
        }
        let forge = Forge::new();
        let origins = Origins::new(["https://app.example".parse().unwrap()]);
        let app = App(Arc::new((forge.keys.clone(), origins)));
        let methods = at(me).post(me).put(me).patch(me).delete(me);
        Self { forge, router: finish(Router::new().route("/me", methods)).with_state(app) }
    }

    fn token(&self, claims: &Value) -> String {
        self.forge.sign(&header().to_string(), &claims.to_string())
    }

    /// A token of a session.
    fn own(&self) -> String {
        self.token(&signed_in(claims()))
    }

    fn csrf(&self, session: Uuid) -> String {
        self.forge.key.csrf_token(TenantId::from_uuid(Uuid::nil()), session)
    }

    async fn send(&self, method: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::builder().method(method).uri("/me").header("host", "crm.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(&self.router, request.body(Body::empty()).unwrap()).await
    }
}

fn signed_in(claims: Value) -> Value {
    let user = with(claims, "sub", json!(Uuid::from_u128(1)));
    with(user, "sign_in", json!({"session": SESSION, "rights": 1}))
}

fn cookie(token: &str) -> String {
    format!("theme=dark; {COOKIE}={token}; other=1")
}

#[tokio::test]
async fn a_cookie_is_as_good_as_a_header_to_read() {
    let site = Site::new();
    let token = site.own();
    let by_header = site.send("GET", &[("authorization", &format!("Bearer {token}"))]).await;
    let by_cookie = site.send("GET", &[("cookie", &cookie(&token))]).await;
    assert_eq!((by_header.status.as_u16(), by_cookie.status.as_u16()), (200, 200));
    let subject = Uuid::from_u128(1).to_string();
    assert_eq!(
        (&by_header.body["data"], &by_cookie.body["data"]),
        (&json!([subject, false]), &json!([subject, true]))
    );
    // A page of a stranger may have it sent, and reads nothing of the answer.
    let stranger = [("cookie", cookie(&token)), ("origin", "https://evil.example".to_owned())];
    let reply = site.send("GET", &stranger.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-origin")), (200, ""));
}

#[tokio::test]
async fn whoever_acts_by_cookie_shows_the_token_of_the_session() {
    let site = Site::new();
    let (kept, csrf) = (cookie(&site.own()), site.csrf(SESSION));
    let (other, stranger) = (site.csrf(Uuid::from_u128(8)), Forge::new());
    let elsewhere = site.forge.key.csrf_token(TenantId::from_uuid(Uuid::from_u128(1)), SESSION);
    let foreign = stranger.key.csrf_token(TenantId::from_uuid(Uuid::nil()), SESSION);
    let padded = format!("{csrf}==");
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let reply = site.send(method, &[("cookie", &kept), ("x-csrf-token", &csrf)]).await;
        assert_eq!(reply.status, 200, "{method}");
        for bad in ["", "x", &other, &elsewhere, &foreign, &padded, &csrf[1..], &site.own()] {
            let reply = site.send(method, &[("cookie", &kept), ("x-csrf-token", bad)]).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (403, "csrf.token"), "{method} {bad}");
        }
        let missing = site.send(method, &[("cookie", &kept)]).await;
        assert_eq!((missing.status.as_u16(), missing.code()), (403, "csrf.token"), "{method}");
        let twice =
            site.send(method, &[("cookie", &kept), ("x-csrf-token", &csrf), ("x-csrf-token", &csrf)]).await;
        assert_eq!((twice.status.as_u16(), twice.code()), (403, "csrf.token"), "{method}");
        // Not even a page that knows it, if it is a stranger's.
        for from in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
        {
            let reply = site.send(method, &[("cookie", &kept), ("x-csrf-token", &csrf), from]).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (403, "csrf.origin"), "{method} {from:?}");
        }
        for from in [
            ("origin", "https://crm.example"),
            ("origin", "https://app.example"),
            ("sec-fetch-site", "same-origin"),
        ] {
            let reply = site.send(method, &[("cookie", &kept), ("x-csrf-token", &csrf), from]).await;
            assert_eq!(reply.status, 200, "{method} {from:?}");
        }
    }
}

#[tokio::test]
async fn a_header_counts_before_a_cookie_also_a_bad_one() {
    let site = Site::new();
    let (token, kept) = (site.own(), cookie(&site.own()));
    let reply = site.send("POST", &[("authorization", &format!("Bearer {token}")), ("cookie", &kept)]).await;
    assert_eq!((reply.status.as_u16(), &reply.body["data"][1]), (200, &json!(false)));
    for bad in ["Bearer x", "Basic eDp5", "Bearer", ""] {
        let csrf = site.csrf(SESSION);
        let sent = [("authorization", bad), ("cookie", kept.as_str()), ("x-csrf-token", csrf.as_str())];
        for method in ["GET", "POST"] {
            assert_eq!(site.send(method, &sent).await.status, 401, "{method} {bad}");
        }
    }
}

#[tokio::test]
async fn what_is_no_good_token_is_none_in_a_cookie_either() {
    let site = Site::new();
    let (token, csrf) = (site.own(), site.csrf(SESSION));
    let service = site.token(&claims());
    let over = site.token(&with(signed_in(claims()), "exp", json!(claims()["iat"].as_i64().unwrap() - 1)));
    let stranger = Forge::new().sign(&header().to_string(), &signed_in(claims()).to_string());
    let both = format!("{COOKIE}={token}; {COOKIE}={token}");
    let bad = [
        (format!("{COOKIE}={over}"), "token.expired"),
        (format!("{COOKIE}={stranger}"), "token.invalid"),
        // Tokens that others issue belong to no session, and so to no browser.
        (format!("{COOKIE}={service}"), "token.invalid"),
        (format!("{COOKIE}=\"{token}\""), "token.invalid"),
        (format!("{COOKIE}={token}x"), "token.invalid"),
        (format!("{COOKIE}="), "token.invalid"),
        (format!("{COOKIE}=..; {COOKIE}={token}"), "token.invalid"),
        (both, "token.invalid"),
        (format!("__host-crm-access={token}"), "token.missing"),
        (format!("crm-access={token}"), "token.missing"),
        (format!("__Host-crm-refresh={token}"), "token.missing"),
        (format!("{COOKIE}{token}"), "token.missing"),
    ];
    for (sent, code) in &bad {
        for method in ["GET", "POST"] {
            let reply = site.send(method, &[("cookie", sent), ("x-csrf-token", &csrf)]).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (401, *code), "{method} {sent}");
            assert!(reply.header("www-authenticate").starts_with("Bearer realm="), "{sent}");
        }
    }
    let kept = format!("{COOKIE}={token}");
    let twice = site.send("GET", &[("cookie", &kept), ("cookie", &kept)]).await;
    assert_eq!((twice.status.as_u16(), twice.code()), (401, "token.invalid"));
}

/// The refresh token is for commands, and so for the command API alone.
#[tokio::test]
async fn no_read_is_told_the_refresh_token() {
    async fn told(headers: HeaderMap) -> Answer<Option<String>> {
        ok(headers.get("cookie").map(|cookies| cookies.to_str().unwrap().to_owned()))
    }
    let router: Router = finish(Router::new().route("/told", at(told).post(told)));
    let cookies = "__Host-crm-access=x.y.z; __Host-crm-refresh=crm_rt_x; __Host-crm-sign-in=b";
    let ask = async |method: &str| {
        let request = Request::builder().method(method).uri("/told").header("cookie", cookies);
        send(&router, request.body(Body::empty()).unwrap()).await.body["data"].clone()
    };
    assert_eq!(ask("GET").await, "__Host-crm-access=x.y.z");
    assert_eq!(ask("POST").await, cookies);
}
