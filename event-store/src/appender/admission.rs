//! Which commands may share a batch.

use std::collections::HashSet;

use uuid::Uuid;

use crate::append::{Append, Claim, Guard};

type Stream = (Uuid, &'static str, Uuid);

/// What the commands admitted so far write and rely on.
///
/// Guards are checked before the batch is written, so a command must not share a batch with one whose write
/// it relies on. Two that write the same stream, key or claim would fail the statement for all.
#[derive(Default)]
pub(super) struct Admission {
    written: HashSet<Stream>,
    relied_on: HashSet<Stream>,
    claimed: HashSet<(Uuid, Claim)>,
    claimed_scopes: HashSet<(Uuid, String)>,
    empty_scopes: HashSet<(Uuid, String)>,
    keys: HashSet<(Uuid, String)>,
}

impl Admission {
    /// Admits the command and remembers it, or refuses it for this batch.
    pub(super) fn admit(&mut self, append: &Append) -> bool {
        if self.clashes(append) {
            return false;
        }
        let tenant = append.tenant;
        self.written.extend(streams(append));
        for guard in &append.guards {
            match guard {
                Guard::Unmoved { aggregate_type, aggregate_id, .. } => {
                    self.relied_on.insert((tenant, aggregate_type, *aggregate_id));
                }
                Guard::Unclaimed { scope } => {
                    self.empty_scopes.insert((tenant, scope.clone()));
                }
            }
        }
        for claim in append.claims.iter().chain(&append.releases) {
            self.claimed.insert((tenant, claim.clone()));
            self.claimed_scopes.insert((tenant, claim.scope.clone()));
        }
        self.keys.extend(append.answers.iter().map(|kept| (tenant, kept.row.key.clone())));
        true
    }

    fn clashes(&self, append: &Append) -> bool {
        let tenant = append.tenant;
        streams(append).any(|stream| self.written.contains(&stream) || self.relied_on.contains(&stream))
            || append.guards.iter().any(|guard| match guard {
                Guard::Unmoved { aggregate_type, aggregate_id, .. } => {
                    self.written.contains(&(tenant, *aggregate_type, *aggregate_id))
                }
                Guard::Unclaimed { scope } => self.claimed_scopes.contains(&(tenant, scope.clone())),
            })
            || append.claims.iter().chain(&append.releases).any(|claim| {
                self.claimed.contains(&(tenant, claim.clone()))
                    || self.empty_scopes.contains(&(tenant, claim.scope.clone()))
            })
            || append.answers.iter().any(|kept| self.keys.contains(&(tenant, kept.row.key.clone())))
    }
}

fn streams(append: &Append) -> impl Iterator<Item = Stream> + '_ {
    append.events.iter().map(|event| (append.tenant, event.aggregate_type, event.aggregate_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::append::testing::{unmoved, writes};

    fn claim(scope: &str, value: &str) -> Claim {
        Claim { scope: scope.into(), value: value.into() }
    }

    #[test]
    fn different_streams_share_a_batch_and_the_same_stream_does_not() {
        let mut admission = Admission::default();
        assert!(admission.admit(&writes(1, 1)));
        assert!(admission.admit(&writes(2, 1)));
        assert!(!admission.admit(&writes(1, 2)));
    }

    #[test]
    fn one_command_may_write_several_events_of_a_stream() {
        let mut both = writes(1, 1);
        both.events.extend(writes(1, 2).events);
        assert!(Admission::default().admit(&both));
    }

    #[test]
    fn a_reader_of_a_stream_does_not_share_a_batch_with_its_writer_in_either_order() {
        let guarded = Append { guards: vec![unmoved(1)], ..writes(2, 1) };
        let mut writer_first = Admission::default();
        assert!(writer_first.admit(&writes(1, 2)));
        assert!(!writer_first.admit(&guarded));
        let mut reader_first = Admission::default();
        assert!(reader_first.admit(&guarded));
        assert!(!reader_first.admit(&writes(1, 2)));
    }

    #[test]
    fn a_claim_does_not_share_a_batch_with_a_guard_that_the_scope_is_empty() {
        let claims = Append { claims: vec![claim("stage.a", "deal")], ..writes(1, 1) };
        let guarded = Append { guards: vec![Guard::Unclaimed { scope: "stage.a".into() }], ..writes(2, 1) };
        let mut claim_first = Admission::default();
        assert!(claim_first.admit(&claims));
        assert!(!claim_first.admit(&guarded));
        let mut guard_first = Admission::default();
        assert!(guard_first.admit(&guarded));
        assert!(!guard_first.admit(&claims));
    }

    #[test]
    fn the_same_claim_of_two_tenants_does_not_clash() {
        let of = |tenant| Append {
            tenant: Uuid::from_u128(tenant),
            claims: vec![claim("number", "1")],
            ..Append::default()
        };
        let mut admission = Admission::default();
        assert!(admission.admit(&of(1)));
        assert!(admission.admit(&of(2)));
        assert!(!admission.admit(&of(1)));
    }
}
