//! Tokens: what is minted is taken, and nothing else is.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use ed25519_dalek::Signer;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use edge::token::TokenError;
use edge::{Bearer, Identity, Role, SigningKey, TenantId, TokenKeys, TokenSettings};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

/// A key, and tokens written by hand, so that they can say anything.
pub(crate) struct Forge {
    pub(crate) key: SigningKey,
    pub(crate) keys: TokenKeys,
}

impl Forge {
    pub(crate) fn new() -> Self {
        let key = SigningKey::generate().unwrap();
        let keys = TokenKeys::from_pem(&key.public_pem().unwrap(), &TokenSettings::default()).unwrap();
        Self { key, keys }
    }

    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        let signer = ed25519_dalek::SigningKey::from_pkcs8_pem(&self.key.to_pem().unwrap()).unwrap();
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(signer.sign(message.as_bytes()).to_bytes());
        format!("{message}.{signature}")
    }

    fn check(&self, header: &Value, claims: &Value) -> Result<Identity, TokenError> {
        self.keys.verify(&self.sign(&header.to_string(), &claims.to_string())).map(Bearer::into_identity)
    }
}

pub(crate) fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "at+jwt"})
}

pub(crate) fn claims() -> Value {
    let now = Utc::now().timestamp();
    json!({
        "iss": "crm", "aud": "crm-api", "sub": "ada", "iat": now, "nbf": now, "exp": now + 60,
        "tenant": Uuid::nil(), "roles": ["sales_rep"],
    })
}

pub(crate) fn with(mut value: Value, key: &str, changed: Value) -> Value {
    value[key] = changed;
    value
}

pub(crate) fn without(mut value: Value, key: &str) -> Value {
    value.as_object_mut().unwrap().remove(key);
    value
}

fn ada() -> Identity {
    let tenant = TenantId::from_uuid(Uuid::now_v7());
    Identity::new("ada", tenant, vec![Role::Admin, Role::SalesRep])
}

#[test]
fn what_is_minted_is_taken() {
    let forge = Forge::new();
    let ada = ada();
    let token = forge.key.mint(&TokenSettings::default(), &ada, Duration::from_secs(60)).unwrap();
    assert_eq!(forge.keys.verify(&token).map(Bearer::into_identity), Ok(ada));
    assert_eq!(forge.check(&header(), &claims()).unwrap().roles, [Role::SalesRep]);
}

#[test]
fn keys_survive_their_text_and_never_print() {
    let key = SigningKey::generate().unwrap();
    let again = SigningKey::from_pem(&key.to_pem().unwrap()).unwrap();
    assert_eq!(again.public_pem().unwrap(), key.public_pem().unwrap());
    assert_eq!(format!("{key:?}"), "SigningKey(…)");
    // As `openssl genpkey -algorithm ed25519` writes it; the key of RFC 8410, section 10.3.
    let openssl = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let public = SigningKey::from_pem(openssl).unwrap().public_pem().unwrap();
    assert!(public.contains("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="), "{public}");
}

#[test]
fn what_is_no_key_is_refused() {
    let (private, public) = {
        let key = SigningKey::generate().unwrap();
        (key.to_pem().unwrap(), key.public_pem().unwrap())
    };
    let weak = ed25519_dalek::VerifyingKey::from_bytes(&[0; 32]).unwrap();
    let weak = ed25519_dalek::pkcs8::EncodePublicKey::to_public_key_pem(&weak, Default::default()).unwrap();
    for pem in ["", "key", &private, &weak, &format!("{public}\nrest"), &public[..40]] {
        assert!(TokenKeys::from_pem(pem, &TokenSettings::default()).is_err(), "{pem}");
    }
    for pem in ["", "key", &public] {
        assert!(SigningKey::from_pem(pem).is_err());
    }
}

