//! Signing in and out, for the routes and for callers in process.

use std::net::IpAddr;
use std::time::Duration;

use access::RefreshToken;
use access::limits::Rate;
use access::password::Verdict;
use access::refresh::random;
use access::second_factor::Proof;
use access::vault::Use;
use chrono::{DateTime, Utc};
use domain::identity::session::{Device, EndReason, Method, Session, SessionAction};
use domain::identity::user::{User, UserAction};
use domain::{SessionId, TenantId, UserId};
use edge::address::network;
use edge::revocation::ACCESS_TOKEN_TTL;
use edge::{Asker, EdgeState as _, Identity, Issue, SignIn};
use event_store::Loaded;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::body::{SessionTokens, SignInIn};
use super::first_password;
use super::guessing::Guessing;
use super::opening::{Word, open};
use crate::dispatch::change;
use crate::identity::aggregates::email_scope;
use crate::identity::issuer::Signer;
use crate::identity::provider::check_passwords;
use crate::identity::{Refusal, second_factor};
use crate::{Accepted, CommandApi, CommandError, Context};

/// In which time refreshes are counted.
pub(in crate::identity) const REFRESHES: Duration = Duration::from_secs(60);
/// Who acts when a spent token comes back.
const REUSE: &str = "refresh token reuse";

/// How many refreshes there may be, at once and then each minute.
#[derive(Clone, Copy, Debug)]
pub struct RefreshLimits {
    /// From one address, for whatever sessions, known or not.
    pub address: u32,
    /// Of one session, the tokens of which are one family: one in a quarter of an hour would do.
    pub session: u32,
}

impl Default for RefreshLimits {
    fn default() -> Self {
        Self { address: 300, session: 30 }
    }
}

/// From where somebody signs in, and which request it is.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// What the client says it is.
    pub device: Device,
    /// Where the client is.
    pub address: IpAddr,
    /// The request.
    pub correlation_id: String,
    /// Its place in a trace, as W3C `traceparent`.
    pub traceparent: Option<String>,
    /// Who sends it, for the trail.
    pub asker: Asker,
}

impl Circumstances {
    /// A command of a user under these circumstances.
    pub fn context(&self, tenant: TenantId, user: UserId) -> Context {
        let traceparent = self.traceparent.clone();
        Context { traceparent, ..Context::new(tenant, user.to_string(), self.correlation_id.clone()) }
    }

    /// Records from where a user comes in, before they do.
    ///
    /// # Errors
    /// [`Refusal::Unrecorded`].
    pub(crate) async fn recorded(
        &self,
        app: &CommandApi,
        tenant: TenantId,
        user: UserId,
    ) -> Result<(), Refusal> {
        self.asker.claims(tenant, Some(user.to_string()), None);
        match app.trail() {
            Some(trail) => trail.source(&self.asker).await.map_err(Refusal::Unrecorded),
            None => Ok(()),
        }
    }

    /// What tells one client from another.
    fn client(&self) -> [u8; 32] {
        Sha256::digest(self.device.as_str()).into()
    }
}

/// Signs somebody in.
///
/// Whatever is wrong, it takes the same steps to find out, and as long, unless a kept hash was made with less than hashes are now.
///
/// # Errors
/// [`Refusal::Credentials`], [`Refusal::Throttled`], [`Refusal::Untold`], [`Refusal::Busy`] or [`Refusal::Off`]; `password.off`; to
/// whoever knows the password, those of the second factor; or the log or the database is not available.
pub async fn sign_in(
    app: &CommandApi,
    circumstances: &Circumstances,
    request: SignInIn,
) -> Result<SessionTokens, Refusal> {
    let issuer = app.issuer()?;
    issuer.signer()?;
    let (tenant, scope) =
        (request.tenant_id, email_scope(request.email.reveal().ok_or(Refusal::Credentials)?));
    circumstances.asker.claims(tenant, None, None);
    let guessing = Guessing::begin(issuer, tenant, &scope, circumstances).await?;
    if let Err(refusal) = check_passwords(app, tenant).await {
        guessing.no_guess();
        return Err(refusal);
    }
    let account = issuer.vault().account(tenant, &scope).await?;
    // Of somebody who does not exist, nothing is found under an id that nobody has.
    let id = account.as_ref().map_or_else(|| UserId::from_uuid(Uuid::now_v7()), |account| account.user);
    let user = user(app, tenant, id).await?;
    let password = user.state.password();
    let hash = account.and_then(|account| account.hash(password));
    let verdict = issuer.hasher().verify(request.password.clone(), hash, guessing.caller()).await?;
    if user.sequence > 0 {
        circumstances.asker.claims(tenant, Some(id.to_string()), None);
    }
    if verdict == Verdict::Wrong || !user.state.is_active() {
        if verdict != Verdict::Wrong {
            circumstances.asker.because("user.disabled");
        }
        return Err(Refusal::Credentials);
    }
    let proof = Proof { code: request.code, recovery_code: request.recovery_code };
    match second_factor::check(app, circumstances, &user, &proof).await {
        Ok(()) => guessing.right(),
        Err(refusal) => {
            // It was the password, so that was no wrong guess; but guesses before it are not forgiven for it alone.
            guessing.no_guess();
            return Err(refusal);
        }
    }
    if let (Some(password), Verdict::RightButWeak) = (password, verdict) {
        let stronger = issuer.hasher().strengthen(request.password).await?;
        issuer.vault().strengthen(tenant, id, password, &stronger).await?;
    }
    first_password::check(app, &user)?;
    open(app, circumstances, &user, Word::Password).await
}

