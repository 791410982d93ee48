//! Answers that are given again while many write and many read.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::sales::lead::LeadAction;
use futures::future::{join, join_all};
use uuid::Uuid;

use crate::plan::{at, new_id, new_lead};
use crate::world::World;

const WRITERS: usize = 4;
const READERS: usize = 8;
const WRITES: usize = 15;

/// What a reader was answered: the position told, and the leads counted.
struct Answered {
    position: i64,
    total: usize,
}

async fn ask(world: &World, wanted: Option<i64>) -> Answered {
    let wanted = wanted.map(|position| position.to_string());
    let headers: Vec<_> = wanted.iter().map(|wanted| ("x-min-position", wanted.as_str())).collect();
    let reply = world.get_with("/api/v1/leads?page_size=1", &headers).await;
    let position = reply.body["meta"]["position"].as_i64().unwrap();
    assert_eq!(reply.headers["x-position"], position.to_string());
    let total = usize::try_from(reply.body["meta"]["total"].as_u64().unwrap()).unwrap();
    Answered { position, total }
}

/// Every answer shows exactly what the log had at the position that the answer tells; nobody is ever shown less than
/// before, or less than they asked for.
async fn check_under_writers(world: &World) {
    let captured: Mutex<Vec<i64>> = Mutex::default();
    let answers: Mutex<Vec<Answered>> = Mutex::default();
    let writing = AtomicUsize::new(WRITERS);
    let writer = async || {
        for _ in 0..WRITES {
            let capture = LeadAction::Capture(Box::new(new_lead("Ada")));
            let position = world.tell_lead(new_id(), at(3, 1, 9), capture).await;
            captured.lock().unwrap().push(position);
            let own = ask(world, Some(position)).await;
            assert!(own.position >= position, "{} was asked for, {} was shown", position, own.position);
            answers.lock().unwrap().push(own);
        }
        writing.fetch_sub(1, Ordering::SeqCst);
    };
    let reader = async || {
        let mut last = 0;
        while writing.load(Ordering::SeqCst) > 0 {
            let answered = ask(world, None).await;
            assert!(answered.position >= last, "{} after {last}", answered.position);
            last = answered.position;
            answers.lock().unwrap().push(answered);
        }
    };
    let writers = join_all((0..WRITERS).map(|_| writer()));
    join(writers, join_all((0..READERS).map(|_| reader()))).await;
    let captured = captured.into_inner().unwrap();
    for Answered { position, total } in answers.into_inner().unwrap() {
        let expected = captured.iter().filter(|at| **at <= position).count();
        assert_eq!(total, expected, "at position {position}");
    }
}

#[tokio::test]
async fn every_answer_is_that_of_the_position_it_tells() {
    check_under_writers(&World::new().await).await;
}

#[tokio::test]
async fn every_answer_is_that_of_the_position_it_tells_while_nats_is_away() {
    let mut world = World::new().await;
    world.router = world.router_without_nats().await;
    check_under_writers(&world).await;
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
