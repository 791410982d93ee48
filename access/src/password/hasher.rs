//! Argon2id, bounded: one hash takes 46 MiB and a core for some dozens of milliseconds.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{self, PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{AcquireError, Semaphore};

use super::{Guess, Password};
use crate::throttle::Caller;

/// KiB of memory, passes and lanes of a hash (OWASP Password Storage Cheat Sheet).
const MEMORY: u32 = 47_104;
const PASSES: u32 = 1;
const LANES: u32 = 1;

/// Hashes that wait at most; who comes then is told to come back.
const WAITING: usize = 64;
/// How many of them are of callers who never signed in before, so that the others get their turn within a second.
const UNKNOWN_WAITING: usize = 16;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes and checks hashes, only so many at a time: a flood of sign-ins takes neither the memory of the process nor the
/// threads that everything else runs on.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    /// Whoever waits or works.
    queue: Arc<Semaphore>,
    /// Those of them who never signed in before.
    unknown: Arc<Semaphore>,
    /// Those of these who work, or are next: the others wait where they are in nobody's way.
    unknown_next: Arc<Semaphore>,
    /// Whoever works.
    places: Arc<Semaphore>,
    /// The hash of no password, to be checked where there is none.
    nobody: Arc<str>,
}

/// What a check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not the password.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, and its hash is weaker than hashes are now.
    RightButWeak,
}

/// Why a hash was neither made nor checked.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many wait already.
    #[error("too many passwords are being checked")]
    Busy,
    /// A kept hash cannot be read, or the operating system has no random numbers.
    #[error("a password cannot be hashed or checked: {0}")]
    Failed(password_hash::Error),
    /// The thread that hashed is gone.
    #[error("hashing was given up")]
    GivenUp,
}

impl Hasher {
    /// Hashes with the parameters of the present, on `cores` at a time.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn new(cores: usize) -> Result<Self, HashError> {
        let params = Params::new(MEMORY, PASSES, LANES, None)
            .map_err(|error| HashError::Failed(password_hash::Error::from(error)))?;
        Self::with(params, cores)
    }

    fn with(params: Params, cores: usize) -> Result<Self, HashError> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon2, "nobody")?.into();
        let places = Arc::new(Semaphore::new(cores.max(1)));
        let queue = Arc::new(Semaphore::new(WAITING + cores.max(1)));
        let unknown = Arc::new(Semaphore::new(UNKNOWN_WAITING + cores.max(1)));
        let unknown_next = Arc::new(Semaphore::new(cores.max(1)));
        Ok(Self { argon2, queue, unknown, unknown_next, places, nobody })
    }

    /// The hash of a password, with a new salt.
    ///
    /// # Errors
    /// [`HashError::Busy`], or the operating system has no random numbers.
    pub async fn hash(&self, password: Password) -> Result<String, HashError> {
        self.turn(Caller::Known, move |argon2| hash(argon2, password.as_str())).await
    }

    /// The hash of a guess that was right, with the parameters of the present.
    ///
    /// # Errors
    /// [`HashError::Busy`], or the operating system has no random numbers.
    pub async fn strengthen(&self, guess: Guess) -> Result<String, HashError> {
        self.turn(Caller::Known, move |argon2| hash(argon2, guess.as_str())).await
    }

    /// Whether `guess` is the password of `kept`. Without a hash to compare with it takes as long, and is wrong.
    ///
    /// # Errors
    /// [`HashError::Busy`], or the hash cannot be read.
    pub async fn verify(
        &self,
        guess: Guess,
        kept: Option<String>,
        caller: Caller,
    ) -> Result<Verdict, HashError> {
        let _unknown = match caller {
            Caller::Known => None,
            Caller::Unknown => Some(self.unknown.try_acquire().map_err(|_| HashError::Busy)?),
        };
        let (is_somebody, kept) = match kept {
            Some(kept) => (true, kept),
            None => (false, self.nobody.to_string()),
        };
        let verdict = self.turn(caller, move |argon2| verify(argon2, &guess, &kept)).await?;
        Ok(if is_somebody { verdict } else { Verdict::Wrong })
    }

    /// Does `work` where it stands in nobody's way, when it is its turn.
    async fn turn<T: Send + 'static>(
        &self,
        caller: Caller,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let _queued = self.queue.try_acquire().map_err(|_| HashError::Busy)?;
        let waited = async {
            // Whoever is known passes those who are not, but for as many as work at a time.
            let next = match caller {
                Caller::Known => None,
                Caller::Unknown => Some(Arc::clone(&self.unknown_next).acquire_owned().await?),
            };
            Ok::<_, AcquireError>((Arc::clone(&self.places).acquire_owned().await?, next))
        };
        let place = tokio::time::timeout(PATIENCE, waited).await;
        let place = place.map_err(|_| HashError::Busy)?.map_err(|_| HashError::GivenUp)?;
        let argon2 = self.argon2.clone();
        let done = tokio::task::spawn_blocking(move || {
            // Held until it is done, also if nobody waits for it any more.
            let _place = place;
            work(&argon2)
        });
        done.await.map_err(|_| HashError::GivenUp)?
    }
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, HashError> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = argon2.hash_password(password.as_bytes(), &salt).map_err(HashError::Failed)?;
    Ok(hash.to_string())
}

