//! Filters by the fields of the tenant's own: `filter[custom.<key>]=…` and `filter[custom.<key>][op]=…`.

use std::str::FromStr;

use domain::FieldKey;
use edge::list::MAX_TEXT;
use edge::{FieldError, Op};
use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::{Postgres, QueryBuilder};

pub(super) const DESCRIPTION: &str = "By a custom field. Repeat it for any of several. \
    `filter[custom.{key}][op]` compares by op: eq, ne, contains, null, and for numbers lt, lte, gt, gte. \
    `12` finds the number 12 and the text \"12\", `true` the flag and the text.";

const START: &str = "filter[custom.";

const OPS: [Op; 8] = [Op::Eq, Op::Ne, Op::Lt, Op::Lte, Op::Gt, Op::Gte, Op::Contains, Op::Null];

/// A condition on a custom field.
#[derive(Debug)]
pub(super) struct CustomFilter {
    key: FieldKey,
    op: Op,
    values: Vec<String>,
}

/// Whether a parameter is such a filter, be it a good one or not.
pub(super) fn is_one(name: &str) -> bool {
    name.starts_with(START)
}

/// Adds a filter, or to the values of one; or tells what is wrong with it.
pub(super) fn add(filters: &mut Vec<CustomFilter>, name: &str, value: &str) -> Option<FieldError> {
    let bad = |code, message: &str| Some(FieldError::new(shown(name), code, message));
    let Some((key, op)) = key_and_op(name) else {
        return bad("unknown", "must be filter[custom.key] or filter[custom.key][op]");
    };
    if !fits(op, value) {
        return match op {
            Op::Null => bad("invalid", "must be true or false"),
            Op::Lt | Op::Lte | Op::Gt | Op::Gte => bad("invalid", "must be a decimal number such as 12.50"),
            Op::Eq | Op::Ne | Op::Contains => {
                bad("invalid", "must be 1 to 200 characters, none of them a control character")
            }
        };
    }
    match filters.iter_mut().find(|known| known.key == key && known.op == op) {
        None => filters.push(CustomFilter { key, op, values: vec![value.to_owned()] }),
        Some(known) if matches!(op, Op::Eq | Op::Ne) => known.values.push(value.to_owned()),
        Some(_) => return bad("duplicate", "must be sent once"),
    }
    None
}

fn key_and_op(name: &str) -> Option<(FieldKey, Op)> {
    let inside = name.strip_prefix(START)?.strip_suffix(']')?;
    let (key, op) = inside.split_once("][").unwrap_or((inside, Op::Eq.name()));
    Some((FieldKey::parse(key).ok()?, OPS.into_iter().find(|known| known.name() == op)?))
}

fn shown(name: &str) -> String {
    name.chars().take(100).collect()
}

fn fits(op: Op, value: &str) -> bool {
    match op {
        Op::Null => matches!(value, "true" | "false"),
        Op::Lt | Op::Lte | Op::Gt | Op::Gte => number(value).is_some(),
        Op::Eq | Op::Ne | Op::Contains => {
            !value.is_empty() && value.chars().count() <= MAX_TEXT && !value.chars().any(char::is_control)
        }
    }
}

fn number(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    plain.then(|| Decimal::from_str_exact(text).ok()).flatten()
}

/// What a value may mean in JSON: text, and a number or a flag if it looks like one.
fn meanings(text: &str) -> Vec<Value> {
    let number = number(text).and_then(|number| serde_json::Number::from_str(&number.to_string()).ok());
    let flag = bool::from_str(text).ok();
    let others = [number.map(Value::Number), flag.map(Value::Bool)];
    std::iter::once(Value::from(text)).chain(others.into_iter().flatten()).collect()
}

impl CustomFilter {
    /// What the field is called, among fields.
    pub(super) fn column(&self) -> String {
        format!("custom.{}", self.key)
    }

    /// Adds ` and …`.
    pub(super) fn push(&self, sql: &mut QueryBuilder<'static, Postgres>) {
        let value = self.values.first().cloned().unwrap_or_default();
        let meanings: Vec<Value> = self.values.iter().flat_map(|value| meanings(value)).collect();
        match self.op {
            Op::Eq => {
                self.push_field(sql, " and ").push(" = any(").push_bind(meanings).push(")");
            }
            Op::Ne => {
                self.push_field(sql, " and coalesce(");
                sql.push(" <> all(").push_bind(meanings).push("), true)");
            }
            Op::Lt => self.push_comparison(sql, "<", &value),
            Op::Lte => self.push_comparison(sql, "<=", &value),
            Op::Gt => self.push_comparison(sql, ">", &value),
            Op::Gte => self.push_comparison(sql, ">=", &value),
            Op::Contains => {
                sql.push(" and position(lower(").push_bind(value).push(") in lower(doc -> 'custom' ->> ");
                sql.push_bind(self.key.as_str().to_owned()).push(")) > 0");
            }
            Op::Null => {
                self.push_field(sql, " and ");
                sql.push(if value == "true" { " is null" } else { " is not null" });
            }
        }
    }

    fn push_field<'s>(
        &self,
        sql: &'s mut QueryBuilder<'static, Postgres>,
        before: &str,
    ) -> &'s mut QueryBuilder<'static, Postgres> {
        sql.push(before).push("doc -> 'custom' -> ").push_bind(self.key.as_str().to_owned())
    }

    /// Only numbers compare; text is neither more nor less.
    fn push_comparison(&self, sql: &mut QueryBuilder<'static, Postgres>, op: &str, value: &str) {
        self.push_field(sql, " and case when jsonb_typeof(").push(") = 'number' then (");
        self.push_field(sql, "").push(")::numeric ").push(op).push(" ");
        sql.push_bind(number(value)).push(" else false end");
    }
}
