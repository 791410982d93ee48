//! What a provider's answer is worth.

use chrono::{DateTime, Duration, Utc};
use openidconnect::core::{
    CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJwsSigningAlgorithm, CoreTokenResponse,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, Nonce, OAuth2TokenResponse as _,
    PkceCodeVerifier, SignatureVerificationError, TokenResponse as _,
};

use crate::known::{Known, Portal};
use crate::{Client, Proof, ProviderError, Providers};

/// Signatures that only the provider can make: none of those for which the portal's own secret would do, and none at all.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// How far the provider's clock may be ahead, and how old an id token may be.
const AHEAD: Duration = Duration::seconds(60);
const OLD: Duration = Duration::minutes(10);

/// What a browser brought back.
pub struct Answer<'a> {
    /// The code, which is good once.
    pub code: &'a str,
    /// Who the browser says it was sent by (RFC 9207).
    pub issuer: Option<&'a str>,
    /// What the answer is held against.
    pub proof: &'a Proof,
    /// If the user had to show anew who they are: not before when.
    pub anew_since: Option<DateTime<Utc>>,
}

/// Whom a provider names.
#[derive(Clone)]
pub struct Person {
    /// Who it is, for ever, there.
    pub subject: String,
    /// The address, if the provider has made sure that mail to it arrives there.
    pub email: Option<String>,
    /// What they are called.
    pub name: Option<String>,
    /// How they showed who they are, in the provider's words: the `acr`, and what is in `amr`.
    pub methods: Vec<String>,
}

impl Providers {
    /// Exchanges a code for whom the provider names.
    ///
    /// # Errors
    /// [`ProviderError`]
    pub async fn redeem(
        &self,
        client: &Client,
        answer: Answer<'_>,
        now: DateTime<Utc>,
    ) -> Result<Person, ProviderError> {
        let known = self.known(&client.issuer).await?;
        check_sender(&known, client, answer.issuer)?;
        let portal = known.portal(client)?;
        let request = portal.exchange_code(AuthorizationCode::new(answer.code.to_owned()));
        let request = request.map_err(|_| ProviderError::Unfit("it has no token endpoint"))?;
        let verifier = PkceCodeVerifier::new(answer.proof.verifier.clone());
        let tokens = request.set_pkce_verifier(verifier).request_async(&self.web).await?;
        let id_token = tokens.id_token().ok_or(ProviderError::Untrusted("there is no id token"))?;
        let claims = match verified(&portal, client, id_token, &tokens, &answer, now) {
            Err(Unverified::UnknownKey) => match self.with_new_keys(&client.issuer, &known).await? {
                Some(renewed) => verified(&renewed.portal(client)?, client, id_token, &tokens, &answer, now)?,
                None => return Err(Unverified::UnknownKey.into()),
            },
            claims => claims?,
        };
        let told = match claims.email() {
            Some(_) => None,
            None => self.user_info(&portal, &tokens, &claims).await?,
        };
        Ok(person(&claims, told.as_ref()))
    }

    /// What the provider tells of a user beside the id token.
    async fn user_info(
        &self,
        portal: &Portal,
        tokens: &CoreTokenResponse,
        claims: &CoreIdTokenClaims,
    ) -> Result<Option<CoreUserInfoClaims>, ProviderError> {
        let subject = claims.subject().clone();
        let Ok(request) = portal.user_info(tokens.access_token().clone(), Some(subject)) else {
            return Ok(None);
        };
        Ok(Some(request.request_async(&self.web).await?))
    }
}

/// Why an id token is none.
enum Unverified {
    /// It may be signed with a key that is newer than those that are known.
    UnknownKey,
    Untrusted(ProviderError),
}

impl From<ClaimsVerificationError> for Unverified {
    fn from(error: ClaimsVerificationError) -> Self {
        let unknown =
            ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey);
        if error == unknown { Self::UnknownKey } else { Self::Untrusted(error.into()) }
    }
}

impl From<Unverified> for ProviderError {
    fn from(error: Unverified) -> Self {
        match error {
            Unverified::UnknownKey => Self::Untrusted("the id token is not signed by the provider"),
            Unverified::Untrusted(error) => error,
        }
    }
}

impl From<ProviderError> for Unverified {
    fn from(error: ProviderError) -> Self {
        Self::Untrusted(error)
    }
}

/// A browser that was sent by another provider brings a code of that one.
fn check_sender(known: &Known, client: &Client, told: Option<&str>) -> Result<(), ProviderError> {
    let has_to_tell = known.metadata.additional_metadata().authorization_response_iss_parameter_supported;
    match told {
        Some(told) if told == client.issuer => Ok(()),
        None if !has_to_tell => Ok(()),
        Some(_) | None => Err(ProviderError::Untrusted("the browser was sent by another provider")),
    }
}

/// What an id token says, if all of it is right.
fn verified(
    portal: &Portal,
    client: &Client,
    token: &CoreIdToken,
    tokens: &CoreTokenResponse,
    answer: &Answer<'_>,
    now: DateTime<Utc>,
) -> Result<CoreIdTokenClaims, Unverified> {
    let verifier: CoreIdTokenVerifier<'_> = portal.id_token_verifier();
    let (since, not_before) = (answer.anew_since, now - OLD);
    let verifier = verifier
        .set_allowed_algs(SIGNATURES)
        .set_time_fn(move || now)
        .set_issue_time_verifier_fn(move |at| within(at, not_before, now + AHEAD))
        .set_auth_time_verifier_fn(move |at| match (since, at) {
            (None, _) => Ok(()),
            (Some(since), Some(at)) => within(at, since - AHEAD, now + AHEAD),
            (Some(_), None) => Err("no auth_time".to_owned()),
        });
    let claims = token.claims(&verifier, &Nonce::new(answer.proof.nonce.clone()))?;
    let is_for_another = claims.authorized_party().is_some_and(|party| party.as_str() != client.client_id);
    if is_for_another {
        return Err(ProviderError::Untrusted("the id token is for somebody else").into());
    }
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = token.signing_alg().map_err(ClaimsVerificationError::SignatureVerification)?;
        let key = token.signing_key(&verifier).map_err(ClaimsVerificationError::SignatureVerification)?;
        let is_right = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
            .is_ok_and(|actual| actual == *expected);
        if !is_right {
            return Err(ProviderError::Untrusted("the access token belongs to another id token").into());
        }
    }
    Ok(claims.clone())
}

fn within(at: DateTime<Utc>, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<(), String> {
    if at >= from && at <= to { Ok(()) } else { Err("too early or too late".to_owned()) }
}

fn person(claims: &CoreIdTokenClaims, told: Option<&CoreUserInfoClaims>) -> Person {
    let (email, is_verified) = match told {
        Some(told) => (told.email(), told.email_verified()),
        None => (claims.email(), claims.email_verified()),
    };
    let name = claims.name().or_else(|| told.and_then(CoreUserInfoClaims::name));
    let classes = claims.auth_context_ref().into_iter().map(|class| class.as_str().to_owned());
    let references = claims.auth_method_refs().into_iter().flatten().map(|method| method.as_str().to_owned());
    Person {
        subject: claims.subject().as_str().to_owned(),
        email: email.filter(|_| is_verified == Some(true)).map(|email| email.as_str().to_owned()),
        name: name.and_then(|name| name.get(None)).map(|name| name.as_str().to_owned()),
        methods: classes.chain(references).collect(),
    }
}
