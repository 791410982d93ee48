//! `/api/v1/password`: the password of whoever is signed in.

use access::password::{ContextWords, Guess, NotAPassword};
use access::second_factor::Proof;
use access::{Password, Purpose};
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::user::{User, UserAction};
use domain::{EmailAddress, PasswordId, Personal, TenantId, Text, UserId};
use edge::{Answer, Envelope, Problem, Role, ok};
use event_store::Loaded;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::Refusal;
use super::mails::{Followed, NewPasswordIn, PasswordChosen};
use super::session::{Circumstances, OWN, OwnSession, SessionTokens, Word, carried, check_all, open, user};
use super::tenant;
use crate::dispatch::change;
use crate::sent::Sent;
use crate::{CommandApi, CommandError, Context};

/// How long a first password is good.
const FIRST_PASSWORD: TimeDelta = TimeDelta::days(7);
/// Attempts to give a user a password while others change the user.
const ATTEMPTS: u32 = 10;

/// A new password, and the present one and the second factor as proof that it is still the same person.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordIn {
    /// The password that is valid now.
    #[schema(value_type = String, format = "password")]
    pub current_password: Guess,
    /// The password from now on: 8 to 128 characters, none of the most common ones, and none that contains the name of
    /// the product, of the company or of the user, or their address; and none that has leaked, where whoever runs the portal
    /// has that asked.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 128)]
    pub new_password: Password,
    /// A code of the second factor, if the user has one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub code: Option<Guess>,
    /// A recovery code in its place.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub recovery_code: Option<Guess>,
}

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(change_password))
}

