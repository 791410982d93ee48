//! Tokens as an issuer with any clock signs them.

use std::ops::Range;

use chrono::Utc;
use edge::{Role, SigningKey, TokenSettings};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use uuid::Uuid;

/// Signs a token that may do everything in a tenant, and is good between these seconds from now.
///
/// # Errors
/// The key cannot sign.
pub fn sign(key: &SigningKey, tenant: Uuid, times: &Range<i64>) -> anyhow::Result<String> {
    let now = Utc::now().timestamp();
    let TokenSettings { issuer, audience, .. } = TokenSettings::default();
    let (begin, end) = (now + times.start, now + times.end);
    let claims = json!({
        "iss": issuer, "aud": audience, "sub": "drill", "iat": begin, "nbf": begin, "exp": end,
        "jti": Uuid::now_v7(), "tenant": tenant, "roles": [Role::Admin.name()],
    });
    let header = Header { typ: Some("at+jwt".to_owned()), ..Header::new(Algorithm::EdDSA) };
    let key = EncodingKey::from_ed_pem(key.to_pem()?.as_bytes())?;
    Ok(jsonwebtoken::encode(&header, &claims, &key)?)
}
