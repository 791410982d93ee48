//! Whoever sends a token: an identity, and the session that the token was issued to.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::revocation::Subject;
use crate::token::TokenError;
use crate::{Asker, EdgeState, Identity, Permission, Permit, Problem, api_key, cookie, csrf};

/// Seconds for which somebody who showed once more who they are need not do so again.
const MAX_AGE: i64 = 300;

/// The bearer of a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    identity: Identity,
    /// The subject as the id of a user, if it is one.
    user: Option<Uuid>,
    /// Seconds since 1970.
    issued_at: i64,
    sign_in: Option<SignIn>,
    /// When the user showed once more who they are, in seconds since 1970.
    auth_time: Option<i64>,
    /// Whether a browser sent it of its own accord.
    by_cookie: bool,
    key: Option<Key>,
}

/// What a program acts by.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    /// The key, in place of a session.
    rights: SignIn,
    scopes: Arc<BTreeSet<String>>,
    /// Whether its user has no second factor.
    lacks_second_factor: bool,
}

/// The session that a token was issued to, its claim `sign_in`. Tokens that others issue have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// The session.
    pub session: Uuid,
    /// The version of the user whose roles the token carries.
    pub rights: i64,
    /// The version of the session: once its user shows anew who they are, tokens of older ones are over.
    #[serde(default)]
    pub version: i64,
}

impl Bearer {
    pub(crate) fn new(identity: Identity, issued_at: i64, sign_in: Option<SignIn>) -> Self {
        let user = Uuid::try_parse(&identity.subject).ok();
        Self { identity, user, issued_at, sign_in, auth_time: None, by_cookie: false, key: None }
    }

    /// Whoever acts by a key of a user: with the roles that the user had in version `rights`, and only for what needs one of
    /// the permissions `scopes`.
    pub fn by_key(identity: Identity, key: Uuid, rights: i64, scopes: Arc<BTreeSet<String>>) -> Self {
        let rights = SignIn { session: key, rights, version: 0 };
        let key = Key { rights, scopes, lacks_second_factor: false };
        Self { key: Some(key), ..Self::new(identity, 0, None) }
    }

    /// The same key of a user who has no second factor: where the tenant demands one, it gives no roles, as signing in does.
    #[must_use]
    pub fn without_second_factor(mut self) -> Self {
        if let Some(key) = &mut self.key {
            key.lacks_second_factor = true;
        }
        self
    }

    pub(crate) fn authenticated(self, auth_time: Option<i64>) -> Self {
        Self { auth_time, ..self }
    }

    /// A permit for whoever it is.
    ///
    /// # Errors
    /// 403 without the permission, be it of the user or of the key.
    pub fn permit<P: Permission>(self) -> Result<Permit<P>, Problem> {
        if self.key.as_ref().is_some_and(|key| !key.scopes.contains(P::NAME)) {
            return Err(Problem::out_of_scope(P::NAME));
        }
        Permit::of(self.identity)
    }

    /// Makes sure that a user has just shown once more who they are, whoever issued the token. Programs that act by a key, and whoever
    /// is no user here, are not asked.
    ///
    /// # Errors
    /// 401 `step_up.required`. `now` is in seconds since 1970.
    pub fn check_recent(&self, now: i64) -> Result<(), Problem> {
        let is_recent = self.auth_time.is_some_and(|time| (0..=MAX_AGE).contains(&(now - time)));
        let is_user = self.sign_in.is_some() || (self.user.is_some() && self.key.is_none());
        if !is_user || is_recent { Ok(()) } else { Err(Problem::step_up_required()) }
    }

    /// The same for what changes how somebody signs in: it takes a person, so no key is enough.
    ///
    /// # Errors
    /// 403 `person.required` for a key; and those of [`Bearer::check_recent`].
    pub fn check_recent_person(&self, now: i64) -> Result<(), Problem> {
        if self.is_by_key() { Err(Problem::person_required()) } else { self.check_recent(now) }
    }

