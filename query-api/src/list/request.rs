//! What is asked of a list.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use edge::list::{MAX_FILTERS, MAX_SORTS};
use edge::{FieldError, Link, ListQuery, Problem, Sight};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ArrayBuilder, RefOr, Required, Schema};

use super::View;
use super::asked::{Asked, sent};
use super::custom::{self, CustomFilter};

/// Bytes of the longest cursor: the values of all fields of an order fit, escaped in JSON and in base 64.
const MAX_CURSOR: usize = 8 * 1024;
const _: () = assert!(MAX_CURSOR > MAX_SORTS * 200 * 6 * 4 / 3);

/// A query of the list `F`. It adds to [`ListQuery`] the custom fields, cursors that hold long values, and the links.
pub(crate) struct List<F> {
    pub(super) query: ListQuery<F>,
    pub(super) custom: Vec<CustomFilter>,
    pub(super) cursor: Option<String>,
    /// Whether a page was asked for by its number.
    pub(super) by_number: bool,
    path: String,
    pub(super) asked: Asked,
}

impl<F: View> List<F> {
    /// Reads a path and its query.
    ///
    /// # Errors
    /// The 422 problem with everything that is bad.
    pub(crate) fn parse(path: &str, query: &str) -> Result<Self, Problem> {
        let (mut errors, mut plain) = (Vec::new(), Vec::new());
        let (mut custom, mut customs, mut cursor, mut by_number) = (Vec::new(), 0, None, false);
        let mut asked = Asked::of(query);
        for sent in sent(query) {
            // What cannot be decoded is left to the plain query, which says so.
            let Some((name, value)) = &sent.pair else {
                plain.push(sent.raw);
                continue;
            };
            let begins = matches!(name.as_str(), "page" | "cursor");
            if name == "cursor" {
                if cursor.replace(value.clone()).is_some() {
                    errors.push(FieldError::new("cursor", "duplicate", "must be sent once"));
                } else if value.len() > MAX_CURSOR {
                    errors.push(super::cursor::refusal());
                }
            } else if F::CUSTOM && custom::is_one(name) {
                customs += 1;
                if customs <= MAX_FILTERS {
                    errors.extend(custom::add(&mut custom, name, value));
                }
            } else {
                by_number |= name == "page";
                plain.push(sent.raw);
            }
            if !begins {
                asked.add(sent);
            }
        }
        if cursor.is_some() && by_number {
            errors.push(FieldError::new("page", "conflict", "must not be sent along with cursor"));
        }
        if customs > MAX_FILTERS {
            errors.push(FieldError::new("filter", "too_many", format!("must be at most {MAX_FILTERS}")));
        }
        match ListQuery::parse(&plain.join("&")) {
            Ok(query) if errors.is_empty() => {
                Ok(Self { query, custom, cursor, by_number, path: path.to_owned(), asked })
            }
            Ok(_) => Err(Problem::invalid(errors)),
            Err(problem) => {
                errors.extend(problem.body().errors.iter().cloned());
                Err(Problem::invalid(errors))
            }
        }
    }
}

impl<F> List<F> {
    /// The link to this list, beginning at a cursor or page.
    pub(crate) fn link(&self, begin: Option<(&str, &str)>) -> Link {
        self.asked.link(&self.path, begin)
    }

    /// Makes sure that nothing is asked by a field that is hidden from whoever asks.
    ///
    /// # Errors
    /// 403 `field.hidden`, which names the fields.
    pub(crate) fn check(&self, sight: &Sight) -> Result<(), Problem>
    where
        F: View,
    {
        let Some(kind) = F::KIND.filter(|_| !sight.is_whole()) else { return Ok(()) };
        let filter = |column: String| (format!("filter[{column}]"), column);
        let filters = self.query.filters.iter().map(|asked| filter(asked.field.to_owned()));
        let customs = self.custom.iter().map(|asked| filter(asked.column()));
        let sorts = self.query.sort.iter().map(|(field, _)| ("sort".to_owned(), (*field).to_owned()));
        let searched = F::SEARCHED.iter().filter(|_| self.query.q.is_some());
        let searched = searched.map(|column| ("q".to_owned(), (*column).to_owned()));
        let asked: Vec<(String, String)> = filters.chain(customs).chain(sorts).chain(searched).collect();
        sight.check(kind, asked.iter().map(|(parameter, column)| (parameter.as_str(), column.as_str())))
    }

    /// Whether every row of the tenant is on it.
    pub(super) fn is_of_all(&self) -> bool {
        self.query.filters.is_empty() && self.custom.is_empty() && self.query.q.is_none()
    }

    /// Whether the order is that of a list for which none is asked.
    pub(super) fn is_in_its_own_order(&self) -> bool
    where
        F: View,
    {
        self.query.sort.is_empty() || self.query.sort == F::ORDER
    }

    /// What makes this list another one: where it is and what was asked.
    pub(super) fn fingerprint(&self) -> Vec<&str> {
        std::iter::once(self.path.as_str()).chain(self.asked.fingerprint()).collect()
    }
}

impl<F: View, S: Sync> FromRequestParts<S> for List<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.path(), parts.uri.query().unwrap_or_default())
    }
}

impl<F: View> IntoParams for List<F> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = ListQuery::<F>::into_params(place);
        if F::CUSTOM {
            let values = ArrayBuilder::new().items(<String as utoipa::PartialSchema>::schema());
            let custom = ParameterBuilder::new()
                .name("filter[custom.{key}]")
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(custom::DESCRIPTION))
                .schema(Some(RefOr::T(Schema::Array(values.build()))));
            parameters.push(custom.build());
        }
        parameters
    }
}
