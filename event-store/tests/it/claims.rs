use event_store::{AppendError, Change, Claim, Guard};
use futures::future::join_all;
use uuid::Uuid;

use crate::counter::{Counter, CounterEvent};
use crate::log::Log;

fn number(value: &str) -> Claim {
    Claim { scope: "invoice.number".into(), value: value.into() }
}

async fn counting(log: &Log, id: Uuid) -> Change {
    let counter = log.store.load_newest::<Counter>(log.tenant, id).await.unwrap();
    let mut change = log.change();
    change.record(&counter, vec![CounterEvent::Counted { by: 1 }]).unwrap();
    change
}

#[tokio::test]
async fn of_many_that_claim_a_value_at_once_one_gets_it_and_the_others_learn_which_it_was() {
    let log = Log::new().await;
    let changes = join_all((0..16).map(|_| async {
        let mut change = counting(&log, Uuid::now_v7()).await;
        change.claim(number("2026-1"));
        change
    }))
    .await;
    let results = join_all(changes.into_iter().map(|change| log.store.commit(change))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for loser in results.into_iter().filter_map(Result::err) {
        assert!(matches!(loser, AppendError::ClaimTaken(claim) if claim == number("2026-1")));
    }
}

#[tokio::test]
async fn a_released_value_can_be_claimed_again() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    for release_first in [false, true, true] {
        let mut change = counting(&log, id).await;
        if release_first {
            change.release(number("7"));
            log.store.commit(change).await.unwrap();
            change = counting(&log, id).await;
        }
        change.claim(number("7"));
        log.store.commit(change).await.unwrap();
    }
}

#[tokio::test]
async fn another_tenant_may_claim_the_same_value() {
    let log = Log::new().await;
    let mut ours = counting(&log, Uuid::now_v7()).await;
    ours.claim(number("1"));
    log.store.commit(ours).await.unwrap();
    let mut theirs = Change::new(Uuid::now_v7(), &crate::log::metadata()).unwrap();
    theirs.claim(number("1"));
    log.store.commit(theirs).await.unwrap();
}

#[tokio::test]
async fn a_decision_that_relied_on_an_aggregate_fails_once_it_has_moved() {
    let log = Log::new().await;
    let (read_only, written) = (Uuid::now_v7(), Uuid::now_v7());
    let seen = log.store.load_newest::<Counter>(log.tenant, read_only).await.unwrap();
    let mut first = counting(&log, written).await;
    first.rely_on(&seen);
    log.store.commit(first).await.unwrap();
    log.count(read_only).await;
    let mut second = counting(&log, written).await;
    second.rely_on(&seen);
    assert!(matches!(
        log.store.commit(second).await,
        Err(AppendError::GuardFailed(Guard::Unmoved { aggregate_id, .. })) if aggregate_id == read_only
    ));
}

/// Either the scope is closed while it is empty, or somebody is in it: never both.
#[tokio::test]
async fn a_scope_cannot_be_found_empty_while_it_is_being_entered() {
    let log = Log::new().await;
    for round in 0..40 {
        let door = Uuid::now_v7();
        let scope = format!("room.{round}");
        let open = log.store.load_newest::<Counter>(log.tenant, door).await.unwrap();
        let mut enter = counting(&log, Uuid::now_v7()).await;
        enter.rely_on(&open);
        enter.claim(Claim { scope: scope.clone(), value: "visitor".into() });
        let mut close = counting(&log, door).await;
        close.require_unclaimed(scope);
        let (entered, closed) = if round % 2 == 0 {
            tokio::join!(log.store.commit(enter), log.store.commit(close))
        } else {
            let (closed, entered) = tokio::join!(log.store.commit(close), log.store.commit(enter));
            (entered, closed)
        };
        assert!(entered.is_ok() != closed.is_ok(), "round {round}: {entered:?} {closed:?}");
    }
}
