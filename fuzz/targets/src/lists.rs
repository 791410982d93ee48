//! Queries of lists: the query of a URI.
#![no_main]

use chrono::SecondsFormat;
use edge::list::{Kind, MAX_FILTERS, MAX_PAGE, MAX_PAGE_SIZE, MAX_SORTS, MAX_TEXT};
use edge::{Field, Filter, ListFields, ListQuery, Op, Order, Value};
use libfuzzer_sys::fuzz_target;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

struct Deal;

impl ListFields for Deal {
    const FIELDS: &'static [Field] = &[
        Field::text("name").sortable(),
        Field::choice("status", &["open", "won", "lost"]),
        Field::uuid("owner"),
        Field::boolean("urgent"),
        Field::integer("score").sortable(),
        Field::decimal("amount").sortable(),
        Field::date("closes").sortable(),
        Field::time("created").only_sortable(),
        Field::time("seen"),
    ];
    const SEARCH: bool = true;
    const EXTRAS: &'static [Field] = &[Field::time("as_of")];
}

fuzz_target!(|query: &str| {
    query_api::fuzzing::list(query);
    match ListQuery::<Deal>::parse(query) {
        Ok(list) => check(&list),
        Err(problem) => {
            assert_eq!(problem.status().as_u16(), 422);
            assert!(!problem.body().errors.is_empty(), "a refusal that names nothing");
        }
    }
});

/// What was read is within its limits, of known fields only, and read from its own words again.
fn check(list: &ListQuery<Deal>) {
    assert!(list.filters.len() <= MAX_FILTERS && list.sort.len() <= MAX_SORTS);
    assert!((1..=MAX_PAGE).contains(&list.page) && (1..=MAX_PAGE_SIZE).contains(&list.page_size));
    assert!(list.offset() >= 0 && list.limit() > 0);
    list.filters.iter().for_each(check_filter);
    for (name, _) in &list.sort {
        assert!(Deal::FIELDS.iter().any(|field| field.name == *name && field.sortable), "{name}");
    }
    let words = words(list);
    let again = ListQuery::<Deal>::parse(&words).unwrap_or_else(|bad| panic!("{words}: {:?}", bad.body()));
    assert_eq!(format!("{again:?}"), format!("{list:?}"), "{words}");
}

fn check_filter(filter: &Filter) {
    let field = Deal::FIELDS.iter().find(|field| field.name == filter.field && field.filterable);
    let kind = field.expect("a field that can be filtered by").kind;
    let kind = if filter.op == Op::Null { Kind::Boolean } else { kind };
    assert!(filter.values.len() == 1 || !filter.values.is_empty() && matches!(filter.op, Op::Eq | Op::Ne));
    for value in &filter.values {
        let fits = match (kind, value) {
            (Kind::Text, Value::Text(text)) => is_text(text),
            (Kind::Choice(names), Value::Text(text)) => names.contains(&text.as_str()),
            (Kind::Uuid, Value::Uuid(_))
            | (Kind::Boolean, Value::Boolean(_))
            | (Kind::Integer, Value::Integer(_))
            | (Kind::Decimal, Value::Decimal(_))
            | (Kind::Date, Value::Date(_))
            | (Kind::Time, Value::Time(_)) => true,
            _ => false,
        };
        assert!(fits, "{filter:?}");
    }
}

fn is_text(text: &str) -> bool {
    (1..=MAX_TEXT).contains(&text.chars().count()) && !text.contains(char::is_control)
}

/// The query in our own words.
fn words(list: &ListQuery<Deal>) -> String {
    let mut words = vec![format!("page_size={}", list.page_size)];
    for Filter { field, op, values } in &list.filters {
        words.extend(values.iter().map(|value| format!("filter[{field}][{}]={}", op.name(), written(value))));
    }
    let sort = |(name, order): &(&str, Order)| match order {
        Order::Asc => (*name).to_owned(),
        Order::Desc => format!("-{name}"),
    };
    if !list.sort.is_empty() {
        words.push(format!("sort={}", list.sort.iter().map(sort).collect::<Vec<_>>().join(",")));
    }
    match &list.cursor {
        Some(cursor) => words.push(format!("cursor={}", escaped(cursor))),
        None => words.push(format!("page={}", list.page)),
    }
    words.extend(list.q.as_ref().map(|q| format!("q={}", escaped(q))));
    words.extend(list.extra("as_of").map(|time| format!("as_of={}", written(time))));
    words.join("&")
}

fn written(value: &Value) -> String {
    escaped(&match value {
        Value::Text(text) => text.clone(),
        Value::Uuid(id) => id.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(day) => day.to_string(),
        Value::Time(time) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    })
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
