//! Reads the query of a list.

use std::marker::PhantomData;

use super::field::is_text;
use super::{
    DEFAULT_PAGE_SIZE, Field, Filter, Kind, ListFields, ListQuery, MAX_CURSOR, MAX_FILTERS, MAX_PAGE,
    MAX_PAGE_SIZE, MAX_SORTS, MAX_TEXT, Op, Order, Value,
};
use crate::FieldError;
use crate::query::{Pair, pairs, shown};

/// The query, or everything that is bad about it.
pub(super) fn read<F: ListFields>(query: &str) -> Result<ListQuery<F>, Vec<FieldError>> {
    let (pairs, errors) = pairs(query);
    let mut reader = Reader { errors, ..Reader::default() };
    let mut seen: Vec<&str> = Vec::new();
    for pair in &pairs {
        let name = pair.name.as_str();
        if name.starts_with("filter[") {
            reader.filter(F::FIELDS, pair);
            continue;
        }
        if seen.contains(&name) {
            reader.bad(name, "duplicate", "must be sent once");
            continue;
        }
        seen.push(name);
        match name {
            "sort" => reader.sort(F::FIELDS, &pair.value),
            "page" => reader.page = reader.number(pair, MAX_PAGE),
            "page_size" => reader.page_size = reader.number(pair, MAX_PAGE_SIZE),
            "cursor" => reader.cursor(&pair.value),
            "q" if F::SEARCH => reader.search(&pair.value),
            _ => reader.extra(F::EXTRAS, pair),
        }
    }
    if reader.cursor.is_some() && seen.contains(&"page") {
        reader.bad("page", "conflict", "must not be sent along with cursor");
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    errors: Vec<FieldError>,
    filters: Vec<Filter>,
    /// Filters as they were sent, with several of one field counted as several.
    sent: usize,
    sort: Vec<(&'static str, Order)>,
    page: Option<u32>,
    page_size: Option<u32>,
    cursor: Option<String>,
    q: Option<String>,
    extras: Vec<(&'static str, Value)>,
}

impl Reader {
    fn bad(&mut self, name: &str, code: &'static str, message: impl Into<String>) {
        self.errors.push(FieldError::new(shown(name), code, message));
    }

    fn filter(&mut self, fields: &[Field], pair: &Pair<'_>) {
        self.sent += 1;
        if self.sent > MAX_FILTERS {
            if self.sent == MAX_FILTERS + 1 {
                self.bad("filter", "too_many", format!("must be at most {MAX_FILTERS}"));
            }
            return;
        }
        let known = brackets(&pair.name).and_then(|(name, op)| {
            Some((fields.iter().find(|known| known.filterable && known.name == name)?, op))
        });
        let Some((field, op)) = known else {
            return self.bad(&pair.name, "unknown", "is no filter of this list");
        };
        let Some(op) = field.kind.ops().find(|known| known.name() == op) else {
            let names: Vec<_> = field.kind.ops().map(Op::name).collect();
            let message = format!("must compare by one of {}", names.join(", "));
            return self.bad(&pair.name, "unknown", message);
        };
        let kind = if op == Op::Null { Kind::Boolean } else { field.kind };
        let Some(value) = kind.parse(&pair.value) else {
            return self.bad(&pair.name, "invalid", kind.rule());
        };
        match self.filters.iter_mut().find(|known| known.field == field.name && known.op == op) {
            None => self.filters.push(Filter { field: field.name, op, values: vec![value] }),
            Some(known) if matches!(op, Op::Eq | Op::Ne) => known.values.push(value),
            Some(_) => self.bad(&pair.name, "duplicate", "must be sent once"),
        }
    }

    fn sort(&mut self, fields: &[Field], text: &str) {
        for (index, written) in text.split(',').enumerate() {
            if index == MAX_SORTS {
                return self.bad("sort", "too_many", format!("must have at most {MAX_SORTS} fields"));
            }
            let (name, order) = match written.strip_prefix('-') {
                Some(name) => (name, Order::Desc),
                None => (written, Order::Asc),
            };
            match fields.iter().find(|known| known.sortable && known.name == name) {
                None => {
                    let names: Vec<_> = fields.iter().filter(|f| f.sortable).map(|f| f.name).collect();
                    return self.bad(
                        "sort",
                        "invalid",
                        format!("must be of the fields {}", names.join(", ")),
                    );
                }
                Some(field) if self.sort.iter().any(|(known, _)| *known == field.name) => {
                    return self.bad("sort", "duplicate", "must name each field once");
                }
                Some(field) => self.sort.push((field.name, order)),
            }
        }
    }

    fn number(&mut self, pair: &Pair<'_>, max: u32) -> Option<u32> {
        let digits = pair.value.bytes().all(|byte| byte.is_ascii_digit());
        let number = pair.value.parse().ok().filter(|number| digits && (1..=max).contains(number));
        if number.is_none() {
            self.bad(&pair.name, "invalid", format!("must be a whole number from 1 to {max}"));
        }
        number
    }

    fn cursor(&mut self, text: &str) {
        if (1..=MAX_CURSOR).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.cursor = Some(text.to_owned());
        } else {
            self.bad("cursor", "invalid", "must be a next_cursor as it was received");
        }
    }

    fn search(&mut self, text: &str) {
        let text = text.trim();
        if is_text(text) {
            self.q = Some(text.to_owned());
        } else {
            let message = format!("must be 1 to {MAX_TEXT} characters, none of them a control character");
            self.bad("q", "invalid", message);
        }
    }

    fn extra(&mut self, extras: &[Field], pair: &Pair<'_>) {
        match extras.iter().find(|known| known.name == pair.name) {
            None => self.bad(&pair.name, "unknown", "is not known here"),
            Some(extra) => match extra.kind.parse(&pair.value) {
                None => self.bad(&pair.name, "invalid", extra.kind.rule()),
                Some(value) => self.extras.push((extra.name, value)),
            },
        }
    }

    fn finish<F>(self) -> Result<ListQuery<F>, Vec<FieldError>> {
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        Ok(ListQuery {
            filters: self.filters,
            sort: self.sort,
            page: self.page.unwrap_or(1),
            page_size: self.page_size.unwrap_or(DEFAULT_PAGE_SIZE),
            cursor: self.cursor,
            q: self.q,
            extras: self.extras,
            list: PhantomData,
        })
    }
}

/// Field and op of `filter[field]` or `filter[field][op]`.
fn brackets(name: &str) -> Option<(&str, &str)> {
    let inside = name.strip_prefix("filter[")?.strip_suffix(']')?;
    Some(inside.split_once("][").unwrap_or((inside, Op::Eq.name())))
}
