//! Sign-ins by a provider that are under way: random bits that go to the provider and back, and others that stay in the browser.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::TenantId;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::secret::{Digest, NoRandomNumbers, TenantSecret, random};

/// What a state begins with, so that whoever finds one lying about knows what it is.
const PREFIX: &str = "crm_state_";

/// What goes to the provider and back: the tenant, and 256 random bits. Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInState(TenantSecret);

/// What the browser keeps meanwhile: 256 random bits. Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserSecret([u8; 32]);

impl SignInState {
    /// A new one.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn fresh(tenant: TenantId) -> Result<Self, NoRandomNumbers> {
        TenantSecret::fresh(tenant).map(Self)
    }

    /// Reads what a client sent; nothing if it is no state.
    pub fn parse(text: &str) -> Option<Self> {
        TenantSecret::parse(PREFIX, text).map(Self)
    }

    /// What is sent to the provider.
    pub fn reveal(&self) -> String {
        self.0.reveal(PREFIX)
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.0.tenant
    }

    /// By what the sign-in is found.
    pub fn digest(&self) -> Digest {
        self.0.digest()
    }
}

impl BrowserSecret {
    /// A new one.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn fresh() -> Result<Self, NoRandomNumbers> {
        random().map(Self)
    }

    /// Reads what a browser sent; nothing if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    /// What the browser keeps.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// By what it is known again.
    pub fn digest(&self) -> Digest {
        Sha256::digest(self.0).into()
    }

    /// What the provider's answer has to repeat: nobody makes it who has not both secrets.
    pub fn nonce(&self, state: &SignInState) -> String {
        self.made("nonce", state)
    }

    /// What the provider's code is worth nothing without: the same.
    pub fn verifier(&self, state: &SignInState) -> String {
        self.made("verifier", state)
    }

    fn made(&self, what: &str, state: &SignInState) -> String {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(&self.0).expect("a key of any length goes");
        mac.update(what.as_bytes());
        mac.update(state.0.tenant.as_uuid().as_bytes());
        mac.update(&state.0.bytes);
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

impl fmt::Debug for SignInState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInState(…)")
    }
}
impl fmt::Debug for BrowserSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserSecret(…)")
    }
}

/// By what a provider's person is found. Neither part of it can hold a line break as providers are named.
pub fn subject_digest(issuer: &str, subject: &str) -> Digest {
    let mut digest = Sha256::new();
    digest.update(issuer);
    digest.update("\n");
    digest.update(subject);
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn state() -> SignInState {
        SignInState::fresh(TenantId::from_uuid(Uuid::from_u128(7))).unwrap()
    }

    #[test]
    fn both_are_read_as_they_were_written_and_print_nothing() {
        let (state, browser) = (state(), BrowserSecret::fresh().unwrap());
        assert_eq!(SignInState::parse(&state.reveal()), Some(state.clone()));
        assert_eq!(BrowserSecret::parse(&browser.reveal()), Some(browser.clone()));
        assert_eq!(format!("{state:?} {browser:?}"), "SignInState(…) BrowserSecret(…)");
        for bad in ["", "x", &state.reveal(), &browser.reveal()[1..]] {
            assert_eq!(BrowserSecret::parse(bad), None, "{bad}");
        }
        assert_eq!(SignInState::parse(&browser.reveal()), None);
    }

    #[test]
    fn what_an_answer_is_held_against_follows_from_both_secrets_and_is_another_for_each_use() {
        let (one, other) = (state(), state());
        let (mine, yours) = (BrowserSecret::fresh().unwrap(), BrowserSecret::fresh().unwrap());
        assert_eq!(mine.verifier(&one), mine.verifier(&one));
        assert_ne!(mine.verifier(&one), mine.nonce(&one));
        assert_ne!(mine.verifier(&one), mine.verifier(&other));
        assert_ne!(mine.verifier(&one), yours.verifier(&one));
        // As long as RFC 7636 asks for.
        assert_eq!(mine.verifier(&one).len(), 43);
    }

    #[test]
    fn a_person_of_one_provider_is_none_of_another() {
        assert_ne!(subject_digest("https://a.example", "1"), subject_digest("https://b.example", "1"));
        assert_ne!(subject_digest("https://a.example", "1"), subject_digest("https://a.example", "2"));
    }
}
