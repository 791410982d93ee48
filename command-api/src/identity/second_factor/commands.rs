//! Second factors of users, for the routes and for signing in.

use access::factors::CONFIRM;
use access::password::Guess;
use access::second_factor::{CodeAlgorithm, Proof, RECOVERY_CODES, Secret, recovery_codes, recovery_digest};
use chrono::Utc;
use domain::identity::policy::{Policy, policy_id};
use domain::identity::session::Method;
use domain::identity::user::{SecondFactor, User, UserAction, UserError};
use domain::{SecondFactorId, TenantId, UserId};
use event_store::Loaded;
use uuid::Uuid;

use super::body::{RecoveryCodes, SecretTold};
use crate::dispatch::change;
use crate::identity::Refusal;
use crate::identity::provider::provider;
use crate::identity::session::{Circumstances, Guessing, OwnSession, user};
use crate::{Accepted, CommandApi, CommandError, Context};

/// Tells a user a new secret, who has no second factor or one that the installation takes for too weak.
///
/// # Errors
/// `user.second_factor_enabled`; or the log or the database is not available.
pub async fn begin(app: &CommandApi, own: &OwnSession) -> Result<SecretTold, Refusal> {
    let (tenant, id) = (own.identity().tenant, own.user());
    let user = user(app, tenant, id).await?;
    own.check_own_password(app, &user).await?;
    replaceable(app, &user).await?;
    let email =
        user.state.account().and_then(|account| account.email.reveal()).ok_or(CommandError::NotFound)?;
    let issuer = app.issuer()?;
    let secret = Secret::fresh(issuer.rules().code_algorithm)?;
    issuer.vault().keep_factor(tenant, id, SecondFactorId::from_uuid(Uuid::now_v7()), &secret).await?;
    Ok(SecretTold {
        secret: secret.reveal(),
        otpauth_url: secret.url(email.as_str()),
        algorithm: secret.algorithm().name(),
        confirm_within: CONFIRM.as_secs(),
    })
}

/// Has a user asked for the second factor that was begun last, of which `code` is one.
///
/// The event is what makes it the factor: until then it is kept with its recovery codes, and nobody is asked for it.
///
/// # Errors
/// [`Refusal::NotBegun`], [`Refusal::SecondFactor`], `user.second_factor_enabled`; or the log or the database is not available.
pub(crate) async fn confirm(
    app: &CommandApi,
    own: &OwnSession,
    code: &Guess,
) -> Result<(RecoveryCodes, i64), Refusal> {
    let (issuer, tenant, id) = (app.issuer()?, own.identity().tenant, own.user());
    let before = user(app, tenant, id).await?;
    own.check_own_password(app, &before).await?;
    let former = replaceable(app, &before).await?;
    let guessing = Guessing::begin(issuer, tenant, &guessed(id), own.circumstances()).await?;
    let rules = issuer.rules();
    let pending = issuer.vault().pending_factor(tenant, id, former.map(|factor| factor.id)).await?;
    // One that was told before the installation asked for more does not do any more.
    let pending = pending.filter(|(_, secret)| secret.algorithm() >= rules.code_algorithm);
    let (pending, secret) = pending.ok_or(Refusal::NotBegun)?;
    let now = Utc::now().timestamp();
    let step = secret.step(code, now, rules.code_leeway).ok_or(Refusal::SecondFactor)?;
    let codes = recovery_codes()?;
    let digests: Vec<_> =
        codes.iter().map(|code| recovery_digest(tenant, id, &Guess::new(code.as_str()))).collect();
    let factor = SecondFactorId::from_uuid(Uuid::now_v7());
    if !issuer.vault().confirm_factor((tenant, id), pending, step, factor, &digests).await? {
        return Err(Refusal::SecondFactor);
    }
    guessing.right();
    let recovery_codes = u32::try_from(RECOVERY_CODES).unwrap_or(u32::MAX);
    let context = Context { if_match: Some(before.sequence), ..own.context() };
    let enable = UserAction::EnableSecondFactor { factor, recovery_codes };
    let actions = former.map(|_| UserAction::DisableSecondFactor).into_iter().chain([enable]).collect();
    let done = change::<User>(app, &context, before.id, actions).await?;
    // It is the factor now, whatever becomes of the others. The next change forgets them too.
    if let Err(error) = issuer.vault().forget_other_factors(tenant, id, Some(factor)).await {
        tracing::warn!(%error, "secrets of former second factors are kept for now");
    }
    Ok((RecoveryCodes { recovery_codes: codes }, done.position))
}

/// Asks a user for no second factor any more.
///
/// # Errors
/// [`CommandError::NotFound`]; or the log or the database is not available.
pub async fn disable(app: &CommandApi, context: &Context, id: UserId) -> Result<Accepted, Refusal> {
    let done = change::<User>(app, context, id.as_uuid(), vec![UserAction::DisableSecondFactor]).await?;
    if let Err(error) = app.issuer()?.vault().forget_other_factors(context.tenant, id, None).await {
        tracing::warn!(%error, "the secret of a former second factor is kept for now");
    }
    Ok(done)
}

