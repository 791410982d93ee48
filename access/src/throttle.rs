//! How often somebody may guess: by account, by address and by both, with rising delays; and never so that guesses shut
//! out whoever knows the password.
//!
//! Everything is kept in memory, and bounded: what comes after a restart, or to another process, begins anew. What processes
//! count together is the matter of [`crate::limits`].

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use edge::address::network;
use moka::ops::compute::Op;
use moka::sync::Cache;

/// Accounts, addresses and pairs of them that are remembered, of each.
pub(crate) const CAPACITY: u64 = 50_000;
/// How long a pair that signed in is known.
pub(crate) const KNOWN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long guesses are remembered.
pub(crate) const GUESSED: Duration = Duration::from_secs(60 * 60);
const MINUTE: Duration = Duration::from_secs(60);

/// What identifies an account, whether there is one or not.
pub type Account = [u8; 32];

/// How many wrong guesses there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of one account from one address before each further one has to wait: 1 s, then twice as long each time.
    pub free: u32,
    /// The longest of these waits.
    pub longest: Duration,
    /// From one address, for whatever accounts, at once and then each minute.
    pub address: u32,
    /// Of one account, from addresses from which it never signed in, at once and then each minute.
    pub account: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { free: 5, longest: Duration::from_secs(60), address: 20, account: 10 }
    }
}

/// Counts guesses. Clones share what they counted.
#[derive(Clone)]
pub struct Throttle(Arc<Parts>);

struct Parts {
    limits: Limits,
    known: Cache<(Account, IpAddr), ()>,
    pairs: Cache<(Account, IpAddr), Series>,
    addresses: Cache<IpAddr, Bucket>,
    accounts: Cache<Account, Bucket>,
}

/// Whether an account signed in from this address before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// It did.
    Known,
    /// It did not, or not lately.
    Unknown,
}

/// Why a guess is not let through, and how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There were too many of this account from this address, whoever knows it.
    Here(Duration),
    /// There were too many from this address, or at this account, for somebody who is not known.
    Stranger(Duration),
}

/// Wrong guesses in a row.
#[derive(Clone, Copy, Debug)]
struct Series {
    guesses: u32,
    last: Instant,
}

/// What runs over if it is filled faster than it empties.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    level: f64,
    at: Instant,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Throttle {
    /// Lets through what `limits` allow.
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Parts {
            limits,
            known: Cache::builder().max_capacity(CAPACITY).time_to_idle(KNOWN).build(),
            pairs: Cache::builder().max_capacity(CAPACITY).time_to_idle(GUESSED).build(),
            addresses: Cache::builder().max_capacity(CAPACITY).time_to_idle(GUESSED).build(),
            accounts: Cache::builder().max_capacity(CAPACITY).time_to_idle(GUESSED).build(),
        }))
    }

    /// Lets somebody guess, and counts it as wrong until [`Throttle::right`] says otherwise, so that many at once count as many.
    ///
    /// # Errors
    /// How long to wait.
    pub fn guess(&self, account: &Account, address: IpAddr, now: Instant) -> Result<Caller, Duration> {
        self.count(account, address, now).map_err(Refused::wait)
    }

    /// The same, and whether the refusal is for strangers only.
    pub(crate) fn count(&self, account: &Account, address: IpAddr, now: Instant) -> Result<Caller, Refused> {
        let parts = &*self.0;
        let address = network(address);
        let pair = (*account, address);
        let is_known = parts.known.contains_key(&pair);
        add(&parts.pairs, pair, |series| Series::add(series, &parts.limits, now)).map_err(Refused::Here)?;
        if is_known {
            return Ok(Caller::Known);
        }
        add(&parts.addresses, address, |bucket| Bucket::add(bucket, parts.limits.address, now))
            .map_err(Refused::Stranger)?;
        add(&parts.accounts, *account, |bucket| Bucket::add(bucket, parts.limits.account, now))
            .map_err(Refused::Stranger)?;
        Ok(Caller::Unknown)
    }

    /// Knows from elsewhere that an account signed in from this address. A guess that was counted as a stranger's is taken back
    /// where those are counted.
    pub(crate) fn know(&self, account: &Account, address: IpAddr, is_counted: bool) {
        let parts = &*self.0;
        let address = network(address);
        parts.known.insert((*account, address), ());
        if is_counted {
            take(&parts.addresses, address);
            take(&parts.accounts, *account);
        }
    }

    /// What is let through.
    pub(crate) fn limits(&self) -> Limits {
        self.0.limits
    }

    /// It was no guess after all: it does not count, and says nothing of those before it.
    pub fn no_guess(&self, account: &Account, address: IpAddr, caller: Caller) {
        let parts = &*self.0;
        let address = network(address);
        parts.pairs.entry((*account, address)).and_compute_with(|entry| match entry {
            Some(entry) => {
                let series = entry.into_value();
                Op::Put(Series { guesses: series.guesses.saturating_sub(1), ..series })
            }
            None => Op::Nop,
        });
        if caller == Caller::Unknown {
            take(&parts.addresses, address);
            take(&parts.accounts, *account);
        }
    }

    /// The guess was right: it does not count, nor do the wrong ones of the same account from the same address before it.
    pub fn right(&self, account: &Account, address: IpAddr, caller: Caller) {
        let parts = &*self.0;
        let address = network(address);
        let pair = (*account, address);
        parts.known.insert(pair, ());
        parts.pairs.invalidate(&pair);
        if caller == Caller::Unknown {
            take(&parts.addresses, address);
            take(&parts.accounts, *account);
        }
    }
}

