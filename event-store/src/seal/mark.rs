//! Sealing the personal data of an event as it is written as JSON.

use std::cell::RefCell;
use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::error::Unspecified;
use serde::Serialize;
use serde::ser::Error as _;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::cipher::{Cipher, Key};
use super::keys::Stream;
use super::layer::Marked;

/// Seals the personal data of one stream. The first value makes a key, if there is none yet.
pub(crate) struct Sealer<'a> {
    stream: Stream<'a>,
    key: Option<Key>,
    /// The key, made ready for the first value.
    ready: RefCell<Option<(Key, Cipher)>>,
    event: Uuid,
    path: RefCell<String>,
}

impl<'a> Sealer<'a> {
    pub(crate) fn new(stream: Stream<'a>, key: Option<Key>) -> Self {
        Self { stream, key, ready: RefCell::default(), event: Uuid::nil(), path: RefCell::default() }
    }

    /// The JSON text of an event, with all that is personal in it sealed.
    pub(crate) fn seal(
        &mut self,
        event: Uuid,
        payload: &impl Serialize,
    ) -> Result<String, serde_json::Error> {
        self.event = event;
        self.path.borrow_mut().clear();
        serde_json::to_string(&Marked { value: payload, sealer: self })
    }

    /// The key, if any value needed one.
    pub(crate) fn into_key(self) -> Option<Key> {
        self.ready.into_inner().map(|(key, _)| key).or(self.key)
    }

    pub(super) fn seal_value(
        &self,
        value: &(impl Serialize + ?Sized),
    ) -> Result<Option<String>, serde_json::Error> {
        let plain = Zeroizing::new(serde_json::to_vec(value)?);
        // What was erased stays so: there is nothing to seal.
        if plain.as_slice() == b"null" {
            return Ok(None);
        }
        let sealed = self.seal_bytes(&plain).map_err(|_| serde_json::Error::custom("the cipher fails"))?;
        Ok(Some(STANDARD.encode(sealed)))
    }

    fn seal_bytes(&self, plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut ready = self.ready.borrow_mut();
        let (_, cipher) = match &*ready {
            Some(ready) => ready,
            None => {
                let key = self.key.clone().map_or_else(Key::generate, Ok)?;
                let cipher = key.cipher()?;
                &*ready.insert((key, cipher))
            }
        };
        cipher.seal(&self.stream.place(self.event, &self.path.borrow()), plain)
    }

    /// Goes a step down; [`Sealer::back`] to what it returns goes up again.
    pub(super) fn down(&self, step: impl Display) -> usize {
        use std::fmt::Write as _;
        let mut path = self.path.borrow_mut();
        let before = path.len();
        // Text takes whatever is written to it.
        let _written = write!(path, "/{step}");
        before
    }

    pub(super) fn back(&self, to: usize) {
        self.path.borrow_mut().truncate(to);
    }

    /// How long the path is.
    pub(super) fn depth(&self) -> usize {
        self.path.borrow().len()
    }
}
