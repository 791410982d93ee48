//! Cursors of the log, where a position says it all.

use edge::{Link, Problem, TenantId, Value};
use uuid::Uuid;

use super::asked::{Asked, Sent, sent};
use super::cursor::{Context, refusal};
use super::keyset::{Key, Place, Way};

/// Cursors of one query of the log.
pub(crate) struct PositionCursor<'a> {
    tenant: TenantId,
    path: &'a str,
    asked: Asked,
}

impl<'a> PositionCursor<'a> {
    /// For a path and its query.
    pub(crate) fn new(tenant: TenantId, path: &'a str, query: &str) -> Self {
        let mut asked = Asked::of(query);
        let begins = |sent: &Sent<'_>| sent.pair.as_ref().is_some_and(|(name, _)| name == "cursor");
        sent(query).filter(|sent| !begins(sent)).for_each(|sent| asked.add(sent));
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
    pub(crate) fn link(&self, cursor: Option<&str>) -> Link {
        self.asked.link(self.path, cursor.map(|cursor| ("cursor", cursor)))
    }

    fn with_context<T>(&self, then: impl FnOnce(Context<'_>) -> T) -> T {
        let list: Vec<&str> = std::iter::once(self.path).chain(self.asked.fingerprint()).collect();
        then(Context { tenant: self.tenant, list: &list })
    }
}