/// Adds to what is kept under a key, or says how long to wait and leaves it. No two do so at once.
pub(crate) fn add<K, V>(
    kept: &Cache<K, V>,
    key: K,
    added: impl FnOnce(Option<V>) -> Result<V, Duration>,
) -> Result<(), Duration>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    let mut done = Ok(());
    kept.entry(key).and_compute_with(|entry| match added(entry.map(|entry| entry.into_value())) {
        Ok(value) => Op::Put(value),
        Err(wait) => {
            done = Err(wait);
            Op::Nop
        }
    });
    done
}

/// Takes one guess back out.
pub(crate) fn take<K: std::hash::Hash + Eq + Send + Sync + 'static>(kept: &Cache<K, Bucket>, key: K) {
    kept.entry(key).and_compute_with(|entry| match entry {
        Some(entry) => Op::Put(entry.into_value().less()),
        None => Op::Nop,
    });
}

impl Refused {
    pub(crate) fn wait(self) -> Duration {
        match self {
            Self::Here(wait) | Self::Stranger(wait) => wait,
        }
    }
}

impl Series {
    fn add(before: Option<Self>, limits: &Limits, now: Instant) -> Result<Self, Duration> {
        let guesses = before.map_or(0, |series| series.guesses);
        if let Some(series) = before.filter(|series| series.guesses >= limits.free) {
            let doublings = (guesses - limits.free).min(16);
            let wait = Duration::from_secs(1 << doublings).min(limits.longest);
            let waited = now.saturating_duration_since(series.last);
            if waited < wait {
                return Err(wait - waited);
            }
        }
        Ok(Self { guesses: guesses.saturating_add(1), last: now })
    }
}

impl Bucket {
    fn add(before: Option<Self>, most: u32, now: Instant) -> Result<Self, Duration> {
        Self::add_in(before, most, MINUTE, now)
    }

    /// The same without one that was added.
    pub(crate) fn less(self) -> Self {
        Self { level: (self.level - 1.0).max(0.0), ..self }
    }

