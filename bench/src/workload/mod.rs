//! What clients do and say.

pub mod history;
mod salesperson;

use command_api::{CommandApi, Context};
use domain::sales::activity::Summary;
use domain::sales::lead::NewLead;
use domain::sales::{ActivityKind, Owner};
use domain::{CustomFields, EmailAddress, Personal, Phone, TenantId, Text};
use edge::{SigningKey, TokenKeys, TokenSettings};
use event_store::{Duty, EventStore, connect};

use crate::servers::Place;
pub use salesperson::Salesperson;

/// Commands on each lead: one captures it, the others log activities. So histories stay short, as those of most leads.
pub const COMMANDS: u32 = 10;

/// Connections of the appender's pool, as many as `crm` gives it.
const CONNECTIONS: u32 = 16;

/// The command side in this process, on a store of its own.
pub fn command_api(place: &Place) -> anyhow::Result<CommandApi> {
    let pool = connect(&place.database_url, Duty::Appender, CONNECTIONS)?;
    let keys = TokenKeys::from_pem(&SigningKey::generate()?.public_pem()?, &TokenSettings::default())?;
    Ok(CommandApi::new(EventStore::start(pool, event_store::fixtures::upcasters()), keys))
}

/// Somebody of a tenant.
pub fn context(tenant: TenantId) -> Context {
    Context::new(tenant, "kim", "0198a1b2-0000-7000-8000-000000000000")
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

/// The body of a request that captures a lead.
pub const LEAD: &str = r#"{"name":"Ada Lovelace","company":"Example Engines Ltd","email":"ada@engines.example","phone":"+44 20 7946 0000","source":"Trade fair","owner":"kim","custom":{"region":"North","seats":12}}"#;
