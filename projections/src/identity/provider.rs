//! `identity_provider`: on whose word each tenant lets users in.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate as _;
use domain::identity::Role;
use domain::identity::provider::{IssuerUrl, MailDomain, Provider, ProviderEvent};
use domain::{Event, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::projection::{Fact, FoldError, Projection};

/// The provider of a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProviderRow {
    /// The provider.
    pub id: Uuid,
    /// Who is asked.
    pub issuer: IssuerUrl,
    /// What the portal is called there.
    pub client_id: Text<255>,
    /// The domains whose addresses come in by it; none means any.
    pub email_domains: BTreeSet<MailDomain>,
    /// The role of those who come in without having an account; nobody does if none.
    pub newcomers: Option<Role>,
    /// Whether passwords let in beside it.
    pub passwords: bool,
    /// What it tells of whoever has shown more than one factor.
    pub second_factor_values: BTreeSet<Text<100>>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
}

/// The read model.
pub struct ProviderView;

impl Projection for ProviderView {
    type Row = ProviderRow;
    const NAME: &'static str = "identity_provider";
    const READS: &'static [&'static str] = &[Provider::TYPE];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<ProviderRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Provider(event) = &fact.payload else { return Ok(()) };
        *row = match event {
            ProviderEvent::Configured(settings) => Some(ProviderRow {
                id: key,
                issuer: settings.issuer.clone(),
                client_id: settings.client_id.clone(),
                email_domains: settings.domains.clone(),
                newcomers: settings.newcomers,
                passwords: settings.passwords,
                second_factor_values: settings.second_factor_values.clone(),
                updated_at: fact.recorded_at,
                version: fact.sequence,
            }),
            ProviderEvent::Removed {} => None,
        };
        Ok(())
    }
}
