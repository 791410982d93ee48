//! A log with much in it, written by commands: what is personal in an event is sealed under the key of its own stream, so that no
//! copy of it would open.

use command_api::sales::{lead, opportunity};
use command_api::{CommandApi, Context};
use domain::sales::pipeline::{PipelineAction, default_pipeline};
use domain::{Currency, LeadId, Money, OpportunityId, Percent, StageId, TenantId, Text};
use futures::future::try_join_all;
use uuid::Uuid;

use super::{Words, command_api, context};
use crate::servers::Place;

/// Deals of a sample, and as many leads. Each has five events; together with the pipeline's that makes [`EVENTS`].
const DEALS: usize = 1_000;
/// Events of a sample.
pub const EVENTS: i64 = 10 * DEALS as i64 + 1;

/// Who has the further samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// The tenant of the first has all of them.
    OneTenant,
    /// Each belongs to a tenant of its own.
    Tenants,
}

/// Fills an empty log with a sample and so many more of the same. Tells the tenant of the first.
///
/// The events are in waves, as those of many people at work are: all deals are opened, then all of them move, and so on.
/// So those of one deal are far from each other.
pub async fn fill(place: &Place, more: i64, spread: Spread) -> anyhow::Result<TenantId> {
    let app = command_api(place)?;
    let tenant = TenantId::from_uuid(Uuid::now_v7());
    for number in 0..=more {
        let is_own = number > 0 && spread == Spread::Tenants;
        let tenant = if is_own { TenantId::from_uuid(Uuid::now_v7()) } else { tenant };
        Sample::of(&app, tenant)?.write().await?;
    }
    sqlx::raw_sql("analyze log.event").execute(&mut place.owner().await?).await?;
    Ok(tenant)
}

struct Sample<'a> {
    app: &'a CommandApi,
    context: Context,
    stages: Vec<StageId>,
    words: Words,
}

impl<'a> Sample<'a> {
    fn of(app: &'a CommandApi, tenant: TenantId) -> anyhow::Result<Self> {
        let PipelineAction::Create { stages, .. } = default_pipeline(tenant)? else {
            anyhow::bail!("the default pipeline is not created by its action");
        };
        let stages = stages.into_iter().map(|stage| stage.id).collect();
        Ok(Self { app, context: context(tenant), stages, words: Words::new()? })
    }

    async fn write(&self) -> anyhow::Result<()> {
        let deals: Vec<OpportunityId> =
            (0..DEALS).map(|_| OpportunityId::from_uuid(Uuid::now_v7())).collect();
        let leads: Vec<LeadId> = (0..DEALS).map(|_| LeadId::from_uuid(Uuid::now_v7())).collect();
        command_api::sales::pipeline::ensure_default(self.app, &self.context).await?;
        for wave in 0..5 {
            try_join_all(deals.iter().enumerate().map(|(number, id)| self.deal(wave, number, *id))).await?;
            try_join_all(leads.iter().map(|id| self.lead(wave, *id))).await?;
        }
        Ok(())
    }

    /// One deal in three is won, one is lost, and one stays open.
    async fn deal(&self, wave: usize, number: usize, id: OpportunityId) -> anyhow::Result<()> {
        let Self { app, context, stages, words } = self;
        match (wave, number % 3) {
            (0, _) => {
                let lead = words.lead();
                let opening = opportunity::Opening {
                    name: Text::parse(&format!("Engine no. {number}"))?,
                    placing: opportunity::Placing::default(),
                    amount: Some(Money::parse(&format!("{}.50", 1_000 + number), Currency::parse("EUR")?)?),
                    expected_close: None,
                    product: Some(Text::parse("Analytical engine")?),
                    account: lead.company,
                    owner: lead.owner,
                    source: lead.source,
                    lead: None,
                    custom: lead.custom,
                };
                opportunity::open(app, context, id, opening).await?
            }
            (1 | 2, _) => opportunity::move_to(app, context, id, stages[wave], None).await?,
            (4, 0) => opportunity::win(app, context, id, None).await?,
            (4, 1) => opportunity::lose(app, context, id, Text::parse("Went with a cheaper offer")?).await?,
            _ => {
                let (kind, summary) = words.activity();
                opportunity::log_activity(app, context, id, kind, summary).await?
            }
        };
        Ok(())
    }

    async fn lead(&self, wave: usize, id: LeadId) -> anyhow::Result<()> {
        let Self { app, context, words, .. } = self;
        match wave {
            0 => lead::capture(app, context, id, words.lead()).await?,
            2 => lead::qualify(app, context, id, Percent::new(70)?).await?,
            4 => lead::assign(app, context, id, Some(Text::parse("sam")?)).await?,
            _ => {
                let (kind, summary) = words.activity();
                lead::log_activity(app, context, id, kind, summary).await?
            }
        };
        Ok(())
    }
}
