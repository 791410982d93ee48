//! `/api/v1/email`: the address of whoever is signed in.

use access::Purpose;
use access::password::Guess;
use access::second_factor::Proof;
use access::vault::{Asked, Link};
use axum::extract::State;
use domain::identity::user::User;
use domain::{EmailAddress, Personal};
use edge::{Answer, Envelope, Problem, Role, accepted};
use event_store::Loaded;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::mails::{Followed, LinkIn, Posted};
use super::session::{Circumstances, OWN, OwnSession, check_all, user};
use super::user::{UserPatch, change};
use super::{PUBLIC, Refusal, USERS};
use crate::answer::{Changed, Changes, answer};
use crate::sent::Sent;
use crate::{Accepted, CommandApi, CommandError, Context};

/// Attempts to give a user an address while others change the user.
const ATTEMPTS: u32 = 10;

/// Another address, and the password and second factor as proof that it is still the same person.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailIn {
    /// The address from now on, once mail to it is confirmed. No other user of the tenant has it, in whatever case.
    #[schema(value_type = String, format = "email", max_length = 254, example = "grace@engines.example")]
    pub email: Personal<EmailAddress>,
    /// The password that is valid now.
    #[schema(value_type = String, format = "password")]
    pub current_password: Guess,
    /// A code of the second factor, if the user has one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub code: Option<Guess>,
    /// A recovery code in its place.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub recovery_code: Option<Guess>,
}

/// What a link to confirm an address brings about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct EmailChange {
    pub from: Personal<EmailAddress>,
    pub to: Personal<EmailAddress>,
}

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(ask_email_change)).routes(routes!(confirm_email))
}

/// Ask for another e-mail address of one's own, five times an hour at most. A mail to it brings a link to confirm it, and one to the
/// present address tells of it.
#[utoipa::path(
    post,
    path = "/api/v1/email",
    tag = "Sessions",
    request_body = EmailIn,
    responses(
        (status = 202, description = "There will be a mail", body = Envelope<Posted>),
        (status = 401, description = "The password or the code is wrong, or the token is not valid", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn ask_email_change(
    own: OwnSession,
    State(app): State<CommandApi>,
    sent: Sent<EmailIn>,
) -> Result<Answer<Posted>, Problem> {
    ask(&app, &own, sent.body).await?;
    Ok(accepted(Posted::default()))
}

/// Confirm an e-mail address by the link in the mail to it. From now on it is the user's.
///
/// The link is good for one use within 24 hours, and only the newest one is. It is over as soon as all sessions of the user are
/// ended, or the user has another address by anything else.
#[utoipa::path(
    post,
    path = "/api/v1/email/confirm",
    tag = "Sessions",
    security(()),
    request_body = LinkIn,
    responses(Changes),
    extensions(("x-permission" = json!(PUBLIC)), ("x-roles" = json!(Role::ALL)))
)]
async fn confirm_email(
    State(app): State<CommandApi>,
    circumstances: Circumstances,
    sent: Sent<LinkIn>,
) -> Result<Answer<Changed>, Problem> {
    Ok(answer(USERS, confirm(&app, &circumstances, &sent.body).await?))
}

async fn ask(app: &CommandApi, own: &OwnSession, request: EmailIn) -> Result<(), Refusal> {
    let (issuer, tenant, id) = (app.issuer()?, own.identity().tenant, own.user());
    let post = issuer.post()?;
    post.admit(&tenant.to_string(), &id.to_string(), own.circumstances().address).await?;
    let user = user(app, tenant, id).await?;
    own.check_own_password(app, &user).await?;
    let proof = Proof { code: request.code, recovery_code: request.recovery_code };
    check_all(app, own.circumstances(), &user, request.current_password, &proof).await?;
    let Some(account) = user.state.account().filter(|account| account.email != request.email) else {
        return Ok(());
    };
    let change = EmailChange { from: account.email.clone(), to: request.email };
    post.admit_asked(tenant, id).await?;
    let asked = Asked {
        purpose: Purpose::EmailChange,
        user: id,
        epoch: account.epoch.into(),
        detail: serde_json::to_value(&change).map_err(|error| Refusal::Internal(error.into()))?,
        notice: account.email.reveal().map(EmailAddress::as_str),
    };
    issuer.vault().ask(tenant, &asked).await?;
    post.wake();
    Ok(())
}

async fn confirm(
    app: &CommandApi,
    circumstances: &Circumstances,
    request: &LinkIn,
) -> Result<Accepted, Refusal> {
    let followed = Followed::find(app, &request.token, Purpose::EmailChange).await?;
    let (link, tenant) = (&followed.link, followed.token.tenant());
    let wanted = EmailChange::of(link).ok_or(Refusal::LinkOver)?;
    circumstances.recorded(app, tenant, link.user()).await?;
    for _ in 0..ATTEMPTS {
        let before = user(app, tenant, link.user()).await?;
        if !wanted.is_open(&before, link) {
            return Err(Refusal::LinkOver);
        }
        let context = circumstances.context(tenant, link.user());
        let context = Context { if_match: Some(before.sequence), ..context };
        let patch = UserPatch { name: None, email: Some(wanted.to.clone()), occurred_at: None };
        match change(app, &context, link.user(), patch).await {
            Err(CommandError::StaleVersion) => {}
            Err(error) => return Err(error.into()),
            Ok(done) => {
                followed.forget(app).await?;
                return Ok(done);
            }
        }
    }
    Err(CommandError::contended().into())
}

impl EmailChange {
    pub fn of(link: &Link) -> Option<Self> {
        serde_json::from_value(link.detail.clone()?).ok()
    }

    /// Whether the user still has the address of when it was asked for, and sessions of then. The event that changes the
    /// address is what spends the link.
    pub fn is_open(&self, user: &Loaded<User>, link: &Link) -> bool {
        let has = user.state.account().is_some_and(|account| account.email == self.from);
        has && user.state.is_active() && i64::from(user.state.epoch()) == link.epoch()
    }
}
