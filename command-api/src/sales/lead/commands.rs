//! Commands on leads, for the routes and for callers in process.

use chrono::NaiveDate;
use domain::sales::activity::Summary;
use domain::sales::lead::{Captured, Lead, LeadAction, LeadCorrection, NewLead, Score};
use domain::sales::opportunity::{NewOpportunity, Opportunity, OpportunityAction};
use domain::sales::{ActivityKind, Owner};
use domain::{Invalid, LeadId, Money, OpportunityId, Text};
use uuid::Uuid;

use crate::dispatch::{change, create, dispatch};
use crate::sales::opportunity::{Place, Placing, place};
use crate::{Accepted, CommandApi, CommandError, Context};

/// What the lead itself does not tell about the deal that it becomes.
#[derive(Clone, Debug, Default)]
pub struct Conversion {
    /// What people call it; the lead's company if none, else the product, else the lead's id.
    pub name: Option<Text<200>>,
    /// Where it begins.
    pub placing: Placing,
    /// What it may bring.
    pub amount: Option<Money>,
    /// When it should be decided.
    pub expected_close: Option<NaiveDate>,
    /// What is to be sold.
    pub product: Option<Text<200>>,
}

/// The opportunity that a lead becomes, the same however often it is asked for: UUID version 5 of `opportunity` in
/// the name space of the lead's id.
pub fn opportunity_of(lead: LeadId) -> OpportunityId {
    OpportunityId::from_uuid(Uuid::new_v5(&lead.as_uuid(), b"opportunity"))
}

/// Takes down a new lead under an id that was never used.
///
/// # Errors
/// A rule of leads, or those of [`crate::dispatch()`].
pub async fn capture(
    app: &CommandApi,
    context: &Context,
    id: LeadId,
    mut lead: NewLead,
) -> Result<Accepted, CommandError> {
    lead.owner = context.owner_or_own(lead.owner);
    create::<Lead>(app, context, id.as_uuid(), LeadAction::Capture(Box::new(lead))).await
}

/// Sets its data right.
///
/// # Errors
/// A rule of leads, or those of [`crate::dispatch()`].
pub async fn correct(
    app: &CommandApi,
    context: &Context,
    id: LeadId,
    correction: LeadCorrection,
) -> Result<Accepted, CommandError> {
    act(app, context, id, LeadAction::Correct(Box::new(correction))).await
}

/// Gives it to somebody, or to nobody.
///
/// # Errors
/// A rule of leads, or those of [`crate::dispatch()`].
pub async fn assign(
    app: &CommandApi,
    context: &Context,
    id: LeadId,
    owner: Option<Owner>,
) -> Result<Accepted, CommandError> {
    act(app, context, id, LeadAction::Assign { owner }).await
}

/// Finds it worth pursuing, or gives it another score.
///
/// # Errors
/// A rule of leads, or those of [`crate::dispatch()`].
pub async fn qualify(
    app: &CommandApi,
    context: &Context,
    id: LeadId,
    score: Score,
) -> Result<Accepted, CommandError> {
    act(app, context, id, LeadAction::Qualify { score }).await
}

/// Gives it up.
///
/// # Errors
/// A rule of leads, or those of [`crate::dispatch()`].
pub async fn disqualify(
    app: &CommandApi,
    context: &Context,
    id: LeadId,
    reason: Text<500>,
) -> Result<Accepted, CommandError> {
    act(app, context, id, LeadAction::Disqualify { reason }).await
}

/// Takes it up again after it was given up.
///
/// # Errors
/// A rule of leads, or those of [`crate::dispatch()`].
pub async fn reopen(app: &CommandApi, context: &Context, id: LeadId) -> Result<Accepted, CommandError> {
    act(app, context, id, LeadAction::Reopen).await
}

/// Notes what was done.
///
/// # Errors
/// A rule of leads, or those of [`crate::dispatch()`].
pub async fn log_activity(
    app: &CommandApi,
    context: &Context,
    id: LeadId,
    kind: ActivityKind,
    summary: Summary,
) -> Result<Accepted, CommandError> {
    act(app, context, id, LeadAction::LogActivity { kind, summary }).await
}

