//! Users who are signed in by a browser: tokens in cookies, and what a page has to show.

use axum::http::header::SET_COOKIE;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Api, Call, Reply, path};

const SESSIONS: &str = "/api/v1/sessions";
const PASSWORD: &str = "correct horse";
const ACCESS: &str = "__Host-crm-access";
/// What a page has kept goes with the session.
const CLEARED: &str = "\"cache\", \"storage\"";
const REFRESH: &str = "__Host-crm-refresh";

/// A browser that keeps cookies, and a page that keeps the token of its session.
struct Browser {
    user: Uuid,
    session: Uuid,
    access: String,
    refresh: String,
    csrf: String,
}

impl Browser {
    async fn new(api: &Api, email: &str) -> Self {
        let body = json!({"name": "Grace", "email": email, "roles": ["admin"]});
        let user = api.post("/api/v1/users", body).await.is(201).id();
        api.password(user, PASSWORD).await;
        Self::of(&sign_in(api, email).await.is(201))
    }

    /// What a browser makes of an answer. The body has no token that opens anything.
    fn of(reply: &Reply) -> Self {
        let data = &reply.body["data"];
        assert_eq!(data["token_type"], "Cookie");
        assert!(data.get("access_token").is_none() && data.get("refresh_token").is_none(), "{data}");
        let kept = cookies(reply);
        assert_eq!(kept.len(), 2);
        for (_, _, attributes) in &kept {
            let (age, rest) = attributes.split_once("; Secure").unwrap();
            assert_eq!(rest, "; HttpOnly; SameSite=Strict");
            let age: u64 = age.strip_prefix("Path=/; Max-Age=").unwrap().parse().unwrap();
            assert!(age > 800 && age <= 7 * 24 * 3600, "{age}");
        }
        let value = |name: &str| kept.iter().find(|(kept, ..)| kept == name).unwrap().1.clone();
        let (access, refresh) = (value(ACCESS), value(REFRESH));
        assert!(!reply.text.contains(&access) && !reply.text.contains(&refresh));
        let csrf = data["csrf_token"].as_str().unwrap().to_owned();
        Self { user: reply.uuid("user_id"), session: reply.uuid("session_id"), access, refresh, csrf }
    }

    /// A call as a browser sends it, without what the page adds.
    fn bare(&self, method: &str, path: &str) -> Call {
        let cookies = format!("{ACCESS}={}; {REFRESH}={}", self.access, self.refresh);
        Call::new(method, path).anonymous().header("cookie", &cookies).header("user-agent", "a browser")
    }

    fn call(&self, method: &str, path: &str) -> Call {
        self.bare(method, path).header("x-csrf-token", &self.csrf)
    }

    async fn acts(&self, api: &Api) -> Reply {
        api.send(self.call("POST", "/api/v1/leads").json(json!({"name": "Ada"}))).await
    }

    fn refresh(&self) -> Call {
        self.call("POST", "/api/v1/sessions/refresh")
    }
}

async fn sign_in(api: &Api, email: &str) -> Reply {
    let body = json!({"tenant_id": api.tenant, "email": email, "password": PASSWORD, "transport": "cookie"});
    api.send(Call::post(SESSIONS).anonymous().json(body)).await
}

/// Name, value and attributes of the cookies that an answer sets.
fn cookies(reply: &Reply) -> Vec<(String, String, String)> {
    let fields = reply.headers.get_all(SET_COOKIE).iter().map(|field| field.to_str().unwrap());
    let read = fields.map(|field| {
        let (pair, attributes) = field.split_once("; ").unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.to_owned(), attributes.to_owned())
    });
    read.collect()
}

fn forgets(reply: &Reply) -> bool {
    let cookies = cookies(reply);
    let is_gone = |(_, value, attributes): &(String, String, String)| {
        value.is_empty() && attributes == "Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"
    };
    let names: Vec<&str> = cookies.iter().map(|(name, ..)| name.as_str()).collect();
    names == [ACCESS, REFRESH] && cookies.iter().all(is_gone)
}

