//! One example of each event of a provider.

use super::{IssuerUrl, MailDomain, ProviderEvent, Settings};
use crate::ClientSecretId;
use crate::fixtures::{id, text};
use crate::identity::Role;

/// The row of the secret of the examples.
pub const SECRET: ClientSecretId = id(91);

/// One of each.
pub fn all() -> Vec<ProviderEvent> {
    vec![configured(), removed()]
}

/// The provider of the examples.
///
/// # Panics
/// If it breaks the rules of [`IssuerUrl`].
pub fn issuer() -> IssuerUrl {
    IssuerUrl::parse("https://login.engines.example/realms/crm").expect("a valid issuer")
}

/// The terms of the examples.
///
/// # Panics
/// If they break the rules of [`MailDomain`].
pub fn settings() -> Settings {
    Settings {
        issuer: issuer(),
        client_id: text("crm"),
        secret: SECRET,
        domains: [MailDomain::parse("engines.example").expect("a valid domain")].into(),
        newcomers: Some(Role::Viewer),
        passwords: true,
        second_factor_values: [text("mfa")].into(),
    }
}

/// `provider.configured`
pub fn configured() -> ProviderEvent {
    ProviderEvent::Configured(settings())
}

/// `provider.removed`
pub fn removed() -> ProviderEvent {
    ProviderEvent::Removed {}
}
