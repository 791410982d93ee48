use super::fixtures::{
    contact_changed, currency, days, language, profile, registered, relocated, renamed, tax_ids_changed,
    terms_agreed,
};
use super::{Customer, CustomerAction, CustomerError, CustomerEvent};
use crate::billing::legal_entity::fixtures::{city, country, vat};
use crate::fixtures::{at, text};
use crate::testing::{given, on};
use crate::{Rule, RuleKind};

fn decide(
    events: impl IntoIterator<Item = CustomerEvent>,
    action: CustomerAction,
) -> Result<Vec<CustomerEvent>, CustomerError> {
    given::<Customer>(events).decide(on(10, action))
}

fn register() -> CustomerAction {
    CustomerAction::Register(Box::new(profile()))
}

/// Each change, with the event that it leads to.
fn changes() -> Vec<(CustomerAction, CustomerEvent)> {
    vec![
        (CustomerAction::Rename { name: text("Ada B. Example").into() }, renamed()),
        (CustomerAction::Relocate { address: city("London").into(), country: country("GB") }, relocated()),
        (CustomerAction::ChangeTaxIds { tax_ids: vec![vat("GB123456789")].into() }, tax_ids_changed()),
        (CustomerAction::AgreeTerms { currency: currency("GBP"), terms: days(14) }, terms_agreed()),
        (CustomerAction::ChangeContact { email: None, language: language("en-GB") }, contact_changed()),
    ]
}

#[test]
fn a_customer_is_registered_once() {
    assert_eq!(decide([], register()), Ok(vec![registered()]));
    assert_eq!(decide([registered()], register()), Err(CustomerError::AlreadyExists));
}

#[test]
fn each_change_is_a_fact_of_its_own_and_told_once() {
    for (action, event) in changes() {
        assert_eq!(decide([registered()], action.clone()), Ok(vec![event.clone()]));
        assert_eq!(decide([registered(), event], action.clone()), Ok(vec![]), "{action:?}");
        assert_eq!(decide([], action), Err(CustomerError::NotFound));
    }
}

#[test]
fn of_an_erased_customer_nothing_more_is_to_be_known() {
    let erased = decide([registered()], CustomerAction::Erase).unwrap();
    assert_eq!(erased, [CustomerEvent::Erased { at: at(10, 9) }]);
    let history: Vec<_> = [registered()].into_iter().chain(erased).collect();
    assert_eq!(decide(history.clone(), CustomerAction::Erase), Ok(vec![]));
    assert_eq!(decide(history.clone(), register()), Err(CustomerError::AlreadyExists));
    for (action, _) in changes() {
        assert_eq!(decide(history.clone(), action), Err(CustomerError::Erased));
    }
    assert_eq!(given::<Customer>(history).profile(), Err(CustomerError::Erased));
}

#[test]
fn they_have_a_handful_of_tax_ids_at_most() {
    let tax_ids = vec![vat("DE1"); 6].into();
    let error = decide([registered()], CustomerAction::ChangeTaxIds { tax_ids }).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("customer.too_many_tax_ids", RuleKind::Invalid));
}

#[test]
fn debug_output_shows_no_personal_data() {
    let shown = format!("{:?} {:?}", registered(), given::<Customer>([registered()]));
    for personal in ["Ada", "Engine Street", "engines.example", "FR123"] {
        assert!(!shown.contains(personal), "{shown}");
    }
}
