//! Where the tokens of an answer go: into its body, or into cookies.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use domain::TenantId;
use edge::revocation::ACCESS_TOKEN_TTL;
use edge::{Answer, Problem, cookie};
use serde::Serialize;

use super::{SessionTokens, Transport};
use crate::CommandApi;

/// The answer with tokens where the client wants them.
pub(in crate::identity) fn carried(
    app: &CommandApi,
    mut tokens: SessionTokens,
    transport: Transport,
    answer: impl FnOnce(SessionTokens) -> Answer<SessionTokens>,
) -> Result<Answer<SessionTokens>, Problem> {
    let position = tokens.position;
    if transport == Transport::Bearer {
        return Ok(answer(tokens).with_position(position));
    }
    let tenant: TenantId = tokens.tenant;
    let (access, refresh) = (tokens.access_token.take(), tokens.refresh_token.take());
    let left = (tokens.session_expires_at - app.now()).to_std().unwrap_or(Duration::ZERO);
    let access = access.map(|token| cookie::keep(cookie::ACCESS, &token, ACCESS_TOKEN_TTL));
    let refresh = refresh.map(|token| cookie::keep(cookie::REFRESH, &token, left));
    tokens.token_type = "Cookie";
    tokens.csrf_token = Some(app.issuer()?.signer()?.key.csrf_token(tenant, tokens.session_id));
    Ok(answer(tokens).with_position(position).with_cookies(access.into_iter().chain(refresh)))
}

/// What a browser is to forget beside the cookies: whatever pages have kept of what they were shown.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
const EVERYTHING_KEPT: HeaderValue = HeaderValue::from_static("\"cache\", \"storage\"");

/// The answer to somebody whose session is over: a browser forgets its cookies, and what it has kept of the portal.
pub(super) fn forgotten<T: Serialize>(answer: Answer<T>, transport: Transport) -> Answer<T> {
    let answer = answer.with_header(CLEAR_SITE_DATA, EVERYTHING_KEPT);
    match transport {
        Transport::Bearer => answer,
        Transport::Cookie => answer.with_cookies(cookie::forget()),
    }
}
