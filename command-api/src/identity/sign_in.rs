//! `/api/v1/sign-ins`: signing in on the word of the tenant's OpenID provider.

mod again;
mod body;
mod commands;
mod person;

use axum::extract::State;
use axum::http::HeaderMap;
use edge::{Answer, EdgeState as _, Envelope, Problem, Role, cookie, created, csrf, ok};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::session::{Circumstances, OWN, OwnSession, SessionTokens, SteppedUp, carried};
use super::{PUBLIC, SESSIONS};
use crate::CommandApi;
use crate::sent::Sent;
pub use body::{ProviderAnswerIn, ProviderStepUpIn, SignInBeginIn, SignInBegun};
use commands::{begin, complete, kept};

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(begin_provider_sign_in))
        .routes(routes!(complete_provider_sign_in))
        .routes(routes!(begin_provider_step_up))
        .routes(routes!(complete_provider_step_up))
}

/// Begin to sign in with the tenant's OpenID provider: where to send the browser.
///
/// The answer sets a cookie that no script reads and that lasts 10 minutes: the sign-in ends in the browser in which it began. The
/// provider sends the browser back to the page `/sign-in/oidc/{tenant_id}` below the portal's public URL, which goes on with
/// `POST /api/v1/sign-ins/complete`.
#[utoipa::path(
    post,
    path = "/api/v1/sign-ins",
    tag = "Sessions",
    security(()),
    request_body = SignInBeginIn,
    responses(
        (status = 200, description = "Begun", body = Envelope<SignInBegun>),
        (status = 403, description = "The page is of an origin that may not act", body = edge::Failure),
        (status = 409, description = "The tenant has no provider, or it is not fit to be asked", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(PUBLIC)), ("x-roles" = json!(Role::ALL)))
)]
async fn begin_provider_sign_in(
    State(app): State<CommandApi>,
    circumstances: Circumstances,
    headers: HeaderMap,
    sent: Sent<SignInBeginIn>,
) -> Result<Answer<SignInBegun>, Problem> {
    csrf::check_origin(&headers, app.origins())?;
    let (begun, browser) = begin(&app, &circumstances, sent.body.tenant_id, None).await?;
    Ok(ok(begun).with_cookies([kept(&browser)]))
}

/// End a sign-in with what the provider sent along with the browser.
///
/// It is answered like `POST /api/v1/sessions`. 401 `second_factor.required` asks for a code of the user's own second factor: send
/// the same once more with `second_factor_code` or `recovery_code`.
#[utoipa::path(
    post,
    path = "/api/v1/sign-ins/complete",
    tag = "Sessions",
    security(()),
    request_body = ProviderAnswerIn,
    responses(
        (status = 201, description = "Signed in", body = Envelope<SessionTokens>),
        (status = 401, description = "The sign-in is over, or the provider's word does not let in", body = edge::Failure),
        (status = 403, description = "The page is of an origin that may not act", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(PUBLIC)), ("x-roles" = json!(Role::ALL)))
)]
async fn complete_provider_sign_in(
    State(app): State<CommandApi>,
    circumstances: Circumstances,
    headers: HeaderMap,
    sent: Sent<ProviderAnswerIn>,
) -> Result<Answer<SessionTokens>, Problem> {
    csrf::check_origin(&headers, app.origins())?;
    let transport = sent.body.transport;
    let signed_in = complete(&app, &circumstances, &headers, sent.body).await?;
    let location = format!("{SESSIONS}/{}", signed_in.session_id);
    let answer = carried(&app, signed_in, transport, |tokens| created(&location, tokens))?;
    Ok(answer.with_cookies([cookie::forgotten(cookie::SIGN_IN)]))
}

/// Begin to show once more who one is, to the tenant's OpenID provider: where to send the browser. The provider asks anew.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/step-up/provider",
    tag = "Sessions",
    responses((status = 200, description = "Begun", body = Envelope<SignInBegun>)),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn begin_provider_step_up(
    own: OwnSession,
    State(app): State<CommandApi>,
) -> Result<Answer<SignInBegun>, Problem> {
    let (tenant, session) = (own.identity().tenant, own.session());
    let (begun, browser) = begin(&app, own.circumstances(), tenant, Some(session)).await?;
    Ok(ok(begun).with_cookies([kept(&browser)]))
}

/// End it with what the provider sent along with the browser: an access token that is good for more, as that of
/// `POST /api/v1/sessions/step-up`.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/step-up/provider/complete",
    tag = "Sessions",
    request_body = ProviderStepUpIn,
    responses(
        (status = 200, description = "A token that is good for more", body = Envelope<SteppedUp>),
        (status = 401, description = "It is over, or the provider does not name whoever is signed in", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn complete_provider_step_up(
    own: OwnSession,
    State(app): State<CommandApi>,
    headers: HeaderMap,
    sent: Sent<ProviderStepUpIn>,
) -> Result<Answer<SteppedUp>, Problem> {
    let answer = again::complete(&app, &own, &headers, sent.body).await?;
    Ok(answer.with_cookies([cookie::forgotten(cookie::SIGN_IN)]))
}
