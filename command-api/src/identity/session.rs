//! `/api/v1/sessions`: signing in, staying so, and signing out.

mod body;
mod commands;
mod cookies;
mod first_password;
mod guessing;
mod opening;
mod own;
mod step_up;

use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use domain::SessionId;
use domain::identity::session::Device;
use edge::{
    Answer, Asker, ClientAddress, CorrelationId, EdgeState, Envelope, Path, Problem, Role, TraceParent,
    cookie, created, csrf, ok,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{PUBLIC, Refusal, SESSIONS};
use crate::CommandApi;
use crate::sent::Sent;
pub use body::{RefreshIn, SessionTokens, SignInIn, SignedOut, Transport};
use commands::leave;
use commands::session;
pub use commands::{Circumstances, RefreshLimits, refresh, sign_in, sign_out, sign_out_everywhere};
pub(super) use commands::{REFRESHES, user};
pub(super) use cookies::carried;
use cookies::forgotten;
pub(super) use guessing::{Guessing, check_all};
pub(super) use opening::{Word, open};
pub(super) use own::OwnSession;
pub(super) use step_up::stepped_up;
pub use step_up::{StepUpIn, SteppedUp};

/// What the routes of one's own sessions are called among permissions: everybody has it who is signed in.
pub(super) const OWN: &str = "session.own";

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(sign_in_user, sign_out_user_everywhere))
        .routes(routes!(refresh_session))
        .routes(routes!(step_up_session))
        .routes(routes!(sign_out_session))
}

/// Sign in with an e-mail address and a password.
///
/// The access token is for the header `Authorization: Bearer …` and valid for 15 minutes. The refresh token brings the next
/// one, and is good for one use. With `"transport": "cookie"`, both are cookies that no script can read, and the answer has the
/// `csrf_token` that each request which is no GET carries in `X-CSRF-Token`; the session whose cookies the browser had ends. A wrong address and a wrong password cannot be told apart, nor a user who is shut out.
#[utoipa::path(
    post,
    path = "/api/v1/sessions",
    tag = "Sessions",
    security(()),
    request_body = SignInIn,
    responses(
        (status = 201, description = "Signed in", body = Envelope<SessionTokens>),
        (status = 401, description = "The address or the password is wrong", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(PUBLIC)), ("x-roles" = json!(Role::ALL)))
)]
async fn sign_in_user(
    State(app): State<CommandApi>,
    circumstances: Circumstances,
    headers: HeaderMap,
    sent: Sent<SignInIn>,
) -> Result<Answer<SessionTokens>, Problem> {
    let transport = sent.body.transport;
    if transport == Transport::Cookie {
        csrf::check_origin(&headers, app.origins())?;
    }
    let signed_in = sign_in(&app, &circumstances, sent.body).await?;
    if transport == Transport::Cookie
        && let Ok(Some(former)) = cookie::read(&headers, cookie::REFRESH)
    {
        leave(&app, &circumstances, former).await;
    }
    let location = format!("{SESSIONS}/{}", signed_in.session_id);
    carried(&app, signed_in, transport, |tokens| created(&location, tokens))
}

