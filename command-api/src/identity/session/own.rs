//! Callers who are signed in by a session of ours, and act for themselves.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use domain::identity::user::User;
use domain::{SessionId, UserId};
use edge::{Asker, Bearer, EdgeState, Identity, Problem};
use event_store::Loaded;

use super::{Circumstances, Transport, first_password, session};
use crate::identity::Refusal;
use crate::{CommandApi, Context};

/// The session of the caller. The first argument of a handler, so that nothing of the request is looked at before.
pub struct OwnSession {
    bearer: Bearer,
    user: UserId,
    session: SessionId,
    transport: Transport,
    circumstances: Circumstances,
}

impl OwnSession {
    /// The caller.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The session that the caller is signed in by.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// How the caller's token came.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Makes sure that the caller has just shown once more who they are.
    ///
    /// # Errors
    /// 401 `step_up.required`.
    pub fn check_recent(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        self.bearer.check_recent(now.timestamp())
    }

    /// Makes sure that the caller, as the log has them now, chose the password themselves that they came in by.
    ///
    /// # Errors
    /// [`Refusal::FirstPassword`]; or the log is not available.
    pub(crate) async fn check_own_password(
        &self,
        app: &CommandApi,
        user: &Loaded<User>,
    ) -> Result<(), Refusal> {
        if user.state.first_password_until().is_none() {
            return Ok(());
        }
        let session = session(app, self.identity().tenant, self.session).await?;
        let method = session.state.method().unwrap_or_default();
        if first_password::is_needed(user, method) { Err(Refusal::FirstPassword) } else { Ok(()) }
    }

    /// The caller, with the tenant.
    pub fn identity(&self) -> &Identity {
        self.bearer.identity()
    }

    /// What the caller's client is, and which request this is.
    pub fn circumstances(&self) -> &Circumstances {
        &self.circumstances
    }

    /// The circumstances of a command of the caller.
    pub fn context(&self) -> Context {
        self.circumstances.context(self.bearer.identity().tenant, self.user)
    }
}

impl<S: EdgeState> FromRequestParts<S> for OwnSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let bearer = Bearer::from_request_parts(parts, state).await?;
        let (user, sign_in) = bearer.signed_in().ok_or_else(Problem::no_session)?;
        // All that is asked for here changes something.
        state.admit(bearer.identity()).map_err(Problem::too_many_commands)?;
        if let Some(trail) = state.trail() {
            trail.source(&Asker::in_request(parts)).await?;
        }
        let transport = if bearer.is_by_cookie() { Transport::Cookie } else { Transport::Bearer };
        let circumstances = Circumstances::from_request_parts(parts, state).await?;
        let (user, session) = (user.into(), sign_in.session.into());
        Ok(Self { bearer, user, session, transport, circumstances })
    }
}
