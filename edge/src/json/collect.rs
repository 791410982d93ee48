//! Deserializes a tree and, where that fails, finds every bad field instead of the first.
//!
//! serde stops at the first error. So the bad value is noted and taken out, and the rest is tried again, until it goes or
//! nothing more can be learnt. Fields that the schema asks for and that are absent are found beforehand.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::field_path::{FieldPath, Step};
use super::strict::Parsed;
use super::{MAX_ERRORS, contract, plain};
use crate::FieldError;

/// Values that may be looked at in all rounds together; bounds the work that one bad body makes.
const MAX_WORK: usize = 500_000;

/// The typed value, or every bad field in the order of its path.
pub(super) fn read<T: DeserializeOwned + ToSchema + 'static>(
    mut parsed: Parsed,
) -> Result<T, Vec<FieldError>> {
    parsed.bad.extend(contract::breaches::<T>(&parsed.value));
    match T::deserialize(&parsed.value) {
        Ok(value) if parsed.bad.is_empty() => Ok(value),
        // Only what is wrong is worth a second look, which keeps track of where it is.
        Ok(_) | Err(_) => Err(find::<T>(parsed)),
    }
}

fn find<T: DeserializeOwned>(parsed: Parsed) -> Vec<FieldError> {
    let rounds = (MAX_WORK / parsed.values.max(1)).clamp(1, 3 * MAX_ERRORS);
    let mut search = Search { value: parsed.value, ..Search::default() };
    for bad in parsed.bad {
        search.report(bad.path, bad.code, bad.message);
    }
    for _ in 0..rounds {
        let Err(error) = serde_path_to_error::deserialize::<_, T>(&search.value) else { break };
        if search.full() || !search.learn(&error) {
            break;
        }
    }
    search.errors.sort_by(|a, b| a.0.cmp(&b.0));
    search.errors.into_iter().map(|(_, error)| error).collect()
}

#[derive(Default)]
struct Search {
    /// What is left of the body.
    value: Value,
    /// What was taken out, by its path in the body as it was sent.
    removed: BTreeSet<FieldPath>,
    errors: Vec<(FieldPath, FieldError)>,
}

impl Search {
    fn full(&self) -> bool {
        self.errors.len() >= MAX_ERRORS
    }

    fn report(&mut self, path: FieldPath, code: &'static str, message: impl Into<String>) {
        if !self.full() && !self.known(&path) {
            let error = FieldError::new(path.to_string(), code, message);
            self.errors.push((path, error));
        }
    }

    /// Whether the path, or something below it, has been reported or taken out, so that a further error there may
    /// well be only a consequence.
    fn known(&self, path: &FieldPath) -> bool {
        let reported = self.errors.iter().map(|(path, _)| path);
        reported.chain(&self.removed).any(|known| known.0.starts_with(&path.0))
    }

    /// Notes an error and takes the bad value out. False if nothing more is to be learnt.
    fn learn(&mut self, error: &serde_path_to_error::Error<serde_json::Error>) -> bool {
        let here = FieldPath::of(error.path(), &self.value);
        let sent = self.as_sent(&here);
        let text = error.inner().to_string();
        if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            self.report(sent.key(name), "required", "must be given");
        } else {
            let (code, message) = plain(&text, here.find(&self.value).and_then(Value::as_str));
            self.report(sent.clone(), code, message);
        }
        // What misses a field is taken out too, so that its neighbours get their turn.
        let removed = here.remove(&mut self.value);
        self.removed.insert(sent);
        removed
    }

    /// The path in the body as it was sent: elements that were taken out still count.
    fn as_sent(&self, here: &FieldPath) -> FieldPath {
        here.0.iter().fold(FieldPath::default(), |sent, step| match step {
            Step::Key(key) => sent.key(key),
            Step::Index(index) => {
                let remaining =
                    (0..).map(|n| sent.step(Step::Index(n))).filter(|path| !self.removed.contains(path));
                remaining.clone().nth(*index).unwrap_or_default()
            }
        })
    }
}
