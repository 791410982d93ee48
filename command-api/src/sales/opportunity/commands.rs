//! Commands on opportunities, for the routes and for callers in process.

use chrono::NaiveDate;
use domain::sales::activity::Summary;
use domain::sales::lead::{Lead, LeadStatus};
use domain::sales::opportunity::{
    NewOpportunity, Opportunity, OpportunityAction, OpportunityError, OpportunityRevision,
};
use domain::sales::{ActivityKind, Owner};
use domain::{CustomFields, LeadId, Money, OpportunityId, Percent, StageId, Text};

use super::placing::{Placing, direction, pipeline_of, place, stage_of};
use crate::dispatch::{change, dispatch};
use crate::unit::Unit;
use crate::{Accepted, CommandApi, CommandError, Context};

/// A deal to open.
#[derive(Clone, Debug)]
pub struct Opening {
    /// What people call it.
    pub name: Text<200>,
    /// Where it begins.
    pub placing: Placing,
    /// What it may bring.
    pub amount: Option<Money>,
    /// When it should be decided.
    pub expected_close: Option<NaiveDate>,
    /// What is to be sold.
    pub product: Option<Text<200>>,
    /// To whom.
    pub account: Option<Text<200>>,
    /// Who works on it.
    pub owner: Option<Owner>,
    /// Where it came from.
    pub source: Option<Text<100>>,
    /// A lead that it has to do with, which must exist.
    pub lead: Option<LeadId>,
    /// Fields of the tenant's own.
    pub custom: CustomFields,
}

/// Opens a deal under an id that was never used; in the same append, the tenant's default pipeline comes into being if
/// the deal goes there and it does not exist yet.
///
/// # Errors
/// A rule of opportunities or pipelines, or those of [`crate::dispatch()`].
pub async fn open(
    app: &CommandApi,
    context: &Context,
    id: OpportunityId,
    opening: Opening,
) -> Result<Accepted, CommandError> {
    let opening = &opening;
    dispatch(app, context, move |mut unit| async move {
        let unborn = unit.unborn::<Opportunity>(id.as_uuid()).await?;
        if let Some(lead) = opening.lead {
            check_lead(&mut unit, lead).await?;
        }
        let place = place(&mut unit, &opening.placing).await?;
        let new = NewOpportunity {
            name: opening.name.clone(),
            pipeline: place.pipeline,
            stage: place.stage,
            probability: place.probability,
            amount: opening.amount,
            expected_close: opening.expected_close,
            product: opening.product.clone(),
            account: opening.account.clone(),
            owner: context.owner_or_own(opening.owner.clone()),
            source: opening.source.clone(),
            lead: opening.lead,
            custom: opening.custom.clone(),
        };
        let opened = unit.decide(&unborn, [OpportunityAction::Open(Box::new(new))])?;
        Ok(unit.done(Accepted { created: true, ..Accepted::of(id.as_uuid(), opened.sequence) }))
    })
    .await
}

/// Puts it into another stage of its pipeline, with the stage's probability unless another is given.
///
/// # Errors
/// A rule of opportunities or pipelines, or those of [`crate::dispatch()`].
pub async fn move_to(
    app: &CommandApi,
    context: &Context,
    id: OpportunityId,
    to: StageId,
    probability: Option<Percent>,
) -> Result<Accepted, CommandError> {
    dispatch(app, context, move |mut unit| async move {
        let loaded = unit.target::<Opportunity>(id.as_uuid()).await?;
        let deal = loaded.state.deal().ok_or_else(withdrawn)?;
        let pipeline = pipeline_of(&mut unit, deal).await?;
        let stage = stage_of(&pipeline.state, Some(to))?;
        let probability = probability.unwrap_or(stage.probability);
        let direction = direction(&pipeline.state, &loaded.state, to);
        let moved = unit.decide(&loaded, [OpportunityAction::Move { to, probability, direction }])?;
        Ok(unit.done(Accepted::of(id.as_uuid(), moved.sequence)))
    })
    .await
}

