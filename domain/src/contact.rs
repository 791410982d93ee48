//! How to reach a person.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Invalid;
use crate::invalid::string;
use crate::text::overrides_direction;

/// An e-mail address, kept as typed: at most 254 characters (the longest path of RFC 5321), one `@`, a local part
/// of at most 64 bytes, and a domain of two or more labels. Whether mail arrives there, only mail can tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct EmailAddress(String);

/// A phone number, kept as typed: 3 to 40 characters of digits, spaces and `+ ( ) - . / x`, with at least 3 digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Phone(String);

impl EmailAddress {
    /// Most characters of an address.
    pub const MAX: usize = 254;

    /// Trims and checks `text`.
    ///
    /// # Errors
    /// [`Invalid::Length`], [`Invalid::NotAnEmailAddress`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let was = text.chars().count();
        if was == 0 || was > Self::MAX {
            return Err(Invalid::Length { min: 1, max: Self::MAX, was });
        }
        match text.split_once('@') {
            Some((local, domain)) if is_local_part(local) && is_domain(domain) => Ok(Self(text.to_owned())),
            Some(_) | None => Err(Invalid::NotAnEmailAddress),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_local_part(local: &str) -> bool {
    let forbidden = |c: char| {
        c.is_control() || c.is_whitespace() || overrides_direction(c) || "@,;:<>()[]\\\"".contains(c)
    };
    (1..=64).contains(&local.len())
        && !local.contains(forbidden)
        && local.split('.').all(|atom| !atom.is_empty())
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.') && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl Phone {
    /// Most characters of a number.
    pub const MAX: usize = 40;

    /// Trims and checks `text`.
    ///
    /// # Errors
    /// [`Invalid::Length`], [`Invalid::NotAPhoneNumber`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let was = text.chars().count();
        if !(3..=Self::MAX).contains(&was) {
            return Err(Invalid::Length { min: 3, max: Self::MAX, was });
        }
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let usual = text.chars().all(|c| c.is_ascii_digit() || "+ ()-./x".contains(c));
        if digits < 3 || !usual {
            return Err(Invalid::NotAPhoneNumber);
        }
        Ok(Self(text.to_owned()))
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<Value> for EmailAddress {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::parse(&string(value)?)
    }
}
impl TryFrom<Value> for Phone {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::parse(&string(value)?)
    }
}
impl TryFrom<&str> for EmailAddress {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl TryFrom<&str> for Phone {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl FromStr for EmailAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl FromStr for Phone {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl Deref for EmailAddress {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
impl Deref for Phone {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_mail_addresses_have_a_local_part_and_a_domain() {
        for good in
            ["ada@engines.example", "a.b+c_d'e@x-y.co.uk", "jörg@müller.example", " ada@engines.example "]
        {
            assert_eq!(EmailAddress::parse(good).unwrap().as_str(), good.trim());
        }
        for bad in [
            "ada",
            "@engines.example",
            "ada@",
            "ada@engines",
            "a@b@c.example",
            "a b@c.example",
            "a..b@c.example",
            ".a@c.example",
            "a@-c.example",
            "a@c-.example",
            "a@c..example",
            "a@c.example.",
            "a@c_d.example",
            "Ada <ada@c.example>",
            "a,b@c.example",
            "a\n@c.example",
            "a\u{202E}@c.example",
        ] {
            assert_eq!(EmailAddress::parse(bad), Err(Invalid::NotAnEmailAddress), "{bad:?}");
        }
    }

    #[test]
    fn e_mail_addresses_have_at_most_254_characters() {
        let domain = vec!["abcdefghi"; 20].join(".");
        let longest = format!("{}@{domain}", "a".repeat(254 - 1 - domain.len()));
        assert_eq!(longest.len(), 254);
        assert!(EmailAddress::parse(&longest).is_ok());
        let longer = EmailAddress::parse(&format!("a{longest}"));
        assert_eq!(longer, Err(Invalid::Length { min: 1, max: 254, was: 255 }));
    }

    #[test]
    fn phone_numbers_are_kept_as_typed() {
        for good in ["112", "+44 20 7946 0000", "(030) 12-34/56", "555.0100 x12"] {
            assert_eq!(Phone::parse(good).unwrap().as_str(), good);
        }
        for bad in ["(+)", "+49 call me", "12 3456\n7", "0049 30 12;3", "x--12"] {
            assert_eq!(Phone::parse(bad), Err(Invalid::NotAPhoneNumber), "{bad:?}");
        }
        assert_eq!(Phone::parse("12"), Err(Invalid::Length { min: 3, max: 40, was: 2 }));
        assert!(Phone::parse(&"1".repeat(41)).is_err());
    }

    #[test]
    fn a_refusal_does_not_repeat_the_number() {
        let error = serde_json::from_str::<Phone>("493012345").unwrap_err().to_string();
        assert!(!error.contains("493012345"), "{error}");
    }
}
