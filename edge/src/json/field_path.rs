//! Where in a body something is.

use std::fmt;

use serde_json::Value;
use serde_path_to_error::Segment;

/// A step down into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// Steps from the root of a body; dotted when shown: `lines.0.amount`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FieldPath(pub Vec<Step>);

/// Characters of a path that are shown; keys come from the caller and may be long.
const SHOWN: usize = 200;

/// Where a walk through a body is, told by all steps that are being taken: nothing is copied until somebody asks.
#[derive(Clone, Copy)]
pub(super) enum Here<'a> {
    Root,
    Key(&'a Here<'a>, &'a str),
    Index(&'a Here<'a>, usize),
}

impl Here<'_> {
    pub fn path(&self) -> FieldPath {
        match self {
            Self::Root => FieldPath::default(),
            Self::Key(above, key) => above.path().key(key),
            Self::Index(above, index) => above.path().step(Step::Index(*index)),
        }
    }
}

impl FieldPath {
    /// Where in `value` serde was when it failed.
    pub fn of(path: &serde_path_to_error::Path, value: &Value) -> Self {
        let mut steps = Vec::new();
        let mut here = Some(value);
        for segment in path {
            let step = match segment {
                Segment::Seq { index } => Step::Index(*index),
                Segment::Map { key } => Step::Key(key.clone()),
                // A variant is a key of the JSON if it has data, and only a name in the code if not.
                Segment::Enum { variant } => match here {
                    Some(Value::Object(object)) if object.contains_key(variant) => Step::Key(variant.clone()),
                    _ => continue,
                },
                Segment::Unknown => break,
            };
            here = here.and_then(|value| child(value, &step));
            steps.push(step);
        }
        Self(steps)
    }

    pub fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.to_owned()))
    }

    pub fn step(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// What is there.
    pub fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, child)
    }

    /// Takes it out; false if it is not there, or is the root.
    pub fn remove(&self, value: &mut Value) -> bool {
        let Some((last, parents)) = self.0.split_last() else { return false };
        let parent = parents.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(index),
        });
        match (parent, last) {
            (Some(Value::Object(object)), Step::Key(key)) => object.remove(key).is_some(),
            (Some(Value::Array(array)), Step::Index(index)) if *index < array.len() => {
                array.remove(*index);
                true
            }
            _ => false,
        }
    }
}

fn child<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(index),
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<String> = self
            .0
            .iter()
            .map(|step| match step {
                Step::Key(key) => key.clone(),
                Step::Index(index) => index.to_string(),
            })
            .collect();
        let dotted = steps.join(".");
        match dotted.char_indices().nth(SHOWN) {
            None => f.write_str(&dotted),
            Some((end, _)) => write!(f, "{}…", &dotted[..end]),
        }
    }
}
