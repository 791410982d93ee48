//! Queries of lists: filters, order, pages and search, read the same way everywhere.
//!
//! `filter[stage]=…` `filter[amount][gte]=100` `sort=-amount,name` `page=2` `page_size=50` `cursor=…` `q=…`

mod documented;
mod field;
mod read;

use std::fmt;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::Problem;
pub use field::{Field, Kind, Op, Value};

/// Most filters of a query.
pub const MAX_FILTERS: usize = 20;
/// Most fields to sort by.
pub const MAX_SORTS: usize = 3;
/// Most characters of `q` and of the value of a filter.
pub const MAX_TEXT: usize = 200;
/// Most items of a page.
pub const MAX_PAGE_SIZE: u32 = 200;
/// Items of a page unless something else is asked for.
pub const DEFAULT_PAGE_SIZE: u32 = 25;
/// The last page that can be asked for by number; further on, by cursor only.
pub const MAX_PAGE: u32 = 10_000;
/// Most characters of a cursor.
pub const MAX_CURSOR: usize = 512;

/// What may be asked of a list; implemented by the row of the list.
pub trait ListFields: 'static {
    /// The fields to filter and sort by.
    const FIELDS: &'static [Field];
    /// Whether the list can be searched by `q`.
    const SEARCH: bool = false;
    /// Further parameters by their plain names, such as `as_of`.
    const EXTRAS: &'static [Field] = &[];
}

/// A query of the list `F`, within its limits and of its fields only. Everything bad in it is named in one 422.
pub struct ListQuery<F> {
    /// All of them must hold. At most [`MAX_FILTERS`].
    pub filters: Vec<Filter>,
    /// Fields to sort by, the first one first; each at most once. At most [`MAX_SORTS`].
    pub sort: Vec<(&'static str, Order)>,
    /// The page, from 1 to [`MAX_PAGE`]; 1 if a cursor was sent.
    pub page: u32,
    /// 1 to [`MAX_PAGE_SIZE`].
    pub page_size: u32,
    /// What the last page gave as `next_cursor`: visible ASCII, up to [`MAX_CURSOR`]. It is the caller's word; check it.
    pub cursor: Option<String>,
    /// What to search for, trimmed, 1 to [`MAX_TEXT`] characters, none of them a control character.
    pub q: Option<String>,
    extras: Vec<(&'static str, Value)>,
    list: PhantomData<fn() -> F>,
}

/// A condition on a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The name of the field, one of [`ListFields::FIELDS`].
    pub field: &'static str,
    /// How it compares.
    pub op: Op,
    /// One value, or several for [`Op::Eq`] (any of them) and [`Op::Ne`] (none of them).
    pub values: Vec<Value>,
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The smallest.
    Asc,
    /// The largest.
    Desc,
}

impl<F: ListFields> ListQuery<F> {
    /// Reads the query of a URI.
    ///
    /// # Errors
    /// The 422 problem with everything that is bad.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        read::read(query).map_err(Problem::invalid)
    }
}

impl<F> ListQuery<F> {
    /// The value of one of [`ListFields::EXTRAS`].
    pub fn extra(&self, name: &str) -> Option<&Value> {
        self.extras.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Rows to skip.
    pub fn offset(&self) -> i64 {
        i64::from(self.page - 1) * i64::from(self.page_size)
    }

    /// Rows to read.
    pub fn limit(&self) -> i64 {
        i64::from(self.page_size)
    }
}

impl<F> fmt::Debug for ListQuery<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListQuery")
            .field("filters", &self.filters)
            .field("sort", &self.sort)
            .field("page", &self.page)
            .field("page_size", &self.page_size)
            .field("cursor", &self.cursor)
            .field("q", &self.q)
            .field("extras", &self.extras)
            .finish()
    }
}

impl<F: ListFields, S: Sync> FromRequestParts<S> for ListQuery<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}
