//! An answer with all that it depends on.

use chrono::{DateTime, Utc};
use edge::{Answer, MinPosition, Rendered};
use projections::Stamp;

/// An answer that was just made, and until when its words are true if nothing happens at all.
pub(crate) struct Made<T> {
    pub(crate) answer: Answer<T>,
    pub(crate) until: Option<DateTime<Utc>>,
}

/// An answer that can be given again.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) rendered: Rendered,
    /// The position that it tells.
    pub(crate) position: i64,
    /// The states of the read models that it shows.
    pub(crate) stamps: Vec<(&'static str, Stamp)>,
    /// When it was made, by the clock that it tells the time from.
    pub(crate) made: DateTime<Utc>,
    pub(crate) until: Option<DateTime<Utc>>,
}

impl<T> From<Answer<T>> for Made<T> {
    /// An answer that does not depend on the time.
    fn from(answer: Answer<T>) -> Self {
        Self { answer, until: None }
    }
}

impl Kept {
    pub(super) fn size(&self) -> usize {
        self.rendered.size()
    }

    /// Whether it shows the position that is asked for, and the time has not outdated it. A clock that was put back
    /// counts as such.
    pub(crate) fn suits(&self, at_least: Option<MinPosition>, now: DateTime<Utc>) -> bool {
        let in_time = self.until.is_none_or(|until| (self.made..until).contains(&now));
        in_time && at_least.is_none_or(|MinPosition(wanted)| wanted <= self.position)
    }

    /// Whether it shows each read model as it was at `reached`, or later.
    pub(crate) fn is_at_least(&self, reached: &[(i64, i64)]) -> bool {
        self.stamps.iter().zip(reached).all(|((_, stamp), reached)| stamp.order() >= *reached)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    fn kept(until: Option<DateTime<Utc>>) -> Kept {
        let rendered = edge::ok(()).rendered().unwrap();
        let stamps = vec![("a", Stamp { position: 7, ..Stamp::default() })];
        Kept { rendered, position: 7, stamps, made: DateTime::UNIX_EPOCH, until }
    }

    #[test]
    fn an_answer_suits_who_asks_for_no_more_than_it_shows() {
        let now = DateTime::UNIX_EPOCH;
        assert!(kept(None).suits(None, now));
        assert!(kept(None).suits(Some(MinPosition(7)), now));
        assert!(!kept(None).suits(Some(MinPosition(8)), now));
        assert!(kept(None).is_at_least(&[(7, 0)]));
        assert!(!kept(None).is_at_least(&[(7, 1)]));
    }

    #[test]
    fn an_answer_that_depends_on_the_time_lasts_until_then() {
        let (made, second) = (DateTime::UNIX_EPOCH, Duration::seconds(1));
        let kept = kept(Some(made + second));
        assert!(kept.suits(None, made));
        assert!(!kept.suits(None, made + second));
        assert!(!kept.suits(None, made - second));
    }
}
