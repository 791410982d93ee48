//! Cursors of the log, where a position says it all.

use edge::{Problem, TenantId, Value};
use uuid::Uuid;

use super::cursor::{Context, refusal};
use super::keyset::{Key, Place, Way};
use super::request::{link, pairs};

/// Cursors of one query of the log.
pub(crate) struct PositionCursor<'a> {
    tenant: TenantId,
    path: &'a str,
    asked: Vec<(String, String)>,
}

impl<'a> PositionCursor<'a> {
    /// For a path and its query.
    pub(crate) fn new(tenant: TenantId, path: &'a str, query: &str) -> Self {
        let mut asked: Vec<_> = pairs(query).filter_map(|(_, pair)| pair).collect();
        asked.retain(|(name, _)| name != "cursor");
        Self { tenant, path, asked }
    }

    /// The cursor for going on from a position.
    pub(crate) fn write(&self, position: i64) -> String {
        let place = Place { values: vec![Some(Value::Integer(position))], id: Uuid::nil() };
        self.with_context(|context| context.write(&place, Way::Onwards))
    }

    /// The position that a cursor stands for.
    ///
    /// # Errors
    /// The 422 problem, if it is not one of this query.
    pub(crate) fn read(&self, cursor: &str) -> Result<i64, Problem> {
        let (place, _) = self.with_context(|context| context.read(cursor, &[Key::POSITION]))?;
        match place.values.first() {
            Some(Some(Value::Integer(position))) => Ok(*position),
            Some(_) | None => Err(Problem::invalid(vec![refusal()])),
        }
    }

    /// The link to the same query, beginning at a cursor.
    pub(crate) fn link(&self, cursor: Option<&str>) -> String {
        let asked = self.asked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        link(self.path, asked.chain(cursor.map(|cursor| ("cursor", cursor))))
    }

    fn with_context<T>(&self, then: impl FnOnce(Context<'_>) -> T) -> T {
        let mut asked: Vec<_> = self.asked.iter().filter(|(name, _)| name != "page_size").collect();
        asked.sort_unstable();
        let asked = asked.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        let list: Vec<&str> = std::iter::once(self.path).chain(asked).collect();
        then(Context { tenant: self.tenant, list: &list })
    }
}
