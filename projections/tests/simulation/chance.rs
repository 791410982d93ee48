//! All chance of a run comes from its seed.

use std::sync::Mutex;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

/// A stream of chances, the same for the same seed.
pub struct Chance {
    rng: Mutex<SmallRng>,
}

impl Chance {
    pub fn seeded(seed: u64) -> Self {
        Self { rng: Mutex::new(SmallRng::seed_from_u64(seed)) }
    }

    /// A number below `end`.
    pub fn below(&self, end: u64) -> u64 {
        self.rng.lock().unwrap().random_range(0..end.max(1))
    }

    /// True in `per_mille` of a thousand cases.
    pub fn happens(&self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of these.
    pub fn one_of<'a, T>(&self, choices: &'a [T]) -> &'a T {
        &choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }

    /// Most often at once, sometimes some milliseconds, now and then seconds.
    pub fn delay(&self) -> Duration {
        match self.below(100) {
            0..50 => Duration::ZERO,
            50..90 => Duration::from_millis(1 + self.below(5)),
            90..98 => Duration::from_millis(5 + self.below(100)),
            _ => Duration::from_millis(100 + self.below(2_500)),
        }
    }

    /// At once or some milliseconds.
    pub fn short_delay(&self) -> Duration {
        Duration::from_millis(self.below(4))
    }

    pub fn id(&self) -> Uuid {
        Uuid::from_u128(self.rng.lock().unwrap().random())
    }
}
