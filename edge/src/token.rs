//! Access tokens: JSON Web Tokens signed with Ed25519 (RFC 7519, RFC 8037, RFC 9068).

use std::ops::Range;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use domain::CustomRoleId;
use ed25519_dalek::pkcs8::DecodePublicKey;
use ed25519_dalek::{Signature, VerifyingKey};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use uuid::Uuid;

use crate::bearer::{Bearer, SignIn};
use crate::jwks::{Jwk, Jwks};
use crate::revocation::REMEMBERED;
use crate::verified::VerifiedTokens;
use crate::{Identity, Role, TenantId, csrf};

/// How long a token may be valid that is no user's: nothing ends it before.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Bytes of the longest token that is looked at.
pub const MAX_TOKEN: usize = 8 * 1024;

/// Who issues tokens, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSettings {
    /// The `iss` that is written and asked for.
    pub issuer: String,
    /// The `aud` that is written and asked for.
    pub audience: String,
    /// Seconds by which the clock of the issuer may be ahead of this one; more than 5 count as 5. No token is valid for any
    /// longer by that.
    pub leeway: u64,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self { issuer: "crm".to_owned(), audience: "crm-api".to_owned(), leeway: 5 }
    }
}

/// The public keys that tokens are checked with. Several, so that keys can be changed without a gap.
#[derive(Clone, Debug)]
pub struct TokenKeys {
    keys: Vec<PublicKey>,
    validation: Validation,
    verified: VerifiedTokens,
}

/// One of the keys, with what it is called and how it is published.
#[derive(Clone, Debug)]
struct PublicKey {
    jwk: Jwk,
    key: DecodingKey,
    verifying: VerifyingKey,
}

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: String,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
    pub jti: Uuid,
    pub tenant: TenantId,
    pub roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignIn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
}

/// What is read of a token; `jsonwebtoken` itself checks `iss`, `aud`, `exp` and `nbf`.
#[derive(Deserialize)]
struct Said {
    sub: String,
    iat: i64,
    nbf: Number,
    exp: Number,
    tenant: TenantId,
    roles: Vec<String>,
    sign_in: Option<SignIn>,
    /// Others may write it as they like; only tokens of sessions are asked for it.
    auth_time: Option<Number>,
}