#[test]
fn while_keys_change_both_are_taken() {
    let (old, new, stranger) = (Forge::new(), Forge::new(), Forge::new());
    let both = format!("{}{}", old.key.public_pem().unwrap(), new.key.public_pem().unwrap());
    let keys = TokenKeys::from_pem(&both, &TokenSettings::default()).unwrap();
    let token = |forge: &Forge| forge.sign(&header().to_string(), &claims().to_string());
    assert!(keys.verify(&token(&old)).is_ok());
    assert!(keys.verify(&token(&new)).is_ok());
    assert!(keys.verify(&token(&stranger)).is_err());
    let expired = with(claims(), "exp", json!(1));
    assert_eq!(keys.verify(&new.sign(&header().to_string(), &expired.to_string())), Err(TokenError::Expired));
}

#[test]
fn every_claim_is_needed_and_checked() {
    let forge = Forge::new();
    for claim in ["iss", "aud", "sub", "iat", "nbf", "exp", "tenant", "roles"] {
        assert!(forge.check(&header(), &without(claims(), claim)).is_err(), "without {claim}");
        assert!(forge.check(&header(), &with(claims(), claim, Value::Null)).is_err(), "{claim} null");
        assert!(forge.check(&header(), &with(claims(), claim, json!({}))).is_err(), "{claim} object");
    }
    let later = Utc::now().timestamp() + 3600;
    let bad = [
        ("iss", json!("other")),
        ("aud", json!("other-api")),
        ("aud", json!(["other-api"])),
        ("aud", json!([])),
        ("sub", json!("")),
        ("sub", json!("a\u{0}b")),
        ("sub", json!("a".repeat(256))),
        ("sub", json!(7)),
        ("iat", json!(later)),
        ("iat", json!("now")),
        ("iat", json!(1e300)),
        ("nbf", json!(later)),
        ("nbf", json!("1")),
        ("exp", json!("9999999999")),
        ("exp", json!(later + 7 * 24 * 3600)),
        ("exp", json!(-1)),
        ("tenant", json!("acme")),
        ("roles", json!("admin")),
        ("roles", json!([7])),
    ];
    for (claim, value) in bad {
        assert!(forge.check(&header(), &with(claims(), claim, value.clone())).is_err(), "{claim} {value}");
    }
}

#[test]
fn the_clock_of_an_issuer_may_be_5_seconds_ahead_and_no_token_is_valid_a_second_longer() {
    let forge = Forge::new();
    let now = Utc::now().timestamp();
    for over in [now, now - 1, now - 7] {
        assert_eq!(forge.check(&header(), &with(claims(), "exp", json!(over))), Err(TokenError::Expired));
    }
    assert!(forge.check(&header(), &with(claims(), "nbf", json!(now + 3))).is_ok());
    assert!(forge.check(&header(), &with(claims(), "nbf", json!(now + 15))).is_err());
    assert!(forge.check(&header(), &with(claims(), "iat", json!(now + 3))).is_ok());
    assert_eq!(
        forge.check(&header(), &with(claims(), "iat", json!(now + 15))),
        Err(TokenError::Claim("iat"))
    );
    // More than 5 seconds cannot be set.
    let settings = TokenSettings { leeway: 3600, ..TokenSettings::default() };
    let keys = TokenKeys::from_pem(&forge.key.public_pem().unwrap(), &settings).unwrap();
    let early = forge.sign(&header().to_string(), &with(claims(), "nbf", json!(now + 15)).to_string());
    assert!(keys.verify(&early).is_err());
}

#[test]
fn unknown_roles_and_claims_are_ignored() {
    let forge = Forge::new();
    let roles = json!(["wizard", "viewer", "Admin", "viewer", "sales_manager"]);
    let claims = with(with(claims(), "roles", roles), "email", json!("ada@example.com"));
    let identity = forge.check(&header(), &claims).unwrap();
    assert_eq!(identity.roles, [Role::SalesManager, Role::Viewer]);
    assert!(forge.check(&header(), &with(claims, "roles", json!([]))).unwrap().roles.is_empty());
}

