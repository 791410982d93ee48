//! Providers that lie, and what is forged in their name: whatever is wrong with an answer, nobody comes in by it.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use edge::SigningKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::hostile::{Hostile, Scene, published, signed};
use crate::support::provider::{Begun, SIGN_INS, configure, public};
use crate::support::{Call, Reply};

const SECRET: &str = "a secret of the portal at its provider";

#[tokio::test]
async fn the_truth_lets_in_and_is_asked_for_with_the_secret_and_the_verifier() {
    let scene = Scene::new().await;
    let begun = Begun::new(&scene.api).await;
    scene.provider.says(&scene.provider.claims(&begun));
    scene.complete(&begun).await.is(201);
    let (_, headers, body) =
        scene.provider.set(|script| script.asked.iter().find(|(what, ..)| what == "code").cloned()).unwrap();
    let basic = headers["authorization"].to_str().unwrap().strip_prefix("Basic ").unwrap();
    let basic = String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap();
    assert_eq!(basic, format!("crm:{}", SECRET.replace(' ', "+")));
    let field = |name: &str| {
        let found = body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        found.unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
    assert_eq!((field("code").as_str(), challenge), ("a+code", begun.asked("code_challenge")));
    assert!(!body.contains("client_secret"));
}

#[tokio::test]
async fn an_id_token_that_says_something_else_lets_nobody_in() {
    let scene = Scene::new().await;
    let now = Utc::now().timestamp();
    let lies: [(&str, Value); 16] = [
        ("iss", json!("https://evil.example")),
        ("iss", Value::Null),
        ("aud", json!("another portal")),
        ("aud", json!(["crm", "another portal"])),
        ("aud", json!([])),
        ("azp", json!("another portal")),
        ("exp", json!(now - 1)),
        ("exp", Value::Null),
        ("iat", json!(now - 3_600)),
        ("iat", json!(now + 3_600)),
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("sub", Value::Null),
        ("at_hash", json!("another")),
        ("email_verified", json!("perhaps")),
        ("email", json!(17)),
    ];
    for (claim, lie) in lies {
        let told = scene.told(|claims| {
            let claims = claims.as_object_mut().unwrap();
            if lie.is_null() {
                claims.remove(claim);
            } else {
                claims.insert(claim.to_owned(), lie.clone());
            }
        });
        let reply = told.await;
        assert_eq!(reply.status, 401, "{claim} {lie}: {}", reply.text);
    }
    assert_eq!(scene.api.count("session.started").await, 0);
}

#[tokio::test]
async fn an_id_token_of_another_sign_in_is_of_no_use() {
    let scene = Scene::new().await;
    let (mine, theirs) = (Begun::new(&scene.api).await, Begun::new(&scene.api).await);
    scene.provider.says(&scene.provider.claims(&theirs));
    scene.complete(&mine).await.fails(401, "sign_in.failed");
    scene.complete(&theirs).await.is(201);
}

/// Makes an id token that says this, and is none.
type Forge<'a> = dyn Fn(&Value) -> String + 'a;

#[tokio::test]
async fn an_id_token_that_the_provider_has_not_signed_lets_nobody_in() {
    let scene = Scene::new().await;
    let key = &scene.provider.key;
    let strangers = SigningKey::generate().unwrap();
    let forged: [Box<Forge<'_>>; 10] = [
        Box::new(|claims| unsigned("none", claims)),
        Box::new(|claims| unsigned("None", claims)),
        // With what the portal shows to the provider, and with what the provider publishes.
        Box::new(|claims| shared(claims, SECRET.as_bytes(), None)),
        Box::new(|claims| shared(claims, key.public_pem().unwrap().as_bytes(), Some(&key.kid()))),
        Box::new(|claims| signed(&strangers, claims)),
        Box::new(|claims| renamed(&signed(&strangers, claims), &strangers.kid(), &key.kid())),
        Box::new(|claims| tampered(&signed(key, claims))),
        Box::new(|claims| signed(key, claims).rsplit_once('.').unwrap().0.to_owned() + "."),
        Box::new(|_| "x.y.z".to_owned()),
        Box::new(|_| String::new()),
    ];
    for (at, forge) in forged.iter().enumerate() {
        let begun = Begun::new(&scene.api).await;
        scene.provider.gives(&forge(&scene.provider.claims(&begun)));
        let reply = scene.complete(&begun).await;
        assert_eq!(
            (reply.status.as_u16(), reply.body["error"]["code"].as_str()),
            (401, Some("sign_in.failed")),
            "{at}"
        );
    }
    assert_eq!(scene.api.count("session.started").await, 0);
}

/// Without a signature (RFC 7518, section 3.6).
fn unsigned(algorithm: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": algorithm})), part(claims))
}

/// Signed with what is no secret between provider and portal alone.
fn shared(claims: &Value, secret: &[u8], kid: Option<&str>) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::HS256) };
    encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