/// Exchange a refresh token for the next one, and for a new access token with the roles of now.
///
/// Each is good for one use. The same client, told by its `User-Agent`, may repeat a request for 10 seconds and gets the same
/// tokens. A token that comes back later, or from elsewhere, was stolen from one of the two: the session ends for both.
/// Without a body, the token is that of the cookie, and `X-CSRF-Token` goes along.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/refresh",
    tag = "Sessions",
    security(()),
    request_body = Option<RefreshIn>,
    responses(
        (status = 200, description = "Refreshed", body = Envelope<SessionTokens>),
        (status = 401, description = "The session is over", body = edge::Failure),
        (status = 403, description = "The token is a cookie, and the page may not act by it", body = edge::Failure),
        (status = 429, description = "Too often, by this session or from this address", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(PUBLIC)), ("x-roles" = json!(Role::ALL)))
)]
async fn refresh_session(
    State(app): State<CommandApi>,
    circumstances: Circumstances,
    headers: HeaderMap,
    sent: Option<Sent<RefreshIn>>,
) -> Result<Answer<SessionTokens>, Problem> {
    if let Some(sent) = sent {
        let token = &sent.body.refresh_token;
        let signed_in = refresh(&app, &circumstances, token, |_, _| Ok(())).await?;
        return carried(&app, signed_in, Transport::Bearer, ok);
    }
    csrf::check_origin(&headers, app.origins())?;
    let token = cookie::read(&headers, cookie::REFRESH).ok().flatten().ok_or(Refusal::SessionOver)?;
    let is_right = |tenant, session: SessionId| {
        csrf::check_token(&headers, app.token_keys(), tenant, session.as_uuid()).map_err(Refusal::Foreign)
    };
    let signed_in = refresh(&app, &circumstances, token, is_right).await?;
    carried(&app, signed_in, Transport::Cookie, ok)
}

/// Show once more who one is, for what asks for that: an access token that is good for it for 5 minutes (RFC 9470).
#[utoipa::path(
    post,
    path = "/api/v1/sessions/step-up",
    tag = "Sessions",
    request_body = StepUpIn,
    responses(
        (status = 200, description = "A token that is good for more", body = Envelope<SteppedUp>),
        (status = 401, description = "The password or the code is wrong, or the token is not valid", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn step_up_session(
    own: OwnSession,
    State(app): State<CommandApi>,
    sent: Sent<StepUpIn>,
) -> Result<Answer<SteppedUp>, Problem> {
    step_up::step_up(&app, &own, sent.body).await
}

/// Sign out of one of one's own sessions, this one or another.
///
/// Its tokens are refused from then on, everywhere within a second. Of another one than this, it asks for a token of
/// `POST /api/v1/sessions/step-up`; signing out everywhere asks for none.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}",
    tag = "Sessions",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, description = "Signed out", body = Envelope<SignedOut>)),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn sign_out_session(
    own: OwnSession,
    State(app): State<CommandApi>,
    Path(id): Path<SessionId>,
) -> Result<Answer<SignedOut>, Problem> {
    // Whoever found a token is not to choose who goes on; whose account it is ends all sessions at once, whatever they have at hand.
    if id != own.session() {
        own.check_recent(app.now())?;
    }
    let done = sign_out(&app, &own.context(), own.user(), id).await?;
    let out = SignedOut { user_id: own.user().as_uuid(), session_id: Some(id.as_uuid()) };
    let answer = ok(out).with_position(done.position);
    Ok(if id == own.session() { forgotten(answer, own.transport()) } else { answer })
}

/// Sign out everywhere: all of one's own sessions end, this one too.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions",
    tag = "Sessions",
    responses((status = 200, description = "Signed out", body = Envelope<SignedOut>)),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn sign_out_user_everywhere(
    own: OwnSession,
    State(app): State<CommandApi>,
) -> Result<Answer<SignedOut>, Problem> {
    let done = sign_out_everywhere(&app, &own.context(), own.user()).await?;
    let out = SignedOut { user_id: own.user().as_uuid(), session_id: None };
    Ok(forgotten(ok(out).with_position(done.position), own.transport()))
}

impl<S: EdgeState> FromRequestParts<S> for Circumstances {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let correlation_id = CorrelationId::from_request_parts(parts, state).await?;
        let trace = TraceParent::from_request_parts(parts, state).await?;
        Ok(Self {
            device: device(&parts.headers),
            address: ClientAddress::from_request_parts(parts, state).await?.0,
            correlation_id: correlation_id.to_string(),
            traceparent: Some(trace.to_string()),
            asker: Asker::in_request(parts),
        })
    }
}

/// What the client says it is.
fn device(headers: &HeaderMap) -> Device {
    let text = headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    Device::of(&text.unwrap_or_default())
}
