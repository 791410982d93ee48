//! Commands on legal entities, for the routes and for callers in process.

use domain::LegalEntityId;
use domain::billing::legal_entity::{LegalEntity, LegalEntityAction, Seller};

use super::body::LegalEntityPatch;
use crate::billing::naming_tax_ids;
use crate::dispatch::{create, dispatch};
use crate::{Accepted, CommandApi, CommandError, Context};

/// Takes down a company under an id that was never used.
///
/// # Errors
/// A rule of legal entities, or those of [`crate::dispatch()`].
pub async fn register(
    app: &CommandApi,
    context: &Context,
    id: LegalEntityId,
    seller: Seller,
) -> Result<Accepted, CommandError> {
    let action = LegalEntityAction::Register(Box::new(seller));
    create::<LegalEntity>(app, context, id.as_uuid(), action).await.map_err(naming_tax_ids)
}

/// Changes what invoices show of it from now on.
///
/// # Errors
/// A rule of legal entities, or those of [`crate::dispatch()`].
pub async fn change(
    app: &CommandApi,
    context: &Context,
    id: LegalEntityId,
    patch: LegalEntityPatch,
) -> Result<Accepted, CommandError> {
    let patch = &patch;
    let done = dispatch(app, context, move |mut unit| async move {
        let entity = unit.target::<LegalEntity>(id.as_uuid()).await?;
        let actions = entity.state.seller().map(|seller| actions(seller, patch.clone())).unwrap_or_default();
        let next = unit.decide(&entity, actions)?;
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    });
    done.await.map_err(naming_tax_ids)
}

/// What a patch asks for, in facts. Where somebody is and in which country is one of them.
fn actions(seller: &Seller, patch: LegalEntityPatch) -> Vec<LegalEntityAction> {
    let rename = patch.name.map(|name| LegalEntityAction::Rename { name });
    let is_elsewhere = patch.address.is_some() || patch.country.is_some();
    let relocate = is_elsewhere.then(|| LegalEntityAction::Relocate {
        address: patch.address.unwrap_or_else(|| seller.address.clone()),
        country: patch.country.unwrap_or(seller.country),
    });
    let change_tax_ids = patch.tax_ids.map(|tax_ids| LegalEntityAction::ChangeTaxIds { tax_ids });
    rename.into_iter().chain(relocate).chain(change_tax_ids).collect()
}
