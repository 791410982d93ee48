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

/// Lets users in on the word of a provider.
///
/// The secret is kept first, and counts by the event that names it: a crash between the two leaves the provider as it was.
///
/// # Errors
/// A rule of providers; [`Refusal::FederationOff`]; those of [`crate::dispatch()`]; or the database is not available.
pub async fn configure(app: &CommandApi, context: &Context, wanted: ProviderIn) -> Result<Accepted, Refusal> {
    let (vault, federation) = (app.issuer()?.vault(), app.issuer()?.federation()?);
    if federation.providers().check(wanted.issuer.as_str()).is_err() {
        return Err(CommandError::field("issuer", "must be an https URL of a public machine").into());
    }
    let mut secret = None;
    if let Some(text) = &wanted.client_secret {
        let id = ClientSecretId::from_uuid(Uuid::now_v7());
        vault.keep_client_secret(context.tenant, id, text.reveal()).await?;
        secret = Some(id);
    }
    let id = provider_id(context.tenant);
    let wanted = &wanted;
    let done = dispatch(app, context, move |mut unit| async move {
        let loaded = unit.load::<Provider>(id).await?;
        if context.if_match.is_some_and(|version| version != loaded.sequence) {
            return Err(CommandError::StaleVersion);
        }
        let secret = secret.or_else(|| present_secret(&loaded.state, wanted));
        let secret = secret.ok_or_else(|| CommandError::rule(&ProviderError::SecretMissing))?;
        let configure = ProviderAction::Configure { settings: settings(wanted, secret) };
        let next = unit.decide(&loaded, [configure])?;
        Ok(unit.done(Accepted::of(id, next.sequence)))
    });
    let done = done.await.map_err(naming_fields)?;
    if let Some(secret) = secret.filter(|_| !done.replayed) {
        forget_secrets(app, context.tenant, secret, true).await?;
    }
    Ok(done)
}

/// Lets nobody in on the word of a provider any more.
///
/// # Errors
/// [`CommandError::NotFound`] if there is none; those of [`crate::dispatch()`].
pub async fn remove(app: &CommandApi, context: &Context) -> Result<Accepted, Refusal> {
    let before = provider(app, context.tenant).await?;
    let done = change::<Provider>(app, context, before.id, vec![ProviderAction::Remove]).await?;
    if let Some(settings) = before.state.settings.filter(|_| !done.replayed) {
        forget_secrets(app, context.tenant, settings.secret, false).await?;
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
        second_factor: wanted.provider_second_factor,
    }
}

/// Tidies up: what does not count any more opens nothing here.
async fn forget_secrets(
    app: &CommandApi,
    tenant: TenantId,
    last: ClientSecretId,
    counts: bool,
) -> Result<(), Refusal> {
    if let Err(error) = app.issuer()?.vault().forget_client_secrets(tenant, last, counts).await {
        tracing::warn!(%error, "former secrets of a provider are kept for now");
    }
    Ok(())
}

fn naming_fields(error: CommandError) -> CommandError {
    match error.code() {
        "provider.secret_missing" => error.at("client_secret", "must be sent for another provider"),
        "provider.newcomers_of_any_domain" => error.at("email_domains", "must name a domain"),
        "provider.newcomers_as_admins" => error.at("newcomers", "must not be admin"),
        "provider.too_many_domains" => error.at("email_domains", "must be at most 50 domains"),
        _ => error,
    }
}
