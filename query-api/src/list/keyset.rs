//! The order of a list, and the rows that come after one of them.

use edge::list::Kind;
use edge::{Field, Order, Value};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use uuid::Uuid;

use super::condition::bind;
use super::{List, View};

/// One field of an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    column: &'static str,
    pub(super) kind: Kind,
    order: Order,
    nullable: bool,
}

/// A place in an order: the values of its keys, and the id.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) values: Vec<Option<Value>>,
    pub(super) id: Uuid,
}

/// Which way a list is read from a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Onwards,
    Back,
}

/// The keys of the order that is asked for; the id after them goes without saying.
pub(super) fn keys<F: View>(list: &List<F>) -> Vec<Key> {
    let asked = if list.query.sort.is_empty() { F::ORDER } else { &list.query.sort };
    let key = |(name, order): &(&'static str, Order)| {
        let kind = F::FIELDS.iter().find(|field: &&Field| field.name == *name)?.kind;
        Some(Key { column: name, kind, order: *order, nullable: !F::NEVER_NULL.contains(name) })
    };
    asked.iter().filter_map(key).collect()
}

/// Adds the keys to what is selected, after a column that is there already.
pub(super) fn push_columns(sql: &mut QueryBuilder<'static, Postgres>, keys: &[Key]) {
    for Key { column, kind, .. } in keys {
        match kind {
            // Of one type, whatever that of the column is.
            Kind::Integer => sql.push(", ").push(column).push("::bigint"),
            // Trailing zeros mean nothing, and may be more than a decimal here can hold.
            Kind::Decimal => sql.push(", trim_scale(").push(column).push(")"),
            Kind::Text | Kind::Choice(_) | Kind::Uuid | Kind::Boolean | Kind::Date | Kind::Time => {
                sql.push(", ").push(column)
            }
        };
    }
}

/// The place of a row whose key columns begin at `first`.
pub(super) fn place(row: &PgRow, first: usize, keys: &[Key]) -> Result<Place, sqlx::Error> {
    let value = |(index, key): (usize, &Key)| {
        let at = first + index;
        Ok(match key.kind {
            Kind::Text | Kind::Choice(_) => row.try_get::<Option<_>, _>(at)?.map(Value::Text),
            Kind::Uuid => row.try_get::<Option<_>, _>(at)?.map(Value::Uuid),
            Kind::Boolean => row.try_get::<Option<_>, _>(at)?.map(Value::Boolean),
            Kind::Integer => row.try_get::<Option<_>, _>(at)?.map(Value::Integer),
            Kind::Decimal => row.try_get::<Option<_>, _>(at)?.map(Value::Decimal),
            Kind::Date => row.try_get::<Option<_>, _>(at)?.map(Value::Date),
            Kind::Time => row.try_get::<Option<_>, _>(at)?.map(Value::Time),
        })
    };
    let values = keys.iter().enumerate().map(value).collect::<Result<_, sqlx::Error>>()?;
    Ok(Place { values, id: row.try_get("id")? })
}

/// Adds ` order by …`.
pub(super) fn push_order(sql: &mut QueryBuilder<'static, Postgres>, keys: &[Key], way: Way) {
    sql.push(" order by ");
    for key in keys {
        sql.push(key.column).push(if key.ascends(way) { " asc" } else { " desc" });
        if key.nullable {
            // Written only where it matters: indexes are in the order that goes without saying.
            sql.push(if way == Way::Onwards { " nulls last" } else { " nulls first" });
        }
        sql.push(", ");
    }
    sql.push(if way == Way::Onwards { "id asc" } else { "id desc" });
}

/// Adds ` and …` for the rows that come after a place, on the given way.
///
/// That is: the first key is further on, or it is the same and the second one is further on, and so on to the id.
pub(super) fn push_after(sql: &mut QueryBuilder<'static, Postgres>, keys: &[Key], place: &Place, way: Way) {
    if let (Some(Key { nullable: false, column, .. }), Some(Some(value))) =
        (keys.first(), place.values.first())
    {
        // Follows from the rest, but only from this can an index begin.
        sql.push(" and ").push(column).push(if ascends(keys, way) { " >= " } else { " <= " });
        bind(sql, value);
    }
    sql.push(" and (");
    for (index, (key, value)) in keys.iter().zip(&place.values).enumerate() {
        push_same(sql, keys, place, index);
        key.push_further(sql, value.as_ref(), way);
        sql.push(" or ");
    }
    push_same(sql, keys, place, keys.len());
    sql.push(if way == Way::Onwards { "id > " } else { "id < " }).push_bind(place.id).push(")");
}

fn ascends(keys: &[Key], way: Way) -> bool {
    keys.first().is_none_or(|key| key.ascends(way))
}

/// Adds `… and ` for the first `count` keys being those of the place.
fn push_same(sql: &mut QueryBuilder<'static, Postgres>, keys: &[Key], place: &Place, count: usize) {
    for (key, value) in keys.iter().zip(&place.values).take(count) {
        sql.push(key.column);
        match value {
            Some(value) => {
                sql.push(" = ");
                bind(sql, value);
            }
            None => {
                sql.push(" is null");
            }
        }
        sql.push(" and ");
    }
}

impl Key {
    /// That of the log.
    pub(super) const POSITION: Self =
        Self { column: "position", kind: Kind::Integer, order: Order::Asc, nullable: false };

    fn ascends(&self, way: Way) -> bool {
        (self.order == Order::Asc) == (way == Way::Onwards)
    }

    fn push_further(&self, sql: &mut QueryBuilder<'static, Postgres>, value: Option<&Value>, way: Way) {
        match value {
            Some(value) => {
                sql.push("(").push(self.column).push(if self.ascends(way) { " > " } else { " < " });
                bind(sql, value);
                let nulls_follow = self.nullable && way == Way::Onwards;
                sql.push(if nulls_follow { " or " } else { "" });
                sql.push(if nulls_follow { self.column } else { "" });
                sql.push(if nulls_follow { " is null)" } else { ")" });
            }
            None if way == Way::Onwards => {
                sql.push("false");
            }
            None => {
                sql.push(self.column).push(" is not null");
            }
        }
    }
}
