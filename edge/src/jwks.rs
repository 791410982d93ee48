//! The public keys as others read them: a JSON Web Key Set (RFC 7517, RFC 8037).

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::TokenKeys;

/// Where the keys are.
pub const PATH: &str = "/.well-known/jwks.json";

/// All keys that tokens may be signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// An Ed25519 public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// What tokens call it: its thumbprint (RFC 7638).
    pub kid: String,
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    x: String,
}

impl Jwk {
    pub(crate) fn of(key: &VerifyingKey) -> Self {
        let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
        // The required members in the order of their names, without white space.
        let digest = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        let kid = URL_SAFE_NO_PAD.encode(digest);
        Self { kid, kty: "OKP", crv: "Ed25519", alg: "EdDSA", purpose: "sig", x }
    }
}

/// The route of the keys, for whoever checks tokens elsewhere. Not in an envelope: RFC 7517 says what it looks like.
pub fn router(keys: &TokenKeys) -> Router {
    let keys = keys.jwks();
    let headers = [(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, "public, max-age=300")];
    Router::new().route(PATH, get(async move || (headers, Json(keys))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and the thumbprint of RFC 8037, appendix A.3.
    #[test]
    fn a_key_is_called_by_its_thumbprint() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let bytes = URL_SAFE_NO_PAD.decode(x).unwrap();
        let key = VerifyingKey::from_bytes(&bytes.try_into().unwrap()).unwrap();
        let published = serde_json::to_value(Jwk::of(&key)).unwrap();
        let kid = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        let expected = serde_json::json!({
            "kid": kid, "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": x,
        });
        assert_eq!(published, expected);
    }
}
