use super::fixtures::{demanded, made_optional};
use super::{Policy, PolicyAction, PolicyError, PolicyEvent, policy_id};
use crate::fixtures::{at, id};
use crate::testing::{given, on};
use crate::{Command, TenantId};

const DEMAND: PolicyAction = PolicyAction::DemandSecondFactor;
const LEAVE: PolicyAction = PolicyAction::MakeSecondFactorOptional;

fn decide(
    events: impl IntoIterator<Item = PolicyEvent>,
    action: PolicyAction,
) -> Result<Vec<PolicyEvent>, PolicyError> {
    given::<Policy>(events).decide(on(10, action))
}

#[test]
fn a_second_factor_is_demanded_once_and_left_to_users_once() {
    assert_eq!(decide([], DEMAND), Ok(vec![demanded()]));
    assert_eq!(decide([], LEAVE), Ok(vec![]));
    assert_eq!(decide([demanded()], DEMAND), Ok(vec![]));
    assert_eq!(decide([demanded()], LEAVE), Ok(vec![made_optional()]));
    assert_eq!(decide([demanded(), made_optional()], DEMAND), Ok(vec![demanded()]));
}

#[test]
fn nothing_happens_in_the_future_or_before_any_business() {
    let command = |day| Command { occurred_at: at(day, 9), now: at(10, 12), action: DEMAND };
    let policy = Policy::default();
    assert_eq!(policy.decide(command(11)), Err(PolicyError::OccurredInFuture));
    let early = Command { occurred_at: "1899-12-31T23:59:59Z".parse().unwrap(), ..command(10) };
    assert_eq!(policy.decide(early), Err(PolicyError::OccurredTooEarly));
}

#[test]
fn each_tenant_has_a_policy_of_its_own() {
    let tenant = |number| -> TenantId { id(number) };
    assert_eq!(policy_id(tenant(1)), policy_id(tenant(1)));
    assert_ne!(policy_id(tenant(1)), policy_id(tenant(2)));
}
