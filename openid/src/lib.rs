//! Asks OpenID providers who somebody is.
//!
//! Job: where a browser goes to be asked (authorization code flow with PKCE), and what the provider's answer is worth; each
//! request to a provider bounded in time and size, and to nobody else than an operator says.
//! Used by: the command API, which lets users in, and the binary.
//! Never here: SQL, handlers of HTTP, who is let in.

mod answer;
mod asked;
mod error;
mod known;
mod public;
mod web;

pub use answer::{Answer, Person};
pub use asked::{Asked, Proof};
pub use error::ProviderError;
pub use known::Providers;
pub use web::NoOrigin;

/// What the portal is at a provider.
#[derive(Clone)]
pub struct Client {
    /// The provider.
    pub issuer: String,
    /// What the portal is called there.
    pub client_id: String,
    /// What it shows there.
    pub client_secret: String,
    /// Where the provider sends browsers back to.
    pub redirect_uri: String,
}