/// The same under the name of another key.
fn renamed(token: &str, from: &str, to: &str) -> String {
    let (header, rest) = token.split_once('.').unwrap();
    let header = String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap().replace(from, to);
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
}

/// Somebody else under the signature of the provider.
fn tampered(token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let claims = claims.replace("\"sub\":\"grace\"", "\"sub\":\"ada\"");
    format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims), parts[2])
}

#[tokio::test]
async fn an_address_in_the_id_token_counts_only_if_the_provider_has_made_sure_of_it() {
    let scene = Scene::new().await;
    for unsure in [json!(false), json!("false"), Value::Null] {
        let told = scene.told(|claims| {
            claims["email_verified"] = unsure.clone();
            claims.as_object_mut().unwrap().retain(|_, told| !told.is_null());
        });
        told.await.fails(401, "sign_in.refused");
    }
    scene.told(|claims| claims["email_verified"] = json!("true")).await.is(201);
}

#[tokio::test]
async fn what_the_provider_tells_elsewhere_is_about_the_same_person_or_about_nobody() {
    let scene = Scene::new().await;
    let no_address = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("email"));
    let about = |sub: &str| json!({"sub": sub, "email": "grace@engines.example", "email_verified": true});
    scene.provider.set(|script| script.user_info = about("ada"));
    scene.told(no_address).await.fails(401, "sign_in.failed");
    scene.provider.set(|script| script.user_info = about("grace"));
    scene.told(no_address).await.is(201);
}

#[tokio::test]
async fn a_second_factor_of_the_provider_counts_if_the_tenant_says_so_and_as_long_as_it_does() {
    let scene = Scene::new().await;
    let api = &scene.api;
    api.send(Call::new("PUT", "/api/v1/policies/second-factor").json(json!({"demanded": true})))
        .await
        .is(200);
    let with = |claim: &'static str, told: Value| move |claims: &mut Value| claims[claim] = told;
    let missing = |reply: Reply| reply.is(201).body["data"]["second_factor_missing"].clone();
    assert_eq!(missing(scene.told(with("amr", json!(["pwd", "mfa"]))).await), true);
    let trusting = json!({"second_factor_values": ["mfa", "urn:gold"]});
    configure(api, &scene.provider.issuer, trusting).await.is(200);
    for (claim, told, is_missing) in [
        ("amr", json!(["pwd"]), true),
        ("amr", json!(["MFA"]), true),
        ("acr", json!("urn:silver"), true),
        ("acr", json!("urn:gold"), false),
    ] {
        assert_eq!(missing(scene.told(with(claim, told.clone())).await), is_missing, "{claim} {told}");
    }
    let signed_in = scene.told(with("amr", json!(["pwd", "mfa"]))).await;
    assert_eq!(api.last_event(signed_in.uuid("session_id")).await["method"], "provider_second_factor");
    let refresh = async |reply: &Reply| {
        let body = json!({"refresh_token": reply.body["data"]["refresh_token"]});
        api.send(public("/api/v1/sessions/refresh", body)).await.is(200)
    };
    let refreshed = refresh(&signed_in).await;
    assert_eq!(missing(Reply { status: StatusCode::CREATED, ..signed_in }), false);
    assert_eq!(refreshed.body["data"]["second_factor_missing"], false);
    configure(api, &scene.provider.issuer, json!({})).await.is(200);
    assert_eq!(refresh(&refreshed).await.body["data"]["second_factor_missing"], true);
}

