//! Commands on a tenant's provider, for the routes and for callers in process.

use domain::identity::provider::{Provider, ProviderAction, ProviderError, Settings, provider_id};
use domain::identity::user::{User, UserAction};
use domain::{ClientSecretId, TenantId, UserId};
use event_store::Loaded;
use uuid::Uuid;

use super::body::ProviderIn;
use crate::dispatch::{change, dispatch};
use crate::identity::Refusal;
use crate::{Accepted, CommandApi, CommandError, Context};

/// The provider of a tenant, as the log has it now.
pub(in crate::identity) async fn provider(
    app: &CommandApi,
    tenant: TenantId,
) -> Result<Loaded<Provider>, Refusal> {
    Ok(app.store().load_newest(tenant.as_uuid(), provider_id(tenant)).await?)
}

/// Makes sure that a password may let in at a tenant, by what is in memory: when a session begins, the log has the last word.
/// Nobody is refused by what is not so any more.
///
/// # Errors
/// `password.off`; or the log is not available.
pub(in crate::identity) async fn check_passwords(app: &CommandApi, tenant: TenantId) -> Result<(), Refusal> {
    let hot: Loaded<Provider> = app.store().load_if_any(tenant.as_uuid(), provider_id(tenant)).await?;
    if hot.state.check_password().is_ok() {
        return Ok(());
    }
    let provider = provider(app, tenant).await?;
    Ok(provider.state.check_password().map_err(|rule| CommandError::rule(&rule))?)
}

/// Lets users in on the word of a provider.
///
/// The secret is kept first, and counts by the event that names it: a crash between the two leaves the provider as it was. Whoever was
/// faster meanwhile may have forgotten the secret of this one, so this one is refused.
///
/// # Errors
/// A rule of providers; [`Refusal::FederationOff`]; those of [`crate::dispatch()`]; or the database is not available.
pub async fn configure(app: &CommandApi, context: &Context, wanted: ProviderIn) -> Result<Accepted, Refusal> {
    let federation = app.issuer()?.federation()?;
    if federation.providers().check(wanted.issuer.as_str()).is_err() {
        return Err(CommandError::field("issuer", "must be a provider that may be asked from here").into());
    }
    let Some(text) = &wanted.client_secret else { return Ok(settle(app, context, &wanted, None).await?) };
    let before = provider(app, context.tenant).await?.sequence;
    let (vault, secret) = (app.issuer()?.vault(), ClientSecretId::from_uuid(Uuid::now_v7()));
    app.store().ensure_tenant_key(context.tenant.as_uuid()).await?;
    vault.keep_client_secret(context.tenant, secret, text.reveal()).await?;
    let done = settle(app, context, &wanted, Some((secret, before))).await;
    let tidied = match &done {
        Ok(done) if !done.replayed => vault.forget_client_secrets(context.tenant, secret, true).await,
        Err(error) if !error.is_refusal() => Ok(()),
        Ok(_) | Err(_) => vault.forget_client_secret(context.tenant, secret).await,
    };
    told(tidied);
    Ok(done?)
}

/// Agrees on the terms, with a secret that was kept for them when the provider had this version, or with the present one.
async fn settle(
    app: &CommandApi,
    context: &Context,
    wanted: &ProviderIn,
    kept: Option<(ClientSecretId, i64)>,
) -> Result<Accepted, CommandError> {
    let id = provider_id(context.tenant);
    let done = dispatch(app, context, move |mut unit| async move {
        let loaded = unit.load::<Provider>(id).await?;
        let expected = context.if_match.into_iter().chain(kept.map(|(_, before)| before));
        if expected.into_iter().any(|version| version != loaded.sequence) {
            return Err(CommandError::StaleVersion);
        }
        let secret = kept.map(|(secret, _)| secret).or_else(|| present_secret(&loaded.state, wanted));
        let secret = secret.ok_or_else(|| CommandError::rule(&ProviderError::SecretMissing))?;
        let configure = ProviderAction::Configure { settings: settings(wanted, secret) };
        let next = unit.decide(&loaded, [configure])?;
        Ok(unit.done(Accepted::of(id, next.sequence)))
    });
    done.await.map_err(naming_fields)
}

/// Lets nobody in on the word of a provider any more.
///
/// # Errors
/// [`CommandError::NotFound`] if there is none; those of [`crate::dispatch()`].
pub async fn remove(app: &CommandApi, context: &Context) -> Result<Accepted, Refusal> {
    let before = provider(app, context.tenant).await?;
    let done = change::<Provider>(app, context, before.id, vec![ProviderAction::Remove]).await?;
    if let Some(settings) = before.state.settings.filter(|_| !done.replayed) {
        told(app.issuer()?.vault().forget_client_secrets(context.tenant, settings.secret, false).await);
    }
    Ok(done)
}

/// Has a provider vouch for a user anew.
///
/// # Errors
/// A rule of users; those of [`crate::dispatch()`]; or the database is not available.
pub async fn unlink(app: &CommandApi, context: &Context, id: UserId) -> Result<Accepted, Refusal> {
    let done = change::<User>(app, context, id.as_uuid(), vec![UserAction::UnlinkProvider]).await?;
    // The rows count for nothing now, whatever becomes of them.
    if let Err(error) = app.issuer()?.vault().forget_links(context.tenant, id).await {
        tracing::warn!(%error, "whom a provider knew as a user is kept for now");
    }
    Ok(done)
}

/// The secret of now, unless it would be shown to somebody else.
fn present_secret(provider: &Provider, wanted: &ProviderIn) -> Option<ClientSecretId> {
    let present = provider.settings.as_ref()?;
    let is_same = present.issuer == wanted.issuer && present.client_id == wanted.client_id;
    is_same.then_some(present.secret)
}

fn settings(wanted: &ProviderIn, secret: ClientSecretId) -> Settings {
    Settings {
        issuer: wanted.issuer.clone(),
        client_id: wanted.client_id.clone(),
        secret,
        domains: wanted.email_domains.clone(),
        newcomers: wanted.newcomers,
        passwords: wanted.passwords,
        second_factor_values: wanted.second_factor_values.clone(),
    }
}

/// Tidying up may fail: what does not count any more opens nothing here, and goes with the next change.
fn told(tidied: Result<(), sqlx::Error>) {
    if let Err(error) = tidied {
        tracing::warn!(%error, "secrets of a provider that do not count are kept for now");
    }
}

fn naming_fields(error: CommandError) -> CommandError {
    match error.code() {
        "provider.secret_missing" => error.at("client_secret", "must be sent for another provider"),
        "provider.newcomers_of_any_domain" => error.at("email_domains", "must name a domain"),
        "provider.newcomers_as_admins" => error.at("newcomers", "must not be admin"),
        "provider.too_many_domains" => error.at("email_domains", "must be at most 50 domains"),
        "provider.too_many_values" => error.at("second_factor_values", "must be at most 20 values"),
        _ => error,
    }
}
