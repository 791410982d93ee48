//! `/api/v1/sign-ups`: a new tenant, for whoever wants to begin, where that is switched on.

use access::Purpose;
use access::vault::{Asked, Link};
use axum::extract::State;
use domain::{EmailAddress, PasswordId, Personal, TenantId, Text, UserId};
use edge::{Answer, Envelope, Problem, Role, accepted, created};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::aggregates::no_email;
use super::mails::{Followed, NewPasswordIn, PasswordChosen, Posted};
use super::password::check_choice_of;
use super::session::Circumstances;
use super::tenant::{Entry, FirstAdmin, create};
use super::{PUBLIC, Refusal, USERS};
use crate::sent::Sent;
use crate::{CommandApi, CommandError};

/// In place of a tenant, where what is asked for is counted.
const NO_TENANT: &str = "sign-up";

/// Who wants to begin.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpIn {
    /// What the company is called.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Example Engines")]
    pub company: Text<200>,
    /// What the first user is called, who will be admin.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Grace Hopper")]
    pub name: Personal<Text<200>>,
    /// Where mail reaches the first user.
    #[schema(value_type = String, format = "email", max_length = 254, example = "grace@engines.example")]
    pub email: Personal<EmailAddress>,
}

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(ask_sign_up)).routes(routes!(complete_sign_up))
}

/// Ask for a tenant of one's own. There is none before the link in the mail is followed.
#[utoipa::path(
    post,
    path = "/api/v1/sign-ups",
    tag = "Sessions",
    security(()),
    request_body = SignUpIn,
    responses(
        (status = 202, description = "There will be a mail", body = Envelope<Posted>),
        (status = 409, description = "Nobody signs up here", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(PUBLIC)), ("x-roles" = json!(Role::ALL)))
)]
async fn ask_sign_up(
    State(app): State<CommandApi>,
    circumstances: Circumstances,
    sent: Sent<SignUpIn>,
) -> Result<Answer<Posted>, Problem> {
    ask(&app, &circumstances, &sent.body).await?;
    Ok(accepted(Posted::default()))
}

/// Begin, by the link in the mail: the tenant is there, with its first admin and the password chosen here.
///
/// The link is good for one use within 24 hours.
#[utoipa::path(
    post,
    path = "/api/v1/sign-ups/complete",
    tag = "Sessions",
    security(()),
    request_body = NewPasswordIn,
    responses(
        (status = 201, description = "Begun; sign in with the password", body = Envelope<PasswordChosen>),
        (status = 409, description = "The link is over", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(PUBLIC)), ("x-roles" = json!(Role::ALL)))
)]
async fn complete_sign_up(
    State(app): State<CommandApi>,
    circumstances: Circumstances,
    sent: Sent<NewPasswordIn>,
) -> Result<Answer<PasswordChosen>, Problem> {
    let (begun, position) = complete(&app, &circumstances, sent.body).await?;
    let location = format!("{USERS}/{}", begun.user_id);
    Ok(created(&location, begun).with_position(position))
}

async fn ask(app: &CommandApi, circumstances: &Circumstances, request: &SignUpIn) -> Result<(), Refusal> {
    let (vault, post) = (app.issuer()?.vault(), app.issuer()?.post()?);
    if !post.signs_up() {
        return Err(Refusal::SignUpOff);
    }
    let email = request.email.reveal().ok_or_else(no_email)?.as_str().to_lowercase();
    post.admit(NO_TENANT, &email, circumstances.address).await?;
    let asked = Asked {
        purpose: Purpose::SignUp,
        user: Uuid::now_v7().into(),
        epoch: 0,
        detail: serde_json::to_value(request).map_err(|error| Refusal::Internal(error.into()))?,
        notice: None,
    };
    vault.ask(Uuid::now_v7().into(), &asked).await?;
    post.wake();
    Ok(())
}

/// The ids of tenant and user are those of the link, so it is good once: what exists does not begin again.
async fn complete(
    app: &CommandApi,
    circumstances: &Circumstances,
    request: NewPasswordIn,
) -> Result<(PasswordChosen, i64), Refusal> {
    let followed = Followed::find(app, &request.token, Purpose::SignUp).await?;
    let (tenant, id): (TenantId, UserId) = (followed.token.tenant(), followed.link.user());
    let wanted = SignUpIn::of(&followed.link).ok_or(Refusal::LinkOver)?;
    circumstances.recorded(app, tenant, id).await?;
    let (name, email) = (Some(&wanted.name), Some(&wanted.email));
    check_choice_of(app, "password", &request.password, Some(&wanted.company), name, email).await?;
    let hash = app.issuer()?.hasher().hash(request.password).await?;
    let password: PasswordId = Uuid::now_v7().into();
    app.issuer()?.vault().keep_hash(tenant, id, password, &hash).await?;
    let admin = FirstAdmin { id, name: wanted.name, email: wanted.email, entry: Entry::Password(password) };
    let begun = create(app, &circumstances.context(tenant, id), &wanted.company, &admin).await;
    let position = match begun {
        Ok(begun) => begun.position,
        Err(CommandError::Refused { code: "tenant.already_exists", .. }) => return Err(Refusal::LinkOver),
        Err(error) => return Err(error.into()),
    };
    followed.forget(app).await?;
    Ok((PasswordChosen { tenant_id: tenant.as_uuid(), user_id: id.as_uuid() }, position))
}

impl SignUpIn {
    /// Who wants to begin by following a link.
    pub(super) fn of(link: &Link) -> Option<Self> {
        serde_json::from_value(link.detail.clone()?).ok()
    }
}