/// Exchanges a refresh token for the next one, if the session that it belongs to is the right one for whoever sent it.
///
/// # Errors
/// [`Refusal::SessionOver`], [`Refusal::Throttled`] or [`Refusal::Off`]; that of `is_right`; or the log or the database is not available.
pub async fn refresh(
    app: &CommandApi,
    circumstances: &Circumstances,
    refresh_token: &str,
    is_right: impl FnOnce(TenantId, SessionId) -> Result<(), Refusal>,
) -> Result<SessionTokens, Refusal> {
    let (issuer, signer) = (app.issuer()?, app.issuer()?.signer()?);
    let (refreshes, limits) = issuer.refreshes();
    let of_address = Rate { of: "address", most: limits.address, period: REFRESHES };
    let from = Sha256::digest(network(circumstances.address).to_string()).into();
    refreshes.take(&[(of_address, from)]).await.map_err(Refusal::Throttled)?;
    let token = RefreshToken::parse(refresh_token).ok_or(Refusal::SessionOver)?;
    let tenant = token.tenant();
    circumstances.asker.claims(tenant, None, None);
    let kept = issuer.vault().find(&token).await?.ok_or(Refusal::SessionOver)?;
    let family = Sha256::digest(format!("{tenant} {}", kept.session())).into();
    let of_session = Rate { of: "session", most: limits.session, period: REFRESHES };
    refreshes.take(&[(of_session, family)]).await.map_err(Refusal::Throttled)?;
    circumstances.asker.claims(tenant, Some(kept.user().to_string()), None);
    is_right(tenant, kept.session())?;
    let user = user(app, tenant, kept.user()).await?;
    let session = session(app, tenant, kept.session()).await?;
    let goes_on =
        user.state.is_active() && i64::from(user.state.epoch()) == kept.epoch() && session.state.is_live();
    let told = Told::of(&session);
    let method = told.method;
    if !goes_on || (first_password::is_needed(&user, method) && first_password::check(app, &user).is_err()) {
        return Err(Refusal::SessionOver);
    }
    match issuer.vault().spend(&token, &circumstances.client(), &random()?, app.now()).await? {
        Use::Spent { next, at, replayed } => {
            let expires_at = kept.expires_at;
            let issued = Issued { session: told, token: next, at, expires_at, replayed };
            let missing = second_factor::is_missing(app, &user, method).await?;
            issued.signed(signer, &user, missing, user.position.max(session.position))
        }
        Use::Reused => {
            circumstances.asker.because("refresh_token.reused");
            // Whoever sent it need not be the user.
            let context = Context { actor: REUSE.to_owned(), ..circumstances.context(tenant, kept.user()) };
            end(app, &context, kept.session(), EndReason::Reused).await?;
            Err(Refusal::SessionOver)
        }
        Use::Over => Err(Refusal::SessionOver),
    }
}

/// Ends the session that a browser was in by this token, which it gives up for another one: whoever has it then goes on by nothing.
///
/// Whoever signs in is not held up by what becomes of that.
pub(super) async fn leave(app: &CommandApi, circumstances: &Circumstances, refresh_token: &str) {
    let ended = async {
        let Some(token) = RefreshToken::parse(refresh_token) else { return Ok(()) };
        let Some(kept) = app.issuer()?.vault().find(&token).await? else { return Ok(()) };
        let context = circumstances.context(token.tenant(), kept.user());
        end(app, &context, kept.session(), EndReason::SignedOut).await.map(|_| ()).map_err(Refusal::from)
    };
    if let Err(error) = ended.await {
        tracing::warn!(%error, "the session that a browser has left goes on until it is over");
    }
}