#[tokio::test]
async fn a_browser_signs_in_acts_refreshes_and_signs_out_without_a_script_seeing_a_token() {
    let api = Api::new().await;
    let grace = Browser::new(&api, "grace@engines.example").await;
    grace.acts(&api).await.is(201);
    let again = Browser::of(&api.send(grace.refresh()).await.is(200));
    assert_eq!((again.user, again.session, &again.csrf), (grace.user, grace.session, &grace.csrf));
    assert_ne!((&again.access, &again.refresh), (&grace.access, &grace.refresh));
    // Pages that are open go on with the token that they were told.
    api.send(again.call("POST", "/api/v1/leads").json(json!({"name": "Ada"}))).await.is(201);
    let out = api.send(again.call("DELETE", &path("sessions", again.session, ""))).await.is(200);
    assert!(forgets(&out));
    assert_eq!(out.header("clear-site-data"), CLEARED);
    api.send(again.refresh()).await.fails(401, "session.over");
}

#[tokio::test]
async fn without_the_token_of_its_session_a_page_changes_nothing() {
    let api = Api::new().await;
    let grace = Browser::new(&api, "grace@engines.example").await;
    let ada = Browser::new(&api, "ada@engines.example").await;
    let head = api.head().await;
    let lead = json!({"name": "Ada"});
    let ways = [("POST", "/api/v1/leads".to_owned()), ("DELETE", SESSIONS.to_owned())];
    let out = ("DELETE", path("sessions", grace.session, ""));
    for (method, to) in ways.iter().chain([&out, &("POST", "/api/v1/sessions/refresh".to_owned())]) {
        let call = || match to.as_str() {
            "/api/v1/leads" => grace.bare(method, to).json(lead.clone()),
            _ => grace.bare(method, to),
        };
        api.send(call()).await.fails(403, "csrf.token");
        for bad in ["", "x", &ada.csrf] {
            api.send(call().header("x-csrf-token", bad)).await.fails(403, "csrf.token");
        }
        for from in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
        {
            let call = call().header("x-csrf-token", &grace.csrf).header(from.0, from.1);
            api.send(call).await.fails(403, "csrf.origin");
        }
    }
    assert_eq!(api.head().await, head);
    grace.acts(&api).await.is(201);
    Browser::of(&api.send(grace.refresh()).await.is(200));
}

#[tokio::test]
async fn a_page_of_a_stranger_signs_nobody_in_by_cookie() {
    let api = Api::new().await;
    Browser::new(&api, "grace@engines.example").await;
    let head = api.head().await;
    let body = json!({
        "tenant_id": api.tenant, "email": "grace@engines.example", "password": PASSWORD, "transport": "cookie",
    });
    for from in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let call = Call::post(SESSIONS).anonymous().header(from.0, from.1).json(body.clone());
        api.send(call).await.fails(403, "csrf.origin");
    }
    assert_eq!(api.head().await, head);
}

#[tokio::test]
async fn a_read_by_cookie_writes_nothing_whatever_it_is_sent_to() {
    let api = Api::new().await;
    let grace = Browser::new(&api, "grace@engines.example").await;
    let head = api.head().await;
    for to in ["/api/v1/leads", SESSIONS, "/api/v1/sessions/refresh", &path("users", grace.user, "/disable")]
    {
        api.send(grace.bare("GET", to).json(json!({"name": "Ada"}))).await.fails(405, "method.not_allowed");
    }
    assert_eq!(api.head().await, head);
    let kept = "select count(*) from identity.refresh_token where spent_at is not null";
    assert_eq!(sqlx::query_scalar::<_, i64>(kept).fetch_one(&api.pool).await.unwrap(), 0);
}

