//! What is no good token, one by one, over HTTP: each is answered 401, and no reason is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::routing::get as at;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use chrono::Utc;
use edge::{Answer, Identity, finish, ok};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::get_with;
use crate::token::{Forge, claims, header, with, without};

type Bad = (String, String);

/// How many of them end before now, and are good otherwise.
const EXPIRED: usize = 2;

/// Tokens that say something wrong and are signed by the right key.
fn said(forge: &Forge) -> Vec<Bad> {
    let now = Utc::now().timestamp();
    let headers = [
        json!({"alg": "EdDSA", "typ": "JWT"}),
        json!({"alg": "EdDSA", "typ": "rt+jwt"}),
        json!({"alg": "EdDSA", "typ": "dpop+jwt"}),
        json!({"alg": "EdDSA", "typ": 1}),
        json!({"alg": "none", "typ": "at+jwt"}),
        json!({"alg": "NONE", "typ": "at+jwt"}),
        json!({"alg": "", "typ": "at+jwt"}),
        json!({"alg": "eddsa", "typ": "at+jwt"}),
        json!({"alg": "ES256", "typ": "at+jwt"}),
        json!({"alg": "RS256", "typ": "at+jwt"}),
        json!({"alg": null, "typ": "at+jwt"}),
        json!({"alg": ["EdDSA"], "typ": "at+jwt"}),
        json!({"typ": "at+jwt"}),
        json!({"alg": "EdDSA", "crit": ["exp"], "exp": 1}),
        json!({"alg": "EdDSA", "crit": []}),
        json!({"alg": "EdDSA", "kid": "../../../../dev/null"}),
        json!({"alg": "EdDSA", "kid": "/etc/passwd"}),
        json!({"alg": "EdDSA", "kid": "' or 1=1 --"}),
        json!({"alg": "EdDSA", "kid": "a".repeat(129)}),
        json!({"alg": "EdDSA", "kid": ""}),
        json!({"alg": "EdDSA", "kid": 1}),
        json!("EdDSA"),
        json!(null),
    ];
    let bodies = [
        with(claims(), "iss", json!("other")),
        with(claims(), "iss", json!("crm ")),
        without(claims(), "iss"),
        with(claims(), "aud", json!("other-api")),
        with(claims(), "aud", json!([])),
        without(claims(), "aud"),
        with(claims(), "exp", json!(now - 1)),
        with(claims(), "exp", json!(now)),
        with(claims(), "exp", json!(-1)),
        with(claims(), "exp", json!("9999999999")),
        without(claims(), "exp"),
        with(claims(), "nbf", json!(now + 60)),
        with(claims(), "iat", json!(now + 60)),
        with(claims(), "iat", json!(1e300)),
        with(claims(), "sub", json!("")),
        with(claims(), "sub", json!("a\u{0}b")),
        with(claims(), "sub", json!("a".repeat(256))),
        without(claims(), "sub"),
        with(claims(), "tenant", json!("acme")),
        with(claims(), "tenant", json!(null)),
        without(claims(), "tenant"),
        with(claims(), "roles", json!("admin")),
        without(claims(), "roles"),
        with(claims(), "sign_in", json!({"session": Uuid::nil()})),
        with(claims(), "sign_in", json!({"rights": 1})),
        with(claims(), "sign_in", json!(true)),
        with(claims(), "note", json!("a".repeat(9_000))),
        json!([]),
        json!(null),
    ];
    let by_header = headers.iter().map(|header| {
        (format!("header {header:.90}"), forge.sign(&header.to_string(), &claims().to_string()))
    });
    let by_body = bodies
        .iter()
        .map(|body| (format!("claims {body:.300}"), forge.sign(&header().to_string(), &body.to_string())));
    let by_text = [
        ("alg twice", r#"{"alg":"none","alg":"EdDSA"}"#, claims().to_string()),
        ("no JSON", "{}}", claims().to_string()),
        ("claims that are no JSON", r#"{"alg":"EdDSA"}"#, "admin".to_owned()),
        ("tenant twice", r#"{"alg":"EdDSA"}"#, twice(&claims(), "tenant")),
        ("roles twice", r#"{"alg":"EdDSA"}"#, twice(&claims(), "roles")),
    ];
    let by_text =
        by_text.into_iter().map(|(name, header, body)| (name.to_owned(), forge.sign(header, &body)));
    by_header.chain(by_body).chain(by_text).collect()
}

/// The claims, with one of them once more.
fn twice(claims: &Value, name: &str) -> String {
    let text = claims.to_string();
    format!(r#"{},"{name}":{}}}"#, &text[..text.len() - 1], claims[name])
}

/// Tokens that say the right thing and are signed by nobody, by somebody else, or by the public key.
fn signed(forge: &Forge) -> Vec<Bad> {
    let stranger = Forge::new();
    let pem = forge.key.public_pem().unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body).unwrap();
    let shared = |secret: &[u8], algorithm| {
        let mut header = Header::new(algorithm);
        header.typ = Some("at+jwt".to_owned());
        jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(secret)).unwrap()
    };
    let x = URL_SAFE_NO_PAD.encode(&der[12..]);
    let own_key = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
    let by_stranger = |header: Value| {
        stranger.sign(&header.to_string(), &with(claims(), "roles", json!(["admin"])).to_string())
    };
    vec![
        ("HS256 of the PEM".into(), shared(pem.as_bytes(), Algorithm::HS256)),
        ("HS256 of the DER".into(), shared(&der, Algorithm::HS256)),
        ("HS256 of the key".into(), shared(&der[12..], Algorithm::HS256)),
        ("HS256 of x".into(), shared(x.as_bytes(), Algorithm::HS256)),
        ("HS384 of the key".into(), shared(&der[12..], Algorithm::HS384)),
        ("HS512 of nothing".into(), shared(b"", Algorithm::HS512)),
        ("a stranger".into(), by_stranger(header())),
        ("a stranger under our kid".into(), by_stranger(with(header(), "kid", json!(forge.key.kid())))),
        ("jku".into(), by_stranger(with(header(), "jku", json!("https://evil.example/jwks.json")))),
        ("jwk".into(), by_stranger(with(header(), "jwk", own_key))),
        ("x5u".into(), by_stranger(with(header(), "x5u", json!("https://evil.example/key.pem")))),
        ("x5c".into(), by_stranger(with(header(), "x5c", json!([STANDARD.encode(&der)])))),
    ]
}

/// A good token, changed.
fn changed(forge: &Forge) -> Vec<Bad> {
    let good = forge.sign(&header().to_string(), &claims().to_string());
    let [head, body, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let admin = URL_SAFE_NO_PAD.encode(with(claims(), "roles", json!(["admin"])).to_string());
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let all = [
        ("no signature", format!("{head}.{body}.")),
        ("two parts", format!("{head}.{body}")),
        ("one part", head.to_owned()),
        ("five parts", format!("{head}..{body}.{signature}.{signature}")),
        ("none, unsigned", format!("{none}.{admin}.")),
        ("none, with the signature", format!("{none}.{body}.{signature}")),
        ("other claims", format!("{head}.{admin}.{signature}")),
        ("signature of zeros", format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode([0; 64]))),
        ("half a signature", format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(&bytes[..32]))),
        ("signature with more", format!("{head}.{body}.{signature}AAAA")),
        ("signature padded", format!("{head}.{body}.{}", URL_SAFE.encode(&bytes))),
        ("signature with another end", format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(greater(&bytes)))),
        ("parts in another order", format!("{body}.{head}.{signature}")),
        ("twice", format!("{good}.{good}")),
        ("in quotes", format!("\"{good}\"")),
        ("with a comma", format!("{good},{good}")),
        ("a space inside", good.replacen('.', ". ", 1)),
        ("dots", "..".to_owned()),
        ("nothing", String::new()),
        ("a refresh token", format!("crm_rt_{}", "A".repeat(64))),
        ("an id", Uuid::nil().to_string()),
    ];
    all.into_iter().map(|(name, token)| (name.to_owned(), token)).collect()
}

/// The same signature with the order of the group added to its second half: equal as mathematics goes, and not canonical.
fn greater(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut changed = signature.to_vec();
    let mut carry = 0;
    for (byte, added) in changed[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(added) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    changed
}

#[tokio::test]
async fn a_malformed_token_is_answered_401_and_told_nothing() {
    async fn me(identity: Identity) -> Answer<String> {
        ok(identity.subject)
    }
    let forge = Forge::new();
    let router = finish(Router::new().route("/me", at(me))).with_state(Arc::new(forge.keys.clone()));
    let good = forge.sign(&header().to_string(), &claims().to_string());
    assert_eq!(get_with(&router, "/me", &[("authorization", &format!("Bearer {good}"))]).await.status, 200);
    let bad = [said(&forge), signed(&forge), changed(&forge)].concat();
    let tokens: BTreeSet<&str> = bad.iter().map(|(_, token)| token.as_str()).collect();
    assert!(tokens.len() == bad.len() && bad.len() >= 60, "{} of {}", tokens.len(), bad.len());
    let mut expired = 0;
    for (name, token) in &bad {
        let reply = get_with(&router, "/me", &[("authorization", &format!("Bearer {token}"))]).await;
        assert_eq!(reply.status, 401, "{name}");
        assert!(matches!(reply.code(), "token.invalid" | "token.expired"), "{name}: {}", reply.code());
        expired += usize::from(reply.code() == "token.expired");
        assert!(reply.header("www-authenticate").starts_with("Bearer realm="), "{name}");
    }
    // Only of one that is good but for its end is it told.
    assert_eq!(expired, EXPIRED);
}
