//! What clients in process do: capture a lead, and log some activities of it, one event each.

use command_api::sales::lead;
use command_api::{CommandApi, Context};
use domain::sales::activity::Summary;
use domain::sales::lead::NewLead;
use domain::sales::{ActivityKind, Owner};
use domain::{CustomFields, EmailAddress, LeadId, Personal, Phone, TenantId, Text};
use uuid::Uuid;

use crate::rounds::Client;

/// Commands on each lead: one captures it, the others log activities. So histories stay short, as those of most leads.
pub const COMMANDS: u32 = 10;

/// A client of the command API in the same process.
pub struct Salesperson {
    app: CommandApi,
    context: Context,
    lead: LeadId,
    commands: u32,
    words: Words,
}

/// What is said about each lead.
#[derive(Clone)]
pub struct Words {
    lead: NewLead,
    summary: Summary,
}

impl Words {
    pub fn new() -> anyhow::Result<Self> {
        let lead = NewLead {
            name: Personal::new(Text::parse("Ada Lovelace")?),
            company: Some(Text::parse("Example Engines Ltd")?),
            email: Some(Personal::new(EmailAddress::parse("ada@engines.example")?)),
            phone: Some(Personal::new(Phone::parse("+44 20 7946 0000")?)),
            source: Some(Text::parse("Trade fair")?),
            owner: Some(Owner::parse("kim")?),
            custom: CustomFields::default(),
        };
        let summary = "Called Ada. She wants to see the engine in April, and to hear what it costs by then.";
        Ok(Self { lead, summary: Personal::new(domain::Prose::parse(summary)?) })
    }

    pub fn lead(&self) -> NewLead {
        self.lead.clone()
    }

    pub fn activity(&self) -> (ActivityKind, Summary) {
        (ActivityKind::Call, self.summary.clone())
    }
}

impl Salesperson {
    pub fn new(app: CommandApi, tenant: TenantId) -> anyhow::Result<Self> {
        let context = Context::new(tenant, "kim", "0198a1b2-0000-7000-8000-000000000000");
        Ok(Self { app, context, lead: next_lead(), commands: 0, words: Words::new()? })
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
