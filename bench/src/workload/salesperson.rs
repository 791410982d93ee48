//! A client in process: captures a lead, and logs some activities of it, one event each.

use command_api::sales::lead;
use command_api::{CommandApi, Context};
use domain::{LeadId, TenantId};
use uuid::Uuid;

use super::{COMMANDS, Words, command_api, context};
use crate::rounds::Client;
use crate::servers::Place;

/// A client of the command API in the same process.
pub struct Salesperson {
    app: CommandApi,
    context: Context,
    lead: LeadId,
    commands: u32,
    words: Words,
}

impl Salesperson {
    /// So many of one tenant, who share one appender.
    pub fn team(place: &Place, count: usize) -> anyhow::Result<Vec<Self>> {
        let app = command_api(place)?;
        let context = context(TenantId::from_uuid(Uuid::now_v7()));
        let one = |words| Self {
            app: app.clone(),
            context: context.clone(),
            lead: next_lead(),
            commands: 0,
            words,
        };
        (0..count).map(|_| Words::new().map(one)).collect()
    }
}

fn next_lead() -> LeadId {
    LeadId::from_uuid(Uuid::now_v7())
}

impl Client for Salesperson {
    async fn act(&mut self) -> anyhow::Result<u64> {
        if self.commands == COMMANDS {
            (self.lead, self.commands) = (next_lead(), 0);
        }
        if self.commands == 0 {
            lead::capture(&self.app, &self.context, self.lead, self.words.lead()).await?;
        } else {
            let (kind, summary) = self.words.activity();
            lead::log_activity(&self.app, &self.context, self.lead, kind, summary).await?;
        }
        self.commands += 1;
        Ok(1)
    }
}
