use super::fixtures::{city, country, registered, relocated, renamed, seller, tax_ids_changed, vat};
use super::{LegalEntity, LegalEntityAction, LegalEntityError, LegalEntityEvent};
use crate::fixtures::text;
use crate::testing::{given, on};
use crate::{Rule, RuleKind};

fn decide(
    events: impl IntoIterator<Item = LegalEntityEvent>,
    action: LegalEntityAction,
) -> Result<Vec<LegalEntityEvent>, LegalEntityError> {
    given::<LegalEntity>(events).decide(on(10, action))
}

fn register() -> LegalEntityAction {
    LegalEntityAction::Register(Box::new(seller()))
}

fn rename(name: &str) -> LegalEntityAction {
    LegalEntityAction::Rename { name: text(name) }
}

fn move_to_vienna() -> LegalEntityAction {
    LegalEntityAction::Relocate { address: city("Wien"), country: country("AT") }
}

fn change_tax_ids() -> LegalEntityAction {
    LegalEntityAction::ChangeTaxIds { tax_ids: vec![vat("ATU12345678")] }
}

#[test]
fn a_legal_entity_is_registered_once() {
    assert_eq!(decide([], register()), Ok(vec![registered()]));
    assert_eq!(decide([registered()], register()), Err(LegalEntityError::AlreadyExists));
}

#[test]
fn nothing_can_be_done_with_a_legal_entity_that_was_never_registered() {
    for action in [rename("Other"), move_to_vienna(), change_tax_ids()] {
        assert_eq!(decide([], action), Err(LegalEntityError::NotFound));
    }
    assert_eq!(LegalEntityError::NotFound.kind(), RuleKind::NotFound);
}

#[test]
fn what_invoices_show_of_it_can_change() {
    for (action, event) in [
        (rename("Example Engines SE"), renamed()),
        (move_to_vienna(), relocated()),
        (change_tax_ids(), tax_ids_changed()),
    ] {
        assert_eq!(decide([registered()], action.clone()), Ok(vec![event.clone()]));
        assert_eq!(decide([registered(), event], action), Ok(vec![]), "asked again, nothing changes");
    }
}

#[test]
fn it_has_a_handful_of_tax_ids_at_most() {
    let tax_ids = vec![vat("DE1"); 6];
    let error = decide([registered()], LegalEntityAction::ChangeTaxIds { tax_ids }).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("legal_entity.too_many_tax_ids", RuleKind::Invalid));
}

#[test]
fn the_future_is_refused() {
    let later = given::<LegalEntity>([registered()]).decide(on(31, rename("Other")));
    assert_eq!(later, Err(LegalEntityError::OccurredInFuture));
}
