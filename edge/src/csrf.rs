//! Pages that act for whoever is signed in by cookie: only our own, and those of the origins that are allowed.
//!
//! A page shows that it is one by a token that it was told on signing in, and that no other page can read. The token is a
//! signature on the id of the session, so nobody keeps it, and every process that checks access tokens can check it.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use uuid::Uuid;

use crate::headers::X_CSRF_TOKEN;
use crate::{Origins, Problem, TenantId, TokenKeys};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What is signed for a session. No token of ours has a space in what is signed of it, so neither passes for the other.
pub(crate) fn signed(tenant: TenantId, session: Uuid) -> String {
    format!("crm csrf {tenant} {session}")
}

/// Whether a method only reads.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Refuses what a page of a stranger sends, as far as the browser tells.
///
/// # Errors
/// 403 `csrf.origin`.
pub fn check_origin(headers: &HeaderMap, origins: &Origins) -> Result<(), Problem> {
    let allowed = match headers.get(ORIGIN) {
        Some(origin) => is_own(origin, headers) || origins.contain(origin),
        None => headers.get(SEC_FETCH_SITE).is_none_or(|site| site == "same-origin" || site == "none"),
    };
    if allowed && headers.get_all(ORIGIN).iter().count() < 2 {
        Ok(())
    } else {
        Err(Problem::foreign_origin())
    }
}

/// Whether a page comes from where the request goes. The scheme is not compared: TLS may end before this service.
fn is_own(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let authority =
        origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
}

/// Refuses what does not carry the token of a session.
///
/// # Errors
/// 403 `csrf.token`.
pub fn check_token(
    headers: &HeaderMap,
    keys: &TokenKeys,
    tenant: TenantId,
    session: Uuid,
) -> Result<(), Problem> {
    let mut sent = headers.get_all(X_CSRF_TOKEN).iter();
    let token = sent.next().and_then(|token| token.to_str().ok());
    let is_right = token.is_some_and(|token| keys.signed_csrf(tenant, session, token));
    if is_right && sent.next().is_none() { Ok(()) } else { Err(Problem::csrf_token()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_stranger_is_told_from_an_own_one() {
        let origins = Origins::new(["https://app.example".parse().unwrap()]);
        let allowed = |fields: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(*name, value.parse().unwrap());
            }
            check_origin(&headers, &origins).is_ok()
        };
        let host = ("host", "crm.example");
        assert!(allowed(&[host]));
        assert!(allowed(&[host, ("origin", "https://crm.example")]));
        assert!(allowed(&[host, ("origin", "https://app.example"), ("sec-fetch-site", "same-site")]));
        assert!(allowed(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(allowed(&[host, ("sec-fetch-site", "none")]));
        for origin in [
            "null",
            "",
            "https://evil.example",
            "https://app.example.evil.example",
            "https://crm.example:8443",
        ] {
            assert!(!allowed(&[host, ("origin", origin)]), "{origin}");
            assert!(!allowed(&[host, ("origin", origin), ("sec-fetch-site", "same-origin")]), "{origin}");
        }
        assert!(!allowed(&[host, ("origin", "https://crm.example"), ("origin", "https://crm.example")]));
        assert!(!allowed(&[("origin", "https://crm.example")]));
        for site in ["cross-site", "same-site", ""] {
            assert!(!allowed(&[host, ("sec-fetch-site", site)]), "{site}");
        }
    }
}
