//! What whoever guesses passwords learns, and what others notice of it.
//!
//! A program of its own, so that no other test takes its share of the processors meanwhile. `SIGN_IN_SAMPLES=1000 cargo test
//! -p command-api --test guesses` is the measurement: it compares as many sign-ins as one would to be sure, and asks for the time
//! that others may wait on a machine that does nothing else. Without it, others must only get in while guesses go on.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

#[path = "../it/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "other tests need more of it")]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use support::{Api, Call, Reply};

/// Whoever holds it measures; the others wait.
static TURN: Mutex<()> = Mutex::const_new(());

const PASSWORD: &str = "correct horse";
/// Sign-ins of each sort that are compared, unless something else is said.
const SAMPLES: usize = 60;
/// How many guesses one account may have at once.
const FREE: usize = 10;
/// What an attack consists of, and how many guesses are under way at a time.
const GUESSES: u32 = 10_000;
const AT_ONCE: usize = 64;
/// Others who sign in meanwhile, how often in all at least, and how long nearly all of them may wait.
const OTHERS: usize = 5;
const SIGN_INS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(1);
/// The same where nobody measures: longer than that, and they are kept out.
const KEPT_OUT: Duration = Duration::from_secs(10);

/// How many samples are asked for, if this is a measurement.
fn measured() -> Option<usize> {
    std::env::var("SIGN_IN_SAMPLES").ok()?.parse().ok()
}

fn call(api: &Api, from: &str, email: &str, password: &str) -> Call {
    let body = json!({"tenant_id": api.tenant, "email": email, "password": password});
    Call::post("/api/v1/sessions").anonymous().header("x-forwarded-for", from).json(body)
}

async fn sign_in(api: &Api, from: &str, email: &str, password: &str) -> Reply {
    api.send(call(api, from, email, password)).await
}

fn address(network: u8, number: u32) -> String {
    let [_, a, b, c] = number.to_be_bytes();
    format!("{network}.{a}.{b}.{c}")
}

async fn user(api: &Api, email: &str) {
    let user = api.user(email).await;
    api.password(user, PASSWORD).await;
}

/// All that is told, to the byte, but for the time of day.
fn told(reply: &Reply) -> (u16, Vec<String>, String) {
    let fields = reply.headers.iter().filter(|(name, _)| *name != "date");
    let fields = fields.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    (reply.status.as_u16(), fields, reply.text.clone())
}

/// How probable it is that one of `some` is greater than one of `others`: a half if nobody can tell them apart (Mann and
/// Whitney).
fn greater(some: &[Duration], others: &[Duration]) -> f64 {
    let mut all: Vec<(Duration, bool)> =
        some.iter().map(|time| (*time, true)).chain(others.iter().map(|time| (*time, false))).collect();
    all.sort();
    let ranks = all.iter().enumerate().filter(|(_, (_, is_one))| *is_one).map(|(place, _)| place + 1);
    let (sum, count) = (ranks.sum::<usize>() as f64, some.len() as f64);
    (sum - count * (count + 1.0) / 2.0) / (count * others.len() as f64)
}