#[test]
fn only_access_tokens_of_eddsa_are_taken() {
    let forge = Forge::new();
    assert!(forge.check(&json!({"alg": "EdDSA", "typ": "AT+JWT"}), &claims()).is_ok());
    assert!(
        forge.check(&json!({"alg": "EdDSA", "typ": "application/at+jwt", "kid": "1"}), &claims()).is_ok()
    );
    for header in [
        json!({"alg": "EdDSA"}),
        json!({"alg": "EdDSA", "typ": "JWT"}),
        json!({"alg": "EdDSA", "crit": ["exp"], "exp": 1}),
        json!({"alg": "EdDSA", "crit": []}),
        json!({"alg": "none"}),
        json!({"alg": "None"}),
        json!({"alg": "ES256"}),
        json!({"alg": ["EdDSA"]}),
        json!({"typ": "at+jwt"}),
        json!([]),
    ] {
        assert!(forge.check(&header, &claims()).is_err(), "{header}");
    }
    let twice = forge.sign(r#"{"alg":"none","alg":"EdDSA","typ":"at+jwt"}"#, &claims().to_string());
    assert!(forge.keys.verify(&twice).is_err());
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let forge = Forge::new();
    let pem = forge.key.public_pem().unwrap();
    let der = {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        base64::engine::general_purpose::STANDARD.decode(body).unwrap()
    };
    for secret in [pem.as_bytes(), pem.trim().as_bytes(), &der, &der[12..]] {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = None;
        let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(secret)).unwrap();
        assert_eq!(forge.keys.verify(&token), Err(TokenError::Header("alg")));
    }
}

#[test]
fn a_changed_token_is_refused() {
    let forge = Forge::new();
    let token = forge.sign(&header().to_string(), &claims().to_string());
    let parts: Vec<&str> = token.split('.').collect();
    let [header, body, signature] = parts.as_slice() else { panic!() };
    let other = URL_SAFE_NO_PAD.encode(with(claims(), "roles", json!(["admin"])).to_string());
    for bad in [
        format!("{header}.{body}."),
        format!("{header}.{body}"),
        format!("{header}.{other}.{signature}"),
        format!("{header}.{body}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        format!("{header}.{body}.{signature}="),
        format!("{header}.{body}.{signature}AAAA"),
        format!("{token}.{signature}"),
        format!(" {token}"),
        format!("{token}\n"),
        String::new(),
        "..".to_owned(),
        "é.é.é".to_owned(),
        "a".repeat(9000),
    ] {
        assert!(forge.keys.verify(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_token_of_more_than_8_kib_is_not_even_looked_at() {
    let forge = Forge::new();
    let long = with(claims(), "note", json!("a".repeat(8000)));
    assert_eq!(forge.check(&header(), &long), Err(TokenError::TooLong));
}

#[test]
fn a_token_that_was_taken_before_is_not_taken_by_other_keys_or_when_changed() {
    let (forge, other) = (Forge::new(), Forge::new());
    let token = forge.sign(&header().to_string(), &claims().to_string());
    for _ in 0..3 {
        assert!(forge.keys.verify(&token).is_ok());
        assert!(forge.keys.clone().verify(&token).is_ok());
        assert!(other.keys.verify(&token).is_err());
    }
    for at in 0..token.len() - 1 {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(forge.keys.verify(std::str::from_utf8(&changed).unwrap()).is_err(), "letter {at}");
    }
}

#[test]
fn a_token_that_was_taken_before_expires_all_the_same() {
    let forge = Forge::new();
    let settings = TokenSettings { leeway: 0, ..TokenSettings::default() };
    let keys = TokenKeys::from_pem(&forge.key.public_pem().unwrap(), &settings).unwrap();
    let expires = Utc::now().timestamp() + 2;
    let token = forge.sign(&header().to_string(), &with(claims(), "exp", json!(expires)).to_string());
    assert!(keys.verify(&token).is_ok());
    assert!(keys.verify(&token).is_ok());
    while Utc::now().timestamp() <= expires {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(keys.verify(&token), Err(TokenError::Expired));
}
