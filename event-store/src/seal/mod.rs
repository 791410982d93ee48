//! Personal data at rest: sealed on its way into the log, opened for those who may read it, gone once its key is destroyed.
//!
//! A value that serde sees as the newtype [`PERSONAL`] goes into the log as `{"sealed": "…"}`: base64 of a nonce and of
//! AES-256-GCM under the key of the stream that the event belongs to. Each key belongs to one person; it is kept wrapped by
//! the key of the tenant, and that by a master key, which is in no table. What a value is bound to (tenant, stream, event and
//! place in the event) is authenticated with it, so that none can be moved elsewhere.

mod cipher;
mod keys;
mod layer;
mod mark;
mod master;
mod open;

pub use cipher::Key;
pub(crate) use keys::{Stream, TenantKeys};
pub(crate) use mark::Sealer;
pub use master::{MasterKeyError, MasterKeys, rewrap};
pub(crate) use open::{blank, open_streams};
pub use open::{is_sealed, open};

/// What a type is called in serde whose values are personal data.
pub const PERSONAL: &str = "Personal";
/// The one field of a sealed value.
pub(crate) const SEALED: &str = "sealed";
