//! A service that knows which passwords leaked, by the protocol of Have I Been Pwned.

use std::error::Error;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use access::password::LeakedError;
use access::{LeakedPasswords, Password};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use embedded::testing::{Opening, TestAuthority, tls_before};
use futures::future::join;
use futures::stream::{self, StreamExt as _};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, yield_now};

/// SHA-1 of `correct horse`, but for its first five digits.
const HORSE: &str = "3523B62ABC141A2B4D6019D23CBA835DBD0";
/// That of `battery staple`.
const STAPLE: &str = "46AE352440B76336C0DF21CBAB0D9D7E9DA";
/// That of nothing that is asked for here.
const OTHER: &str = "00D4F6E8FA6EECAD2A3AA415EEC418D38EC";

/// A service that answers whatever it is asked in one way, and what it was asked.
struct Service {
    leaked: LeakedPasswords,
    asked: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl Service {
    async fn new<F, Fut>(answer: F) -> Self
    where
        F: Fn() -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Response> + Send + 'static,
    {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        let range = async move |request: Request| {
            heard.lock().unwrap().push(format!("{} {:?}", request.uri(), request.headers()));
            answer().await
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/range/", listener.local_addr().unwrap());
        let router = Router::new().route("/range/{told}", get(range));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { leaked: LeakedPasswords::at(&url).unwrap(), asked, _serving: serving }
    }

    async fn telling(range: String) -> Self {
        Self::new(move || {
            let range = range.clone();
            async move { range.into_response() }
        })
        .await
    }

    async fn contains(&self, text: &str) -> Result<bool, LeakedError> {
        self.leaked.contain(&Password::choose(text).unwrap()).await
    }
}

#[tokio::test]
async fn a_password_that_leaked_is_known_by_its_digest_of_which_the_service_learns_five_digits() {
    let service = Service::telling(format!("{OTHER}:3\r\n{HORSE}:12\r\n{STAPLE}:0")).await;
    assert!(service.contains("correct horse").await.unwrap());
    // What is there without a count is padding, whatever it is.
    assert!(!service.contains("battery staple").await.unwrap());
    let asked = service.asked.lock().unwrap();
    let [horse, staple] = &asked[..] else { panic!("{asked:?}") };
    assert!(horse.starts_with("/range/2F9E5 ") && staple.starts_with("/range/E3FF0 "), "{asked:?}");
    for one in [horse, staple] {
        assert!(one.contains(r#""add-padding": "true""#), "{one}");
        for hidden in [&HORSE[..5], &STAPLE[..5], "correct", "battery"] {
            assert!(!one.contains(hidden), "{one}");
        }
    }
}

#[tokio::test]
async fn what_is_no_range_is_no_word_for_a_password() {
    for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS, StatusCode::NOT_FOUND] {
        let range = format!("{OTHER}:3");
        let service = Service::new(move || {
            let answer = (status, range.clone()).into_response();
            async move { answer }
        });
        let told = service.await.contains("correct horse").await;
        assert!(matches!(told, Err(LeakedError::Status(found)) if found == status), "{told:?}");
    }
    let elsewhere = Service::new(|| async { Redirect::temporary("/range/00000").into_response() }).await;
    assert!(matches!(elsewhere.contains("correct horse").await, Err(LeakedError::Status(_))));
    assert_eq!(elsewhere.asked.lock().unwrap().len(), 1);
    for text in ["", "<html>Sign in to this network</html>"] {
        let told = Service::telling(text.to_owned()).await.contains("correct horse").await;
        assert!(matches!(told, Err(LeakedError::Malformed)), "{told:?}");
    }
}

#[tokio::test]
async fn nobody_waits_for_a_service_that_does_not_answer_or_does_not_end() {
    let silent = Service::new(|| async { pending().await }).await;
    let line = || Ok::<_, std::io::Error>(Bytes::from(format!("{OTHER}:3\r\n")));
    let halting = Service::new(move || async move {
        Body::from_stream(stream::iter([line()]).chain(stream::pending())).into_response()
    })
    .await;
    let told = join(silent.contains("correct horse"), halting.contains("correct horse")).await;
    assert!(matches!(told, (Err(LeakedError::Slow), Err(LeakedError::Slow))), "{told:?}");
    let endless =
        Service::new(move || async move { Body::from_stream(stream::repeat_with(line)).into_response() });
    let told = endless.await.contains("correct horse").await;
    assert!(matches!(told, Err(LeakedError::TooMuch)), "{told:?}");
}

#[tokio::test]
async fn a_service_that_is_not_there_is_told_of_without_what_it_was_to_be_asked() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let leaked = LeakedPasswords::at(&format!("http://{free}/range/")).unwrap();
    let error = leaked.contain(&Password::choose("correct horse").unwrap()).await.unwrap_err();
    assert!(matches!(error, LeakedError::Transport(_)), "{error:?}");
    let mut chain = format!("{error:?} {leaked:?}");
    let mut next: Option<&dyn Error> = Some(&error);
    while let Some(cause) = next {
        chain += &cause.to_string();
        next = cause.source();
    }
    assert!(!chain.contains("2F9E5"), "{chain}");
}

#[tokio::test]
async fn a_service_is_asked_by_a_few_at_a_time() {
    let (inside, most, doors) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let service = {
        let (inside, most, doors) = (Arc::clone(&inside), Arc::clone(&most), Arc::clone(&doors));
        Service::new(move || {
            let (inside, most, doors) = (Arc::clone(&inside), Arc::clone(&most), Arc::clone(&doors));
            async move {
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                doors.acquire().await.unwrap().forget();
                inside.fetch_sub(1, Ordering::SeqCst);
                format!("{OTHER}:3").into_response()
            }
        })
        .await
    };
    let mut asking = JoinSet::new();
    for _ in 0..20 {
        let leaked = service.leaked.clone();
        asking.spawn(async move { leaked.contain(&Password::choose("correct horse").unwrap()).await });
    }
    while inside.load(Ordering::SeqCst) < 8 {
        yield_now().await;
    }
    // A ninth would be inside by then.
    for _ in 0..1_000 {
        yield_now().await;
    }
    doors.add_permits(20);
    while let Some(told) = asking.join_next().await {
        assert!(!told.unwrap().unwrap());
    }
    assert_eq!(most.load(Ordering::SeqCst), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_by_tls_may_be_of_an_authority_of_ones_own_and_of_no_other() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let behind = listener.local_addr().unwrap();
    let router = Router::new().route("/range/{told}", get(async || format!("{HORSE}:12")));
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
    let (authority, other) = (TestAuthority::new(), TestAuthority::new());
    let before = tls_before(behind, &authority, Opening::None).await;
    let url = format!("https://127.0.0.1:{}/range/", before.port);
    let horse = Password::choose("correct horse").unwrap();
    for (trusted, is_trusted) in [(None, false), (Some(&other), false), (Some(&authority), true)] {
        let pem = trusted.map(|authority| std::fs::read(authority.file()).unwrap());
        let told = LeakedPasswords::trusting(&url, pem.as_deref()).unwrap().contain(&horse).await;
        assert_eq!(matches!(told, Ok(true)), is_trusted, "{told:?}");
        assert!(is_trusted || matches!(told, Err(LeakedError::Transport(_))), "{told:?}");
    }
}