/// Change one's own password. All sessions end, and a new one begins, of which the answer has the tokens.
#[utoipa::path(
    put,
    path = "/api/v1/password",
    tag = "Sessions",
    request_body = PasswordIn,
    responses(
        (status = 200, description = "Changed; signed in anew", body = Envelope<SessionTokens>),
        (status = 401, description = "The current password or the code is wrong, or the token is not valid", body = edge::Failure),
        (status = 409, description = "A rule refuses it in the present state", body = edge::Failure),
        (status = 412, description = "The user was changed meanwhile", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn change_password(
    own: OwnSession,
    State(app): State<CommandApi>,
    sent: Sent<PasswordIn>,
) -> Result<Answer<SessionTokens>, Problem> {
    let tenant = own.identity().tenant;
    app.issuer()?.signer()?;
    let before = user(&app, tenant, own.user()).await?;
    let PasswordIn { current_password, new_password, code, recovery_code } = sent.body;
    let proof = Proof { code, recovery_code };
    check_all(&app, own.circumstances(), &before, current_password, &proof).await?;
    let checked = before.state.password();
    // A recovery code that was spent is a change of the user, too; another password meanwhile is not to be replaced by this one.
    let before = user(&app, tenant, own.user()).await?;
    if before.state.password() != checked {
        return Err(CommandError::StaleVersion.into());
    }
    check_choice(&app, "new_password", &new_password, &before).await?;
    let hash = app.issuer()?.hasher().hash(new_password).await.map_err(Refusal::from)?;
    let password = replace(&app, own.context(), &before, &hash, None).await?;
    let after = user(&app, tenant, own.user()).await?;
    // Whoever shut the user out, or gave them yet another password, meant this session too.
    if !after.state.is_active() || after.state.password() != Some(password) {
        return Err(Refusal::SessionOver.into());
    }
    let tokens = open(&app, own.circumstances(), &after, Word::Password).await?;
    carried(&app, tokens, own.transport(), ok)
}

/// Gives a user a password, whatever they had. All sessions of the user end.
///
/// # Errors
/// A rule of users; [`Refusal::Busy`], [`Refusal::Unchecked`] or [`Refusal::Off`]; or the log or the database is not available.
pub async fn set(app: &CommandApi, context: &Context, id: UserId, password: Password) -> Result<(), Refusal> {
    check_choice(app, "password", &password, &user(app, context.tenant, id).await?).await?;
    let hash = app.issuer()?.hasher().hash(password).await?;
    give(app, context, id, &hash, None).await
}

/// Gives a user a first password that somebody else made, and knows: for choosing another one within a week, and for nothing else. All
/// sessions of the user end.
///
/// # Errors
/// Those of [`set`].
pub async fn set_first(
    app: &CommandApi,
    context: &Context,
    id: UserId,
    password: Password,
) -> Result<DateTime<Utc>, Refusal> {
    let (hash, until) = (app.issuer()?.hasher().hash(password).await?, app.now() + FIRST_PASSWORD);
    give(app, context, id, &hash, Some(until)).await.map(|()| until)
}

async fn give(
    app: &CommandApi,
    context: &Context,
    id: UserId,
    hash: &str,
    until: Option<DateTime<Utc>>,
) -> Result<(), Refusal> {
    for _ in 0..ATTEMPTS {
        let before = user(app, context.tenant, id).await?;
        match replace(app, context.clone(), &before, hash, until).await {
            Err(Refusal::Command(CommandError::StaleVersion)) => {}
            done => return done.map(|_| ()),
        }
    }
    Err(Refusal::Command(CommandError::contended()))
}

/// Gives a user the password that they chose by following a link. All sessions of the user end.
///
/// The event that makes it the password begins another epoch of the user's sessions, and the link is of the epoch before: so it
/// is good once, whatever crashes, and no longer than until something else ends all sessions, or the user has another address.
///
/// # Errors
/// [`Refusal::LinkOver`], [`Refusal::Busy`], [`Refusal::Unchecked`] or [`Refusal::Off`]; or the log or the database is not
/// available.
pub(super) async fn choose(
    app: &CommandApi,
    circumstances: &Circumstances,
    request: NewPasswordIn,
    purpose: Purpose,
) -> Result<PasswordChosen, Refusal> {
    let followed = Followed::find(app, &request.token, purpose).await?;
    let (tenant, id) = (followed.token.tenant(), followed.link.user());
    circumstances.recorded(app, tenant, id).await?;
    check_choice(app, "password", &request.password, &user(app, tenant, id).await?).await?;
    let hash = app.issuer()?.hasher().hash(request.password).await?;
    for _ in 0..ATTEMPTS {
        let before = user(app, tenant, id).await?;
        if !followed.is_open(&before.state) {
            return Err(Refusal::LinkOver);
        }
        match replace(app, circumstances.context(tenant, id), &before, &hash, None).await {
            Err(Refusal::Command(CommandError::StaleVersion)) => {}
            Err(error) => return Err(error),
            Ok(_) => {
                followed.forget(app).await?;
                return Ok(PasswordChosen { tenant_id: tenant.as_uuid(), user_id: id.as_uuid() });
            }
        }
    }
    Err(Refusal::Command(CommandError::contended()))
}

/// Gives a user, who must not have changed since, the password of a hash; until then, if it is a first one.
///
/// The event is what makes it the password: until then its hash is kept and is that of nobody.
async fn replace(
    app: &CommandApi,
    context: Context,
    before: &Loaded<User>,
    hash: &str,
    until: Option<DateTime<Utc>>,
) -> Result<PasswordId, Refusal> {
    let (vault, tenant) = (app.issuer()?.vault(), context.tenant);
    let (user, id): (UserId, PasswordId) = (before.id.into(), Uuid::now_v7().into());
    vault.keep_hash(tenant, user, id, hash).await?;
    let context = Context { if_match: Some(before.sequence), ..context };
    let action = match until {
        Some(until) => UserAction::GiveFirstPassword { password: id, until },
        None => UserAction::ChangePassword { password: id },
    };
    change::<User>(app, &context, before.id, vec![action]).await?;
    // It is the password now, whatever becomes of the others. The next change forgets them too.
    if let Err(error) = vault.forget_older(tenant, user, id).await {
        tracing::warn!(%error, "hashes of former passwords are kept for now");
    }
    Ok(id)
}

/// Refuses a password that contains a name of the product, of the tenant or of the user, or their address; and one that leaked.
async fn check_choice(
    app: &CommandApi,
    field: &str,
    password: &Password,
    user: &Loaded<User>,
) -> Result<(), Refusal> {
    let company = tenant::name(app, TenantId::from_uuid(user.tenant)).await?;
    let account = user.state.account();
    let (name, email) = (account.map(|account| &account.name), account.map(|account| &account.email));
    check_choice_of(app, field, password, company.as_ref(), name, email).await
}

/// The same of whoever is about to have an account.
pub(super) async fn check_choice_of(
    app: &CommandApi,
    field: &str,
    password: &Password,
    company: Option<&Text<200>>,
    name: Option<&Personal<Text<200>>>,
    email: Option<&Personal<EmailAddress>>,
) -> Result<(), Refusal> {
    let (name, email) = (name.and_then(Personal::reveal), email.and_then(Personal::reveal));
    let names = [company.map(Text::as_str), name.map(Text::as_str), email.map(EmailAddress::as_str)];
    let refused = |reason: NotAPassword| CommandError::field(field, &reason.to_string());
    ContextWords::of(names.into_iter().flatten()).check(password).map_err(refused)?;
    // Last, so that nobody is asked about what is refused anyhow.
    if let Some(leaked) = app.issuer()?.leaked_passwords()
        && leaked.contain(password).await?
    {
        return Err(refused(NotAPassword::Leaked).into());
    }
    Ok(())
}
