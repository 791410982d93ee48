//! Answers that are given again while many write and many read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain::sales::lead::LeadAction;
use futures::future::join_all;
use uuid::Uuid;

use crate::plan::{at, new_id, new_lead};
use crate::world::World;

const WRITERS: usize = 4;
const READERS: usize = 8;
const WRITES: usize = 15;

/// What a reader was answered: the position told, and the leads counted.
#[derive(Debug)]
struct Answered {
    position: i64,
    total: usize,
    stale: bool,
}

async fn ask(world: &World, wanted: Option<i64>) -> Answered {
    let wanted = wanted.map(|position| position.to_string());
    let headers: Vec<_> = wanted.iter().map(|wanted| ("x-min-position", wanted.as_str())).collect();
    let reply = world.get_with("/api/v1/leads?page_size=1", &headers).await;
    let position = reply.body["meta"]["position"].as_i64().unwrap();
    assert_eq!(reply.headers["x-position"], position.to_string());
    let total = usize::try_from(reply.body["meta"]["total"].as_u64().unwrap()).unwrap();
    Answered { position, total, stale: reply.body["meta"]["stale"] == true }
}

/// Asks for a position until it is shown. A slow machine may take longer than a read waits, and is told so.
async fn ask_for(world: &World, wanted: i64) -> Answered {
    loop {
        let asked = Instant::now();
        let answered = ask(world, Some(wanted)).await;
        assert_eq!(answered.stale, answered.position < wanted, "{wanted}, {answered:?}");
        if !answered.stale {
            return answered;
        }
        assert!(asked.elapsed() >= Duration::from_secs(2), "{wanted}, {answered:?}");
    }
}

/// Every answer shows exactly what the log had at the position that the answer tells; nobody is ever shown less than
/// before, or less than they asked for.
async fn check_under_writers(world: World) {
    let world = Arc::new(world);
    let writing = Arc::new(AtomicUsize::new(WRITERS));
    let writers = (0..WRITERS).map(|_| tokio::spawn(write(Arc::clone(&world), Arc::clone(&writing))));
    let readers = (0..READERS).map(|_| tokio::spawn(read(Arc::clone(&world), Arc::clone(&writing))));
    let (writers, readers): (Vec<_>, Vec<_>) = (writers.collect(), readers.collect());
    let (mut captured, mut answers) = (Vec::new(), Vec::new());
    for written in join_all(writers).await {
        let (positions, own) = written.unwrap();
        captured.extend(positions);
        answers.extend(own);
    }
    for read in join_all(readers).await {
        answers.extend(read.unwrap());
    }
    assert_eq!(captured.len(), WRITERS * WRITES);
    for Answered { position, total, .. } in answers {
        let expected = captured.iter().filter(|at| **at <= position).count();
        assert_eq!(total, expected, "at position {position}");
    }
}

/// The positions of leads, and what was shown after each of them.
async fn write(world: Arc<World>, writing: Arc<AtomicUsize>) -> (Vec<i64>, Vec<Answered>) {
    let (mut captured, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..WRITES {
        let capture = LeadAction::Capture(Box::new(new_lead("Ada")));
        let position = world.tell_lead(new_id(), at(3, 1, 9), capture).await;
        captured.push(position);
        answers.push(ask_for(&world, position).await);
    }
    writing.fetch_sub(1, Ordering::SeqCst);
    (captured, answers)
}

/// What was shown to somebody who asks for no position, again and again.
async fn read(world: Arc<World>, writing: Arc<AtomicUsize>) -> Vec<Answered> {
    let mut answers: Vec<Answered> = Vec::new();
    while writing.load(Ordering::SeqCst) > 0 {
        let answered = ask(&world, None).await;
        let last = answers.last().map_or(0, |last| last.position);
        assert!(answered.position >= last, "{} after {last}", answered.position);
        if answered.position > last || answers.is_empty() {
            answers.push(answered);
        } else {
            assert_eq!(Some(answered.total), answers.last().map(|last| last.total));
        }
        // An answer that is kept is given without waiting for anything.
        tokio::task::yield_now().await;
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_answer_is_that_of_the_position_it_tells() {
    check_under_writers(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_answer_is_that_of_the_position_it_tells_while_nats_is_away() {
    let mut world = World::new().await;
    world.router = world.router_without_nats().await;
    check_under_writers(world).await;
}

/// On one thread all ask before the first is answered.
#[tokio::test(flavor = "current_thread")]
async fn what_many_ask_at_once_is_read_once() {
    let world = World::new().await;
    world.lead("Ada").await;
    world.settle().await;
    let replies = join_all((0..20).map(|_| world.get("/api/v1/leads"))).await;
    let made = replies.iter().filter(|reply| reply.source() == "fwd=miss").count();
    assert_eq!(made, 1);
    assert!(replies.iter().all(|reply| reply.body == replies[0].body));
    // What is not there is kept for nobody.
    let never = format!("/api/v1/leads/{}", Uuid::now_v7());
    let replies = join_all((0..20).map(|_| world.get(&never))).await;
    assert!(replies.iter().all(|reply| reply.status == 404));
}
