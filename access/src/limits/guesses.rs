//! Guesses at secrets, counted here and together.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use edge::address::network;

use super::SharedLimits;
use super::shared::Ask;
use crate::metrics::{Admission, admission};
use crate::throttle::{Account, Caller, GUESSED, KNOWN, Refused, Throttle};

/// Counts guesses in this process, and in all that share a Redis. Clones share what they counted.
#[derive(Clone)]
pub struct Guesses {
    name: &'static str,
    local: Throttle,
    shared: Option<SharedLimits>,
}

/// A guess that may be looked at, and counts as wrong unless it is said otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Admitted {
    account: Account,
    address: IpAddr,
    /// What this process took the caller for when it counted.
    local: Caller,
    /// What the caller was taken for where all processes count.
    shared: Option<Caller>,
}

/// Why a guess is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// There were too many: how long to wait.
    Wait(Duration),
    /// Nobody can tell how many there were: the shared count does not answer.
    Untold,
}

impl Admitted {
    /// Whether the account signed in from this address before.
    pub fn caller(&self) -> Caller {
        self.shared.unwrap_or(self.local)
    }
}

impl Guesses {
    /// Counts by itself. `name` tells what is counted from what else is.
    pub fn new(name: &'static str, local: Throttle) -> Self {
        Self { name, local, shared: None }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_throttle(self, local: Throttle) -> Self {
        Self { local, ..self }
    }

    /// The same, together with other processes.
    #[must_use]
    pub fn shared_by(self, shared: SharedLimits) -> Self {
        Self { shared: Some(shared), ..self }
    }

    /// Lets somebody guess, and counts it as wrong until [`Guesses::right`] says otherwise, so that many at once count as many.
    ///
    /// # Errors
    /// Too many, or nobody can tell.
    pub async fn guess(&self, account: Account, address: IpAddr) -> Result<Admitted, NotNow> {
        let done = self.decide(account, address).await;
        admission(
            self.name,
            match done {
                Ok(_) => Admission::Admitted,
                Err(NotNow::Wait(_)) => Admission::Refused,
                Err(NotNow::Untold) => Admission::Untold,
            },
        );
        done
    }

    async fn decide(&self, account: Account, address: IpAddr) -> Result<Admitted, NotNow> {
        let counted = self.local.count(&account, address, Instant::now());
        let Some(shared) = &self.shared else {
            let local = counted.map_err(|refused| NotNow::Wait(refused.wait()))?;
            return Ok(Admitted { account, address, local, shared: None });
        };
        if let Err(Refused::Here(wait)) = counted {
            return Err(NotNow::Wait(wait));
        }
        let asked = shared.run(&self.ask(shared, &account, address, counted.ok())).await;
        let (wait, is_known) = match (asked.as_deref(), counted) {
            (Ok(&[wait, is_known]), _) => (wait, is_known == 1),
            (Ok(_) | Err(_), Err(refused)) => return Err(NotNow::Wait(refused.wait())),
            (Ok(_) | Err(_), Ok(caller)) => {
                // Nothing was looked at, so nothing was guessed.
                self.local.no_guess(&account, address, caller);
                return Err(NotNow::Untold);
            }
        };
        if is_known && counted != Ok(Caller::Known) {
            // Another process signed them in from there. Should the shared count be lost, this one knows it too.
            self.local.know(&account, address, counted.is_ok());
        }
        let local = if is_known { Caller::Known } else { Caller::Unknown };
        match u64::try_from(wait) {
            Ok(0) => Ok(Admitted { account, address, local, shared: Some(local) }),
            Ok(wait) => {
                if counted.is_ok() {
                    self.local.no_guess(&account, address, local);
                }
                Err(NotNow::Wait(Duration::from_millis(wait)))
            }
            Err(_) => Err(NotNow::Wait(counted.err().map_or(Duration::from_secs(1), Refused::wait))),
        }
    }

    /// The guess was right: it does not count, nor do the wrong ones of the same account from the same address before it.
    pub fn right(&self, guess: &Admitted) {
        self.local.right(&guess.account, guess.address, guess.local);
        self.settle(guess, true);
    }

    /// It was no guess after all: it does not count, and says nothing of those before it.
    pub fn no_guess(&self, guess: &Admitted) {
        self.local.no_guess(&guess.account, guess.address, guess.local);
        self.settle(guess, false);
    }

    fn settle(&self, guess: &Admitted, right: bool) {
        let (Some(shared), Some(caller)) = (&self.shared, guess.shared) else { return };
        let keys = self.keys(shared, &guess.account, guess.address);
        let values = vec![u64::from(right), u64::from(caller == Caller::Unknown), milliseconds(KNOWN)];
        shared.send(Ask { script: include_str!("settle.lua"), keys, values });
    }

    fn ask(&self, shared: &SharedLimits, account: &Account, address: IpAddr, counted: Option<Caller>) -> Ask {
        let limits = self.local.limits();
        let values = vec![
            limits.free.into(),
            milliseconds(limits.longest),
            limits.address.into(),
            limits.account.into(),
            (counted == Some(Caller::Known)).into(),
            counted.is_some().into(),
            milliseconds(GUESSED),
        ];
        let keys = self.keys(shared, account, address);
        Ask { script: include_str!("guess.lua"), keys, values }
    }

    fn keys(&self, shared: &SharedLimits, account: &Account, address: IpAddr) -> Vec<String> {
        let address = network(address).to_string();
        let key = |kind: &str, parts: &[&[u8]]| shared.key(self.name, kind, parts);
        vec![
            key("known", &[account, address.as_bytes()]),
            key("pair", &[account, address.as_bytes()]),
            key("address", &[address.as_bytes()]),
            key("account", &[account]),
        ]
    }
}

pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
