//! Origins of pages: scheme, host and port, as browsers name them (RFC 6454).

use std::fmt;
use std::str::FromStr;

use axum::http::{HeaderValue, Uri};

/// An origin, such as `https://crm.example` or `http://localhost:5173`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Origins whose pages may call. There is no pattern that stands for many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<Origin>);

/// A text that no browser sends as an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin is https:// or http:// with a host in lower case, and a port unless it is the usual one; no path, no *"
)]
pub struct NotAnOrigin;

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let uri: Uri = text.parse().map_err(|_| NotAnOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(NotAnOrigin);
        };
        let usual = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(NotAnOrigin),
        };
        // Compared letter by letter, so it has to be written as browsers write it.
        let is_plain = format!("{scheme}://{authority}") == text
            && !authority.as_str().contains(['@', '*', ','])
            && !authority.host().is_empty()
            && authority.as_str().ends_with(|last: char| last.is_ascii_alphanumeric() || last == ']')
            && authority.port_u16() != Some(usual)
            && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let header = HeaderValue::from_str(text).ok().filter(|_| is_plain);
        header.map(Self).ok_or(NotAnOrigin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

impl Origins {
    /// No other origin than the own one.
    pub const NONE: &'static Self = &Self(Vec::new());

    /// These.
    pub fn new(origins: impl IntoIterator<Item = Origin>) -> Self {
        Self(origins.into_iter().collect())
    }

    pub(crate) fn contain(&self, sent: &HeaderValue) -> bool {
        self.0.iter().any(|origin| origin.0 == sent)
    }

    pub(crate) fn headers(&self) -> Vec<HeaderValue> {
        self.0.iter().map(|origin| origin.0.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for good in
            ["https://crm.example", "http://localhost:5173", "https://crm.example:8443", "http://[::1]:5173"]
        {
            assert_eq!(good.parse::<Origin>().map(|origin| origin.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "*",
            "null",
            "crm.example",
            "https://",
            "https://*",
            "https://*.example",
            "https://crm.example/",
            "https://crm.example/app",
            "https://crm.example?",
            "https://Crm.example",
            "HTTPS://crm.example",
            "https://crm.example:443",
            "http://crm.example:80",
            "https://crm.example:",
            "https://user@crm.example",
            "https://one.example,https://two.example",
            "ftp://crm.example",
            "file:///etc/passwd",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(NotAnOrigin), "{bad}");
        }
    }
}
