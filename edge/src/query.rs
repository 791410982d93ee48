//! Queries: typed parameters, with every bad one named at once. What is not to be in a URL comes by `X-Query`.

mod joined;

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;

use crate::json::{MAX_ERRORS, plain};
use crate::{FieldError, Problem};
pub(crate) use joined::join;
pub use joined::{DIVIDER, divided};

/// Most parameters of a query.
const MAX_PARAMETERS: usize = 100;

/// A typed query. Structs carry `#[serde(deny_unknown_fields)]` and derive `IntoParams`; a parameter that may be
/// repeated is a `Vec` with `#[serde(default)]`. Every bad parameter is named in one 422.
///
/// Lists take [`crate::ListQuery`] instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + IntoParams, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self).map_err(Problem::invalid)
    }
}

/// One parameter.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    /// As it was sent.
    raw: &'a str,
    pub name: String,
    pub value: String,
}

/// The parameters of a query, and what is bad about them whatever they are about.
pub(crate) fn pairs(query: &str) -> (Vec<Pair<'_>>, Vec<FieldError>) {
    let mut errors = Vec::new();
    let mut pairs = Vec::new();
    for raw in query.split('&').filter(|raw| !raw.is_empty()) {
        if pairs.len() + errors.len() == MAX_PARAMETERS {
            let message = format!("must be at most {MAX_PARAMETERS} parameters in all");
            errors.push(FieldError::new("", "too_many", message));
            break;
        }
        let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
        match (decode(name), decode(value)) {
            (Some(name), Some(value)) if name.contains('\0') || value.contains('\0') => {
                errors.push(FieldError::new(
                    shown(&name),
                    "invalid",
                    "must not contain the character U+0000",
                ));
            }
            (Some(name), Some(value)) => pairs.push(Pair { raw, name, value }),
            (name, _) => {
                let name = name.map_or(String::new(), |name| shown(&name));
                errors.push(FieldError::new(name, "invalid", "must be percent-encoded UTF-8"));
            }
        }
    }
    (pairs, errors)
}

/// The name of a parameter, short enough to be repeated.
pub(crate) fn shown(name: &str) -> String {
    match name.char_indices().nth(100) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

fn read<T: DeserializeOwned + IntoParams>(query: &str) -> Result<T, Vec<FieldError>> {
    let (mut pairs, mut errors) = pairs(query);
    // Nothing is neither a value nor the absence of one; who left a field of a form blank learns it here.
    let (empty, given): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|pair| pair.value.is_empty());
    pairs = given;
    errors.extend(empty.iter().map(|pair| {
        FieldError::new(shown(&pair.name), "empty", "must not be empty; leave it out or give it a value")
    }));
    let required = T::into_params(|| Some(ParameterIn::Query))
        .into_iter()
        .filter(|known| known.required == Required::True);
    let absent: Vec<String> = required
        .map(|known| known.name)
        .filter(|name| !pairs.iter().any(|pair| pair.name == *name))
        .filter(|name| !errors.iter().any(|error| error.field == *name))
        .collect();
    errors.extend(absent.iter().map(|name| FieldError::new(name, "required", "must be given")));
    while errors.len() < MAX_ERRORS {
        let rest = pairs.iter().map(|pair| pair.raw).collect::<Vec<_>>().join("&");
        let source = serde_html_form::Deserializer::from_bytes(rest.as_bytes());
        let error = match serde_path_to_error::deserialize::<_, T>(source) {
            Ok(value) if errors.is_empty() => return Ok(value),
            Ok(_) => break,
            Err(error) => error,
        };
        let text = error.inner().to_string();
        if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            if !errors.iter().any(|known| known.field == name) {
                errors.push(FieldError::new(name, "required", "must be given"));
            }
            break;
        }
        let first = error.path().iter().next();
        let Some(serde_path_to_error::Segment::Map { key }) = first else {
            errors.push(FieldError::new("", "invalid", plain(&text, None).1));
            break;
        };
        let sent = pairs.iter().find(|pair| pair.name == *key).map(|pair| pair.value.as_str());
        let (code, message) = match text.as_str() {
            // What serde_html_form says of several values where one is wanted.
            "unsupported value" => ("duplicate", "must be sent once".to_owned()),
            _ => plain(&text, sent),
        };
        errors.push(FieldError::new(shown(key), code, message));
        let before = pairs.len();
        pairs.retain(|pair| pair.name != *key);
        if pairs.len() == before {
            break;
        }
    }
    Err(errors)
}
