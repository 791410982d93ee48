//! The past: a thing as it was, folded in memory from the log by the fold that also fills the read model.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::identity::field::HideableField;
use edge::{Meta, MinPosition, Permitted, Problem};
use event_store::read::{self, History};
use event_store::{Recorded, seal};
use projections::Projection;
use projections::projection::decode;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::QueryApi;
use crate::failure;
use crate::row::Rows;
use crate::single::owner;
use crate::wait::Freshness;

/// A point of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum AsOf {
    /// What was known when the log had reached this position.
    Position(i64),
    /// What had happened by this time, as far as it is known today.
    Time(DateTime<Utc>),
}

/// The query of a single thing.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsOfQuery {
    /// A past state instead of the present one, read from the log itself.
    ///
    /// - A **position** of the log: what was known then, that is all events up to this position.
    /// - A **time** (RFC 3339): what had happened by then in business time, as far as it is known today. Events count
    ///   by their `occurred_at`, so those entered late count where they belong; they are applied in recorded order.
    ///
    /// 404 if it did not exist then. Such a state has no commands among its links.
    #[param(value_type = Option<String>, example = "2026-03-05T12:00:00Z")]
    pub(crate) as_of: Option<AsOf>,
}

impl TryFrom<String> for AsOf {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let position = digits.then(|| text.parse().ok().map(Self::Position));
        let time = || DateTime::parse_from_rfc3339(&text).ok().map(|time| Self::Time(time.to_utc()));
        let rule = "must be a position of the log, or a time such as 2026-01-31T12:00:00Z";
        position.unwrap_or_else(time).ok_or(rule)
    }
}

impl AsOf {
    /// As in a query.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Position(position) => position.to_string(),
            Self::Time(time) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        }
    }

    /// Whether neither this event of a thing counts nor any after it.
    pub(crate) fn is_before(self, event: &Recorded) -> bool {
        match self {
            Self::Position(position) => event.position > position,
            Self::Time(_) => false,
        }
    }

    /// Of events of a thing, those that count. `begun` tells whether any before them did.
    pub(crate) fn select(
        self,
        events: Vec<Recorded>,
        begun: bool,
    ) -> Result<Vec<Recorded>, serde_json::Error> {
        let counts = |event: &Recorded| match self {
            Self::Position(position) => Ok(event.position <= position),
            Self::Time(time) => event.read_metadata().map(|metadata| metadata.occurred_at <= time),
        };
        let mut counted = Vec::with_capacity(events.len());
        for event in events {
            match counts(&event)? {
                true => counted.push(event),
                // What was noted as done before the thing began does not make it begin earlier.
                false if counted.is_empty() && !begun => break,
                false => {}
            }
        }
        Ok(counted)
    }
}

/// A row as it was, and where the log was when it was read.
pub(crate) struct Past<R> {
    pub(crate) row: R,
    /// What the caller is not shown of it.
    pub(crate) hidden: Vec<&'static HideableField>,
    pub(crate) freshness: Freshness,
    pub(crate) meta: Meta,
}

impl QueryApi {
    /// The row of a thing as it was. Who may see what it is now may see what it was; whose it is now decides which fields.
    ///
    /// # Errors
    /// 404 if it did not exist then, or is beyond the caller's reach now.
    pub(crate) async fn past<P: Projection + Rows>(
        &self,
        caller: &Permitted,
        at_least: Option<MinPosition>,
        id: Uuid,
        as_of: AsOf,
    ) -> Result<Past<P::Row>, Problem> {
        let begun = self.0.reads.begin(caller.tenant, caller.reach()).await;
        let mut transaction = begun.map_err(failure::database)?;
        let head = read::head(transaction.connection()).await.map_err(failure::database)?;
        let mut row = None;
        for aggregate_type in P::READS {
            let mut history = History::of(caller.tenant.into(), (aggregate_type, id));
            let connection = transaction.connection();
            let (mut begun, mut over) = (false, false);
            while !over
                && let Some(events) = history.next(&mut *connection).await.map_err(failure::database)?
            {
                over = events.last().is_some_and(|last| as_of.is_before(last));
                let counted = as_of.select(events, begun).map_err(Problem::internal)?;
                begun |= !counted.is_empty();
                over |= !begun;
                let opened = seal::open(&mut *connection, counted, self.0.upcasters).await;
                for event in opened.map_err(failure::database)? {
                    let fact = decode(event, self.0.upcasters).map_err(Problem::internal)?;
                    P::apply(&mut row, id, &fact).map_err(Problem::internal)?;
                }
            }
        }
        let (position, time) = match as_of {
            AsOf::Position(position) => (position.min(head), None),
            AsOf::Time(time) => (head, Some(time)),
        };
        let row = row.ok_or_else(Problem::not_found)?;
        let hidden = match P::KIND.filter(|_| !caller.sight().is_whole()) {
            Some(kind) => {
                let owner = owner(&mut transaction, P::NAME, id).await?;
                caller.sight().hidden(kind, owner.as_deref()).collect()
            }
            None => Vec::new(),
        };
        let meta = Meta { as_of: time, ..Meta::default() };
        Ok(Past { row, hidden, freshness: Freshness::of(head, head, at_least).at(position), meta })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_of_the_past_is_a_position_or_a_time() {
        let read = |text: &str| AsOf::try_from(text.to_owned());
        assert_eq!(read("17"), Ok(AsOf::Position(17)));
        let time = read("2026-03-05T13:00:00+01:00").unwrap();
        assert_eq!(time.text(), "2026-03-05T12:00:00Z");
        for text in ["", "-1", "1.5", "99999999999999999999", "yesterday", "2026-03-05", "+1"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
