//! What is refused is recorded, whichever route refuses it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get as at;
use edge::trail::{Entry, Kind, TrailSink, Unwritten};
use edge::{
    Answer, Identity, Permission, Permit, Problem, Recorder, Role, SigningKey, TenantId, TokenKeys,
    TokenSettings, Trail, WebPolicy, finish_for, ok,
};
use futures::future::BoxFuture;
use uuid::Uuid;

use crate::get_with;

enum ReadLeads {}

impl Permission for ReadLeads {
    const NAME: &'static str = "lead.read";
    const ROLES: &'static [Role] = &[Role::Admin];
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Entry>>>);

impl TrailSink for Kept {
    fn write<'a>(&'a self, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Unwritten>> {
        self.0.lock().unwrap().extend_from_slice(entries);
        Box::pin(async { Ok(()) })
    }
}

struct Service {
    router: Router,
    key: SigningKey,
    trail: Trail,
    kept: Kept,
}

impl Service {
    fn new() -> Self {
        async fn lead(permit: Permit<ReadLeads>) -> Answer<String> {
            ok(permit.subject.clone())
        }
        async fn beyond(_: Permit<ReadLeads>) -> Result<Answer<()>, Problem> {
            Err(Problem::beyond_reach())
        }
        async fn missing(_: Permit<ReadLeads>) -> Result<Answer<()>, Problem> {
            Err(Problem::not_found())
        }
        let key = SigningKey::generate().unwrap();
        let keys = TokenKeys::from_pem(&key.public_pem().unwrap(), &TokenSettings::default()).unwrap();
        let (kept, router) = (Kept::default(), Router::new().route("/leads/{id}", at(lead)));
        let router = router.route("/beyond/{id}", at(beyond)).route("/missing/{id}", at(missing));
        let trail = Trail::start(kept.clone());
        let router = finish_for(router, &WebPolicy::default(), Some(Recorder::new(trail.clone(), 1)))
            .with_state(Arc::new(keys));
        Self { router, key, trail, kept }
    }

    fn token(&self, role: Role, ttl: u64) -> String {
        let identity = Identity::new("sam", TenantId::from_uuid(Uuid::nil()), vec![role]);
        let token = self.key.mint(&TokenSettings::default(), &identity, Duration::from_secs(ttl)).unwrap();
        format!("Bearer {token}")
    }

    async fn entries(&self, uri: &str, token: &str) -> Vec<Entry> {
        let headers = [
            ("authorization", token),
            ("x-forwarded-for", "203.0.113.7, 192.0.2.1"),
            ("user-agent", "curl/8\t"),
            ("x-request-id", "request-1"),
        ];
        get_with(&self.router, uri, &headers).await;
        self.trail.flush().await;
        std::mem::take(&mut *self.kept.0.lock().unwrap())
    }
}

const LEAD: &str = "019b76da-a800-7000-8000-00000000001f";

#[tokio::test]
async fn a_denial_tells_who_from_where_which_route_permission_and_record() {
    let service = Service::new();
    let entries = service.entries(&format!("/leads/{LEAD}?q=ada"), &service.token(Role::Viewer, 60)).await;
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.kind, entry.actor.as_deref()), (Kind::Denied, Some("sam")));
    assert_eq!(entry.code.as_deref(), Some("permission.missing"));
    assert_eq!(entry.address.unwrap().to_string(), "192.0.2.1");
    assert_eq!(entry.agent.as_deref(), Some("curl/8"));
    assert_eq!(entry.correlation_id, "request-1");
    assert_eq!(entry.trace_id.as_ref().unwrap().len(), 32);
    assert_eq!((entry.method.as_deref(), entry.route.as_deref()), (Some("GET"), Some("/leads/{id}")));
    assert_eq!(entry.permission.as_deref(), Some("lead.read"));
    assert_eq!(entry.record.unwrap().to_string(), LEAD);
    let beyond = service.entries(&format!("/beyond/{LEAD}"), &service.token(Role::Admin, 60)).await;
    assert_eq!(beyond[0].code.as_deref(), Some("permission.reach"));
    assert_eq!(beyond[0].permission.as_deref(), Some("lead.read"));
}

#[tokio::test]
async fn a_path_that_names_no_id_is_not_repeated() {
    let service = Service::new();
    let entries = service.entries("/leads/ada@engines.example", &service.token(Role::Viewer, 60)).await;
    assert_eq!(entries[0].record, None);
    assert!(!format!("{entries:?}").contains("engines"));
}

#[tokio::test]
async fn what_is_not_there_and_what_is_allowed_is_not_recorded() {
    let service = Service::new();
    let token = service.token(Role::Admin, 60);
    for uri in [format!("/leads/{LEAD}"), format!("/missing/{LEAD}"), "/nowhere".to_owned()] {
        assert_eq!(service.entries(&uri, &token).await, [], "{uri}");
    }
}

#[tokio::test]
async fn a_token_that_is_over_is_recorded_and_one_that_nobody_signed_is_not() {
    let service = Service::new();
    let over = service.token(Role::Admin, 0);
    let entries = service.entries(&format!("/leads/{LEAD}"), &over).await;
    assert_eq!((entries[0].kind, entries[0].actor.as_deref()), (Kind::TokenRefused, Some("sam")));
    assert_eq!(entries[0].code.as_deref(), Some("token.expired"));
    let (signed, _) = over.rsplit_once('.').unwrap();
    for forged in [format!("{signed}.{}", "A".repeat(86)), "Bearer e30.e30.e30".to_owned(), String::new()] {
        assert_eq!(service.entries(&format!("/leads/{LEAD}"), &forged).await, [], "{forged}");
    }
}
