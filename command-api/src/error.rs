//! Why a command had no effect, in the same words for HTTP and for callers in process.

use std::error::Error;
use std::time::Duration;

use domain::{Rule, RuleKind};
use edge::{FieldError, Problem};
use event_store::{AppendError, Guard, LoadError};

/// When to come back after a failure that passes.
const RETRY_AFTER: Duration = Duration::from_secs(1);

type Source = Box<dyn Error + Send + Sync>;

/// Why a command had no effect.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Not there, not the tenant's, or never there.
    #[error("there is no such thing")]
    NotFound,
    /// It would lead to what the caller's permission does not reach.
    #[error("it is beyond the reach of the caller")]
    BeyondReach,
    /// A rule refused it.
    #[error("{detail}")]
    Refused {
        /// The stable name of the rule, such as `opportunity.closed`.
        code: &'static str,
        /// What sort of refusal.
        kind: RuleKind,
        /// The rule in a sentence, without the values that were sent.
        detail: String,
        /// The fields that break it, as far as they are known.
        errors: Vec<FieldError>,
    },
    /// Values that can never go, all of them.
    #[error("{} invalid", if .0.len() == 1 { "a value is" } else { "some values are" })]
    Invalid(Vec<FieldError>),
    /// The aggregate has another version than the caller asked for.
    #[error("it has changed since it was read")]
    StaleVersion,
    /// What had to be unoccupied is not. Commands that ask for that say it in the words of their rule.
    #[error("it is still in use")]
    Occupied,
    /// The database refuses the values: a gap in the checks before it.
    #[error("the database refuses these values")]
    Rejected(#[source] Source),
    /// Not now. Whether it took effect may be unknown: give it again, with the same key.
    #[error("{detail}")]
    Unavailable {
        /// What the caller may know.
        detail: &'static str,
        /// The cause, for the log.
        #[source]
        source: Option<Source>,
    },
    /// A fault of ours.
    #[error("the command failed")]
    Internal(#[source] Source),
}

impl CommandError {
    /// What a rule of the domain said.
    pub fn rule(rule: &impl Rule) -> Self {
        let (code, kind) = (rule.code(), rule.kind());
        if kind == RuleKind::NotFound {
            return Self::NotFound;
        }
        let field = match code.split_once('.') {
            Some((_, "occurred_in_future")) => Some(("occurred_at", "must not be in the future")),
            Some((_, "occurred_too_early")) => Some(("occurred_at", "must not be before 1900")),
            Some((_, "too_many_custom_fields")) => Some(("custom", "has too many fields")),
            Some(_) | None => None,
        };
        let errors = field.map(|(field, message)| FieldError::new(field, "invalid", message));
        Self::Refused { code, kind, detail: rule.to_string(), errors: errors.into_iter().collect() }
    }

    /// One value that can never go. The message goes on after the name of the field: "must be …".
    pub fn field(field: &str, message: &str) -> Self {
        Self::Invalid(vec![FieldError::new(field, "invalid", message)])
    }

    /// The same refusal, naming the field that broke the rule.
    #[must_use]
    pub fn at(mut self, field: &str, message: &str) -> Self {
        if let Self::Refused { errors, .. } = &mut self {
            errors.push(FieldError::new(field, "invalid", message));
        }
        self
    }

    pub(crate) fn refused(code: &'static str, kind: RuleKind, detail: impl Into<String>) -> Self {
        Self::Refused { code, kind, detail: detail.into(), errors: Vec::new() }
    }

    /// Others were faster each time.
    pub(crate) fn contended() -> Self {
        Self::Unavailable { detail: "Too many commands want to change this at once.", source: None }
    }

    pub(crate) fn unavailable(source: impl Into<Source>) -> Self {
        let detail = "The log is not available. Send it again, with the same Idempotency-Key.";
        Self::Unavailable { detail, source: Some(source.into()) }
    }

    /// The stable name of what went wrong.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::BeyondReach => "permission.reach",
            Self::Refused { code, .. } => code,
            Self::Invalid(_) => "values.invalid",
            Self::StaleVersion => "version.stale",
            Self::Occupied => "state.occupied",
            Self::Rejected(_) => "content.rejected",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// The bad fields, as far as any are known.
    pub fn errors(&self) -> &[FieldError] {
        match self {
            Self::Refused { errors, .. } | Self::Invalid(errors) => errors,
            Self::NotFound
            | Self::BeyondReach
            | Self::StaleVersion
            | Self::Occupied
            | Self::Rejected(_)
            | Self::Unavailable { .. }
            | Self::Internal(_) => &[],
        }
    }

    /// Whether the same command may well succeed a little later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Whether it says something about the state of aggregates, or values, rather than about a failure.
    pub(crate) fn is_refusal(&self) -> bool {
        !matches!(self, Self::Unavailable { .. } | Self::Internal(_))
    }
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Undecodable { .. } => Self::Internal(error.into()),
            LoadError::Unavailable(source) => Self::unavailable(source),
        }
    }
}

impl From<AppendError> for CommandError {
    /// What is left of an append error once there is no use in deciding again.
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::ClaimTaken(claim) => {
                let detail = format!("the {} is already taken", claim.scope);
                Self::refused("claim.taken", RuleKind::Refused, detail)
            }
            AppendError::GuardFailed(Guard::Unclaimed { .. }) => Self::Occupied,
            AppendError::Rejected(source) => Self::Rejected(source.into()),
            AppendError::Conflict
            | AppendError::GuardFailed(Guard::Unmoved { .. })
            | AppendError::Replayed(_) => Self::contended(),
            AppendError::Unavailable(source) => Self::unavailable(source),
            AppendError::Closed => Self::unavailable(error),
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let (code, detail) = (error.code(), error.to_string());
        match error {
            CommandError::NotFound => Self::not_found(),
            CommandError::BeyondReach => Self::beyond_reach(),
            CommandError::Refused { kind, errors, .. } => {
                Self::rule(&Broken { code, kind, detail }).with_errors(errors)
            }
            CommandError::Invalid(errors) => Self::invalid(errors),
            CommandError::StaleVersion => Self::stale_version(),
            CommandError::Occupied => Self::refused(code, detail),
            CommandError::Rejected(source) => {
                Self::rule(&Broken { code, kind: RuleKind::Invalid, detail }).with_source(source)
            }
            CommandError::Unavailable { source: None, .. } => Self::unavailable(RETRY_AFTER, detail),
            CommandError::Unavailable { source: Some(source), .. } => {
                Self::unavailable(RETRY_AFTER, detail).with_source(source)
            }
            CommandError::Internal(source) => Self::internal(source),
        }
    }
}

/// A refusal, in the shape in which problems are made of rules.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
struct Broken {
    code: &'static str,
    kind: RuleKind,
    detail: String,
}

impl Rule for Broken {
    fn code(&self) -> &'static str {
        self.code
    }

    fn kind(&self) -> RuleKind {
        self.kind
    }
}
