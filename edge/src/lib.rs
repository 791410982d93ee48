//! How every service here speaks HTTP: envelope, problems, bodies and queries, tokens and permits, limits, health, documents.
//!
//! Job: turn bytes into typed requests and answers into the one envelope, and refuse everything else in the same words.
//! Used by: the command API, the query API and the binary that serves them.
//! Never here: business rules, SQL, the event store. Of the domain it knows the id of a tenant and what a rule is.

pub mod address;
pub mod answer;
pub mod api_key;
pub mod bearer;
pub mod cookie;
pub mod correlation;
pub mod csrf;
pub mod day;
pub mod directory;
pub mod docs;
pub mod envelope;
pub mod headers;
pub mod health;
pub mod identity;
pub mod json;
pub mod jwks;
pub mod key;
pub mod layers;
pub mod link;
pub mod list;
pub mod metrics;
pub mod origin;
pub mod path;
pub mod permission;
pub mod problem;
pub mod query;
pub mod reach;
pub mod revocation;
pub mod server;
pub mod sight;
pub mod state;
pub mod token;
pub mod trace;
pub mod trail;
mod unreadable;
mod verified;
pub mod web;
mod whose;

pub use address::ClientAddress;
pub use answer::{Answer, Rendered, accepted, created, ok};
pub use api_key::ApiKeys;
pub use bearer::{Bearer, SignIn};
pub use correlation::CorrelationId;
pub use day::day;
pub use directory::{Directory, Organisations};
pub use docs::OpenApiExt;
pub use domain::TenantId;
pub use domain::identity::Role;
pub use envelope::{Envelope, Failure, Meta};
pub use headers::{IdempotencyKey, IfMatch, MinPosition};
pub use health::Check;
pub use identity::Identity;
pub use json::Json;
pub use key::{Issue, SigningKey};
pub use layers::{finish, finish_for};
pub use link::{Link, Links};
pub use list::{Field, Filter, ListFields, ListQuery, Op, Order, Value};
pub use origin::{Origin, Origins};
pub use path::Path;
pub use permission::{Permission, Permit, Permitted};
pub use problem::{FieldError, Problem, ProblemBody};
pub use query::Query;
pub use reach::Reach;
pub use revocation::Revocations;
pub use server::{Limits, Listener, Tls, serve, serve_for};
pub use sight::Sight;
pub use state::EdgeState;
pub use token::{TokenKeys, TokenSettings};
pub use trace::TraceParent;
pub use trail::{Asker, Recorder, Trail};
pub use web::WebPolicy;
