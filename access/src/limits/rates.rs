//! How much of something there may be in a time, counted here and together.

use std::time::{Duration, Instant};

use moka::sync::Cache;

use super::SharedLimits;
use super::guesses::milliseconds;
use super::shared::Ask;
use crate::metrics::{Admission, admission};
use crate::throttle::{Account, Bucket, CAPACITY, add, take};

/// So many at once, and then so many in each period.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// What it is of, for telling keys apart.
    pub of: &'static str,
    /// How many.
    pub most: u32,
    /// In which time.
    pub period: Duration,
}

/// Counts in this process, and in all that share a Redis. While that does not answer, each process goes by its own count. Clones
/// share what they counted.
#[derive(Clone)]
pub struct Rates {
    name: &'static str,
    local: Cache<(&'static str, Account), Bucket>,
    shared: Option<SharedLimits>,
}

impl Rates {
    /// Counts by itself what happens at most once in `longest` or more often.
    pub fn new(name: &'static str, longest: Duration) -> Self {
        let local = Cache::builder().max_capacity(CAPACITY).time_to_idle(longest).build();
        Self { name, local, shared: None }
    }

    /// The same, together with other processes.
    #[must_use]
    pub fn shared_by(self, shared: SharedLimits) -> Self {
        Self { shared: Some(shared), ..self }
    }

    /// Counts one of each, or none.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn take(&self, wanted: &[(Rate, Account)]) -> Result<(), Duration> {
        let done = self.decide(wanted).await;
        admission(self.name, if done.is_ok() { Admission::Admitted } else { Admission::Refused });
        done
    }

    async fn decide(&self, wanted: &[(Rate, Account)]) -> Result<(), Duration> {
        let now = Instant::now();
        for (place, (rate, account)) in wanted.iter().enumerate() {
            let key = (rate.of, *account);
            let counted = add(&self.local, key, |bucket| Bucket::add_in(bucket, rate.most, rate.period, now));
            if let Err(wait) = counted {
                self.give_back(&wanted[..place]);
                return Err(wait);
            }
        }
        let Some(shared) = &self.shared else { return Ok(()) };
        let keys = wanted.iter().map(|(rate, account)| shared.key(self.name, rate.of, &[account])).collect();
        let values =
            wanted.iter().flat_map(|(rate, _)| [rate.most.into(), milliseconds(rate.period)]).collect();
        match shared.run(&Ask { script: include_str!("take.lua"), keys, values }).await.as_deref() {
            Ok(&[wait]) if wait > 0 => {
                self.give_back(wanted);
                Err(Duration::from_millis(wait.unsigned_abs()))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn give_back(&self, wanted: &[(Rate, Account)]) {
        for (rate, account) in wanted {
            take(&self.local, (rate.of, *account));
        }
    }
}
