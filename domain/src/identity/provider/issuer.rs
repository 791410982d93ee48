//! The name of a provider, which is also where it is asked.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Invalid;
use crate::invalid::string;

/// The issuer identifier of an OpenID provider: an `https` URL without query and fragment (OpenID Connect Core, section 2), kept
/// letter by letter, of at most [`IssuerUrl::MAX`] characters. `http` is for a provider on the same machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct IssuerUrl(String);

impl IssuerUrl {
    /// Most characters.
    pub const MAX: usize = 500;

    /// Checks `text`.
    ///
    /// # Errors
    /// [`Invalid::Length`], [`Invalid::NotAnIssuer`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let was = text.chars().count();
        if was == 0 || was > Self::MAX {
            return Err(Invalid::Length { min: 1, max: Self::MAX, was });
        }
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_url = rest.is_some_and(|rest| {
            !rest.is_empty()
                && !rest.starts_with('/')
                && rest.chars().all(|c| c.is_ascii_graphic() && !"?#@\\\"'<>{}|^`".contains(c))
        });
        if is_url { Ok(Self(text.to_owned())) } else { Err(Invalid::NotAnIssuer) }
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<Value> for IssuerUrl {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::parse(&string(value)?)
    }
}

impl fmt::Display for IssuerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_a_url_without_query_fragment_and_user() {
        for good in [
            "https://login.engines.example",
            "https://login.engines.example:8443/realms/crm/",
            "http://127.0.0.1:9000",
        ] {
            assert_eq!(IssuerUrl::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "ftp://login.example",
            "login.example",
            "https://",
            "https:///path",
            "https://login.example?a=b",
            "https://login.example/#a",
            "https://user:word@login.example",
            "https://login.example/ a",
            " https://login.example",
            "https://login.exämple",
        ] {
            assert_eq!(IssuerUrl::parse(bad), Err(Invalid::NotAnIssuer), "{bad}");
        }
        let long = format!("https://login.example/{}", "a".repeat(IssuerUrl::MAX));
        assert!(matches!(IssuerUrl::parse(&long), Err(Invalid::Length { .. })));
        assert!(matches!(IssuerUrl::parse(""), Err(Invalid::Length { .. })));
    }
}
