//! Lists of read models: what may be asked, the SQL that it becomes, and pages of rows.
//!
//! Invariant: whatever a client sends reaches SQL as a bound value; names of columns come from constants only.

mod answering;
mod asked;
mod condition;
mod cursor;
mod custom;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod keyset;
mod page;
mod position;
mod request;
mod search;

use domain::identity::RecordKind;
use edge::{ListFields, Order};

pub(crate) use asked::{link, written};
pub use page::Listed;
pub(crate) use page::{load, rest};
pub(crate) use position::PositionCursor;
pub(crate) use request::List;

/// A list of rows of a read model. The name of each of its fields is that of a column.
pub trait View: ListFields {
    /// The table in schema `read_model`.
    const TABLE: &'static str;
    /// Tables that are read as one, in place of that one: each has an index in the order of the list.
    const PARTS: &'static [&'static str] = &[];
    /// What the rows are, if they have fields that roles can hide.
    const KIND: Option<RecordKind>;
    /// The fields that `q` searches, of those that roles can hide.
    const SEARCHED: &'static [&'static str] = &[];
    /// The order, unless another one is asked for. In every order the id comes last, so that none is left to chance.
    const ORDER: &'static [(&'static str, Order)];
    /// The sortable fields that every row has. The others come last where they are null, whichever end comes first.
    const NEVER_NULL: &'static [&'static str];
    /// Whether `read_model.row_count` counts the rows of each tenant.
    const COUNTED: bool = true;
    /// Whether the first page tells how many rows there are.
    const TOTAL: bool = true;
    /// Whether the rows have custom fields.
    const CUSTOM: bool = false;
}
