//! How sessions begin, and on whose word.

use access::RefreshToken;
use domain::identity::provider::{Provider, provider_id};
use domain::identity::session::{Device, Method, Session, SessionAction};
use domain::identity::user::{User, UserError};
use domain::{Personal, SessionId, TenantId, UserId};
use event_store::Loaded;
use uuid::Uuid;

use super::body::SessionTokens;
use super::commands::{Circumstances, Issued, Told};
use crate::dispatch::dispatch;
use crate::identity::{Refusal, second_factor};
use crate::{Accepted, CommandApi, CommandError, Context};

/// On whose word a session begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    /// The user's own: the password.
    Password,
    /// That of the tenant's provider, on terms of this version.
    Provider {
        /// The version.
        terms: i64,
        /// Whether it also vouches for a second factor.
        second_factor: bool,
    },
}

impl Word {
    fn method(self) -> Method {
        match self {
            Self::Password => Method::Password,
            Self::Provider { second_factor: false, .. } => Method::Provider,
            Self::Provider { second_factor: true, .. } => Method::ProviderSecondFactor,
        }
    }

    /// Whether it lets in as things are at the tenant. Whoever changed the terms meant those who are under way, too.
    fn check(self, provider: &Loaded<Provider>) -> Result<(), CommandError> {
        match self {
            Self::Password => provider.state.check_password().map_err(|rule| CommandError::rule(&rule)),
            Self::Provider { terms, .. } if terms == provider.sequence => Ok(()),
            Self::Provider { .. } => Err(CommandError::StaleVersion),
        }
    }
}

/// Opens a session for a user who has shown who they are.
///
/// # Errors
/// [`Refusal::Off`], [`Refusal::Unrecorded`], [`Refusal::SignInOver`], `password.off`, `user.disabled`; or the log or the
/// database is not available.
pub(crate) async fn open(
    app: &CommandApi,
    circumstances: &Circumstances,
    user: &Loaded<User>,
    word: Word,
) -> Result<SessionTokens, Refusal> {
    let (issuer, signer) = (app.issuer()?, app.issuer()?.signer()?);
    let (tenant, id) = (TenantId::from_uuid(user.tenant), UserId::from_uuid(user.id));
    circumstances.recorded(app, tenant, id).await?;
    let (session, token) = (SessionId::from_uuid(Uuid::now_v7()), RefreshToken::fresh(tenant)?);
    // A token of a session that never begins is good for nothing, so a crash between the two does no harm.
    let expires_at = issuer.vault().begin_session(&token, session, id, user.state.epoch().into()).await?;
    let context = circumstances.context(tenant, id);
    let started = match start(app, &context, session, id, &circumstances.device, word).await {
        Err(CommandError::StaleVersion) => return Err(Refusal::SignInOver),
        started => started?,
    };
    let told = Told { id: session, version: started.version, method: word.method() };
    let issued = Issued { session: told, token, at: app.now(), expires_at, replayed: false };
    let missing = second_factor::is_missing(app, user, word.method()).await?;
    issued.signed(signer, user, missing, started.position)
}

/// Begins a session of a user who is not shut out, and is not erased in the meantime: that would destroy all keys but this one.
/// What lets in at the tenant is that of memory at first; the log takes the session only if it is still so.
async fn start(
    app: &CommandApi,
    context: &Context,
    id: SessionId,
    user: UserId,
    device: &Device,
    word: Word,
) -> Result<Accepted, CommandError> {
    let action =
        || SessionAction::Start { user, device: Personal::new(device.clone()), method: word.method() };
    dispatch(app, context, move |mut unit| async move {
        let account = unit.load::<User>(user.as_uuid()).await?;
        if !account.state.is_active() {
            return Err(CommandError::rule(&UserError::Disabled));
        }
        unit.rely_on(&account);
        let provider = unit.load::<Provider>(provider_id(context.tenant)).await?;
        word.check(&provider)?;
        unit.rely_on(&provider);
        let session = unit.unborn::<Session>(id.as_uuid()).await?;
        let next = unit.decide(&session, [action()])?;
        Ok(unit
            .done(Accepted { created: session.sequence == 0, ..Accepted::of(id.as_uuid(), next.sequence) }))
    })
    .await
}
