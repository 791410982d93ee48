//! Why a value was refused: one plain sentence that never repeats the value, which may be personal data.

use serde_json::Value;

/// A value that its type refuses. The sentence goes on after the name of the field: "name must be …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Something other than a JSON string.
    #[error("must be text")]
    NotText,
    /// Too short or too long, in characters after trimming.
    #[error("must be {min} to {max} characters, was {was}")]
    Length {
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
        /// What it had.
        was: usize,
    },
    /// A control character, such as NUL, or a line break where there may be only one line.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// A character that turns the direction of writing, with which text can be made to look like other text.
    #[error("must not contain characters that override the direction of writing")]
    DirectionOverride,
    /// Not a UUID.
    #[error("must be a UUID")]
    NotAnId,
    /// Not an address of the form `local@domain`.
    #[error("must be an e-mail address")]
    NotAnEmailAddress,
    /// Not the name of a provider.
    #[error("must be an https URL without user, query and fragment")]
    NotAnIssuer,
    /// Not what stands behind the `@` of an address.
    #[error("must be a domain, such as engines.example")]
    NotADomain,
    /// A character that no phone number has.
    #[error("must be a phone number of digits, spaces and + ( ) - . / x, with at least 3 digits")]
    NotAPhoneNumber,
    /// Not a whole number of 0 to 100.
    #[error("must be a whole number from 0 to 100")]
    NotAPercentage,
    /// Not a code of ISO 4217 with a known number of minor units.
    #[error("must be an ISO 4217 currency code in capitals, such as EUR")]
    NotACurrency,
    /// Not an object with `amount` and `currency`.
    #[error("must be an object with the fields amount and currency")]
    NotMoney,
    /// Not a plain decimal number in a string.
    #[error("must have an amount that is a decimal number as text, such as \"1250.00\"")]
    NotAnAmount,
    /// Below zero.
    #[error("must have an amount of at least 0")]
    NegativeAmount,
    /// More digits before the point than [`crate::Money::MAX_INTEGER_DIGITS`].
    #[error("must have an amount of at most 15 digits before the decimal point, had {was}")]
    AmountTooLarge {
        /// Digits before the point.
        was: usize,
    },
    /// More decimal places than the currency has minor units.
    #[error("must have an amount of at most {max} decimal places in {currency}, had {was}")]
    TooManyDecimalPlaces {
        /// The minor units of the currency.
        max: u32,
        /// What it had.
        was: usize,
        /// The code of the currency.
        currency: &'static str,
    },
    /// Not a plain decimal number of at least 0 in a string, or one that is too long.
    #[error(
        "must be a decimal number as text, at least 0, of at most {whole} digits before the point and {fraction} after it"
    )]
    NotAFigure {
        /// Most digits before the point.
        whole: usize,
        /// Most digits after the point.
        fraction: usize,
    },
    /// Not a code of ISO 3166-1.
    #[error("must be an ISO 3166-1 country code of two capitals, such as DE")]
    NotACountry,
    /// Not a tag of a language.
    #[error("must be a language such as de or de-CH")]
    NotALanguage,
    /// Not a number of days within a year.
    #[error("must be a whole number of days from 0 to 365")]
    NotNetDays,
    /// Rate and reason do not go with the category.
    #[error("must have a rate above 0 in category S and none in others, and a reason in category E alone")]
    NotATax,
    /// Not a code of a unit.
    #[error(
        "must be a unit code of UN/ECE Recommendation 20, such as C62 for pieces or HUR for hours, or one of 21 after an X, such as XBX for boxes"
    )]
    NotAUnit,
    /// Days that end before they begin.
    #[error("must not end before it begins")]
    PeriodBackwards,
    /// Not a pattern of numbers.
    #[error(
        "must be letters, digits, - / . _ and {{seq:1}} to {{seq:9}} exactly once, and {{year}} at most once, such as INV-{{year}}-{{seq:5}}"
    )]
    NotANumberPattern,
    /// Not a number of a document.
    #[error("must be 1 to 30 letters, digits and - / . _")]
    NotADocumentNumber,
    /// Not a key of a custom field.
    #[error("must be 1 to 40 characters of a-z, 0-9 and _, the first one a letter")]
    NotAFieldKey,
    /// JSON that a custom field cannot hold.
    #[error("must be true, false, a number or text")]
    NotACustomValue,
    /// A number that JSON readers would round.
    #[error("must be a number of at most 15 digits, or text")]
    TooManyDigits,
    /// Too many custom fields.
    #[error("must have at most {max} fields, had {was}")]
    TooManyFields {
        /// Most fields.
        max: usize,
        /// What it had.
        was: usize,
    },
}

/// The text of a JSON string.
///
/// Value objects read themselves through [`Value`], since serde's own message on a wrong type repeats the value.
pub(crate) fn string(value: Value) -> Result<String, Invalid> {
    if let Value::String(text) = value { Ok(text) } else { Err(Invalid::NotText) }
}
