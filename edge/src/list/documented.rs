//! The parameters of a list in the OpenAPI document.

use utoipa::IntoParams;
use utoipa::PartialSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Required, Schema};

use super::{DEFAULT_PAGE_SIZE, Field, Kind, ListFields, ListQuery, MAX_PAGE, MAX_PAGE_SIZE, MAX_TEXT, Op};

impl<F: ListFields> IntoParams for ListQuery<F> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters: Vec<_> = F::FIELDS.iter().filter(|field| field.filterable).map(filter).collect();
        let sortable: Vec<_> =
            F::FIELDS.iter().filter(|field| field.sortable).map(|field| field.name).collect();
        if !sortable.is_empty() {
            let text = format!(
                "Up to 3 of {}, with commas between; a minus in front for descending.",
                sortable.join(", ")
            );
            parameters.push(parameter("sort", text, String::schema()));
        }
        let page = whole_number(1, MAX_PAGE, 1);
        parameters.push(parameter("page", "The page, from 1. Not along with cursor.".to_owned(), page));
        let size = whole_number(1, MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE);
        parameters.push(parameter("page_size", "Most items of a page.".to_owned(), size));
        let text = "The next_cursor of the page before.".to_owned();
        parameters.push(parameter("cursor", text, String::schema()));
        if F::SEARCH {
            let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_TEXT)).into();
            parameters.push(parameter("q", "What to search for.".to_owned(), text));
        }
        let extras = F::EXTRAS.iter().map(|extra| parameter(extra.name, String::new(), schema(extra.kind)));
        parameters.extend(extras);
        parameters
    }
}

fn filter(field: &Field) -> Parameter {
    let ops: Vec<_> = field.kind.ops().map(Op::name).collect();
    let name = format!("filter[{}]", field.name);
    let text = format!("Repeat it for any of several. `{name}[op]` compares by op: {}.", ops.join(", "));
    let values = ArrayBuilder::new().items(schema(field.kind)).into();
    parameter(&name, text, values)
}

fn parameter(name: &str, text: String, schema: RefOr<Schema>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(text).filter(|text| !text.is_empty()))
        .schema(Some(schema))
        .build()
}

fn whole_number(min: u32, max: u32, default: u32) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(min))
        .maximum(Some(max))
        .default(Some(default.into()))
        .into()
}

fn schema(kind: Kind) -> RefOr<Schema> {
    let of = |kind: Type| ObjectBuilder::new().schema_type(kind);
    let known = |format: KnownFormat| of(Type::String).format(Some(SchemaFormat::KnownFormat(format)));
    match kind {
        Kind::Text => of(Type::String).max_length(Some(MAX_TEXT)),
        Kind::Choice(names) => of(Type::String).enum_values(Some(names.iter().copied())),
        Kind::Uuid => known(KnownFormat::Uuid),
        Kind::Boolean => of(Type::Boolean),
        Kind::Integer => of(Type::Integer),
        Kind::Decimal => of(Type::Number),
        Kind::Date => known(KnownFormat::Date),
        Kind::Time => known(KnownFormat::DateTime),
    }
    .into()
}
