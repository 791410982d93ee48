//! Passwords that leaked are refused wherever one is chosen, on the word of a service.

use std::sync::{Arc, Mutex};

use access::{LeakedPasswords, Password};
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use command_api::Context;
use command_api::identity::{Refusal, password};
use embedded::testing;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::mail::{GRACE, NEW, OLD, accept, ask_reset, invited, public, reset, sign_in};
use crate::support::{Api, Call, Reply};

const LEAKED: &str = "Tr0ub4dor&3x";
/// Its digest.
const RANGE: &str = "C6432";
const REST: &str = "46DB75853796634F3ACB9C5218398F34D98";

/// What the service does.
#[derive(Clone, Copy)]
enum Mood {
    Telling,
    Down,
}

struct Service {
    mood: Arc<Mutex<Mood>>,
    asked: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl Service {
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// An API that asks a service, and the service.
async fn asking() -> (Api, Service) {
    let (mood, asked) = (Arc::new(Mutex::new(Mood::Telling)), Arc::new(Mutex::new(Vec::new())));
    let (present, heard) = (Arc::clone(&mood), Arc::clone(&asked));
    let range = async move |Path(told): Path<String>| {
        let leaked = if told == RANGE { 3 } else { 0 };
        heard.lock().unwrap().push(told);
        match *present.lock().unwrap() {
            Mood::Telling => {
                (StatusCode::OK, format!("00D4F6E8FA6EECAD2A3AA415EEC418D38EC:2\r\n{REST}:{leaked}\r\n"))
            }
            Mood::Down => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/range/", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    let router = Router::new().route("/range/{told}", get(range));
    serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
    let leaked = LeakedPasswords::at(&url).unwrap();
    let api = Api::made(Arc::new(move |issuer, _| issuer.with_leaked_passwords(leaked.clone()))).await;
    (api, Service { mood, asked, _serving: serving })
}

#[track_caller]
fn refused(reply: Reply, field: &str) {
    let reply = reply.fails(422, "values.invalid");
    assert_eq!(reply.fields(), [field]);
    assert!(reply.text.contains("must not be one that has leaked"), "{}", reply.text);
    assert!(!reply.text.contains(LEAKED) && !reply.text.contains(RANGE), "{}", reply.text);
}

async fn change(api: &Api, token: &str, new: &str) -> Reply {
    let body = json!({"current_password": OLD, "new_password": new});
    api.send(Call::new("PUT", "/api/v1/password").bearer(token).json(body)).await
}

#[tokio::test]
async fn what_leaked_is_refused_wherever_a_password_is_chosen() {
    let ((api, service), mut server) = (asking().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, invitation) = invited(&api, &mut server).await;
    refused(accept(&api, &invitation.token(), LEAKED).await, "password");
    assert_eq!(service.asked(), [RANGE]);
    // That spent nothing.
    accept(&api, &invitation.token(), OLD).await.is(200);
    assert_eq!(service.asked(), ["2F9E5"]);
    // Nor is it asked whenever somebody signs in.
    let signed_in = sign_in(&api, GRACE, OLD).await.is(201);
    sign_in(&api, GRACE, LEAKED).await.fails(401, "credentials.wrong");
    assert_eq!(service.asked(), [""; 0]);
    let token = signed_in.body["data"]["access_token"].as_str().unwrap();
    refused(change(&api, token, LEAKED).await, "new_password");
    // Nor about what is refused anyhow.
    service.asked();
    for known in ["password1", "crm-portal-1", "short"] {
        change(&api, token, known).await.fails(422, "values.invalid");
    }
    let body = json!({"current_password": "wrong one", "new_password": LEAKED});
    let wrong = api.send(Call::new("PUT", "/api/v1/password").bearer(token).json(body)).await;
    wrong.fails(401, "password.wrong");
    assert_eq!(service.asked(), [""; 0]);
    ask_reset(&api, GRACE).await.is(202);
    let link = server.next().await.token();
    refused(reset(&api, &link, LEAKED).await, "password");
    reset(&api, &link, NEW).await.is(200);
    let body = json!({"company": "Example Engines", "name": "Ada", "email": "ada@mail.example"});
    public(&api, "/sign-ups", body).await.is(202);
    let link = server.next().await.token();
    let begin =
        async |text: &str| public(&api, "/sign-ups/complete", json!({"token": link, "password": text})).await;
    refused(begin(LEAKED).await, "password");
    begin(OLD).await.is(201);
    // By operators, too.
    let context = Context::new(api.tenant, "crm", "a test");
    let set = password::set(&api.app, &context, user.into(), Password::choose(LEAKED).unwrap()).await;
    assert!(matches!(set, Err(Refusal::Command(_))), "{set:?}");
}

#[tokio::test]
async fn while_the_service_does_not_tell_nobody_chooses_a_password_and_everybody_signs_in() {
    let (api, service) = asking().await;
    let grace = api.user(GRACE).await;
    api.password(grace, OLD).await;
    *service.mood.lock().unwrap() = Mood::Down;
    let signed_in = sign_in(&api, GRACE, OLD).await.is(201);
    let token = signed_in.body["data"]["access_token"].as_str().unwrap();
    let head = api.head().await;
    let reply = change(&api, token, NEW).await.fails(503, "password.unchecked");
    assert_eq!(reply.header("retry-after"), "5");
    assert!(reply.text.contains("has leaked somewhere cannot be told"), "{}", reply.text);
    assert_eq!(api.head().await, head);
    *service.mood.lock().unwrap() = Mood::Telling;
    change(&api, token, NEW).await.is(200);
}