#[test]
fn the_comparison_tells_apart_what_is_apart() {
    let times = |from: u64| (from..from + 60).map(Duration::from_millis).collect::<Vec<_>>();
    assert!((greater(&times(0), &times(0)) - 0.5).abs() < 0.02);
    assert!(greater(&times(60), &times(0)) > 0.999 && greater(&times(0), &times(60)) < 0.001);
    assert!(greater(&times(30), &times(0)) > 0.8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_time_nor_bytes_tell_whether_there_is_such_a_user() {
    let _turn = TURN.lock().await;
    let api = Api::new().await;
    let samples = measured().unwrap_or(SAMPLES);
    // Of as many letters, and each tried as often as is free.
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..samples.div_ceil(FREE) {
        let email = format!("grace{number:04}@engines.example");
        user(&api, &email).await;
        known.push(email);
        unknown.push(format!("nobody{number:03}@engines.example"));
    }
    let mut times = [Vec::new(), Vec::new()];
    let mut answers = Vec::new();
    for number in 0..samples {
        // One of each in turn, so that whatever else the machine does is the same for both; and the first is another each time.
        let pair = [(0, &known[number / FREE]), (1, &unknown[number / FREE])];
        let pair = if number % 2 == 0 { pair } else { [pair[1], pair[0]] };
        for (sort, email) in pair {
            let from = address(10 + u8::try_from(sort).unwrap(), u32::try_from(number).unwrap());
            let call = call(&api, &from, email, "wrong guess").header("x-request-id", "the-same");
            let since = Instant::now();
            let reply = api.send(call).await;
            times[sort].push(since.elapsed());
            answers.push(told(&reply.fails(401, "credentials.wrong")));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let [known, unknown] = times;
    let differs = (greater(&known, &unknown) - 0.5).abs();
    // If there is no difference, the estimate is off by chance: its deviation is known, and 4.5 of them are once in 150,000 runs.
    // Two per cent more are a difference that would take an attacker thousands of guesses at each address to see.
    let deviation = ((2 * samples + 1) as f64 / (12 * samples * samples) as f64).sqrt();
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let (known, unknown) = (median(known), median(unknown));
    println!(
        "{samples} of each: medians {known:?} and {unknown:?}, {differs:.4} from a half, deviation {deviation:.4}"
    );
    assert!(
        differs < 4.5 * deviation + 0.02,
        "{differs} with a deviation of {deviation}; {known:?} {unknown:?}"
    );
}

/// Others who signed in before, and from where.
async fn others(api: &Api) -> Vec<(String, String)> {
    let mut others = Vec::new();
    for number in 0..OTHERS {
        let (from, email) =
            (address(11, u32::try_from(number).unwrap()), format!("other{number}@engines.example"));
        user(api, &email).await;
        sign_in(api, &from, &email, PASSWORD).await.is(201);
        others.push((from, email));
    }
    others
}

/// Signs others in, one after the other, until there were enough; tells how long each took.
async fn times(api: &Api, others: &[(String, String)], is_over: &AtomicBool) -> Vec<Duration> {
    let mut times = Vec::new();
    for (from, email) in others.iter().cycle().take(SIGN_INS) {
        let since = Instant::now();
        sign_in(api, from, email, PASSWORD).await.is(201);
        times.push(since.elapsed());
    }
    is_over.store(true, Ordering::Relaxed);
    times.sort();
    times
}

/// Guesses, so many at a time and so many in all at least, for as long as others sign in; tells how many were looked at.
async fn guesses(api: &Api, guess: Attack, is_over: Arc<AtomicBool>) -> (u32, usize) {
    let (mut sent, mut looked_at) = (0, 0);
    let mut under_way = JoinSet::new();
    while sent < GUESSES || !is_over.load(Ordering::Relaxed) {
        if under_way.len() >= AT_ONCE {
            looked_at += under_way.join_next().await.map_or(0, |done| usize::from(done.unwrap()));
        }
        let (from, email) = guess(sent);
        let reply = api.request_alone(call(api, &from, &email, "wrong guess"));
        under_way.spawn(async move {
            let reply = reply.await;
            assert!(matches!(reply.status.as_u16(), 401 | 429 | 503), "{}", reply.text);
            reply.status == 401
        });
        sent += 1;
    }
    (sent, looked_at + under_way.join_all().await.into_iter().filter(|looked_at| *looked_at).count())
}

/// From where the guess of a number comes, and whom it is about.
type Attack = fn(u32) -> (String, String);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_guesses_keep_nobody_else_waiting_wherever_they_come_from() {
    let _turn = TURN.lock().await;
    let attacks: [(&str, Attack); 3] = [
        ("one address, one account", |_| ("192.0.2.1".to_owned(), "grace@engines.example".to_owned())),
        ("10,000 addresses, one account", |number| (address(12, number), "grace@engines.example".to_owned())),
        ("10,000 addresses, 10,000 accounts", |number| {
            (address(13, number), format!("user{number}@engines.example"))
        }),
    ];
    for (name, attack) in attacks {
        let api = Api::new().await;
        user(&api, "grace@engines.example").await;
        let (others, is_over) = (others(&api).await, Arc::new(AtomicBool::new(false)));
        let (times, (sent, looked_at)) =
            tokio::join!(times(&api, &others, &is_over), guesses(&api, attack, Arc::clone(&is_over)));
        let p99 = times[times.len() * 99 / 100 - 1];
        println!("{name}: {looked_at} of {sent} looked at; p50 {:?}, p99 {p99:?}", times[times.len() / 2]);
        let patience = if measured().is_some() { PATIENCE } else { KEPT_OUT };
        assert!(p99 < patience, "{name}: {p99:?}");
    }
}
