//! Fields of patches: absent leaves, null empties, a value sets.

use serde::{Deserialize, Deserializer};

/// Of a field that can be emptied: `Some(None)` for null, `Some(Some(_))` for a value. With `default`, absent is `None`.
pub(crate) fn clearable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Of a field that cannot be emptied: null is refused, where a plain `Option` would take it for absent.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Of a field that must be there and may be null: without `default`, serde misses it.
pub(crate) fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}
