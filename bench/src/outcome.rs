//! What a measure found, and whether that is enough.

use serde::Serialize;

use crate::rounds::Pair;
use crate::statistics::{median, ratios};

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What was measured.
    pub title: String,
    /// The unit of all values.
    pub unit: &'static str,
    /// Ours, by round.
    pub ours: Vec<f64>,
    /// What ours is compared with.
    pub reference: Option<Reference>,
    /// What ours must reach.
    pub bars: Vec<Bar>,
    /// What a reader must know about it.
    pub note: String,
}

/// What ours is compared with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reference {
    /// What it is.
    pub title: String,
    /// Its values, by round.
    pub values: Vec<f64>,
}

/// What must be reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// So many times the reference.
    Times(f64),
    /// This share of the reference, in percent.
    Percent(f64),
    /// At least this, in the unit of the row.
    AtLeast(f64),
    /// At most this, in the unit of the row.
    AtMost(f64),
    /// At most so many times the reference.
    AtMostTimes(f64),
}

impl Row {
    /// Ours beside a reference, round by round.
    pub fn compared(title: &str, unit: &'static str, reference: &str, pair: Pair, bar: Bar) -> Self {
        let reference = Reference { title: reference.to_owned(), values: pair.reference };
        Self {
            title: title.to_owned(),
            unit,
            ours: pair.ours,
            reference: Some(reference),
            bars: vec![bar],
            note: String::new(),
        }
    }

    /// Ours alone.
    pub fn alone(title: &str, unit: &'static str, ours: Vec<f64>, bar: Bar) -> Self {
        Self { title: title.to_owned(), unit, ours, reference: None, bars: vec![bar], note: String::new() }
    }

    /// With a further bar.
    #[must_use]
    pub fn and(mut self, bar: Bar) -> Self {
        self.bars.push(bar);
        self
    }

    /// With a note for the reader.
    #[must_use]
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// The median of ours.
    pub fn value(&self) -> f64 {
        median(&self.ours)
    }

    /// Ours in relation to the reference, by round.
    pub fn ratios(&self) -> Vec<f64> {
        self.reference.as_ref().map(|reference| ratios(&self.ours, &reference.values)).unwrap_or_default()
    }

    /// The median of the rounds' ratios.
    pub fn ratio(&self) -> Option<f64> {
        Some(self.ratios()).filter(|ratios| !ratios.is_empty()).map(|ratios| median(&ratios))
    }

    /// Whether every bar is reached. What was not measured reaches nothing.
    pub fn is_reached(&self) -> bool {
        self.bars.iter().all(|bar| bar.is_reached_by(self))
    }
}

impl Bar {
    fn is_reached_by(self, row: &Row) -> bool {
        match self {
            Self::Times(times) => row.ratio().is_some_and(|ratio| ratio >= times),
            Self::Percent(percent) => row.ratio().is_some_and(|ratio| ratio * 100.0 >= percent),
            Self::AtLeast(least) => row.value() >= least,
            Self::AtMost(most) => row.value() <= most,
            Self::AtMostTimes(times) => row.ratio().is_some_and(|ratio| ratio <= times),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bar: Bar) -> Row {
        let pair = Pair { ours: vec![10.0, 40.0, 90.0], reference: vec![10.0, 20.0, 30.0] };
        Row::compared("x", "events/s", "y", pair, bar)
    }

    #[test]
    fn the_ratio_is_the_median_of_the_rounds_ratios() {
        assert_eq!(row(Bar::Times(1.0)).ratio(), Some(2.0));
        assert_eq!(Row::alone("x", "s", vec![1.0], Bar::AtMost(1.0)).ratio(), None);
    }

    #[test]
    fn a_bar_is_reached_at_its_value_and_missed_below_it() {
        for (bar, reached) in [
            (Bar::Times(2.0), true),
            (Bar::Times(2.01), false),
            (Bar::Percent(200.0), true),
            (Bar::Percent(201.0), false),
            (Bar::AtLeast(40.0), true),
            (Bar::AtLeast(40.1), false),
            (Bar::AtMost(40.0), true),
            (Bar::AtMost(39.9), false),
            (Bar::AtMostTimes(2.0), true),
            (Bar::AtMostTimes(1.99), false),
        ] {
            assert_eq!(row(bar).is_reached(), reached, "{bar:?}");
        }
    }

    #[test]
    fn every_bar_must_be_reached() {
        assert!(row(Bar::Times(2.0)).and(Bar::AtLeast(40.0)).is_reached());
        assert!(!row(Bar::Times(2.0)).and(Bar::AtLeast(41.0)).is_reached());
    }

    #[test]
    fn what_was_not_measured_reaches_no_bar() {
        let none = Pair { ours: vec![], reference: vec![] };
        assert!(!Row::compared("x", "s", "y", none.clone(), Bar::Percent(0.0)).is_reached());
        assert!(!Row::compared("x", "s", "y", none, Bar::AtMostTimes(9.0)).is_reached());
        assert!(!Row::alone("x", "s", vec![], Bar::AtMost(1.0)).is_reached());
        assert!(!Row::alone("x", "s", vec![], Bar::AtLeast(0.0)).is_reached());
    }
}
