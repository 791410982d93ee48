//! Refusals in one minute: of many that are alike, the first is kept and the others are counted.

use std::collections::HashMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Entry, Kind};
use crate::{TenantId, metrics};

/// Sorts of refusals of one tenant that are told apart in a minute.
const OF_A_TENANT: usize = 200;
/// Sorts that are told apart in all, of those of whom the tenant is known for sure, and of the others.
const PROVEN: usize = 4_096;
const UNPROVEN: usize = 512;
/// The same, with those of each tenant that are not told apart any more.
const MOST: usize = 2 * (PROVEN + UNPROVEN);

/// What makes two refusals alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sort {
    kind: Kind,
    tenant: TenantId,
    /// Nothing of what follows, once there are too many sorts.
    who: Option<Who>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Who {
    actor: Option<String>,
    key: Option<Uuid>,
    /// Of whom it is sure who they are, it does not matter from where.
    address: Option<IpAddr>,
    route: Option<String>,
    code: Option<String>,
}

#[derive(Debug)]
struct Counted {
    count: u64,
    last: Entry,
    since: DateTime<Utc>,
}

/// What was refused in this minute.
#[derive(Debug, Default)]
pub(super) struct Flood {
    sorts: HashMap<Sort, Counted>,
    tenants: HashMap<TenantId, usize>,
    unproven: usize,
}

impl Flood {
    /// Takes a refusal in, and gives it back if it is the first of its sort.
    pub(super) fn take(&mut self, entry: Entry, proven: bool) -> Option<Entry> {
        let sort = Sort { kind: entry.kind, tenant: entry.tenant, who: Some(who(&entry, proven)) };
        if let Some(known) = self.sorts.get_mut(&sort) {
            known.count += 1;
            known.last = entry;
            return None;
        }
        if self.has_room(entry.tenant, proven) {
            *self.tenants.entry(entry.tenant).or_default() += 1;
            self.unproven += usize::from(!proven);
            let counted = Counted { count: 0, last: entry.clone(), since: entry.at };
            self.sorts.insert(sort, counted);
            return Some(entry);
        }
        let all = Sort { who: None, ..sort };
        // Anybody may name tenants; one that has had no room at all is not counted apart.
        let is_counted = self.sorts.len() < MOST && self.tenants.contains_key(&entry.tenant);
        if let Some(known) = self.sorts.get_mut(&all) {
            known.count += 1;
            known.last.at = entry.at;
        } else if is_counted {
            let counted = Counted { count: 1, since: entry.at, last: of_anybody(entry) };
            self.sorts.insert(all, counted);
        } else {
            metrics::trail_dropped("flood", 1);
        }
        None
    }

    /// The counts of the minute, which is over.
    pub(super) fn close(&mut self) -> Vec<Entry> {
        let Self { sorts, .. } = std::mem::take(self);
        let counted = sorts.into_values().filter(|counted| counted.count > 0);
        counted
            .map(|Counted { count, last, since }| {
                let (until, id) = (Some(last.at), Uuid::now_v7());
                Entry { id, at: since, until, count, ..last }
            })
            .collect()
    }

    fn has_room(&self, tenant: TenantId, proven: bool) -> bool {
        let of_tenant = self.tenants.get(&tenant).copied().unwrap_or_default();
        let room = if proven {
            self.sorts.len().saturating_sub(self.unproven) < PROVEN
        } else {
            self.unproven < UNPROVEN
        };
        of_tenant < OF_A_TENANT && room
    }
}

/// What is left of a refusal that is counted among others of its tenant, whoever they are of.
fn of_anybody(entry: Entry) -> Entry {
    let nobody = Entry { actor: None, key: None, address: None, agent: None, ..entry };
    Entry { code: None, method: None, route: None, permission: None, record: None, ..nobody }
}

fn who(entry: &Entry, proven: bool) -> Who {
    Who {
        actor: entry.actor.clone(),
        key: entry.key,
        address: entry.address.filter(|_| !proven),
        route: entry.route.clone(),
        code: entry.code.as_ref().map(ToString::to_string),
    }
}