#[tokio::test]
async fn a_provider_that_calls_itself_by_another_name_is_not_asked() {
    let scene = Scene::new().await;
    for (field, value) in [
        ("issuer", "https://login.engines.example"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("authorization_endpoint", "http://login.engines.example/auth"),
        ("jwks_uri", "https://169.254.169.254/latest/meta-data"),
        ("jwks_uri", "file:///etc/passwd"),
    ] {
        let honest = scene.provider.set(|script| {
            let honest = script.metadata.clone();
            script.metadata[field] = json!(value);
            honest
        });
        let begin = public(SIGN_INS, json!({"tenant_id": scene.api.tenant}));
        scene.api.send(begin).await.fails(409, "provider.unfit");
        scene.provider.set(|script| script.metadata = honest);
    }
    Begun::new(&scene.api).await;
}

#[tokio::test]
async fn a_token_endpoint_in_our_own_network_gets_no_code_and_no_secret() {
    let scene = Scene::new().await;
    // Another service of this machine, of which nobody has said that it may be asked.
    let inner = Hostile::new().await;
    let endpoint = format!("{}/token", inner.issuer);
    scene.provider.set(|script| script.metadata["token_endpoint"] = json!(endpoint));
    let begun = Begun::new(&scene.api).await;
    scene.complete(&begun).await.fails(409, "provider.unfit");
    assert_eq!(inner.count("code"), 0);
}

#[tokio::test]
async fn no_redirect_of_a_provider_is_followed() {
    let scene = Scene::new().await;
    let inner: &'static Hostile = Box::leak(Box::new(Hostile::new().await));
    let place: &'static str = Box::leak(format!("{}/keys", inner.issuer).into_boxed_str());
    scene.provider.set(|script| script.instead = Some((StatusCode::FOUND, place, String::new())));
    let begin = public(SIGN_INS, json!({"tenant_id": scene.api.tenant}));
    scene.api.send(begin).await.fails(409, "provider.unfit");
    assert_eq!(inner.count("keys"), 0);
}

#[tokio::test]
async fn a_provider_that_answers_too_much_or_not_at_all_is_given_up() {
    let scene = Scene::new().await;
    let begin = || public(SIGN_INS, json!({"tenant_id": scene.api.tenant}));
    let endless = "x".repeat(1024 * 1024);
    scene.provider.set(|script| script.instead = Some((StatusCode::OK, "", endless)));
    scene.api.send(begin()).await.fails(409, "provider.unfit");
    scene.provider.set(|script| script.instead = Some((StatusCode::BAD_GATEWAY, "", String::new())));
    let away = scene.api.send(begin()).await.fails(503, "unavailable");
    assert_eq!(away.header("retry-after"), "5");
    scene.provider.set(|script| script.instead = None);
    let begun = Begun::new(&scene.api).await;
    scene.provider.set(|script| script.instead = Some((StatusCode::BAD_GATEWAY, "", String::new())));
    scene.complete(&begun).await.fails(503, "unavailable");
}

#[tokio::test]
async fn what_a_provider_publishes_is_asked_for_once_for_many_sign_ins() {
    let scene = Scene::new().await;
    for _ in 0..3 {
        scene.told(|_| {}).await.is(201);
    }
    assert_eq!((scene.provider.count("metadata"), scene.provider.count("keys")), (1, 1));
    // Keys that are brand-new are not asked for again at every word of a forger.
    let strangers = SigningKey::generate().unwrap();
    let begun = Begun::new(&scene.api).await;
    scene.provider.gives(&signed(&strangers, &scene.provider.claims(&begun)));
    scene.complete(&begun).await.fails(401, "sign_in.failed");
    assert_eq!(scene.provider.count("keys"), 1);
    // Another process learns them by itself, also those of now.
    scene.provider.set(|script| script.keys = published(&strangers));
    let other = scene.api.another();
    let begun = Begun::new(&other).await;
    scene.provider.gives(&signed(&strangers, &scene.provider.claims(&begun)));
    other.send(begun.complete(&scene.sent(&begun), json!({}))).await.is(201);
}