/// Takes it back, as if it had never been captured. Not a route: undoing an import does it.
///
/// # Errors
/// A rule of leads, or those of [`crate::dispatch()`].
pub async fn withdraw(
    app: &CommandApi,
    context: &Context,
    id: LeadId,
    reason: Text<500>,
) -> Result<Accepted, CommandError> {
    act(app, context, id, LeadAction::Withdraw { reason }).await
}

/// Makes an opportunity of it, in one append with the lead's own event. Asked again, it changes nothing and tells of
/// the same opportunity.
///
/// # Errors
/// A rule of leads or pipelines, or those of [`crate::dispatch()`].
pub async fn convert(
    app: &CommandApi,
    context: &Context,
    id: LeadId,
    conversion: Conversion,
) -> Result<Accepted, CommandError> {
    let conversion = &conversion;
    dispatch(app, context, move |mut unit| async move {
        let lead = unit.target::<Lead>(id.as_uuid()).await?;
        let opportunity = lead.state.converted_to().unwrap_or_else(|| opportunity_of(id));
        let converted = unit.decide(&lead, [LeadAction::Convert { opportunity }])?;
        if let Lead::Captured(captured) = &lead.state
            && converted.sequence > lead.sequence
        {
            let unborn = unit.unborn::<Opportunity>(opportunity.as_uuid()).await?;
            let place = place(&mut unit, &conversion.placing).await?;
            let new = deal_of(id, captured, place, conversion);
            let new = new.map_err(|error| CommandError::Internal(error.into()))?;
            unit.decide(&unborn, [OpportunityAction::Open(Box::new(new))])?;
        }
        let opportunity_id = Some(opportunity.as_uuid());
        Ok(unit.done(Accepted { opportunity_id, ..Accepted::of(id.as_uuid(), converted.sequence) }))
    })
    .await
}

/// Erases who it is, for good, and what was said of them in the opportunity that it became: in one append, with their keys.
///
/// # Errors
/// A rule of leads, or those of [`crate::dispatch()`].
pub async fn erase(app: &CommandApi, context: &Context, id: LeadId) -> Result<Accepted, CommandError> {
    dispatch(app, context, move |mut unit| async move {
        let lead = unit.target::<Lead>(id.as_uuid()).await?;
        let erased = unit.decide(&lead, [LeadAction::Erase])?;
        if erased.sequence > lead.sequence {
            unit.erase(id.as_uuid());
            if let Some(opportunity) = lead.state.converted_to() {
                let deal = unit.load::<Opportunity>(opportunity.as_uuid()).await?;
                unit.decide(&deal, [OpportunityAction::Erase])?;
                unit.erase(opportunity.as_uuid());
            }
        }
        Ok(unit.done(Accepted::of(id.as_uuid(), erased.sequence)))
    })
    .await
}

fn deal_of(
    id: LeadId,
    lead: &Captured,
    place: Place,
    conversion: &Conversion,
) -> Result<NewOpportunity, Invalid> {
    // The name of a deal is no personal data by type, so it is never that of a person.
    let name = [&conversion.name, &lead.company, &conversion.product].into_iter().flatten().next();
    Ok(NewOpportunity {
        name: name.cloned().map_or_else(|| Text::parse(&format!("Lead {id}")), Ok)?,
        pipeline: place.pipeline,
        stage: place.stage,
        probability: place.probability,
        amount: conversion.amount,
        expected_close: conversion.expected_close,
        product: conversion.product.clone(),
        account: lead.company.clone(),
        owner: lead.owner.clone(),
        source: lead.source.clone(),
        lead: Some(id),
        custom: lead.custom.clone(),
    })
}

async fn act(
    app: &CommandApi,
    context: &Context,
    id: LeadId,
    action: LeadAction,
) -> Result<Accepted, CommandError> {
    change::<Lead>(app, context, id.as_uuid(), vec![action]).await
}
