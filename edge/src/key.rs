//! The key that signs tokens.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::bearer::SignIn;
use crate::jwks::Jwk;
use crate::token::{Claims, KeyError, TokenSettings, now};
use crate::{Identity, TenantId, csrf};

/// An Ed25519 private key. Printing it shows nothing.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A new key from the random numbers of the operating system.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        OsRng.try_fill_bytes(&mut seed).map_err(|_| KeyError::NoRandomNumbers)?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// Reads a PKCS#8 private key from PEM text, as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// The text is no such key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|_| KeyError::NotAPrivateKey)
    }

    /// The key as PKCS#8 PEM text. Keep it secret.
    ///
    /// # Errors
    /// It cannot be written; which cannot be provoked.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::NotAPrivateKey)?;
        Ok(pem.to_string())
    }

    /// The public half as SPKI PEM text, for [`crate::TokenKeys::from_pem`].
    ///
    /// # Errors
    /// It cannot be written; which cannot be provoked.
    pub fn public_pem(&self) -> Result<String, KeyError> {
        self.0.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|_| KeyError::NotAPublicKey)
    }

    /// What the key is called in the header of tokens.
    pub fn kid(&self) -> String {
        Jwk::of(&self.0.verifying_key()).kid
    }

    /// Signs a token for `identity` that is valid from now on for `ttl`.
    ///
    /// # Errors
    /// The key cannot sign; which cannot be provoked.
    pub fn mint(
        &self,
        settings: &TokenSettings,
        identity: &Identity,
        ttl: Duration,
    ) -> Result<String, KeyError> {
        self.sign(
            settings,
            identity,
            Issue { at: now(), ttl, jti: Uuid::now_v7(), sign_in: None, auth_time: None },
        )
    }

    /// Signs a token. The same issue for the same identity is the same token, byte for byte.
    ///
    /// # Errors
    /// The key cannot sign; which cannot be provoked.
    pub fn sign(
        &self,
        settings: &TokenSettings,
        identity: &Identity,
        issue: Issue,
    ) -> Result<String, KeyError> {
        let claims = Claims {
            iss: settings.issuer.clone(),
            aud: settings.audience.clone(),
            sub: identity.subject.clone(),
            iat: issue.at,
            nbf: issue.at,
            exp: issue.at.saturating_add(i64::try_from(issue.ttl.as_secs()).unwrap_or(i64::MAX)),
            jti: issue.jti,
            tenant: identity.tenant,
            roles: role_names(identity),
            sign_in: issue.sign_in,
            auth_time: issue.auth_time,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.kid());
        let der = self.0.to_pkcs8_der().map_err(|_| KeyError::NotAPrivateKey)?;
        let key = EncodingKey::from_ed_der(der.as_bytes());
        jsonwebtoken::encode(&header, &claims, &key).map_err(KeyError::Signing)
    }

    /// A secret for another purpose, the same for all who have this key: nobody who sees one comes to the key or to another. Like
    /// what is signed for a page, what is signed for it has a space in it, so that it is no token.
    pub fn secret_for(&self, purpose: &str) -> [u8; 32] {
        Sha256::digest(self.0.sign(format!("crm secret {purpose}").as_bytes()).to_bytes()).into()
    }

    /// What a page sends as `X-CSRF-Token` to act for whoever is signed in by this session.
    pub fn csrf_token(&self, tenant: TenantId, session: Uuid) -> String {
        let signature = self.0.sign(csrf::signed(tenant, session).as_bytes());
        URL_SAFE_NO_PAD.encode(signature.to_bytes())
    }
}

/// How a token names the roles of its bearer: by their names, or by their ids if the tenant has defined them.
fn role_names(identity: &Identity) -> Vec<String> {
    let known = identity.roles.iter().map(|role| role.name().to_owned());
    known.chain(identity.custom_roles.iter().map(ToString::to_string)).collect()
}

/// When a token is issued, for how long, and to which session.
#[derive(Clone, Copy, Debug)]
pub struct Issue {
    /// Seconds since 1970.
    pub at: i64,
    /// How long it is valid.
    pub ttl: Duration,
    /// Its own id.
    pub jti: Uuid,
    /// The session that it belongs to, unless it stands for itself.
    pub sign_in: Option<SignIn>,
    /// When the user showed once more who they are, in seconds since 1970, if this token was given for that (RFC 9470).
    pub auth_time: Option<i64>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_same_for_all_who_have_the_key_and_another_for_each_purpose() {
        let key = SigningKey::generate().unwrap();
        let same = SigningKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!(key.secret_for("limits"), same.secret_for("limits"));
        assert_ne!(key.secret_for("limits"), key.secret_for("other"));
        assert_ne!(key.secret_for("limits"), SigningKey::generate().unwrap().secret_for("limits"));
    }
}
