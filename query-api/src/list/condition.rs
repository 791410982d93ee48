//! What rows must be like: filters and search as SQL.

use edge::{Filter, Op, Value};
use sqlx::{Postgres, QueryBuilder};

use super::{List, View, search};

/// Columns that must have these values, for a list that is part of something.
pub(crate) type Scope<'a> = &'a [(&'static str, Value)];

/// Adds ` where …`.
pub(super) fn push<F: View>(sql: &mut QueryBuilder<'static, Postgres>, list: &List<F>, scope: Scope<'_>) {
    sql.push(" where true");
    for (column, value) in scope {
        sql.push(" and ").push(column).push(" = ");
        bind(sql, value);
    }
    for filter in &list.query.filters {
        push_filter(sql, filter);
    }
    for filter in &list.custom {
        filter.push(sql);
    }
    if let Some(q) = &list.query.q {
        search::push(sql, q);
    }
}

fn push_filter(sql: &mut QueryBuilder<'static, Postgres>, filter: &Filter) {
    let Some(value) = filter.values.first() else { return };
    let field = filter.field;
    sql.push(" and ");
    match filter.op {
        Op::Eq => {
            sql.push(field).push(" in (");
            bind_all(sql, &filter.values);
            sql.push(")");
        }
        // What is null is not equal either.
        Op::Ne => {
            sql.push("coalesce(").push(field).push(" not in (");
            bind_all(sql, &filter.values);
            sql.push("), true)");
        }
        Op::Lt => push_comparison(sql, field, " < ", value),
        Op::Lte => push_comparison(sql, field, " <= ", value),
        Op::Gt => push_comparison(sql, field, " > ", value),
        Op::Gte => push_comparison(sql, field, " >= ", value),
        Op::Contains => {
            sql.push("position(lower(");
            bind(sql, value);
            sql.push(") in lower(").push(field).push(")) > 0");
        }
        Op::Null => {
            sql.push(field).push(if *value == Value::Boolean(true) { " is null" } else { " is not null" });
        }
    }
}

fn push_comparison(sql: &mut QueryBuilder<'static, Postgres>, field: &str, op: &str, value: &Value) {
    sql.push(field).push(op);
    bind(sql, value);
}

/// Adds one value.
pub(super) fn bind(sql: &mut QueryBuilder<'static, Postgres>, value: &Value) {
    match value {
        Value::Text(text) => sql.push_bind(text.clone()),
        Value::Uuid(id) => sql.push_bind(*id),
        Value::Boolean(flag) => sql.push_bind(*flag),
        Value::Integer(number) => sql.push_bind(*number),
        Value::Decimal(number) => sql.push_bind(*number),
        Value::Date(day) => sql.push_bind(*day),
        Value::Time(time) => sql.push_bind(*time),
    };
}

/// Adds values with commas between.
fn bind_all(sql: &mut QueryBuilder<'static, Postgres>, values: &[Value]) {
    for (index, value) in values.iter().enumerate() {
        sql.push(if index == 0 { "" } else { ", " });
        bind(sql, value);
    }
}
