//! Where a browser goes to be asked who it is.

use std::time::Duration;

use openidconnect::core::{CoreAuthPrompt, CoreResponseType};
use openidconnect::{AuthenticationFlow, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, Scope};

use crate::{Client, ProviderError, Providers};

/// What an answer is held against: it goes with the question in a way that shows it to nobody.
#[derive(Clone)]
pub struct Proof {
    /// What the id token has to repeat.
    pub nonce: String,
    /// What the code is worth nothing without (RFC 7636).
    pub verifier: String,
}

/// A question to a provider.
pub struct Asked<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// What the provider sends back with its answer.
    pub state: String,
    /// What its answer is held against.
    pub proof: &'a Proof,
    /// Whether the user has to show anew who they are.
    pub anew: bool,
}

impl Providers {
    /// Where a browser goes with a question.
    ///
    /// # Errors
    /// [`ProviderError::Unreachable`] or [`ProviderError::Unfit`].
    pub async fn url(&self, asked: Asked<'_>) -> Result<String, ProviderError> {
        let known = self.known(&asked.client.issuer).await?;
        let portal = known.portal(asked.client)?;
        let verifier = PkceCodeVerifier::new(asked.proof.verifier.clone());
        let (state, nonce) = (asked.state, asked.proof.nonce.clone());
        let question = portal
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(["email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        let question = if asked.anew {
            question.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO)
        } else {
            question
        };
        Ok(question.url().0.into())
    }
}