    /// At most so many at once, and then in each period.
    pub(crate) fn add_in(
        before: Option<Self>,
        most: u32,
        period: Duration,
        now: Instant,
    ) -> Result<Self, Duration> {
        let (most, a_second) = (f64::from(most), f64::from(most) / period.as_secs_f64());
        let level = before.map_or(0.0, |bucket| {
            let waited = now.saturating_duration_since(bucket.at).as_secs_f64();
            (bucket.level - waited * a_second).max(0.0)
        });
        let over = level + 1.0 - most;
        if over > 0.0 {
            Err(Duration::from_secs_f64(over / a_second))
        } else {
            Ok(Self { level: level + 1.0, at: now })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Account = [1; 32];

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(number.to_be_bytes().into())
    }

    fn after(begun: Instant, seconds: f64) -> Instant {
        begun + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn after_five_wrong_guesses_each_further_one_waits_twice_as_long() {
        let (throttle, begun) = (Throttle::default(), Instant::now());
        for _ in 0..5 {
            assert_eq!(throttle.guess(&GRACE, address(1), begun), Ok(Caller::Unknown));
        }
        let mut at = 0.0;
        for wait in [1, 2, 4] {
            let wait = Duration::from_secs(wait);
            assert_eq!(throttle.guess(&GRACE, address(1), after(begun, at)), Err(wait));
            at += wait.as_secs_f64();
            assert!(throttle.guess(&GRACE, address(1), after(begun, at)).is_ok());
        }
        for _ in 0..20 {
            at += 60.0;
            assert!(throttle.guess(&GRACE, address(1), after(begun, at)).is_ok());
        }
        assert_eq!(throttle.guess(&GRACE, address(1), after(begun, at)), Err(Duration::from_secs(60)));
    }

    #[test]
    fn an_address_that_guesses_at_many_accounts_is_slowed_down_and_others_are_not() {
        let (throttle, begun) = (Throttle::default(), Instant::now());
        let guess = |account: u8, from, at| throttle.guess(&[account; 32], address(from), after(begun, at));
        assert_eq!((0..100).filter(|account| guess(*account, 1, 0.0).is_ok()).count(), 20);
        assert_eq!(guess(200, 1, 0.0), Err(Duration::from_secs(3)));
        assert_eq!(guess(200, 2, 0.0), Ok(Caller::Unknown));
        assert_eq!((0..100).filter(|account| guess(*account, 1, 60.0).is_ok()).count(), 20);
    }

    #[test]
    fn an_account_that_many_addresses_guess_at_still_lets_in_whoever_signed_in_before() {
        let (throttle, begun) = (Throttle::default(), Instant::now());
        throttle.guess(&GRACE, address(0), begun).unwrap();
        throttle.right(&GRACE, address(0), Caller::Unknown);
        let guessed =
            (1..=10_000).filter(|from| throttle.guess(&GRACE, address(*from), begun).is_ok()).count();
        assert_eq!(guessed, 10);
        for _ in 0..5 {
            assert_eq!(throttle.guess(&GRACE, address(0), begun), Ok(Caller::Known));
        }
        // Whoever sits behind the same address has no more tries than elsewhere.
        assert!(throttle.guess(&GRACE, address(0), begun).is_err());
    }

    #[test]
    fn right_guesses_do_not_count() {
        let (throttle, begun) = (Throttle::default(), Instant::now());
        for from in 0..1_000 {
            let caller = throttle.guess(&GRACE, address(from), begun).unwrap();
            throttle.right(&GRACE, address(from), caller);
        }
        for account in 0..=255 {
            let caller = throttle.guess(&[account; 32], address(7), begun).unwrap();
            throttle.right(&[account; 32], address(7), caller);
        }
    }

    #[test]
    fn what_was_no_guess_leaves_everything_as_it_was() {
        let (throttle, begun) = (Throttle::default(), Instant::now());
        for _ in 0..100 {
            let caller = throttle.guess(&GRACE, address(1), begun).unwrap();
            throttle.no_guess(&GRACE, address(1), caller);
        }
        for _ in 0..5 {
            assert!(throttle.guess(&GRACE, address(1), begun).is_ok());
        }
        // It does not forgive wrong ones either.
        assert!(throttle.guess(&GRACE, address(1), begun).is_err());
    }

    #[test]
    fn a_customer_of_ipv6_is_one_address() {
        let one: IpAddr = "2001:db8:1:2:aaaa::1".parse().unwrap();
        let same: IpAddr = "2001:db8:1:2:bbbb::2".parse().unwrap();
        let other: IpAddr = "2001:db8:1:3::1".parse().unwrap();
        assert_eq!(network(one), network(same));
        assert_ne!(network(one), network(other));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn many_at_once_count_as_many() {
        let (throttle, begun) = (Throttle::default(), Instant::now());
        let count = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        (0..100).filter(|_| throttle.guess(&GRACE, address(1), begun).is_ok()).count()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(count, 5);
    }
}