/// Ends a session of a user.
///
/// # Errors
/// [`CommandError::NotFound`] if it is not theirs; and those of [`crate::dispatch()`].
pub async fn sign_out(
    app: &CommandApi,
    context: &Context,
    user: UserId,
    session: SessionId,
) -> Result<Accepted, CommandError> {
    let loaded: Loaded<Session> =
        app.store().load_newest(context.tenant.as_uuid(), session.as_uuid()).await?;
    // Whose a session is never changes, so nothing can come in between.
    if loaded.state.user() != Some(user) {
        return Err(CommandError::NotFound);
    }
    end(app, context, session, EndReason::SignedOut).await
}

/// Ends all sessions of a user.
///
/// # Errors
/// [`CommandError::NotFound`], and those of [`crate::dispatch()`].
pub async fn sign_out_everywhere(
    app: &CommandApi,
    context: &Context,
    user: UserId,
) -> Result<Accepted, CommandError> {
    change::<User>(app, context, user.as_uuid(), vec![UserAction::SignOutEverywhere]).await
}

async fn end(
    app: &CommandApi,
    context: &Context,
    session: SessionId,
    reason: EndReason,
) -> Result<Accepted, CommandError> {
    change::<Session>(app, context, session.as_uuid(), vec![SessionAction::End { reason }]).await
}

/// The user as the log has them now.
pub(crate) async fn user(app: &CommandApi, tenant: TenantId, id: UserId) -> Result<Loaded<User>, Refusal> {
    Ok(app.store().load_newest(tenant.as_uuid(), id.as_uuid()).await?)
}

/// The session as the log has it now.
pub(crate) async fn session(
    app: &CommandApi,
    tenant: TenantId,
    id: SessionId,
) -> Result<Loaded<Session>, Refusal> {
    Ok(app.store().load_newest(tenant.as_uuid(), id.as_uuid()).await?)
}

/// Who the tokens of a user say it is. A user who lacks a second factor that the tenant demands has no roles, nor has one who came
/// in by a password that somebody else made.
pub(super) fn identity(user: &Loaded<User>, method: Method, second_factor_missing: bool) -> Identity {
    let (subject, tenant) = (user.id.to_string(), TenantId::from_uuid(user.tenant));
    if second_factor_missing || first_password::is_needed(user, method) {
        return Identity::new(subject, tenant, Vec::new());
    }
    Identity::new(subject, tenant, user.state.roles().iter().copied().collect())
        .with_custom_roles(user.state.custom_roles().iter().copied().collect())
}

/// What access tokens tell of their session.
#[derive(Clone, Copy)]
pub(super) struct Told {
    pub id: SessionId,
    pub version: i64,
    /// How it began.
    pub method: Method,
}

impl Told {
    pub fn of(session: &Loaded<Session>) -> Self {
        Self {
            id: SessionId::from_uuid(session.id),
            version: session.sequence,
            method: session.state.method().unwrap_or_default(),
        }
    }

    /// An access token of `user`, who is signed in by it. It does not tell that they have just shown who they are: whoever has a copy of
    /// a refresh token has not.
    pub fn issue(&self, user: &Loaded<User>, jti: Uuid, at: DateTime<Utc>) -> Issue {
        Issue {
            at: at.timestamp(),
            ttl: ACCESS_TOKEN_TTL,
            jti,
            sign_in: Some(SignIn {
                session: self.id.as_uuid(),
                rights: user.sequence,
                version: self.version,
            }),
            auth_time: None,
        }
    }
}

/// A refresh token and when it was issued: all that an answer depends on, so that it can be given again.
pub(super) struct Issued {
    pub session: Told,
    pub token: RefreshToken,
    pub at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub replayed: bool,
}

impl Issued {
    pub fn signed(
        self,
        signer: &Signer,
        user: &Loaded<User>,
        second_factor_missing: bool,
        position: i64,
    ) -> Result<SessionTokens, Refusal> {
        let method = self.session.method;
        let identity = identity(user, method, second_factor_missing);
        let issue = self.session.issue(user, token_id(&self.token), self.at);
        Ok(SessionTokens {
            session_id: self.session.id.as_uuid(),
            user_id: user.id,
            access_token: Some(signer.key.sign(&signer.settings, &identity, issue)?),
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_TTL.as_secs(),
            refresh_token: Some(self.token.reveal()),
            csrf_token: None,
            second_factor_missing,
            password_change_required: first_password::is_needed(user, method),
            session_expires_at: self.expires_at,
            replayed: self.replayed,
            position,
            tenant: identity.tenant,
        })
    }
}

/// The id of the access token that comes with a refresh token: the same each time, and nothing that leads back to it.
fn token_id(token: &RefreshToken) -> Uuid {
    let digest = Sha256::digest(token.digest());
    uuid::Builder::from_custom_bytes(std::array::from_fn(|at| digest[at])).into_uuid()
}
