//! What a tenant has agreed with its provider.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{IssuerUrl, MailDomain, ProviderError};
use crate::identity::Role;
use crate::{ClientSecretId, Text};

/// Domains that a tenant may name.
pub const MAX_DOMAINS: usize = 50;

/// Values of second factors that a tenant may name.
pub const MAX_VALUES: usize = 20;

/// Who is asked, as whom, and who is let in on its word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Who is asked.
    pub issuer: IssuerUrl,
    /// What the portal is called there.
    pub client_id: Text<255>,
    /// The row of the secret that the portal shows there. The secret is in no event.
    pub secret: ClientSecretId,
    /// The domains whose addresses come in by it; none means any.
    pub domains: BTreeSet<MailDomain>,
    /// The role of those who come in without having an account; nobody does if none.
    pub newcomers: Option<Role>,
    /// Whether passwords let in beside it.
    pub passwords: bool,
    /// What it tells, as `acr` or in `amr`, of whoever has shown more than one factor. Its second factors count if there is any.
    pub second_factor_values: BTreeSet<Text<100>>,
}

impl Settings {
    /// Whether somebody has shown a second factor that counts, who showed who they are in these ways.
    pub fn vouches_for(&self, methods: &[String]) -> bool {
        methods.iter().any(|method| self.second_factor_values.iter().any(|value| value.as_str() == method))
    }

    /// Whether these can be agreed on.
    ///
    /// # Errors
    /// The rule that they break.
    pub fn check(&self) -> Result<(), ProviderError> {
        if self.domains.len() > MAX_DOMAINS {
            return Err(ProviderError::TooManyDomains);
        }
        if self.second_factor_values.len() > MAX_VALUES {
            return Err(ProviderError::TooManyValues);
        }
        match self.newcomers {
            Some(_) if self.domains.is_empty() => Err(ProviderError::NewcomersOfAnyDomain),
            Some(Role::Admin) => Err(ProviderError::NewcomersAsAdmins),
            Some(_) | None => Ok(()),
        }
    }
}
