//! Who is let in of those whom a provider names.

use access::provider::subject_digest;
use access::refresh::Digest;
use domain::identity::Role;
use domain::identity::provider::{IssuerUrl, Settings};
use domain::identity::user::{User, UserAction};
use domain::{EmailAddress, Personal, TenantId, Text, UserId};
use event_store::Loaded;
use openid::Person;
use uuid::Uuid;

use crate::dispatch::{change, dispatch};
use crate::identity::Refusal;
use crate::identity::aggregates::email_scope;
use crate::identity::session::{Circumstances, user};
use crate::identity::user::claim_email;
use crate::{Accepted, CommandApi, CommandError, Context};

/// Times to begin anew if a user changes meanwhile.
const ATTEMPTS: usize = 5;

/// The user whom a provider names: who was named so before; else, once for all, who has the address that the provider has made
/// sure of; else somebody new, if such are let in.
///
/// # Errors
/// [`Refusal::NotLetIn`]; or the log or the database is not available.
pub(super) async fn let_in(
    app: &CommandApi,
    circumstances: &Circumstances,
    tenant: TenantId,
    settings: &Settings,
    person: &Person,
) -> Result<Loaded<User>, Refusal> {
    let digest = subject_digest(settings.issuer.as_str(), &person.subject);
    let address = person.email.as_deref().and_then(|text| EmailAddress::parse(text).ok());
    let is_of_domain = |address: &EmailAddress| settings.domains.iter().any(|domain| domain.has(address));
    if !settings.domains.is_empty() && !address.as_ref().is_some_and(is_of_domain) {
        return Err(refused(circumstances, "provider.address_of_another_domain"));
    }
    for _ in 0..ATTEMPTS {
        if let Some(user) = known(app, circumstances, tenant, &settings.issuer, &digest).await? {
            return Ok(user);
        }
        let unverified = || refused(circumstances, "provider.address_unverified");
        let address = address.as_ref().ok_or_else(unverified)?;
        let account = app.issuer()?.vault().account(tenant, &email_scope(address)).await?;
        let come = match (account, settings.newcomers) {
            (Some(account), _) => {
                link(app, circumstances, tenant, &settings.issuer, &digest, account.user, address).await
            }
            (None, Some(role)) => {
                register(app, circumstances, tenant, &settings.issuer, &digest, person, address, role).await
            }
            (None, None) => return Err(refused(circumstances, "user.not_found")),
        };
        match come {
            // Somebody was faster: it is decided anew on what they did.
            Err(Refusal::Command(CommandError::StaleVersion | CommandError::Occupied)) => {}
            Err(Refusal::Command(CommandError::Refused { code, .. }))
                if ["user.provider_linked", "user.disabled"].contains(&code) =>
            {
                return Err(refused(circumstances, code));
            }
            Err(error) => return Err(error),
            Ok(id) => return user(app, tenant, id).await,
        }
    }
    Err(CommandError::contended().into())
}

/// The user whom a provider has named so before, by the row that the user's events tell of.
pub(super) async fn known(
    app: &CommandApi,
    circumstances: &Circumstances,
    tenant: TenantId,
    issuer: &IssuerUrl,
    digest: &Digest,
) -> Result<Option<Loaded<User>>, Refusal> {
    let mut found = None;
    for (id, row) in app.issuer()?.vault().linked(tenant, digest).await? {
        let user = user(app, tenant, id).await?;
        if user.state.provider_link(issuer) != Some(row) {
            continue;
        }
        if found.replace(user).is_some() {
            return Err(refused(circumstances, "provider.two_users"));
        }
    }
    Ok(found)
}

/// The user who has the address is who the provider names, from now on and for ever.
async fn link(
    app: &CommandApi,
    circumstances: &Circumstances,
    tenant: TenantId,
    issuer: &IssuerUrl,
    digest: &Digest,
    id: UserId,
    address: &EmailAddress,
) -> Result<UserId, Refusal> {
    let before = user(app, tenant, id).await?;
    let email = before.state.account().and_then(|account| account.email.reveal());
    if email.map(email_scope) != Some(email_scope(address)) {
        return Err(CommandError::StaleVersion.into());
    }
    circumstances.recorded(app, tenant, id).await?;
    let row = app.issuer()?.vault().link_provider(tenant, digest, id).await?;
    let context = Context { if_match: Some(before.sequence), ..circumstances.context(tenant, id) };
    let action = UserAction::LinkProvider { link: row, issuer: issuer.clone() };
    let linked = change::<User>(app, &context, id.as_uuid(), vec![action]).await;
    if linked.is_err() && user(app, tenant, id).await?.state.account().is_none() {
        // Whoever erased the user meanwhile has forgotten what there was before this row.
        app.issuer()?.vault().forget_links(tenant, id).await?;
    }
    linked?;
    Ok(id)
}

/// Somebody new, with the address that the provider has made sure of.
#[expect(clippy::too_many_arguments, reason = "who, where and as what: each once")]
async fn register(
    app: &CommandApi,
    circumstances: &Circumstances,
    tenant: TenantId,
    issuer: &IssuerUrl,
    digest: &Digest,
    person: &Person,
    address: &EmailAddress,
    role: Role,
) -> Result<UserId, Refusal> {
    let id = UserId::from_uuid(Uuid::now_v7());
    let named = name(person, address).ok_or_else(|| refused(circumstances, "provider.no_name"))?;
    circumstances.recorded(app, tenant, id).await?;
    let row = app.issuer()?.vault().link_provider(tenant, digest, id).await?;
    let register = UserAction::Register {
        name: Personal::new(named),
        email: Personal::new(address.clone()),
        roles: [role].into(),
    };
    let actions = &[register, UserAction::LinkProvider { link: row, issuer: issuer.clone() }];
    let context = circumstances.context(tenant, id);
    let registered = dispatch(app, &context, move |mut unit| async move {
        let loaded = unit.unborn::<User>(id.as_uuid()).await?;
        let next = unit.decide(&loaded, actions.iter().cloned())?;
        claim_email(&mut unit, &loaded, &next);
        Ok(unit.done(Accepted { created: true, ..Accepted::of(id.as_uuid(), next.sequence) }))
    })
    .await;
    if registered.as_ref().is_err_and(CommandError::is_refusal) {
        // Nobody will ever have this id.
        app.issuer()?.vault().forget_links(tenant, id).await?;
    }
    registered?;
    Ok(id)
}

/// What somebody new is called: as the provider says; else as the address begins.
fn name(person: &Person, address: &EmailAddress) -> Option<Text<200>> {
    let told = person.name.as_deref().and_then(|name| Text::parse(name).ok());
    told.or_else(|| address.as_str().split('@').next().and_then(|local| Text::parse(local).ok()))
}

/// The trail tells why, and nobody else.
pub(super) fn refused(circumstances: &Circumstances, reason: &'static str) -> Refusal {
    circumstances.asker.because(reason);
    Refusal::NotLetIn
}
