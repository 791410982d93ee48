use std::sync::atomic::{AtomicBool, Ordering};

use domain::TenantId;

use super::*;

/// Keeps what it is given, once it is let.
#[derive(Clone, Default)]
struct Kept(Arc<(Mutex<Vec<Entry>>, AtomicBool)>);

impl Kept {
    fn entries(&self) -> Vec<Entry> {
        self.0.0.lock().unwrap().clone()
    }
}

impl TrailSink for Kept {
    fn write<'a>(&'a self, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Unwritten>> {
        Box::pin(async move {
            if self.0.1.load(Ordering::SeqCst) {
                return Err(Unwritten::Unavailable("away".into()));
            }
            if entries.iter().any(|entry| entry.correlation_id == "impossible") {
                return Err(Unwritten::Refused("impossible".into()));
            }
            self.0.0.lock().unwrap().extend_from_slice(entries);
            Ok(())
        })
    }
}

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(uuid::Uuid::from_u128(number))
}

fn refusal(tenant_number: u128, actor: &str) -> Entry {
    Entry::new(Kind::Denied, tenant(tenant_number), actor).with_code("permission.missing")
}

#[test]
fn of_refusals_that_are_alike_the_first_is_kept_and_the_others_are_counted() {
    let mut flood = Flood::default();
    assert!(flood.take(refusal(1, "sam"), true).is_some());
    assert!((0..1_000).all(|_| flood.take(refusal(1, "sam"), true).is_none()));
    assert!(flood.take(refusal(1, "kim"), true).is_some());
    assert!(flood.take(refusal(2, "sam"), true).is_some());
    assert!(flood.take(refusal(1, "sam").with_code("permission.reach"), true).is_some());
    let counts = flood.close();
    assert_eq!(counts.len(), 1);
    assert_eq!((counts[0].count, counts[0].actor.as_deref()), (1_000, Some("sam")));
    assert!(counts[0].until.unwrap() >= counts[0].at);
    // Another minute.
    assert!(flood.take(refusal(1, "sam"), true).is_some());
    assert!(flood.close().is_empty());
}

#[test]
fn whoever_comes_from_many_addresses_is_told_apart_only_while_nobody_knows_who_it_is() {
    let mut flood = Flood::default();
    let from = |number: u8| Entry { address: Some([192, 0, 2, number].into()), ..refusal(1, "sam") };
    let kept =
        |flood: &mut Flood, proven| (0..10).filter_map(|number| flood.take(from(number), proven)).count();
    assert_eq!(kept(&mut flood, true), 1);
    assert_eq!(kept(&mut Flood::default(), false), 10);
}

#[test]
fn a_flood_of_one_tenant_leaves_room_for_others_and_is_counted() {
    let mut flood = Flood::default();
    let kept = (0..5_000).filter_map(|number| flood.take(refusal(1, &number.to_string()), true)).count();
    assert_eq!(kept, 200);
    assert!(flood.take(refusal(2, "sam"), true).is_some());
    let counts = flood.close();
    assert_eq!(counts.len(), 1);
    assert_eq!((counts[0].count, counts[0].actor.as_deref()), (4_800, None));
}

#[test]
fn whoever_names_many_tenants_fills_nothing_and_takes_no_room_from_those_who_are_known() {
    let mut flood = Flood::default();
    let kept = (0..100_000).filter_map(|number| flood.take(refusal(number, "sam"), false)).count();
    assert_eq!(kept, 512);
    assert!(flood.take(refusal(1_000_000, "kim"), true).is_some());
    assert!(flood.close().is_empty());
}

#[tokio::test]
async fn what_was_recorded_is_written_when_it_is_flushed_with_the_counts() {
    let kept = Kept::default();
    let trail = Trail::start(kept.clone());
    for _ in 0..2_000 {
        trail.refused(refusal(1, "sam"), true);
    }
    trail.soon(refusal(1, "kim"));
    trail.flush().await;
    let counts: Vec<u64> = kept.entries().iter().map(|entry| entry.count).collect();
    assert_eq!(counts.iter().sum::<u64>(), 2_001);
    assert_eq!(counts.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn while_the_trail_is_away_nobody_waits_and_afterwards_it_is_written() {
    let kept = Kept::default();
    kept.0.1.store(true, Ordering::SeqCst);
    let trail = Trail::start(kept.clone());
    for number in 0..10_000 {
        trail.soon(refusal(1, &number.to_string()));
        if number % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let error = trail.before(refusal(1, "export")).await.unwrap_err();
    assert_eq!(error.status(), 503);
    kept.0.1.store(false, Ordering::SeqCst);
    trail.flush().await;
    let written = kept.entries().len();
    // What found no room is gone, and counted.
    assert!((WAITING..=WAITING + 512).contains(&written), "{written}");
    trail.before(refusal(1, "export")).await.unwrap();
}

#[tokio::test]
async fn an_entry_that_will_never_be_taken_does_not_hold_up_the_others() {
    let kept = Kept::default();
    let trail = Trail::start(kept.clone());
    trail.soon(Entry { correlation_id: "impossible".to_owned(), ..refusal(1, "sam") });
    (0..600).for_each(|_| trail.soon(refusal(1, "kim")));
    trail.flush().await;
    assert_eq!(kept.entries().len(), 600);
}
