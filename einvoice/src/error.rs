//! What keeps a document from being written, or read.

use std::fmt;

/// What keeps a document from being written as EN 16931 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Nobody can be told any more who was billed.
    #[error("whoever was billed is erased")]
    BuyerErased,
    /// Amounts of EN 16931 have two decimal places at most (BR-DEC-01 to BR-DEC-28), and an amount of this document needs three.
    #[error("an amount has more than the two decimal places that EN 16931 allows")]
    TooManyDecimalPlaces,
}

impl WriteError {
    /// A stable code of the rule.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BuyerErased => "einvoice.buyer_erased",
            Self::TooManyDecimalPlaces => "einvoice.too_many_decimal_places",
        }
    }
}

/// What keeps a file from being read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, byte {offset}, in {element}: {kind}")]
pub struct ReadError {
    /// What is wrong.
    pub kind: ReadErrorKind,
    /// The innermost element that it is in, by its path, such as `Invoice/TaxTotal`.
    pub element: String,
    /// How many bytes of the file are before it.
    pub offset: usize,
    /// The line, from 1.
    pub line: usize,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// It has more bytes than this.
    TooLarge(usize),
    /// It has elements within elements, more than so many levels.
    TooDeep(usize),
    /// It has more elements than this.
    TooManyElements(usize),
    /// It is not of UTF-8.
    NotUtf8,
    /// It is not well-formed.
    NotXml(String),
    /// It declares a document type, which is how entities are smuggled in.
    DocType,
    /// It refers to an entity that XML does not define by itself.
    UnknownEntity(String),
    /// It is neither an invoice nor a credit note of UBL 2.
    NotUbl,
    /// This element may only be there once.
    Repeated(&'static str),
    /// It should be a decimal number of at most 28 digits.
    NotADecimal(String),
    /// It should be `true` or `false`.
    NotABoolean(String),
}

impl fmt::Display for ReadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(max) => write!(f, "there are more than {max} bytes"),
            Self::TooDeep(max) => write!(f, "elements are nested more than {max} levels deep"),
            Self::TooManyElements(max) => write!(f, "there are more than {max} elements"),
            Self::NotUtf8 => f.write_str("the text is not UTF-8"),
            Self::NotXml(why) => write!(f, "the XML is not well-formed: {why}"),
            Self::DocType => f.write_str("a document type declaration is not accepted"),
            Self::UnknownEntity(name) => write!(f, "the entity {name:?} is unknown"),
            Self::NotUbl => f.write_str("this is neither an Invoice nor a CreditNote of UBL 2"),
            Self::Repeated(name) => write!(f, "there may be only one {name}"),
            Self::NotADecimal(text) => write!(f, "{text:?} is not a decimal number of at most 28 digits"),
            Self::NotABoolean(text) => write!(f, "{text:?} is neither true nor false"),
        }
    }
}
