//! The series: state, decisions, and what events make of it.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{DocumentNumber, NumberPattern, SeriesAction, SeriesCommand, SeriesError, SeriesEvent};
use crate::{DocumentId, LegalEntityId};

/// A series, as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Series {
    /// Not opened yet.
    #[default]
    Unborn,
    /// It gives out numbers.
    Open(Live),
    /// It gives out no more.
    Closed,
}

/// A series that gives out numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// Whose documents have its numbers.
    pub legal_entity: LegalEntityId,
    /// How its numbers look.
    pub pattern: NumberPattern,
    /// The last counter of each year; of all years together under 0 if the pattern has no year in it.
    ///
    /// A document of late December may be issued in January, so the counters of all years are kept.
    counters: BTreeMap<i32, u32>,
    last: Option<DocumentNumber>,
}

impl Series {
    /// The number that was drawn last, while it is open.
    pub fn last_number(&self) -> Option<&DocumentNumber> {
        match self {
            Self::Open(live) => live.last.as_ref(),
            Self::Unborn | Self::Closed => None,
        }
    }

    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: SeriesCommand) -> Result<Vec<SeriesEvent>, SeriesError> {
        command.not_in_future(SeriesError::OccurredInFuture)?;
        command.not_too_early(SeriesError::OccurredTooEarly)?;
        let event = match (self, command.action) {
            (Self::Unborn, SeriesAction::Open { legal_entity, name, pattern }) => {
                Some(SeriesEvent::Opened { legal_entity, name, pattern })
            }
            (Self::Open(_) | Self::Closed, SeriesAction::Open { .. }) => {
                return Err(SeriesError::AlreadyExists);
            }
            (Self::Unborn, _) => return Err(SeriesError::NotFound),
            (Self::Closed, SeriesAction::Draw { .. }) => return Err(SeriesError::Closed),
            (Self::Closed, SeriesAction::Close) => None,
            (Self::Open(live), SeriesAction::Draw { legal_entity, document, on }) => {
                Some(live.draw(legal_entity, document, on)?)
            }
            (Self::Open(_), SeriesAction::Close) => Some(SeriesEvent::Closed {}),
        };
        Ok(event.into_iter().collect())
    }
}

impl Live {
    fn draw(
        &self,
        legal_entity: LegalEntityId,
        document: DocumentId,
        on: NaiveDate,
    ) -> Result<SeriesEvent, SeriesError> {
        if legal_entity != self.legal_entity {
            return Err(SeriesError::OtherLegalEntity);
        }
        let year = on.year();
        let last = self.counters.get(&self.key(year)).copied().unwrap_or(0);
        let counter = last.checked_add(1).ok_or(SeriesError::Exhausted)?;
        let number = self.pattern.number(year, counter).map_err(|_| SeriesError::Exhausted)?;
        Ok(SeriesEvent::NumberDrawn { number, year, counter, document })
    }

    fn key(&self, year: i32) -> i32 {
        if self.pattern.is_yearly() { year } else { 0 }
    }
}

impl Aggregate for Series {
    const TYPE: &'static str = "billing.series";
    type Command = SeriesCommand;
    type Event = SeriesEvent;
    type Error = SeriesError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match (self, event) {
            (series, SeriesEvent::Opened { legal_entity, pattern, .. }) => {
                *series = Self::Open(Live { legal_entity, pattern, counters: BTreeMap::new(), last: None });
            }
            (Self::Open(live), SeriesEvent::NumberDrawn { number, year, counter, .. }) => {
                live.counters.insert(live.key(year), counter);
                live.last = Some(number);
            }
            (series @ Self::Open(_), SeriesEvent::Closed {}) => *series = Self::Closed,
            // Only an open series has further events; the log cannot hold others.
            (Self::Unborn | Self::Closed, SeriesEvent::NumberDrawn { .. } | SeriesEvent::Closed {}) => {}
        }
    }
}
