//! Custom roles, teams and policies, read from the log.

use std::collections::HashMap;
use std::hash::Hash;

use cqrs_es::Aggregate;
use domain::TenantId;
use domain::identity::Organisation;
use domain::identity::custom_role::CustomRole;
use domain::identity::policy::Policy;
use domain::identity::team::Team;
use edge::Organisations;
use edge::directory::Loading;
use event_store::{Recorded, Upcasters, measured, read, within_reason};
use futures::TryStreamExt as _;
use sqlx::{Executor as _, PgPool};
use uuid::Uuid;

use crate::SignInRules;

/// The log, by connections of [`event_store::Duty::Reader`].
pub struct LoggedOrganisations {
    pool: PgPool,
    upcasters: Upcasters,
    rules: SignInRules,
}

impl LoggedOrganisations {
    /// Reads old events by `upcasters`. Every tenant demands what `rules` do.
    pub fn new(pool: PgPool, upcasters: Upcasters, rules: SignInRules) -> Self {
        Self { pool, upcasters, rules }
    }

    /// Folds the events as they come: what they come to is in memory, and not all of them.
    async fn organisation(&self, tenant: TenantId) -> Result<Organisation, sqlx::Error> {
        let mut transaction = measured("organisations", self.pool.begin()).await?;
        // A UUID needs no quoting.
        transaction.execute(format!("set local crm.tenant = '{tenant}'").as_str()).await?;
        let sql = format!("select {} {}", read::COLUMNS, include_str!("sql/organisation.sql"));
        let mut events = sqlx::query_as::<_, Recorded>(&sql).fetch(&mut *transaction);
        let mut organisation = Organisation::default();
        while let Some(event) = events.try_next().await? {
            let applied = self.add(&mut organisation, event);
            applied.map_err(|error| sqlx::Error::Decode(error.into()))?;
        }
        organisation.policy.demands_second_factor |= self.rules.demands_second_factor;
        Ok(organisation)
    }

    fn add(&self, organisation: &mut Organisation, event: Recorded) -> Result<(), serde_json::Error> {
        match event.aggregate_type.as_str() {
            CustomRole::TYPE => self.apply(&mut organisation.roles, event),
            Team::TYPE => self.apply(&mut organisation.teams, event),
            Policy::TYPE => self.upcasters.apply(&mut organisation.policy, event),
            _ => Ok(()),
        }
    }

    fn apply<K: From<Uuid> + Eq + Hash, A: Aggregate>(
        &self,
        aggregates: &mut HashMap<K, A>,
        event: Recorded,
    ) -> Result<(), serde_json::Error> {
        self.upcasters.apply(aggregates.entry(event.aggregate_id.into()).or_default(), event)
    }
}

impl Organisations for LoggedOrganisations {
    fn load(&self, tenant: TenantId) -> Loading<'_> {
        Box::pin(async move { Ok(within_reason(self.organisation(tenant)).await?) })
    }
}
