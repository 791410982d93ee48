//! Fields of a list, and values of filters that are sure to suit the column behind the field.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::MAX_TEXT;

/// A field of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in queries.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether it can be filtered by.
    pub filterable: bool,
    /// Whether it can be sorted by.
    pub sortable: bool,
}

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// One of these names.
    Choice(&'static [&'static str]),
    /// An id.
    Uuid,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// A date.
    Date,
    /// A moment.
    Time,
}

/// A value of a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`Kind::Text`]: 1 to [`MAX_TEXT`] characters, none of them a control character. Of [`Kind::Choice`]: one of
    /// its names.
    Text(String),
    /// Of [`Kind::Uuid`].
    Uuid(Uuid),
    /// Of [`Kind::Boolean`], and of every kind with [`Op::Null`].
    Boolean(bool),
    /// Of [`Kind::Integer`].
    Integer(i64),
    /// Of [`Kind::Decimal`].
    Decimal(Decimal),
    /// Of [`Kind::Date`].
    Date(NaiveDate),
    /// Of [`Kind::Time`].
    Time(DateTime<Utc>),
}

/// How a filter compares: `filter[field][op]=…`, where `filter[field]=…` means `eq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Equal; to any of several.
    Eq,
    /// Not equal; to none of several.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Text that has this in it, whatever the case of its letters.
    Contains,
    /// Whether there is no value.
    Null,
}

impl Op {
    const ALL: [Self; 8] =
        [Self::Eq, Self::Ne, Self::Lt, Self::Lte, Self::Gt, Self::Gte, Self::Contains, Self::Null];

    /// Its name in queries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Contains => "contains",
            Self::Null => "null",
        }
    }
}

impl Kind {
    /// The ops that go with this kind.
    pub(super) fn ops(self) -> impl Iterator<Item = Op> {
        Op::ALL.into_iter().filter(move |op| match op {
            Op::Eq | Op::Ne | Op::Null => true,
            Op::Contains => self == Self::Text,
            Op::Lt | Op::Lte | Op::Gt | Op::Gte => {
                matches!(self, Self::Integer | Self::Decimal | Self::Date | Self::Time)
            }
        })
    }

    /// Reads a value.
    pub(super) fn parse(self, text: &str) -> Option<Value> {
        match self {
            Self::Text => is_text(text).then(|| Value::Text(text.to_owned())),
            Self::Choice(names) => names.contains(&text).then(|| Value::Text(text.to_owned())),
            Self::Uuid => Uuid::try_parse(text).ok().map(Value::Uuid),
            Self::Boolean => text.parse().ok().map(Value::Boolean),
            Self::Integer => text.parse().ok().map(Value::Integer),
            Self::Decimal => decimal(text).map(Value::Decimal),
            Self::Date => crate::day(text).map(Value::Date),
            Self::Time => DateTime::parse_from_rfc3339(text).ok().map(|time| Value::Time(time.to_utc())),
        }
    }

    /// What a value must be.
    pub(super) fn rule(self) -> String {
        match self {
            Self::Text => format!("must be 1 to {MAX_TEXT} characters, none of them a control character"),
            Self::Choice(names) => format!("must be one of {}", names.join(", ")),
            Self::Uuid => "must be a UUID".to_owned(),
            Self::Boolean => "must be true or false".to_owned(),
            Self::Integer => "must be a whole number".to_owned(),
            Self::Decimal => "must be a decimal number such as 12.50".to_owned(),
            Self::Date => "must be a date such as 2026-01-31".to_owned(),
            Self::Time => "must be a time such as 2026-01-31T12:00:00Z".to_owned(),
        }
    }
}

/// Whether people can have meant this text, and Postgres can hold it.
pub(super) fn is_text(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control)
}

/// Digits with an optional sign and point; `from_str_exact` alone would take underscores too.
fn decimal(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    plain.then(|| Decimal::from_str_exact(text).ok()).flatten()
}

impl Field {
    /// A field to filter by.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, filterable: true, sortable: false }
    }

    /// A field of text.
    pub const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }

    /// A field that is one of `names`.
    pub const fn choice(name: &'static str, names: &'static [&'static str]) -> Self {
        Self::new(name, Kind::Choice(names))
    }

    /// A field that is an id.
    pub const fn uuid(name: &'static str) -> Self {
        Self::new(name, Kind::Uuid)
    }

    /// A field that is true or false.
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// A field that is a whole number.
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer)
    }

    /// A field that is a decimal number.
    pub const fn decimal(name: &'static str) -> Self {
        Self::new(name, Kind::Decimal)
    }

    /// A field that is a date.
    pub const fn date(name: &'static str) -> Self {
        Self::new(name, Kind::Date)
    }

    /// A field that is a moment.
    pub const fn time(name: &'static str) -> Self {
        Self::new(name, Kind::Time)
    }

    /// The field, to sort by too.
    #[must_use]
    pub const fn sortable(self) -> Self {
        Self { sortable: true, ..self }
    }

    /// The field, to sort by only.
    #[must_use]
    pub const fn only_sortable(self) -> Self {
        Self { sortable: true, filterable: false, ..self }
    }
}