/// Makes sure that whoever knows the password of a user has the second factor too, if the user has one.
///
/// # Errors
/// [`Refusal::SecondFactorRequired`], [`Refusal::SecondFactor`], [`Refusal::Throttled`]; or the log or the database is not
/// available.
pub(crate) async fn check(
    app: &CommandApi,
    circumstances: &Circumstances,
    user: &Loaded<User>,
    proof: &Proof,
) -> Result<(), Refusal> {
    let Some(factor) = user.state.second_factor() else { return Ok(()) };
    if proof.code.is_none() && proof.recovery_code.is_none() {
        return Err(Refusal::SecondFactorRequired);
    }
    let (issuer, tenant, id) = (app.issuer()?, TenantId::from_uuid(user.tenant), UserId::from_uuid(user.id));
    let guessing = Guessing::begin(issuer, tenant, &guessed(id), circumstances).await?;
    match proof {
        Proof { code: Some(code), .. } => check_code(app, (tenant, id), factor, code).await?,
        Proof { recovery_code: Some(code), .. } => {
            spend(app, &circumstances.context(tenant, id), id, factor, code).await?;
        }
        Proof { code: None, recovery_code: None } => return Err(Refusal::SecondFactorRequired),
    }
    guessing.right();
    Ok(())
}

async fn check_code(
    app: &CommandApi,
    (tenant, id): (TenantId, UserId),
    factor: SecondFactor,
    code: &Guess,
) -> Result<(), Refusal> {
    let (vault, rules) = (app.issuer()?.vault(), app.issuer()?.rules());
    let secret = vault.factor(tenant, id, factor.id).await?.ok_or(Refusal::SecondFactor)?;
    let now = Utc::now().timestamp();
    let step = secret.step(code, now, rules.code_leeway).ok_or(Refusal::SecondFactor)?;
    let is_first = vault.take_step(tenant, id, factor.id, step).await?;
    if is_first { Ok(()) } else { Err(Refusal::SecondFactor) }
}

/// Spends a recovery code, and then tells so. A crash between the two spends one that nobody came in by, and never lets in twice.
async fn spend(
    app: &CommandApi,
    context: &Context,
    id: UserId,
    factor: SecondFactor,
    code: &Guess,
) -> Result<(), Refusal> {
    let digest = recovery_digest(context.tenant, id, code);
    let is_spent = app.issuer()?.vault().spend_recovery_code(context.tenant, id, factor.id, &digest).await?;
    if !is_spent {
        return Err(Refusal::SecondFactor);
    }
    change::<User>(app, context, id.as_uuid(), vec![UserAction::UseRecoveryCode]).await?;
    Ok(())
}

/// Whether a second factor is demanded of a user who has none, or one that the installation takes for too weak, and signed in without
/// one that does.
///
/// # Errors
/// The log is not available.
pub(crate) async fn is_missing(
    app: &CommandApi,
    user: &Loaded<User>,
    method: Method,
) -> Result<bool, Refusal> {
    if let Some(factor) = user.state.second_factor()
        && !is_weak(app, user, factor).await?
    {
        return Ok(false);
    }
    let tenant = TenantId::from_uuid(user.tenant);
    let is_demanded = app.issuer()?.rules().demands_second_factor || {
        let policy: Loaded<Policy> = app.store().load_newest(user.tenant, policy_id(tenant)).await?;
        policy.state.demands_second_factor
    };
    if !is_demanded || method != Method::ProviderSecondFactor {
        return Ok(is_demanded);
    }
    // The provider's second factor counts for as long as the tenant says so.
    Ok(!provider(app, tenant).await?.state.vouches_for_second_factors())
}

/// The second factor in whose place a user may have another one; none if there is none yet.
///
/// # Errors
/// `user.second_factor_enabled`; or the database is not available.
async fn replaceable(app: &CommandApi, user: &Loaded<User>) -> Result<Option<SecondFactor>, Refusal> {
    let Some(factor) = user.state.second_factor() else { return Ok(None) };
    if is_weak(app, user, factor).await? {
        return Ok(Some(factor));
    }
    Err(CommandError::rule(&UserError::SecondFactorEnabled).into())
}

/// Whether codes of a factor are made by less than the installation asks of new ones. It is asked for all the same.
async fn is_weak(app: &CommandApi, user: &Loaded<User>, factor: SecondFactor) -> Result<bool, Refusal> {
    let (issuer, tenant, id) = (app.issuer()?, TenantId::from_uuid(user.tenant), UserId::from_uuid(user.id));
    let asked = issuer.rules().code_algorithm;
    if asked == CodeAlgorithm::default() {
        return Ok(false);
    }
    let kept = issuer.vault().factor_algorithm(tenant, id, factor.id).await?;
    Ok(kept.is_none_or(|kept| kept < asked))
}

/// What guesses of codes of a user are counted by, beside those of the password.
fn guessed(id: UserId) -> String {
    format!("code {id}")
}
