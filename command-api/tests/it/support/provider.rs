//! Signing in by an OpenID provider, as a browser and the portal's page do it.

use std::collections::BTreeMap;

use domain::TenantId;
use embedded::testing::{TestProvider, provider};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Api, Call, PUBLIC_URL, Reply};

pub const PROVIDER: &str = "/api/v1/identity-provider";
pub const SIGN_INS: &str = "/api/v1/sign-ins";
pub const SIGN_IN_COOKIE: &str = "__Host-crm-sign-in";

/// A sign-in under way: what the page was told, and the cookie that its browser keeps.
#[derive(Clone)]
pub struct Begun {
    pub url: Url,
    pub cookie: String,
}

/// What a provider sends along with a browser.
#[derive(Clone, Debug)]
pub struct Sent {
    pub tenant: Uuid,
    pub query: BTreeMap<String, String>,
}

/// A tenant with a real provider, which both know of each other.
pub async fn federated(more: Value) -> (Api, TestProvider) {
    let tenant = TenantId::from_uuid(Uuid::now_v7());
    let provider = provider(&[place(tenant)]).await;
    let api = Api::asking(tenant, vec![provider.issuer()]).await;
    let told = configure(&api, &provider.issuer(), more).await.is(200);
    assert_eq!(told.body["data"]["redirect_uri"], place(tenant));
    (api, provider)
}

/// Where a provider sends browsers of a tenant back to.
pub fn place(tenant: TenantId) -> String {
    format!("{PUBLIC_URL}/sign-in/oidc/{tenant}")
}

/// Has a provider let in who has an account, or on other terms.
pub async fn configure(api: &Api, issuer: &str, more: Value) -> Reply {
    let mut body = json!({
        "issuer": issuer, "client_id": TestProvider::CLIENT_ID, "client_secret": TestProvider::CLIENT_SECRET,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    api.send(Call::new("PUT", PROVIDER).json(body)).await
}

/// A call from an address of its own, so that what is counted does not matter here.
pub fn public(path: &str, body: Value) -> Call {
    let [.., a, b, c] = Uuid::now_v7().into_bytes();
    let address = format!("10.{a}.{b}.{c}");
    Call::post(path)
        .anonymous()
        .header("x-forwarded-for", &address)
        .header("user-agent", "a browser")
        .json(body)
}

impl Begun {
    pub async fn new(api: &Api) -> Self {
        Self::of(&api.send(public(SIGN_INS, json!({"tenant_id": api.tenant}))).await.is(200))
    }

    pub fn of(reply: &Reply) -> Self {
        let field = reply.header("set-cookie");
        let (pair, attributes) = field.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Strict");
        let (name, value) = pair.split_once('=').unwrap();
        assert_eq!(name, SIGN_IN_COOKIE);
        assert!(!reply.text.contains(value));
        let url = reply.body["data"]["authorization_url"].as_str().unwrap();
        Self { url: url.parse().unwrap(), cookie: value.to_owned() }
    }

    pub fn asked(&self, name: &str) -> String {
        let found = self.url.query_pairs().find(|(own, _)| own == name);
        found.unwrap_or_else(|| panic!("no {name} in {}", self.url)).1.into_owned()
    }

    /// What the page sends that the browser was sent back to.
    pub fn complete(&self, sent: &Sent, more: Value) -> Call {
        public(&format!("{SIGN_INS}/complete"), sent.body(more)).header("cookie", &self.header())
    }

    pub fn header(&self) -> String {
        format!("{SIGN_IN_COOKIE}={}", self.cookie)
    }
}

impl Sent {
    pub fn body(&self, more: Value) -> Value {
        let mut body = json!({"tenant_id": self.tenant});
        for (name, value) in &self.query {
            body[name] = json!(value);
        }
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    /// What an address says that a browser was sent back to.
    fn of(url: &Url) -> Self {
        let tenant = url.path().rsplit('/').next().unwrap().parse().unwrap();
        let query = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self { tenant, query: query.collect() }
    }
}

/// Signs in by the provider.
pub async fn sign_in(api: &Api, login: &str, more: Value) -> Reply {
    let begun = Begun::new(api).await;
    let sent = visit(&begun.url, login).await;
    api.send(begun.complete(&sent, more)).await
}

/// What a person does with the provider's pages: say who they are, and agree. A browser of its own each time.
pub async fn visit(url: &Url, login: &str) -> Sent {
    let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let (mut url, mut form): (Url, Option<&str>) = (url.clone(), None);
    let credentials = format!("prompt=login&login={}&password=x", login.replace('+', "%2B"));
    for _ in 0..20 {
        let request = match form.take() {
            Some(form) => client
                .post(url.clone())
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.to_owned()),
            None => client.get(url.clone()),
        };
        let header: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(COOKIE, header.join("; ")).send().await.unwrap();
        for field in answer.headers().get_all(SET_COOKIE) {
            let (name, value) = field.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        if let Some(location) = answer.headers().get(LOCATION) {
            url = url.join(location.to_str().unwrap()).unwrap();
            if url.as_str().starts_with(PUBLIC_URL) {
                return Sent::of(&url);
            }
            continue;
        }
        let page = answer.text().await.unwrap();
        let action = page.split("action=\"").nth(1).unwrap_or_else(|| panic!("no form: {page}"));
        url = url.join(action.split('"').next().unwrap()).unwrap();
        form = Some(if page.contains("value=\"login\"") { &credentials } else { "prompt=consent" });
    }
    panic!("the provider goes round in circles");
}
