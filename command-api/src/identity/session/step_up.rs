//! Showing once more who one is, for what asks for that.

use access::password::Guess;
use access::second_factor::Proof;
use domain::identity::session::{Session, SessionAction};
use domain::identity::user::User;
use edge::revocation::ACCESS_TOKEN_TTL;
use edge::{Answer, Issue, Problem, cookie, ok};
use event_store::Loaded;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::commands::{Told, identity, session, user};
use super::guessing::check_all;
use super::{OwnSession, Transport};
use crate::dispatch::change;
use crate::identity::{Refusal, second_factor};
use crate::{CommandApi, CommandError};

/// Seconds for which it counts.
const MAX_AGE: u64 = 300;

/// What somebody shows who is signed in already.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUpIn {
    /// The password.
    #[schema(value_type = String, format = "password")]
    pub password: Guess,
    /// A code of the second factor, if the user has one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub code: Option<Guess>,
    /// A recovery code in its place.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub recovery_code: Option<Guess>,
}

/// An access token that is good for more.
#[derive(Clone, Serialize, ToSchema)]
pub struct SteppedUp {
    /// For the header `Authorization: Bearer …`; absent if it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// `Bearer` (RFC 6750), or `Cookie`.
    #[schema(value_type = String, example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds for which the access token is valid.
    #[schema(example = 900)]
    pub expires_in: u64,
    /// Seconds for which it is good for what asks once more who one is.
    #[schema(example = 300)]
    pub max_age: u64,
}

/// Gives whoever is signed in an access token that tells that they have just shown who they are (RFC 9470).
pub(super) async fn step_up(
    app: &CommandApi,
    own: &OwnSession,
    sent: StepUpIn,
) -> Result<Answer<SteppedUp>, Problem> {
    app.issuer()?.signer()?;
    let user = user(app, own.identity().tenant, own.user()).await?;
    let proof = Proof { code: sent.code, recovery_code: sent.recovery_code };
    check_all(app, own.circumstances(), &user, sent.password, &proof).await?;
    stepped_up(app, own, &user).await
}

/// The token of a user who has just shown who they are. It ends those that the session had before; those of a refresh do not tell it,
/// since a copy of the refresh token shows nothing.
pub(in crate::identity) async fn stepped_up(
    app: &CommandApi,
    own: &OwnSession,
    user: &Loaded<User>,
) -> Result<Answer<SteppedUp>, Problem> {
    let signer = app.issuer()?.signer()?;
    let context = own.context();
    let at = app.now();
    let changed =
        change::<Session>(app, &context, own.session().as_uuid(), vec![SessionAction::StepUp]).await;
    if let Err(CommandError::NotFound) = changed {
        return Err(Refusal::SessionOver.into());
    }
    changed?;
    let told = Told::of(&session(app, context.tenant, own.session()).await?);
    let missing = second_factor::is_missing(app, user, told.method).await?;
    let issue = Issue { auth_time: Some(at.timestamp()), ..told.issue(user, Uuid::now_v7(), at) };
    let token = signer
        .key
        .sign(&signer.settings, &identity(user, told.method, missing), issue)
        .map_err(Refusal::from)?;
    let expires_in = ACCESS_TOKEN_TTL.as_secs();
    let answered = SteppedUp { access_token: None, token_type: "Cookie", expires_in, max_age: MAX_AGE };
    Ok(match own.transport() {
        Transport::Bearer => ok(SteppedUp { access_token: Some(token), token_type: "Bearer", ..answered }),
        Transport::Cookie => {
            ok(answered).with_cookies([cookie::keep(cookie::ACCESS, &token, ACCESS_TOKEN_TTL)])
        }
    })
}
