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
pub(super) async fn admitted(
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
        return Err(refused("the address is of no domain that was named, or nobody has made sure of it"));
    }
    for _ in 0..ATTEMPTS {
        if let Some(user) = known(app, tenant, &settings.issuer, &digest).await? {
            return Ok(user);
        }
        let address = address.as_ref().ok_or_else(|| refused("nobody has made sure of the address"))?;
        let account = app.issuer()?.vault().account(tenant, &email_scope(address)).await?;
        let come = match (account, settings.newcomers) {
            (Some(account), _) => {
                link(app, circumstances, tenant, &settings.issuer, &digest, account.user, address).await
            }
            (None, Some(role)) => {
                register(app, circumstances, tenant, &settings.issuer, &digest, person, address, role).await
            }
            (None, None) => return Err(refused("there is no account")),
        };
        match come {
            // Somebody was faster: it is decided anew on what they did.
            Err(Refusal::Command(CommandError::StaleVersion | CommandError::Occupied)) => {}
            Err(Refusal::Command(CommandError::Refused { code: "user.provider_linked", .. })) => {
                return Err(refused("the provider named somebody else as the user"));
            }
            Err(Refusal::Command(CommandError::Refused { code: "user.disabled", .. })) => {
                return Err(refused("the user is disabled"));
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
            return Err(refused("the provider names two users so"));
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
    let has = |user: &User| user.account().map(|account| email_scope(account.email.reveal()));
    if has(&before.state) != Some(email_scope(address)) {
        return Err(CommandError::StaleVersion.into());
    }
    let row = app.issuer()?.vault().link_provider(tenant, digest, id).await?;
    let context = Context { if_match: Some(before.sequence), ..circumstances.context(tenant, id) };
    let action = UserAction::LinkProvider { link: row, issuer: issuer.clone() };
    change::<User>(app, &context, id.as_uuid(), vec![action]).await?;
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
    let row = app.issuer()?.vault().link_provider(tenant, digest, id).await?;
    let register = UserAction::Register {
        name: Personal::new(name(person, address)?),
        email: Personal::new(address.clone()),
        roles: [role].into(),
    };
    let actions = &[register, UserAction::LinkProvider { link: row, issuer: issuer.clone() }];
    let context = circumstances.context(tenant, id);
    dispatch(app, &context, move |mut unit| async move {
        let loaded = unit.unborn::<User>(id.as_uuid()).await?;
        let next = unit.decide(&loaded, actions.iter().cloned())?;
        claim_email(&mut unit, &loaded, &next);
        Ok(unit.done(Accepted { created: true, ..Accepted::of(id.as_uuid(), next.sequence) }))
    })
    .await?;
    Ok(id)
}

/// What somebody new is called: as the provider says; else as the address begins.
fn name(person: &Person, address: &EmailAddress) -> Result<Text<200>, Refusal> {
    let told = person.name.as_deref().and_then(|name| Text::parse(name).ok());
    let local = || address.as_str().split('@').next().and_then(|local| Text::parse(local).ok());
    told.or_else(local).ok_or_else(|| refused("nobody is called so"))
}

/// Nobody is told why, but whoever runs the portal.
fn refused(reason: &'static str) -> Refusal {
    tracing::info!(reason, "somebody whom a provider names was not let in");
    Refusal::NotLetIn
}