fn verify(argon2: &Argon2<'_>, guess: &Guess, kept: &str) -> Result<Verdict, HashError> {
    let parsed = PasswordHash::new(kept).map_err(HashError::Failed)?;
    match argon2.verify_password(guess.as_str().as_bytes(), &parsed) {
        Ok(()) => {}
        Err(password_hash::Error::Password) => return Ok(Verdict::Wrong),
        Err(error) => return Err(HashError::Failed(error)),
    }
    Ok(if is_weaker(argon2, &parsed) { Verdict::RightButWeak } else { Verdict::Right })
}

/// Whether a hash was made with less than is asked for now.
fn is_weaker(argon2: &Argon2<'_>, kept: &PasswordHash<'_>) -> bool {
    let (now, Ok(then)) = (argon2.params(), Params::try_from(kept)) else { return true };
    kept.algorithm != Algorithm::Argon2id.ident()
        || then.m_cost() < now.m_cost()
        || then.t_cost() < now.t_cost()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick(memory: u32) -> Hasher {
        Hasher::with(Params::new(memory, 1, 1, None).unwrap(), 1).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::choose(text).unwrap()
    }

    #[tokio::test]
    async fn only_the_password_is_right_and_no_two_hashes_are_alike() {
        let hasher = quick(64);
        let kept = hasher.hash(password("correct horse")).await.unwrap();
        assert_ne!(kept, hasher.hash(password("correct horse")).await.unwrap());
        let verdict = async |guess: &str, kept: Option<&str>| {
            hasher.verify(Guess::new(guess), kept.map(str::to_owned), Caller::Known).await.unwrap()
        };
        assert_eq!(verdict("correct horse", Some(&kept)).await, Verdict::Right);
        for guess in ["correct hors", "correct horse ", "Correct horse", ""] {
            assert_eq!(verdict(guess, Some(&kept)).await, Verdict::Wrong, "{guess}");
        }
        assert_eq!(verdict("nobody", None).await, Verdict::Wrong);
        assert!(hasher.verify(Guess::new("x"), Some("no hash".to_owned()), Caller::Known).await.is_err());
    }

    #[tokio::test]
    async fn hashes_are_argon2id_of_46_mib_and_a_weaker_one_is_made_anew() {
        let hasher = Hasher::new(1).unwrap();
        let weak = quick(64).hash(password("correct horse")).await.unwrap();
        let verdict = hasher.verify(Guess::new("correct horse"), Some(weak), Caller::Known).await.unwrap();
        assert_eq!(verdict, Verdict::RightButWeak);
        let stronger = hasher.strengthen(Guess::new("correct horse")).await.unwrap();
        assert!(stronger.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{stronger}");
        let verdict =
            hasher.verify(Guess::new("correct horse"), Some(stronger), Caller::Known).await.unwrap();
        assert_eq!(verdict, Verdict::Right);
    }

    #[tokio::test]
    async fn whoever_is_known_passes_those_who_are_not() {
        let hasher = quick(64);
        let place = Arc::clone(&hasher.places).acquire_owned().await.unwrap();
        let done = Arc::new(std::sync::Mutex::new(Vec::new()));
        let come = |caller| {
            let (hasher, done) = (hasher.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                // Told in its place, since who is told first that it is done is up to threads.
                let told = move |_: &Argon2<'static>| {
                    done.lock().unwrap().push(caller);
                    Ok(())
                };
                hasher.turn(caller, told).await.unwrap();
            })
        };
        let strangers: Vec<_> = (0..UNKNOWN_WAITING).map(|_| come(Caller::Unknown)).collect();
        while hasher.queue.available_permits() > WAITING + 1 - UNKNOWN_WAITING {
            tokio::task::yield_now().await;
        }
        let known = come(Caller::Known);
        while hasher.queue.available_permits() > WAITING - UNKNOWN_WAITING {
            tokio::task::yield_now().await;
        }
        drop(place);
        for one in strangers.into_iter().chain([known]) {
            one.await.unwrap();
        }
        let place = done.lock().unwrap().iter().position(|caller| *caller == Caller::Known).unwrap();
        assert!(place <= 1, "{place} strangers were before");
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_told_so_at_once_and_who_is_known_has_places_of_their_own() {
        let hasher = quick(64);
        let place = Arc::clone(&hasher.places).acquire_owned().await.unwrap();
        let come = |caller, count| -> Vec<_> {
            (0..count)
                .map(|_| {
                    let hasher = hasher.clone();
                    tokio::spawn(async move { hasher.verify(Guess::new("x"), None, caller).await })
                })
                .collect()
        };
        let busy =
            async |caller| matches!(hasher.verify(Guess::new("x"), None, caller).await, Err(HashError::Busy));
        let strangers = come(Caller::Unknown, UNKNOWN_WAITING + 1);
        while hasher.unknown.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(busy(Caller::Unknown).await);
        let known = come(Caller::Known, WAITING - UNKNOWN_WAITING);
        while hasher.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(busy(Caller::Known).await);
        drop(place);
        for one in strangers.into_iter().chain(known) {
            assert_eq!(one.await.unwrap().unwrap(), Verdict::Wrong);
        }
    }
}