    /// Whether it is a program that acts by a key.
    pub fn is_by_key(&self) -> bool {
        self.key.is_some()
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Who it is.
    pub fn into_identity(self) -> Identity {
        self.identity
    }

    /// The user and the session of a token that was issued on signing in here.
    pub fn signed_in(&self) -> Option<(Uuid, SignIn)> {
        self.user.zip(self.sign_in)
    }

    /// The same, with what the custom roles give that the token names; and with no roles, if a key has none.
    async fn with_rights(mut self, state: &impl EdgeState) -> Result<Self, Problem> {
        let lacks_second_factor = self.key.as_ref().is_some_and(|key| key.lacks_second_factor);
        let identity = &mut self.identity;
        if identity.custom_roles.is_empty() && !lacks_second_factor {
            return Ok(self);
        }
        let Some(directory) = state.directory() else { return Ok(self) };
        // What is kept of roles and teams is as fresh as what is known of tokens.
        if let Some(revocations) = state.revocations() {
            revocations.news().await?;
        }
        let organisation = directory.of(identity.tenant).await.map_err(|source| {
            let detail = "What the roles of this token give cannot be told, since the log does not answer.";
            Problem::unavailable(Duration::from_secs(1), detail).with_source(source)
        })?;
        if lacks_second_factor && organisation.policy.demands_second_factor {
            identity.roles.clear();
            identity.custom_roles.clear();
        }
        identity.rights = Some(Arc::new(organisation.rights(&identity.subject, &identity.custom_roles)));
        Ok(self)
    }

    /// Tells the trail who it is.
    fn introduce(&self, asker: &Asker) {
        let key = self.key.as_ref().map(|key| key.rights.session);
        asker.is(self.identity.tenant, &self.identity.subject, key);
    }

    /// Whether the token came as a cookie.
    pub fn is_by_cookie(&self) -> bool {
        self.by_cookie
    }

    fn subject(&self) -> Option<Subject> {
        let user = self.user?;
        let sign_in = self.sign_in.or(self.key.as_ref().map(|key| key.rights));
        Some(Subject { tenant: self.identity.tenant, user, issued_at: self.issued_at, sign_in })
    }
}

impl<S: EdgeState> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let asker = Asker::in_request(parts);
        let sent = Sent::of(&parts.headers)?;
        if let Sent::ByHeader(key) = sent
            && key.starts_with(api_key::PREFIX)
        {
            return by_key(state, key, &asker).await;
        }
        let mut bearer = state.token_keys().verify(sent.token()).map_err(|error| {
            tracing::debug!(%error, "token refused");
            if error != TokenError::Expired {
                return Problem::token_invalid();
            }
            if let Some((tenant, subject)) = state.token_keys().whose(sent.token()) {
                asker.is(tenant, &subject, None);
            }
            Problem::token_expired()
        })?;
        bearer.introduce(&asker);
        if let (Some(revocations), Some(subject)) = (state.revocations(), bearer.subject()) {
            revocations.check(&subject).await?;
        }
        if let Sent::ByCookie(_) = sent {
            // No other token was ever made for a cookie.
            let (_, SignIn { session, .. }) = bearer.signed_in().ok_or_else(Problem::token_invalid)?;
            bearer.by_cookie = true;
            if !csrf::is_safe(&parts.method) {
                csrf::check_origin(&parts.headers, state.origins())?;
                csrf::check_token(&parts.headers, state.token_keys(), bearer.identity.tenant, session)?;
            }
        }
        bearer.with_rights(state).await
    }
}

/// Who acts by a key. If the user has other rights since that was looked up, it is looked up again.
async fn by_key<S: EdgeState>(state: &S, key: &str, asker: &Asker) -> Result<Bearer, Problem> {
    let keys = state.api_keys().ok_or_else(Problem::token_invalid)?;
    if let Some((tenant, id)) = keys.named(key) {
        asker.claims(tenant, None, Some(id));
    }
    let revocations = state.revocations();
    let mut newest = revocations.is_none();
    loop {
        let bearer = keys.bearer(key, newest).await?.ok_or_else(Problem::token_invalid)?;
        bearer.introduce(asker);
        let (Some(revocations), Some(subject)) = (revocations, bearer.subject()) else {
            return bearer.with_rights(state).await;
        };
        match revocations.check(&subject).await {
            Ok(()) => return bearer.with_rights(state).await,
            Err(problem) if newest || problem.status() != StatusCode::UNAUTHORIZED => return Err(problem),
            Err(_) => newest = true,
        }
    }
}

/// A token, and how it came.
#[derive(Clone, Copy)]
enum Sent<'h> {
    ByHeader(&'h str),
    ByCookie(&'h str),
}

impl<'h> Sent<'h> {
    /// What a client says itself counts before what a browser sends along.
    fn of(headers: &'h HeaderMap) -> Result<Self, Problem> {
        if headers.contains_key(AUTHORIZATION) {
            return token(headers).map(Self::ByHeader);
        }
        let cookie = cookie::read(headers, cookie::ACCESS).map_err(|_| Problem::token_invalid())?;
        cookie.map(Self::ByCookie).ok_or_else(Problem::unauthenticated)
    }

    fn token(&self) -> &'h str {
        match self {
            Self::ByHeader(token) | Self::ByCookie(token) => token,
        }
    }
}

/// The token of the only `Authorization` header (RFC 6750, section 2.1; the other ways of that section are not taken).
fn token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or_else(Problem::unauthenticated)?;
    if values.next().is_some() {
        return Err(Problem::token_invalid());
    }
    let (scheme, token) =
        value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(Problem::unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::unauthenticated());
    }
    Ok(token.trim_matches(' '))
}
