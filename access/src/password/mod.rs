//! Passwords: what is one, and how it is kept.

mod context;
mod hasher;
mod leaked;

use std::fmt;

use serde::{Deserialize, Deserializer};

pub use context::ContextWords;
pub use hasher::{HashError, Hasher, Verdict};
pub use leaked::{LeakedError, LeakedPasswords, NoRangeService};

/// The 5,000 most common passwords of 8 characters and more, in order of their bytes and in lower case; from the list that
/// Royce Williams made of leaked ones.
const COMMON: &str = include_str!("common.txt");

/// Characters of a password.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// A password that somebody chose: 8 to 128 characters, not one of the most common. There are no rules beyond that about
/// what is in it (NIST SP 800-63B, OWASP ASVS 6.2). Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a text is no password. The sentence goes on after the name of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPassword {
    /// Too short or too long.
    #[error("must have 8 to 128 characters")]
    Length,
    /// Others try it first.
    #[error("must not be one of the most common passwords")]
    Common,
    /// Whoever knows where it is for, or whose it is, tries it first.
    #[error("must not contain the name of the product, of the company or of the user, nor their address")]
    Context,
    /// Somebody had it, and it is in lists of those who guess. Only [`LeakedPasswords`] can tell.
    #[error("must not be one that has leaked somewhere: those who guess know it")]
    Leaked,
}

impl Password {
    /// Takes a text as it was typed: neither trimmed nor cut.
    ///
    /// # Errors
    /// It is too short, too long, or too common.
    pub fn choose(text: impl Into<String>) -> Result<Self, NotAPassword> {
        let text = text.into();
        if !LENGTH.contains(&text.chars().count()) {
            return Err(NotAPassword::Length);
        }
        if is_common(&text.to_lowercase()) {
            return Err(NotAPassword::Common);
        }
        Ok(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody says their password is. It may be anything, since it is only compared. Printing it shows nothing.
#[derive(Clone)]
pub struct Guess(String);

impl Guess {
    /// Takes a text. What is longer than any password cannot be one, and costs no more than one.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().chars().take(LENGTH.end() + 1).collect())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_common(lower_case: &str) -> bool {
    COMMON.lines().any(|common| common == lower_case)
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Debug for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guess(…)")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::choose(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Guess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_128_characters_whatever_they_are() {
        let most = "é".repeat(128);
        for good in ["correct horse", "        ", "日本語のパスワード", most.as_str()] {
            assert!(Password::choose(good).is_ok(), "{good}");
        }
        for bad in [String::new(), "seven77".to_owned(), "é".repeat(129)] {
            assert_eq!(Password::choose(bad), Err(NotAPassword::Length));
        }
    }

    #[test]
    fn what_everybody_takes_is_refused_in_whatever_case() {
        for common in ["password", "PassWord1", "12345678", "1q2w3e4r", "iloveyou"] {
            assert_eq!(Password::choose(common), Err(NotAPassword::Common), "{common}");
        }
        let all: Vec<&str> = COMMON.lines().collect();
        assert!(all.len() == 5_000 && all.is_sorted() && all.iter().all(|one| one.to_lowercase() == *one));
    }

    #[test]
    fn a_guess_may_be_anything_and_is_cut_where_no_password_goes_on() {
        assert_eq!(Guess::new("x".repeat(1_000)).as_str().len(), 129);
        assert_eq!(Guess::new("").as_str(), "");
        let secret = format!("{:?} {:?}", Guess::new("tell me"), Password::choose("tell nobody").unwrap());
        assert_eq!(secret, "Guess(…) Password(…)");
    }
}
