//! Tokens: a line with a header and the claims after it, which are signed as they are; or, without a second line, a
//! token as somebody made it up.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::{Signer as _, SigningKey};
use edge::token::{MAX_TOKEN, TokenError};
use edge::{Bearer, Identity, Role, TenantId, TokenKeys, TokenSettings};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

/// Seconds by which clocks may differ, and a test may be late.
const SLACK: f64 = 10.0;
/// Seconds by which a test may be late. No token is good for any longer than it says.
const LATE: f64 = 2.0;
/// Seconds for which a token of a user may be good.
const DAY: f64 = 24.0 * 3600.0;

/// What is looked at of a header; the rest may be anything.
#[derive(Deserialize)]
struct Header {
    alg: Value,
    typ: Option<String>,
    #[serde(default)]
    crit: Value,
}

/// What is looked at of the claims; the rest may be anything.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: Value,
    aud: Value,
    sub: String,
    iat: f64,
    nbf: f64,
    exp: f64,
    tenant: TenantId,
    roles: Vec<String>,
}

struct Issuer {
    key: SigningKey,
    keys: TokenKeys,
    /// A good token, and who bears it.
    minted: String,
    identity: Identity,
}

static ISSUER: LazyLock<Issuer> = LazyLock::new(|| {
    let key = SigningKey::from_bytes(&[7; 32]);
    let pem = key.to_pkcs8_pem(LineEnding::LF).expect("a key can be written");
    let ours = edge::SigningKey::from_pem(&pem).expect("what was written can be read");
    let settings = TokenSettings::default();
    let public = ours.public_pem().expect("a key can be written");
    let keys = TokenKeys::from_pem(&public, &settings).expect("what was written can be read");
    let tenant = TenantId::from_uuid(Uuid::from_u128(1));
    let identity = Identity::new("ada", tenant, vec![Role::SalesRep]);
    let day = Duration::from_secs(24 * 3600);
    let minted = ours.mint(&settings, &identity, day).expect("a token can be signed");
    Issuer { key, keys, minted, identity }
});

fuzz_target!(|data: &[u8]| {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => ISSUER.check_signed(&data[..end], &data[end + 1..]),
        None => ISSUER.check_made_up(data),
    }
});

impl Issuer {
    fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        self.keys.verify(token).map(Bearer::into_identity)
    }

    /// A token that we signed is accepted only for what it says.
    fn check_signed(&self, header: &[u8], claims: &[u8]) {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()).to_bytes());
        let token = format!("{signed}.{signature}");
        let Ok(identity) = self.verify(&token) else { return };
        assert!(token.len() <= MAX_TOKEN);
        check_header(&read(header));
        check_claims(&read(claims), &identity);
        // The second time it is known.
        assert_eq!(self.verify(&token).as_ref(), Ok(&identity));
    }

    /// A token that we did not sign is refused, be it a good one with a letter changed.
    fn check_made_up(&self, data: &[u8]) {
        if let Ok(text) = str::from_utf8(data) {
            assert!(self.verify(text).is_err() || text == self.minted, "{text}");
        }
        let &[high, low, letter, ..] = data else { return };
        let mut changed = self.minted.clone().into_bytes();
        let at = usize::from(u16::from_be_bytes([high, low])) % changed.len();
        changed[at] = letter;
        let Ok(changed) = String::from_utf8(changed) else { return };
        match self.verify(&changed) {
            Ok(identity) => assert!(changed == self.minted && identity == self.identity, "{changed}"),
            Err(error) => assert!(changed != self.minted, "{error}"),
        }
    }
}

fn read<T: DeserializeOwned>(json: &[u8]) -> T {
    serde_json::from_slice(json).expect("what was accepted can be read")
}

fn check_header(header: &Header) {
    assert_eq!(header.alg, "EdDSA");
    assert!(header.crit.is_null());
    let typ = header.typ.as_deref().map(str::to_ascii_lowercase);
    assert!(matches!(typ.as_deref(), Some("at+jwt" | "application/at+jwt")), "{typ:?}");
}

fn check_claims(claims: &Claims, identity: &Identity) {
    let is = |said: &Value, wanted: &str| {
        said == wanted || said.as_array().is_some_and(|all| all.iter().any(|one| one == wanted))
    };
    assert!(is(&claims.iss, "crm") && is(&claims.aud, "crm-api"), "{claims:?}");
    let now = Utc::now().timestamp() as f64;
    assert!(claims.exp > now - LATE && claims.nbf.max(claims.iat) < now + SLACK, "{claims:?}");
    let longest = if Uuid::try_parse(&claims.sub).is_ok() { DAY } else { 7.0 * DAY };
    assert!(claims.exp - claims.iat <= longest, "{claims:?}");
    let usual = (1..=255).contains(&claims.sub.len()) && !claims.sub.contains(char::is_control);
    assert!(usual, "{claims:?}");
    assert_eq!((&claims.sub, claims.tenant), (&identity.subject, identity.tenant));
    for role in Role::ALL {
        let said = claims.roles.iter().any(|name| name == role.name());
        assert_eq!(said, identity.roles.contains(role), "{claims:?}");
    }
}
