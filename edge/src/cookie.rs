//! The cookies of whoever is signed in by a browser.
//!
//! Their names begin with `__Host-`: a browser takes them only by TLS, from this host itself and for all of it, so no page of a
//! neighbouring host plants others (RFC 6265bis, section 4.1.3.2). No script reads them, and no other site's page sends them.

use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// The cookie of the access token.
pub const ACCESS: &str = "__Host-crm-access";
/// The cookie of the refresh token.
pub const REFRESH: &str = "__Host-crm-refresh";
/// The cookie of a sign-in that is under way, by a provider.
pub const SIGN_IN: &str = "__Host-crm-sign-in";

/// A cookie that came more than once: nobody can tell which is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ambiguous;

/// The value of a cookie; none if it was not sent.
///
/// # Errors
/// [`Ambiguous`]. Cookies that are no text are as if they were not there.
pub fn read<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Ambiguous> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(sent, _)| sent.trim() == name).map(|(_, value)| value.trim());
    let value = values.next();
    if values.next().is_some() { Err(Ambiguous) } else { Ok(value) }
}

/// Leaves, of the cookies of a read, the one that reads need. A browser sends all of them with each request, since those of this host
/// alone are for all of its paths; the others open what no read does.
pub(crate) fn leave_access(headers: &mut HeaderMap) {
    if !headers.contains_key(COOKIE) {
        return;
    }
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).map(str::trim);
    let is_access = |pair: &&str| pair.split_once('=').is_some_and(|(name, _)| name.trim() == ACCESS);
    let left = pairs.filter(is_access).collect::<Vec<_>>().join("; ");
    headers.remove(COOKIE);
    if let Some(left) = HeaderValue::from_str(&left).ok().filter(|left| !left.is_empty()) {
        headers.insert(COOKIE, left);
    }
}

/// The header field that has a browser keep a cookie for so long. A value of other characters than tokens have is not kept.
pub fn keep(name: &str, value: &str, age: Duration) -> HeaderValue {
    let text =
        format!("{name}={value}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Strict", age.as_secs());
    let is_plain =
        value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let kept = HeaderValue::from_str(&text).ok().filter(|_| is_plain);
    kept.unwrap_or(HeaderValue::from_static(""))
}

/// The header fields that have a browser forget both.
pub fn forget() -> [HeaderValue; 2] {
    [ACCESS, REFRESH].map(forgotten)
}

/// The header field that has a browser forget a cookie.
pub fn forgotten(name: &str) -> HeaderValue {
    keep(name, "", Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name_and_only_if_it_came_once() {
        let found = |lines: &[&str]| read(&headers(lines), ACCESS).map(|value| value.map(str::to_owned));
        assert_eq!(found(&[]), Ok(None));
        assert_eq!(found(&["a=b; __Host-crm-access=x.y.z; c=d"]), Ok(Some("x.y.z".to_owned())));
        assert_eq!(found(&["a=b", "__Host-crm-access=x"]), Ok(Some("x".to_owned())));
        for other in ["__host-crm-access=x", "crm-access=x", "x__Host-crm-access=x", "__Host-crm-access"] {
            assert_eq!(found(&[other]), Ok(None), "{other}");
        }
        assert_eq!(found(&["__Host-crm-access=x; __Host-crm-access=x"]), Err(Ambiguous));
        assert_eq!(found(&["__Host-crm-access=x", "__Host-crm-access=y"]), Err(Ambiguous));
    }

    #[test]
    fn of_the_cookies_of_a_read_only_the_access_token_is_left() {
        let left = |lines: &[&str]| {
            let mut headers = headers(lines);
            leave_access(&mut headers);
            let left = headers.get_all(COOKIE).iter().map(|line| line.to_str().unwrap().to_owned());
            left.collect::<Vec<_>>()
        };
        let access = "__Host-crm-access=x.y.z";
        assert_eq!(left(&[&format!("__Host-crm-refresh=a; {access}; __Host-crm-sign-in=b; c=d")]), [access]);
        assert_eq!(left(&["__Host-crm-refresh=a", access]), [access]);
        assert!(left(&["__Host-crm-refresh=a; __host-crm-access=b", "c"]).is_empty());
        assert!(left(&[]).is_empty());
        // That it came twice is still to be seen.
        assert_eq!(left(&[access, access]), [format!("{access}; {access}")]);
    }

    #[test]
    fn a_cookie_is_kept_from_scripts_other_sites_and_connections_without_tls() {
        let kept = keep(REFRESH, "crm_rt_x", Duration::from_secs(9));
        let expected = "__Host-crm-refresh=crm_rt_x; Path=/; Max-Age=9; Secure; HttpOnly; SameSite=Strict";
        assert_eq!(kept, expected);
        assert_eq!(keep(ACCESS, "a; Domain=evil.example", Duration::from_secs(9)), "");
        let gone = "__Host-crm-access=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict";
        assert_eq!(forget()[0], gone);
    }
}