#[tokio::test]
async fn a_refresh_token_comes_in_one_place_only() {
    let api = Api::new().await;
    let grace = Browser::new(&api, "grace@engines.example").await;
    let refresh = || Call::post("/api/v1/sessions/refresh").anonymous().header("x-csrf-token", &grace.csrf);
    let both = format!("{REFRESH}={}; {REFRESH}={}", grace.refresh, grace.refresh);
    for bad in [both, format!("crm-refresh={}", grace.refresh), format!("{REFRESH}={}", grace.access)] {
        api.send(refresh().header("cookie", &bad)).await.fails(401, "session.over");
    }
    api.send(refresh()).await.fails(401, "session.over");
    // A body counts before a cookie, also a bad one.
    api.send(grace.refresh().json(json!({"refresh_token": "crm_rt_"}))).await.fails(401, "session.over");
    let body: Value =
        api.send(grace.refresh().json(json!({"refresh_token": grace.refresh}))).await.is(200).body;
    assert_eq!(body["data"]["token_type"], "Bearer");
    assert!(body["data"].get("csrf_token").is_none());
}

#[tokio::test]
async fn signing_out_everywhere_and_another_password_change_the_cookies_too() {
    let api = Api::new().await;
    let grace = Browser::new(&api, "grace@engines.example").await;
    let body = json!({"current_password": PASSWORD, "new_password": "battery staple"});
    let anew = Browser::of(&api.send(grace.call("PUT", "/api/v1/password").json(body)).await.is(200));
    assert_ne!((anew.session, &anew.csrf), (grace.session, &grace.csrf));
    let out = api.send(anew.call("DELETE", SESSIONS)).await.is(200);
    assert!(forgets(&out));
    assert_eq!(out.header("clear-site-data"), CLEARED);
    api.send(anew.refresh()).await.fails(401, "session.over");
}

#[tokio::test]
async fn signing_in_ends_the_session_whose_cookies_the_browser_had() {
    let api = Api::new().await;
    let grace = Browser::new(&api, "grace@engines.example").await;
    let ada = Browser::new(&api, "ada@engines.example").await;
    let body =
        |email| json!({"tenant_id": api.tenant, "email": email, "password": PASSWORD, "transport": "cookie"});
    let wrong = json!({"tenant_id": api.tenant, "email": "ada@engines.example", "password": "wrong one", "transport": "cookie"});
    api.send(grace.bare("POST", SESSIONS).json(wrong)).await.fails(401, "credentials.wrong");
    // Whoever signs in next at the same browser is somebody else.
    let next =
        Browser::of(&api.send(grace.bare("POST", SESSIONS).json(body("ada@engines.example"))).await.is(201));
    assert_eq!(api.history(grace.session).await, ["session.started", "session.ended"]);
    api.send(grace.refresh()).await.fails(401, "session.over");
    for goes_on in [&next, &ada] {
        assert_eq!(api.history(goes_on.session).await, ["session.started"]);
    }
    // A client that keeps its tokens itself gives up none by that.
    let bearer = json!({"tenant_id": api.tenant, "email": "ada@engines.example", "password": PASSWORD});
    api.send(ada.bare("POST", SESSIONS).json(bearer)).await.is(201);
    assert_eq!(api.history(ada.session).await, ["session.started"]);
}

#[tokio::test]
async fn signing_out_of_another_session_leaves_the_cookies() {
    let api = Api::new().await;
    let grace = Browser::new(&api, "grace@engines.example").await;
    let other = Browser::of(&sign_in(&api, "grace@engines.example").await.is(201));
    let fresh = api.step_up(&grace.access, PASSWORD, json!({})).await.is(200);
    let grace = Browser { access: fresh.body["data"]["access_token"].as_str().unwrap().to_owned(), ..grace };
    let out = api.send(grace.call("DELETE", &path("sessions", other.session, ""))).await.is(200);
    assert!(cookies(&out).is_empty() && out.header("clear-site-data").is_empty());
    // A client that sent its token itself has no cookies to forget.
    let call = Call::new("DELETE", SESSIONS).bearer(&grace.access);
    assert!(cookies(&api.send(call).await.is(200)).is_empty());
}
