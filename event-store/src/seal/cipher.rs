//! AES-256-GCM with a nonce by chance, which is kept before the text.

use std::fmt;
use std::sync::Arc;

use rand::RngCore as _;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

/// Bytes of a key.
pub(crate) const KEY_LEN: usize = 32;

/// A key, wiped from memory with its last clone.
#[derive(Clone)]
pub struct Key(Arc<Zeroizing<[u8; KEY_LEN]>>);

/// A key made ready for several values. It takes twenty times as much memory as the key, so it is not kept.
pub(crate) struct Cipher(LessSafeKey);

impl Key {
    /// A new key, by chance.
    pub(crate) fn generate() -> Result<Self, Unspecified> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        SystemRandom::new().fill(bytes.as_mut_slice())?;
        Ok(Self(Arc::new(bytes)))
    }

    /// The key of these bytes, if there are as many as a key has.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        Some(Self(Arc::new(Zeroizing::new(bytes.try_into().ok()?))))
    }

    /// Seals `plain`, bound to `context`.
    pub(crate) fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
        self.cipher()?.seal(context, plain)
    }

    /// Opens what [`Key::seal`] made of it under the same key and context.
    pub(crate) fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(Unspecified)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = self.cipher()?.0.open_in_place(nonce, Aad::from(context), &mut text)?.len();
        text.truncate(length);
        Ok(text)
    }

    /// Wraps another key, bound to `context`.
    pub(crate) fn wrap(&self, context: &[u8], key: &Self) -> Result<Vec<u8>, Unspecified> {
        self.seal(context, key.0.as_slice())
    }

    /// Unwraps what [`Key::wrap`] made.
    pub(crate) fn unwrap(&self, context: &[u8], wrapped: &[u8]) -> Result<Self, Unspecified> {
        Self::of(&self.open(context, wrapped)?).ok_or(Unspecified)
    }

    pub(super) fn cipher(&self) -> Result<Cipher, Unspecified> {
        Ok(Cipher(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.0.as_slice())?)))
    }
}

impl Cipher {
    /// Seals `plain`, bound to `context`. The nonce is of a generator that the operating system seeds.
    pub(super) fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut nonce = [0; NONCE_LEN];
        rand::rng().fill_bytes(&mut nonce);
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let text = &mut sealed[NONCE_LEN..];
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(context), text)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_was_sealed_opens_under_the_same_key_and_context_only() {
        let key = Key::generate().unwrap();
        let sealed = key.seal(b"here", b"Ada").unwrap();
        assert_eq!(key.open(b"here", &sealed).unwrap().as_slice(), b"Ada");
        assert!(key.open(b"there", &sealed).is_err());
        assert!(Key::generate().unwrap().open(b"here", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(key.open(b"here", &changed).is_err(), "byte {place}");
            assert!(key.open(b"here", &sealed[..place]).is_err(), "{place} bytes");
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_to_the_same_bytes() {
        let key = Key::generate().unwrap();
        assert_ne!(key.seal(b"here", b"Ada").unwrap(), key.seal(b"here", b"Ada").unwrap());
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", Key::of(&[7; KEY_LEN])), "Some(Key(…))");
    }

    /// `cargo test --release -p event-store --lib what_it_costs -- --ignored --nocapture`
    #[test]
    #[ignore = "prints how long it takes"]
    fn what_it_costs_to_seal_and_to_open_a_value() {
        const TIMES: u32 = 200_000;
        let (key, context, plain) = (Key::generate().unwrap(), [7; 80], b"\"ada@engines.example\"");
        let since = Instant::now();
        for _ in 0..TIMES {
            black_box(key.seal(&context, plain).unwrap());
        }
        println!("sealed in {:?} each", since.elapsed() / TIMES);
        let sealed = key.seal(&context, plain).unwrap();
        let since = Instant::now();
        for _ in 0..TIMES {
            black_box(key.open(&context, &sealed).unwrap());
        }
        println!("opened in {:?} each", since.elapsed() / TIMES);
    }
}
