//! A value before and after.

use serde::{Deserialize, Serialize};

/// What a value was and what it became, for folds that must take the old one back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T> {
    /// Before.
    pub from: T,
    /// After.
    pub to: T,
}

impl<T: PartialEq + Clone> Change<T> {
    /// The change that `wish` asks for: none if it asks for nothing, or for what is there already.
    pub fn between(current: &T, wish: Option<T>) -> Option<Self> {
        wish.filter(|to| to != current).map(|to| Self { from: current.clone(), to })
    }
}

impl<T> Change<T> {
    /// Carries out a change, if there is one.
    pub fn apply(change: Option<Self>, value: &mut T) {
        if let Some(change) = change {
            *value = change.to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wish_for_something_else_is_a_change() {
        assert_eq!(Change::between(&1, Some(2)), Some(Change { from: 1, to: 2 }));
        assert_eq!(Change::between(&1, Some(1)), None);
        assert_eq!(Change::between(&1, None), None);
        assert_eq!(Change::between(&Some(1), Some(None)), Some(Change { from: Some(1), to: None }));
    }
}
