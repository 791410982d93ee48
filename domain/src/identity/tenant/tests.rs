use super::fixtures::{created, renamed};
use super::{Tenant, TenantAction, TenantError, TenantEvent};
use crate::Command;
use crate::fixtures::{at, text};
use crate::testing::{given, on};

fn decide(
    events: impl IntoIterator<Item = TenantEvent>,
    action: TenantAction,
) -> Result<Vec<TenantEvent>, TenantError> {
    given::<Tenant>(events).decide(on(10, action))
}

#[test]
fn a_tenant_begins_once() {
    let create = TenantAction::Create { name: text("Example Engines") };
    assert_eq!(decide([], create.clone()), Ok(vec![created()]));
    assert_eq!(decide([created()], create), Err(TenantError::AlreadyExists));
}

#[test]
fn a_tenant_is_called_something_else_if_it_has_begun_and_the_name_is_another() {
    let rename = TenantAction::Rename { name: text("Example Engines Ltd") };
    assert_eq!(decide([], rename.clone()), Err(TenantError::NotFound));
    assert_eq!(decide([created()], rename.clone()), Ok(vec![renamed()]));
    assert_eq!(decide([created(), renamed()], rename), Ok(vec![]));
    let name =
        |events: &[TenantEvent]| given::<Tenant>(events.iter().cloned()).name().map(ToString::to_string);
    assert_eq!(name(&[]), None);
    assert_eq!(name(&[created(), renamed()]).as_deref(), Some("Example Engines Ltd"));
}

#[test]
fn nothing_happens_in_the_future_or_before_any_business() {
    let command = |occurred_at| Command {
        occurred_at,
        now: at(10, 12),
        action: TenantAction::Create { name: text("Example Engines") },
    };
    let decide = |command| Tenant::default().decide(command);
    assert_eq!(decide(command(at(11, 9))), Err(TenantError::OccurredInFuture));
    let early = "1899-12-31T23:59:59Z".parse().unwrap();
    assert_eq!(decide(command(early)), Err(TenantError::OccurredTooEarly));
}
