//! How many commands one user and one tenant may give, so that whoever loops leaves the others room in the log.

use std::time::Duration;

use access::limits::Rate;
use access::{Flows, SharedLimits};
use edge::Identity;
use sha2::{Digest as _, Sha256};

/// In which time commands are counted.
const PERIOD: Duration = Duration::from_secs(60);

/// How many commands there may be, at once and then each minute; 0 is any number.
#[derive(Clone, Copy, Debug)]
pub struct CommandLimits {
    /// Of one user of a tenant, by whatever tokens and keys.
    pub user: u32,
    /// Of one tenant.
    pub tenant: u32,
}

impl Default for CommandLimits {
    fn default() -> Self {
        Self { user: 3_000, tenant: 30_000 }
    }
}

/// Counts commands. Clones share what they counted.
#[derive(Clone)]
pub struct CommandRates {
    limits: CommandLimits,
    flows: Flows,
}

impl CommandRates {
    /// Lets through what `limits` allow, in this process.
    pub fn new(limits: CommandLimits) -> Self {
        Self { limits, flows: Flows::new("command", PERIOD) }
    }

    /// The same, together with other processes.
    #[must_use]
    pub fn shared_by(self, shared: &SharedLimits) -> Self {
        Self { flows: self.flows.shared_by(shared.clone()), ..self }
    }

    /// Counts a command of somebody.
    pub(crate) fn admit(&self, identity: &Identity) -> Result<(), Duration> {
        let CommandLimits { user, tenant } = self.limits;
        let (of_tenant, subject) = (identity.tenant.as_uuid().into_bytes(), identity.subject.as_bytes());
        let rate = |of, most| Rate { of, most, period: PERIOD };
        let user = (user > 0).then(|| (rate("user", user), digest(&[&of_tenant, subject])));
        let tenant = (tenant > 0).then(|| (rate("tenant", tenant), digest(&[&of_tenant])));
        match (user, tenant) {
            (Some(user), Some(tenant)) => self.flows.take(&[user, tenant]),
            (Some(one), None) | (None, Some(one)) => self.flows.take(&[one]),
            (None, None) => Ok(()),
        }
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize().into()
}