/// Takes it up again after it was won or lost, in the first stage of its pipeline unless another is given.
///
/// # Errors
/// A rule of opportunities or pipelines, or those of [`crate::dispatch()`].
pub async fn reopen(
    app: &CommandApi,
    context: &Context,
    id: OpportunityId,
    stage: Option<StageId>,
    probability: Option<Percent>,
) -> Result<Accepted, CommandError> {
    dispatch(app, context, move |mut unit| async move {
        let loaded = unit.target::<Opportunity>(id.as_uuid()).await?;
        let deal = loaded.state.deal().ok_or_else(withdrawn)?;
        let pipeline = pipeline_of(&mut unit, deal).await?;
        let stage = stage_of(&pipeline.state, stage)?;
        let probability = probability.unwrap_or(stage.probability);
        let reopened = unit.decide(&loaded, [OpportunityAction::Reopen { stage: stage.id, probability }])?;
        Ok(unit.done(Accepted::of(id.as_uuid(), reopened.sequence)))
    })
    .await
}

/// Changes what is known about it.
///
/// # Errors
/// A rule of opportunities, or those of [`crate::dispatch()`].
pub async fn revise(
    app: &CommandApi,
    context: &Context,
    id: OpportunityId,
    revision: OpportunityRevision,
) -> Result<Accepted, CommandError> {
    act(app, context, id, OpportunityAction::Revise(Box::new(revision))).await
}

/// Gives it to somebody, or to nobody.
///
/// # Errors
/// A rule of opportunities, or those of [`crate::dispatch()`].
pub async fn assign(
    app: &CommandApi,
    context: &Context,
    id: OpportunityId,
    owner: Option<Owner>,
) -> Result<Accepted, CommandError> {
    act(app, context, id, OpportunityAction::Assign { owner }).await
}

/// Wins it, for the amount it has unless another is given.
///
/// # Errors
/// A rule of opportunities, or those of [`crate::dispatch()`].
pub async fn win(
    app: &CommandApi,
    context: &Context,
    id: OpportunityId,
    amount: Option<Money>,
) -> Result<Accepted, CommandError> {
    act(app, context, id, OpportunityAction::Win { amount }).await
}

/// Loses it.
///
/// # Errors
/// A rule of opportunities, or those of [`crate::dispatch()`].
pub async fn lose(
    app: &CommandApi,
    context: &Context,
    id: OpportunityId,
    reason: Text<500>,
) -> Result<Accepted, CommandError> {
    act(app, context, id, OpportunityAction::Lose { reason }).await
}

/// Notes what was done.
///
/// # Errors
/// A rule of opportunities, or those of [`crate::dispatch()`].
pub async fn log_activity(
    app: &CommandApi,
    context: &Context,
    id: OpportunityId,
    kind: ActivityKind,
    summary: Summary,
) -> Result<Accepted, CommandError> {
    act(app, context, id, OpportunityAction::LogActivity { kind, summary }).await
}

/// Takes it back, as if it had never been opened. Not a route: undoing an import does it.
///
/// # Errors
/// A rule of opportunities, or those of [`crate::dispatch()`].
pub async fn withdraw(
    app: &CommandApi,
    context: &Context,
    id: OpportunityId,
    reason: Text<500>,
) -> Result<Accepted, CommandError> {
    act(app, context, id, OpportunityAction::Withdraw { reason }).await
}

/// Erases what was said of people in its activities, for good. The deal goes on, without further activities.
///
/// # Errors
/// A rule of opportunities, or those of [`crate::dispatch()`].
pub async fn erase(app: &CommandApi, context: &Context, id: OpportunityId) -> Result<Accepted, CommandError> {
    dispatch(app, context, move |mut unit| async move {
        let deal = unit.target::<Opportunity>(id.as_uuid()).await?;
        let erased = unit.decide(&deal, [OpportunityAction::Erase])?;
        if erased.sequence > deal.sequence {
            unit.erase(id.as_uuid());
        }
        Ok(unit.done(Accepted::of(id.as_uuid(), erased.sequence)))
    })
    .await
}

async fn act(
    app: &CommandApi,
    context: &Context,
    id: OpportunityId,
    action: OpportunityAction,
) -> Result<Accepted, CommandError> {
    change::<Opportunity>(app, context, id.as_uuid(), vec![action]).await
}

fn withdrawn() -> CommandError {
    CommandError::rule(&OpportunityError::Withdrawn)
}

/// Nothing hangs on the lead's further fate, so the deal does not rely on it.
async fn check_lead(unit: &mut Unit<'_>, id: LeadId) -> Result<(), CommandError> {
    let lead = unit.load::<Lead>(id.as_uuid()).await?;
    let is_there = !matches!(lead.state.status(), None | Some(LeadStatus::Withdrawn));
    if is_there && unit.sees(&lead) {
        Ok(())
    } else {
        Err(CommandError::field("lead_id", "must be a lead that exists"))
    }
}