/// Why a token is refused. For logs: clients learn only whether it has expired.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// More than [`MAX_TOKEN`] bytes.
    #[error("too long")]
    TooLong,
    /// The header says something that this service does not do.
    #[error("header: {0}")]
    Header(&'static str),
    /// A claim is missing or impossible.
    #[error("claim {0}")]
    Claim(&'static str),
    /// Not a token, not signed by one of the keys, or not for this service.
    #[error("{0}")]
    Refused(jsonwebtoken::errors::Error),
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The operating system has no random numbers.
    #[error("the operating system has no random numbers")]
    NoRandomNumbers,
    /// Not an Ed25519 private key in PKCS#8 PEM.
    #[error("not an Ed25519 private key in PKCS#8 PEM")]
    NotAPrivateKey,
    /// Not an Ed25519 public key in SPKI PEM.
    #[error("not an Ed25519 public key in SPKI PEM")]
    NotAPublicKey,
    /// Signing failed.
    #[error("signing failed")]
    Signing(#[source] jsonwebtoken::errors::Error),
}

impl TokenKeys {
    /// Reads one or more SPKI public keys from PEM text.
    ///
    /// # Errors
    /// There is none, or one is not an Ed25519 public key.
    pub fn from_pem(pem: &str, settings: &TokenSettings) -> Result<Self, KeyError> {
        let keys = blocks(pem)
            .map(|block| {
                let key = VerifyingKey::from_public_key_pem(block).map_err(|_| KeyError::NotAPublicKey)?;
                // Of the few weak keys, anybody can sign for anything.
                if key.is_weak() {
                    Err(KeyError::NotAPublicKey)
                } else {
                    let (jwk, decoding) = (Jwk::of(&key), DecodingKey::from_ed_der(key.as_bytes()));
                    Ok(PublicKey { jwk, key: decoding, verifying: key })
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(KeyError::NotAPublicKey);
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = settings.leeway.min(5);
        validation.validate_nbf = true;
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        Ok(Self { keys, validation, verified: VerifiedTokens::new() })
    }

    /// The keys as they are published.
    pub fn jwks(&self) -> Jwks {
        Jwks { keys: self.keys.iter().map(|public| public.jwk.clone()).collect() }
    }

    /// Checks a token and says who bears it. Whether a session has ended since is not asked here.
    ///
    /// # Errors
    /// It is not valid here, or not now.
    pub fn verify(&self, token: &str) -> Result<Bearer, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let digest = VerifiedTokens::digest(token);
        if let Some(bearer) = self.verified.get(&digest, now()) {
            return Ok(bearer);
        }
        let said = self.decode(token)?;
        let times = said.times();
        let bearer = self.bearer(said)?;
        if let Some(times) = times {
            self.verified.keep(digest, bearer.clone(), times);
        }
        Ok(bearer)
    }

    /// Whose a token was that is over.
    pub(crate) fn whose(&self, token: &str) -> Option<(TenantId, String)> {
        let mut validation = self.validation.clone();
        validation.validate_exp = false;
        let decoded = |public: &PublicKey| decode::<Said>(token, &public.key, &validation).ok();
        let said = self.keys.iter().find_map(decoded)?.claims;
        is_subject(&said.sub).then_some((said.tenant, said.sub))
    }

    /// Whether `token` is what [`crate::SigningKey::csrf_token`] says of a session.
    pub(crate) fn signed_csrf(&self, tenant: TenantId, session: Uuid, token: &str) -> bool {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        let Some(signature) = bytes.map(|bytes| Signature::from_bytes(&bytes)) else { return false };
        let signed = csrf::signed(tenant, session);
        self.keys.iter().any(|public| public.verifying.verify_strict(signed.as_bytes(), &signature).is_ok())
    }

    /// Checks everything but what is read of the token.
    fn decode(&self, token: &str) -> Result<Said, TokenError> {
        let kid = check_header(token)?;
        let mut refused = TokenError::Header("kid");
        // Issuers may call their keys what they like; a name that is known here saves the others.
        let named = self.keys.iter().find(|public| kid.as_ref() == Some(&public.jwk.kid));
        for public in named.map_or(self.keys.as_slice(), std::slice::from_ref) {
            match decode::<Said>(token, &public.key, &self.validation) {
                Ok(token) => return Ok(token.claims),
                Err(error) if *error.kind() == ErrorKind::ExpiredSignature => {
                    return Err(TokenError::Expired);
                }
                Err(error) => refused = TokenError::Refused(error),
            }
        }
        Err(refused)
    }

    fn bearer(&self, said: Said) -> Result<Bearer, TokenError> {
        // Leeway is for clocks that are ahead, not for tokens that are over.
        if said.exp.as_f64().is_none_or(|expires| expires <= now_exact()) {
            return Err(TokenError::Expired);
        }
        let leeway = i64::try_from(self.validation.leeway).unwrap_or(0);
        if said.iat > now().saturating_add(leeway) {
            return Err(TokenError::Claim("iat"));
        }
        if !is_subject(&said.sub) {
            return Err(TokenError::Claim("sub"));
        }
        let mut roles: Vec<Role> = said.roles.iter().filter_map(|name| Role::of_name(name)).collect();
        roles.sort_unstable();
        roles.dedup();
        // For longer, nobody would remember that the user was shut out.
        let longest = if Uuid::try_parse(&said.sub).is_ok() { REMEMBERED } else { LONGEST };
        if said.exp.as_f64().unwrap_or(f64::INFINITY) - said.iat as f64 > longest.as_secs_f64() {
            return Err(TokenError::Claim("exp"));
        }
        // Roles that the tenant has defined are named by their ids.
        let custom_roles = said.roles.iter().filter_map(|name| CustomRoleId::parse(name).ok()).collect();
        let identity = Identity::new(said.sub, said.tenant, roles).with_custom_roles(custom_roles);
        let auth_time = said.auth_time.and_then(|time| time.as_i64());
        Ok(Bearer::new(identity, said.iat, said.sign_in).authenticated(auth_time))
    }
}

/// Whether it can be a subject. It goes into the metadata of events, which cannot hold NUL.
fn is_subject(text: &str) -> bool {
    (1..=255).contains(&text.len()) && !text.chars().any(char::is_control)
}

impl Said {
    /// The times in which it is valid whatever the leeway, if they are whole numbers.
    fn times(&self) -> Option<Range<i64>> {
        Some(self.nbf.as_i64()?.max(self.iat)..self.exp.as_i64()?)
    }
}

/// Refuses kinds of tokens that are not access tokens, and demands (`crit`) that are not understood here. Returns the name of
/// the key, if it is told. Keys that the header brings along (`jwk`, `jku`, `x5u`) are not looked at.
fn check_header(token: &str) -> Result<Option<String>, TokenError> {
    let header = decode_header(token).map_err(TokenError::Refused)?;
    if header.alg != Algorithm::EdDSA {
        return Err(TokenError::Header("alg"));
    }
    if header.crit.is_some() {
        return Err(TokenError::Header("crit"));
    }
    match header.typ.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("at+jwt" | "application/at+jwt") => {}
        None | Some(_) => return Err(TokenError::Header("typ")),
    }
    match header.kid {
        Some(kid) if !is_name(&kid) => Err(TokenError::Header("kid")),
        kid => Ok(kid),
    }
}

/// Whether a key may be called so: no path, no query, nothing that anybody could take for more than a name.
fn is_name(kid: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'=' | b'.');
    (1..=128).contains(&kid.len()) && kid.bytes().all(plain) && !kid.contains("..")
}

/// The PEM blocks of a text.
fn blocks(pem: &str) -> impl Iterator<Item = &str> {
    const END: &str = "-----END PUBLIC KEY-----";
    pem.split_inclusive(END).map(str::trim).filter(|block| !block.is_empty())
}

/// The same, with the fraction.
fn now_exact() -> f64 {
    Utc::now().timestamp_micros() as f64 / 1e6
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    Utc::now().timestamp()
}
