//! A log with much in it, made fast: a sample written by commands, and copies of it made by SQL.

use command_api::sales::{lead, opportunity};
use command_api::{CommandApi, Context};
use domain::sales::pipeline::{PipelineAction, default_pipeline};
use domain::{Currency, LeadId, Money, OpportunityId, Percent, StageId, TenantId, Text};
use futures::future::try_join_all;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Words, command_api, context};
use crate::servers::Place;

/// Deals of the sample, and as many leads. Each has five events; together with the pipeline's that makes [`EVENTS`].
const DEALS: usize = 1_000;
/// Events of the sample.
pub const EVENTS: i64 = 10 * DEALS as i64 + 1;

/// Who has the copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// The tenant of the sample has all of them.
    OneTenant,
    /// Each belongs to a tenant of its own.
    Tenants,
}

/// Fills an empty log with a sample and so many copies of it. Tells the tenant of the sample.
///
/// The events are in waves, as those of many people at work are: all deals are opened, then all of them move, and so on.
/// So those of one deal are far from each other. A copy has ids and positions of its own.
pub async fn fill(place: &Place, copies: i64, spread: Spread) -> anyhow::Result<TenantId> {
    let tenant = TenantId::from_uuid(Uuid::now_v7());
    Sample::of(place, tenant)?.write().await?;
    let mut owner = place.owner().await?;
    copy(&mut owner, 1..=copies, spread).await?;
    sqlx::raw_sql("analyze log.event").execute(&mut owner).await?;
    Ok(tenant)
}

/// Appends copies of the sample, which must be alone in the log but for the copies before.
pub async fn copy(
    owner: &mut PgConnection,
    copies: std::ops::RangeInclusive<i64>,
    spread: Spread,
) -> anyhow::Result<()> {
    for first in copies.clone().step_by(10) {
        sqlx::query(include_str!("history.sql"))
            .bind(first)
            .bind((first + 9).min(*copies.end()))
            .bind(spread == Spread::Tenants)
            .bind(EVENTS)
            .execute(&mut *owner)
            .await?;
    }
    Ok(())
}

struct Sample {
    app: CommandApi,
    context: Context,
    stages: Vec<StageId>,
    words: Words,
}

impl Sample {
    fn of(place: &Place, tenant: TenantId) -> anyhow::Result<Self> {
        let PipelineAction::Create { stages, .. } = default_pipeline(tenant)? else {
            anyhow::bail!("the default pipeline is not created by its action");
        };
        let stages = stages.into_iter().map(|stage| stage.id).collect();
        Ok(Self { app: command_api(place)?, context: context(tenant), stages, words: Words::new()? })
    }

    async fn write(&self) -> anyhow::Result<()> {
        let deals: Vec<OpportunityId> =
            (0..DEALS).map(|_| OpportunityId::from_uuid(Uuid::now_v7())).collect();
        let leads: Vec<LeadId> = (0..DEALS).map(|_| LeadId::from_uuid(Uuid::now_v7())).collect();
        command_api::sales::pipeline::ensure_default(&self.app, &self.context).await?;
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
