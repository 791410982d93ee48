//! Commands on customers, for the routes and for callers in process.

use domain::billing::customer::{Customer, CustomerAction, Profile};
use domain::{CustomerId, Personal};

use super::body::CustomerPatch;
use crate::billing::naming_tax_ids;
use crate::dispatch::{create, dispatch};
use crate::{Accepted, CommandApi, CommandError, Context};

/// Takes down a customer under an id that was never used.
///
/// # Errors
/// A rule of customers, or those of [`crate::dispatch()`].
pub async fn register(
    app: &CommandApi,
    context: &Context,
    id: CustomerId,
    profile: Profile,
) -> Result<Accepted, CommandError> {
    let action = CustomerAction::Register(Box::new(profile));
    create::<Customer>(app, context, id.as_uuid(), action).await.map_err(naming_tax_ids)
}

/// Changes what is known of them.
///
/// # Errors
/// A rule of customers, or those of [`crate::dispatch()`].
pub async fn change(
    app: &CommandApi,
    context: &Context,
    id: CustomerId,
    patch: CustomerPatch,
) -> Result<Accepted, CommandError> {
    let patch = &patch;
    let done = dispatch(app, context, move |mut unit| async move {
        let customer = unit.target::<Customer>(id.as_uuid()).await?;
        let profile = customer.state.profile().map_err(|rule| CommandError::rule(&rule))?;
        let next = unit.decide(&customer, actions(profile, patch.clone()))?;
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    });
    done.await.map_err(naming_tax_ids)
}

/// Erases who they are, for good, with their keys. Documents that were issued to them have keys of their own.
///
/// # Errors
/// A rule of customers, or those of [`crate::dispatch()`].
pub async fn erase(app: &CommandApi, context: &Context, id: CustomerId) -> Result<Accepted, CommandError> {
    dispatch(app, context, move |mut unit| async move {
        let customer = unit.target::<Customer>(id.as_uuid()).await?;
        let erased = unit.decide(&customer, [CustomerAction::Erase])?;
        if erased.sequence > customer.sequence {
            unit.erase(id.as_uuid());
        }
        Ok(unit.done(Accepted::of(id.as_uuid(), erased.sequence)))
    })
    .await
}

/// What a patch asks for, in facts; what it leaves out of a fact is as it was.
fn actions(profile: &Profile, patch: CustomerPatch) -> Vec<CustomerAction> {
    let rename = patch.name.map(|name| CustomerAction::Rename { name: name.into() });
    let is_elsewhere = patch.address.is_some() || patch.country.is_some();
    let relocate = is_elsewhere.then(|| CustomerAction::Relocate {
        address: patch.address.map_or_else(|| profile.address.clone(), Personal::new),
        country: patch.country.unwrap_or(profile.country),
    });
    let change_tax_ids = patch.tax_ids.map(|ids| CustomerAction::ChangeTaxIds { tax_ids: ids.into() });
    let is_agreed = patch.currency.is_some() || patch.terms.is_some();
    let agree = is_agreed.then(|| CustomerAction::AgreeTerms {
        currency: patch.currency.unwrap_or(profile.currency),
        terms: patch.terms.unwrap_or(profile.terms),
    });
    let is_written = patch.email.is_some() || patch.language.is_some();
    let contact = is_written.then(|| CustomerAction::ChangeContact {
        email: patch.email.map_or_else(|| profile.email.clone(), |email| email.map(Personal::new)),
        language: patch.language.unwrap_or_else(|| profile.language.clone()),
    });
    rename.into_iter().chain(relocate).chain(change_tax_ids).chain(agree).chain(contact).collect()
}
