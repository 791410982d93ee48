//! What rows show in place of personal data that was erased, where a row cannot do without.

use domain::EmailAddress;

/// In place of a text.
pub const TEXT: &str = "erased";
/// In place of an e-mail address. Nobody has one in this domain (RFC 2606).
const EMAIL: &str = "erased@erased.invalid";

/// [`TEXT`], as far as it fits.
pub(crate) fn text<T: for<'a> TryFrom<&'a str>>() -> Option<T> {
    T::try_from(TEXT).ok()
}

pub(crate) fn email() -> Option<EmailAddress> {
    EmailAddress::parse(EMAIL).ok()
}

#[cfg(test)]
mod tests {
    use domain::{Prose, Text};

    use super::*;

    #[test]
    fn the_words_are_what_their_types_take() {
        assert!(text::<Text<200>>().is_some() && text::<Prose<4000>>().is_some() && email().is_some());
    }
}
