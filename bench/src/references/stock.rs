//! The stock framework, `cqrs-es` with `postgres-es`, on the same aggregate with the same commands.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::Utc;
use domain::Command;
use domain::sales::lead::{Lead, LeadAction};
use postgres_es::{PostgresCqrs, postgres_cqrs};
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::rounds::Client;
use crate::servers::Place;
use crate::workload::{COMMANDS, Words};

pub const NOTE: &str = "Each client captures a lead and logs 9 activities of it, one command and one event each, then \
    goes on with the next lead. Ours runs the whole of a command but for HTTP: look up the aggregate, decide, append. \
    Stock is `CqrsFramework` on the plain event store, the same aggregate and commands, with its own table in the same \
    PostgreSQL and 32 connections.";

/// Three times as many as its own `default_postgress_pool` has, so that its clients seldom wait for one.
const CONNECTIONS: u32 = 32;

/// Its own table, in the layout that postgres-es documents.
const TABLE: &str = "create table if not exists public.events (
    aggregate_type text not null,
    aggregate_id text not null,
    sequence bigint check (sequence >= 0) not null,
    event_type text not null,
    event_version text not null,
    payload json not null,
    metadata json not null,
    primary key (aggregate_type, aggregate_id, sequence)
)";

/// A client of the framework.
pub struct StockClient {
    framework: Arc<PostgresCqrs<Lead>>,
    metadata: HashMap<String, String>,
    lead: String,
    commands: u32,
    words: Words,
}

/// Clients that share one framework with its pool.
pub async fn clients(place: &Place, count: usize) -> anyhow::Result<Vec<StockClient>> {
    place.execute(TABLE).await?;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(&place.database_url).await?;
    let framework = Arc::new(postgres_cqrs::<Lead>(pool, Vec::new(), ()));
    let metadata = HashMap::from([
        ("actor".to_owned(), "kim".to_owned()),
        ("occurred_at".to_owned(), Utc::now().to_rfc3339()),
        ("correlation_id".to_owned(), "0198a1b2-0000-7000-8000-000000000000".to_owned()),
    ]);
    let client = |words| StockClient {
        framework: framework.clone(),
        metadata: metadata.clone(),
        lead: next_lead(),
        commands: 0,
        words,
    };
    (0..count).map(|_| Words::new().map(client)).collect()
}

fn next_lead() -> String {
    Uuid::now_v7().to_string()
}

impl Client for StockClient {
    async fn act(&mut self) -> anyhow::Result<u64> {
        if self.commands == COMMANDS {
            (self.lead, self.commands) = (next_lead(), 0);
        }
        let action = if self.commands == 0 {
            LeadAction::Capture(Box::new(self.words.lead()))
        } else {
            let (kind, summary) = self.words.activity();
            LeadAction::LogActivity { kind, summary }
        };
        let command = Command::now(action, Utc::now());
        self.framework.execute_with_metadata(&self.lead, command, self.metadata.clone()).await?;
        self.commands += 1;
        Ok(1)
    }
}
