use super::fixtures::{configured, removed, settings};
use super::{
    MAX_DOMAINS, MAX_VALUES, MailDomain, Provider, ProviderAction, ProviderError, ProviderEvent, Settings,
    provider_id,
};
use crate::fixtures::{at, id, text};
use crate::identity::Role;
use crate::testing::{given, on};
use crate::{Command, TenantId};

fn decide(
    events: impl IntoIterator<Item = ProviderEvent>,
    action: ProviderAction,
) -> Result<Vec<ProviderEvent>, ProviderError> {
    given::<Provider>(events).decide(on(10, action))
}

fn configure(settings: Settings) -> ProviderAction {
    ProviderAction::Configure { settings }
}

#[test]
fn a_provider_is_configured_changed_and_removed_and_the_same_terms_are_no_event() {
    assert_eq!(decide([], configure(settings())), Ok(vec![configured()]));
    assert_eq!(decide([configured()], configure(settings())), Ok(vec![]));
    let other = Settings { passwords: false, ..settings() };
    assert_eq!(decide([configured()], configure(other.clone())), Ok(vec![ProviderEvent::Configured(other)]));
    assert_eq!(decide([configured()], ProviderAction::Remove), Ok(vec![removed()]));
    assert_eq!(decide([configured(), removed()], configure(settings())), Ok(vec![configured()]));
}

#[test]
fn a_provider_that_is_not_there_cannot_be_removed() {
    assert_eq!(decide([], ProviderAction::Remove), Err(ProviderError::NotFound));
    assert_eq!(decide([configured(), removed()], ProviderAction::Remove), Err(ProviderError::NotFound));
}

#[test]
fn newcomers_are_of_domains_that_are_named_and_never_admins() {
    let of_any = Settings { domains: [].into(), ..settings() };
    assert_eq!(decide([], configure(of_any.clone())), Err(ProviderError::NewcomersOfAnyDomain));
    assert!(decide([], configure(Settings { newcomers: None, ..of_any })).is_ok());
    let admins = Settings { newcomers: Some(Role::Admin), ..settings() };
    assert_eq!(decide([], configure(admins)), Err(ProviderError::NewcomersAsAdmins));
}

#[test]
fn a_list_of_domains_has_an_end() {
    let of = |count: usize| Settings {
        domains: (0..count).map(|at| MailDomain::parse(&format!("d{at}.example")).unwrap()).collect(),
        ..settings()
    };
    assert!(decide([], configure(of(MAX_DOMAINS))).is_ok());
    assert_eq!(decide([], configure(of(MAX_DOMAINS + 1))), Err(ProviderError::TooManyDomains));
}

#[test]
fn passwords_let_in_unless_a_provider_is_there_that_alone_does() {
    let takes = |events: &[ProviderEvent]| given::<Provider>(events.iter().cloned()).check_password();
    let alone = ProviderEvent::Configured(Settings { passwords: false, ..settings() });
    assert_eq!((takes(&[]), takes(&[configured()])), (Ok(()), Ok(())));
    assert_eq!(takes(std::slice::from_ref(&alone)), Err(ProviderError::PasswordsOff));
    assert_eq!(takes(&[alone, removed()]), Ok(()));
}

#[test]
fn a_second_factor_of_the_provider_counts_if_it_is_told_as_was_agreed() {
    let of = |values: &[&str]| Settings {
        second_factor_values: values.iter().map(|value| text(value)).collect(),
        ..settings()
    };
    let told = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert!(of(&["mfa", "gold"]).vouches_for(&told(&["pwd", "mfa"])));
    assert!(of(&["mfa", "gold"]).vouches_for(&told(&["gold"])));
    for (agreed, words) in [(&["mfa"][..], &["pwd", "MFA"][..]), (&["mfa"], &[]), (&[], &["mfa"])] {
        assert!(!of(agreed).vouches_for(&told(words)), "{agreed:?} {words:?}");
    }
    let provider = |values: &[&str]| given::<Provider>([ProviderEvent::Configured(of(values))]);
    assert!(provider(&["mfa"]).vouches_for_second_factors() && !provider(&[]).vouches_for_second_factors());
    assert!(!Provider::default().vouches_for_second_factors());
}

#[test]
fn a_list_of_values_has_an_end() {
    let of = |count: usize| Settings {
        second_factor_values: (0..count).map(|at| text(&at.to_string())).collect(),
        ..settings()
    };
    assert!(decide([], configure(of(MAX_VALUES))).is_ok());
    assert_eq!(decide([], configure(of(MAX_VALUES + 1))), Err(ProviderError::TooManyValues));
}

#[test]
fn nothing_happens_in_the_future_or_before_any_business() {
    let command = |day| Command { occurred_at: at(day, 9), now: at(10, 12), action: configure(settings()) };
    let provider = Provider::default();
    assert_eq!(provider.decide(command(11)), Err(ProviderError::OccurredInFuture));
    let early = Command { occurred_at: "1899-12-31T23:59:59Z".parse().unwrap(), ..command(10) };
    assert_eq!(provider.decide(early), Err(ProviderError::OccurredTooEarly));
}

#[test]
fn each_tenant_has_a_provider_of_its_own() {
    let tenant = |number| -> TenantId { id(number) };
    assert_eq!(provider_id(tenant(1)), provider_id(tenant(1)));
    assert_ne!(provider_id(tenant(1)), provider_id(tenant(2)));
}
