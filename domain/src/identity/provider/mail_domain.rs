//! Domains of e-mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::invalid::string;
use crate::{EmailAddress, Invalid};

/// What stands behind the `@` of addresses, in lower case. Domains below it are others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct MailDomain(String);

impl MailDomain {
    /// Trims and checks `text`.
    ///
    /// # Errors
    /// [`Invalid::NotADomain`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim().to_lowercase();
        match EmailAddress::parse(&format!("a@{text}")) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err(Invalid::NotADomain),
        }
    }

    /// Whether an address is of this domain.
    pub fn has(&self, address: &EmailAddress) -> bool {
        address.as_str().rsplit_once('@').is_some_and(|(_, domain)| domain.to_lowercase() == self.0)
    }

    /// The domain.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<Value> for MailDomain {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::parse(&string(value)?)
    }
}

impl fmt::Display for MailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::email;

    #[test]
    fn a_domain_has_its_own_addresses_in_whatever_case_and_no_others() {
        let domain = MailDomain::parse(" Engines.Example ").unwrap();
        assert_eq!(domain.as_str(), "engines.example");
        assert!(domain.has(&email("grace@engines.example")) && domain.has(&email("Grace@ENGINES.example")));
        for other in ["grace@evil.engines.example", "grace@engines.example.evil", "grace@evilengines.example"]
        {
            assert!(!domain.has(&email(other)), "{other}");
        }
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        for bad in
            ["", "example", "@engines.example", "a b.example", "engines.example/", ".example", "a@b.example"]
        {
            assert_eq!(MailDomain::parse(bad), Err(Invalid::NotADomain), "{bad}");
        }
    }
}
