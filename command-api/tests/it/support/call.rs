//! One call and its reply.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use domain::TenantId;
use edge::Role;
use serde_json::Value;
use uuid::Uuid;

use super::Api;

/// A request to come; by default of an admin of the API's tenant, called sam.
pub struct Call {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Body,
    roles: Option<Vec<Role>>,
    subject: String,
    tenant: Option<TenantId>,
}

impl Call {
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Body::empty(),
            roles: Some(vec![Role::Admin]),
            subject: "sam".to_owned(),
            tenant: None,
        }
    }

    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    pub fn json(self, body: Value) -> Self {
        self.bytes(body.to_string())
    }

    pub fn bytes(self, body: impl Into<Body>) -> Self {
        Self { body: body.into(), ..self }.header("content-type", "application/json")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn if_match(self, version: i64) -> Self {
        self.header("if-match", &format!("\"{version}\""))
    }

    pub fn of(self, tenant: TenantId) -> Self {
        Self { tenant: Some(tenant), ..self }
    }

    pub fn by(self, subject: &str) -> Self {
        Self { subject: subject.to_owned(), ..self }
    }

    pub fn role(self, role: Role) -> Self {
        Self { roles: Some(vec![role]), ..self }
    }

    pub fn anonymous(self) -> Self {
        Self { roles: None, ..self }
    }

    /// With this token and no other.
    pub fn bearer(self, token: &str) -> Self {
        self.anonymous().header("authorization", &format!("Bearer {token}"))
    }

    pub fn request(self, api: &Api) -> Request<Body> {
        let mut request = Request::builder().method(self.method.as_str()).uri(self.path);
        if let Some(roles) = self.roles {
            let token = api.token(self.tenant.unwrap_or(api.tenant), &roles, &self.subject);
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(self.body).unwrap()
    }
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Reply {
    pub async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text:?}"));
        assert_eq!(body["success"], parts.status.is_success(), "{text}");
        Self { status: parts.status, headers: parts.headers, body, text }
    }

    /// The reply, which is a success of this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// The reply, which is a problem of this status and code.
    #[track_caller]
    pub fn fails(self, status: u16, code: &str) -> Self {
        assert_eq!(
            (self.status.as_u16(), self.body["error"]["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.text
        );
        self
    }

    /// The names of the bad fields.
    pub fn fields(&self) -> Vec<&str> {
        let errors = self.body["error"]["errors"].as_array().into_iter().flatten();
        errors.map(|error| error["field"].as_str().unwrap()).collect()
    }

    #[track_caller]
    pub fn id(&self) -> Uuid {
        self.uuid("id")
    }

    #[track_caller]
    pub fn uuid(&self, field: &str) -> Uuid {
        self.body["data"][field].as_str().unwrap_or_else(|| panic!("{}", self.text)).parse().unwrap()
    }

    #[track_caller]
    pub fn version(&self) -> i64 {
        self.body["data"]["version"].as_i64().unwrap_or_else(|| panic!("{}", self.text))
    }

    #[track_caller]
    pub fn position(&self) -> i64 {
        self.body["meta"]["position"].as_i64().unwrap_or_else(|| panic!("{}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body without what names this one occurrence.
    pub fn anonymous(&self) -> Value {
        let mut body = self.body.clone();
        if let Some(problem) = body["error"].as_object_mut() {
            problem.remove("instance");
        }
        body
    }
}
