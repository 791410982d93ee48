//! How much there may be in a time of what happens too often to ask another server each time.
//!
//! Each process counts for itself, and tells the others from time to time what it has counted: a fiftieth of what there may be at
//! once. It is told how long to let nothing through in return. Nobody waits for that answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use super::SharedLimits;
use super::guesses::milliseconds;
use super::rates::Rate;
use super::shared::Ask;
use crate::metrics::{Admission, admission};
use crate::throttle::{Account, Bucket, CAPACITY};

/// Into how many parts what there may be is divided, of which each is told when it was used.
const PARTS: u32 = 50;

/// Counts in this process, and from time to time in all that share a Redis. Clones share what they counted.
#[derive(Clone)]
pub struct Flows {
    name: &'static str,
    meters: Cache<(&'static str, Account), Arc<Mutex<Meter>>>,
    shared: Option<SharedLimits>,
}

/// What was counted of one.
#[derive(Debug, Default)]
struct Meter {
    bucket: Option<Bucket>,
    /// What the others have not been told.
    untold: u32,
    /// Until when there was too much in all processes together.
    closed_until: Option<Instant>,
}

impl Flows {
    /// Counts by itself. What nobody asked for in `longest` is forgotten.
    pub fn new(name: &'static str, longest: Duration) -> Self {
        Self {
            name,
            meters: Cache::builder().max_capacity(CAPACITY).time_to_idle(longest).build(),
            shared: None,
        }
    }

    /// The same, together with other processes.
    #[must_use]
    pub fn shared_by(self, shared: SharedLimits) -> Self {
        Self { shared: Some(shared), ..self }
    }

    /// Counts one of each, or none. It waits for nobody. In a runtime, if it is shared.
    ///
    /// # Errors
    /// How long to wait.
    pub fn take(&self, wanted: &[(Rate, Account)]) -> Result<(), Duration> {
        let now = Instant::now();
        for (place, (rate, account)) in wanted.iter().enumerate() {
            if let Err(wait) = locked(&self.meter(rate, account)).add(rate, now) {
                for (rate, account) in &wanted[..place] {
                    locked(&self.meter(rate, account)).take_back();
                }
                admission(self.name, Admission::Refused);
                return Err(wait);
            }
        }
        if let Some(shared) = &self.shared {
            wanted.iter().for_each(|(rate, account)| self.tell(shared, *rate, account));
        }
        Ok(())
    }

    fn meter(&self, rate: &Rate, account: &Account) -> Arc<Mutex<Meter>> {
        self.meters.get_with((rate.of, *account), Arc::default)
    }

    /// Tells the others, once there is enough to tell. If that is lost, they let through that much more.
    fn tell(&self, shared: &SharedLimits, rate: Rate, account: &Account) {
        let meter = self.meter(&rate, account);
        let part = (rate.most / PARTS).max(1);
        let count = {
            let mut counted = locked(&meter);
            if counted.untold < part {
                return;
            }
            std::mem::take(&mut counted.untold)
        };
        let ask = Ask {
            script: include_str!("add.lua"),
            keys: vec![shared.key(self.name, rate.of, &[account])],
            values: vec![rate.most.into(), milliseconds(rate.period), count.into()],
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            match shared.run(&ask).await.as_deref() {
                Ok(&[wait]) if wait > 0 => {
                    let until = Instant::now() + Duration::from_millis(wait.unsigned_abs()).min(rate.period);
                    locked(&meter).closed_until = Some(until);
                }
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "other processes do not know what was counted here"),
            }
        });
    }
}

impl Meter {
    fn add(&mut self, rate: &Rate, now: Instant) -> Result<(), Duration> {
        let closed = self.closed_until.map(|until| until.saturating_duration_since(now));
        if let Some(wait) = closed.filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        self.bucket = Some(Bucket::add_in(self.bucket, rate.most, rate.period, now)?);
        self.untold = self.untold.saturating_add(1);
        Ok(())
    }

    fn take_back(&mut self) {
        self.bucket = self.bucket.map(Bucket::less);
        self.untold = self.untold.saturating_sub(1);
    }
}

fn locked(meter: &Mutex<Meter>) -> MutexGuard<'_, Meter> {
    meter.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const USER: Rate = Rate { of: "user", most: 10, period: MINUTE };
    const TENANT: Rate = Rate { of: "tenant", most: 15, period: MINUTE };

    #[test]
    fn so_many_at_once_and_others_have_theirs() {
        let flows = Flows::new("command", MINUTE);
        let take = |user: u8, tenant: u8| flows.take(&[(USER, [user; 32]), (TENANT, [tenant; 32])]);
        assert_eq!((0..20).filter(|_| take(1, 1).is_ok()).count(), 10);
        let wait = take(1, 1).unwrap_err();
        assert!(wait > Duration::from_secs(5) && wait <= Duration::from_secs(6), "{wait:?}");
        // What was refused to the user counts for nobody else in the tenant.
        assert_eq!((0..20).filter(|_| take(2, 1).is_ok()).count(), 5);
        assert_eq!((0..20).filter(|_| take(2, 2).is_ok()).count(), 5);
        assert_eq!((0..20).filter(|_| take(3, 2).is_ok()).count(), 10);
    }

    #[test]
    fn what_there_may_be_comes_back_with_time_and_what_all_processes_used_up_closes_for_a_while() {
        let (mut meter, begun) = (Meter::default(), Instant::now());
        let mut added = |after: u64| meter.add(&USER, begun + Duration::from_secs(after)).is_ok();
        assert_eq!((0..20).filter(|_| added(0)).count(), 10);
        assert_eq!((0..20).filter(|_| added(30)).count(), 5);
        assert_eq!((0..20).filter(|_| added(600)).count(), 10);
        let mut closed = Meter { closed_until: Some(begun + Duration::from_secs(3)), ..Meter::default() };
        assert_eq!(closed.add(&USER, begun), Err(Duration::from_secs(3)));
        assert_eq!(closed.add(&USER, begun + Duration::from_secs(3)), Ok(()));
    }

    #[test]
    fn many_at_once_count_as_many() {
        let flows = Flows::new("command", MINUTE);
        let count = std::thread::scope(|scope| {
            let one = || (0..100).filter(|_| flows.take(&[(USER, [1; 32])]).is_ok()).count();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(count, 10);
    }
}
