//! Who may come in: passwords, second factors, refresh tokens, links in mails, keys, and what ends them before their time.
//!
//! Job: keep the secrets of users in tables of their own, each of which is a digest that cannot be turned back; tell
//! every process whose tokens have ended, and what custom roles give; and keep the trail of who was refused.
//! Used by: the command API, which signs users in and out, and the binary.
//! Never here: handlers of HTTP, events (no secret is ever in one), rules about who may do what.

pub mod api_key;
pub mod factors;
pub mod key_ring;
mod keys;
pub mod limits;
pub mod link;
pub mod metrics;
pub mod organisations;
pub mod password;
pub mod provider;
pub mod refresh;
mod rewrap;
pub mod rights;
pub mod second_factor;
mod secret;
pub mod sign_in_rules;
pub mod throttle;
pub mod trail;
pub mod vault;

pub use api_key::ApiKey;
pub use key_ring::KeyRing;
pub use limits::{Flows, Guesses, Rates, SharedLimits};
pub use link::{LinkToken, Purpose};
pub use organisations::LoggedOrganisations;
pub use password::{Hasher, LeakedPasswords, Password};
pub use provider::{BrowserSecret, SignInState};
pub use refresh::RefreshToken;
pub use rewrap::rewrap;
pub use sign_in_rules::SignInRules;
pub use throttle::Throttle;
pub use trail::TrailTable;
pub use vault::Vault;
