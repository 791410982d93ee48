//! Queries of lists.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get as at;
use chrono::{DateTime, NaiveDate};
use edge::{Answer, Field, Filter, ListFields, ListQuery, Op, Order, Value, finish, ok};
use rust_decimal::Decimal;

use crate::get;

struct DealRow;

impl ListFields for DealRow {
    const FIELDS: &'static [Field] = &[
        Field::text("name").sortable(),
        Field::choice("status", &["open", "won", "lost"]),
        Field::uuid("owner"),
        Field::decimal("amount").sortable(),
        Field::integer("probability"),
        Field::date("closes").sortable(),
        Field::time("created_at").only_sortable(),
        Field::boolean("urgent"),
    ];
    const SEARCH: bool = true;
    const EXTRAS: &'static [Field] = &[Field::time("as_of")];
}

struct Plain;

impl ListFields for Plain {
    const FIELDS: &'static [Field] = &[];
}

fn parsed(query: &str) -> ListQuery<DealRow> {
    ListQuery::parse(query).unwrap()
}

fn errors(query: &str) -> Vec<String> {
    let problem = ListQuery::<DealRow>::parse(query).unwrap_err();
    assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let errors = problem.body().errors.iter();
    errors.map(|error| format!("{}: {}: {}", error.field, error.code, error.message)).collect()
}

#[test]
fn nothing_asked_is_the_first_page() {
    let list = parsed("");
    assert_eq!((list.page, list.page_size, list.offset(), list.limit()), (1, 25, 0, 25));
    assert!(list.filters.is_empty() && list.sort.is_empty() && list.q.is_none() && list.cursor.is_none());
}

#[test]
fn everything_asked_arrives_typed() {
    let list = parsed(
        "filter[status]=open&filter%5Bstatus%5D=won&filter[amount][gte]=100.50&filter[closes][lt]=2026-02-01\
         &filter[owner][null]=true&filter[name][contains]=M%C3%BCller+%26+S%C3%B6hne&filter[urgent]=false\
         &sort=-amount,name&page=3&page_size=50&q=+desk+&as_of=2026-01-31T12:00:00%2B01:00",
    );
    let text = |text: &str| Value::Text(text.to_owned());
    let filter = |field, op, values| Filter { field, op, values };
    assert_eq!(
        list.filters,
        [
            filter("status", Op::Eq, vec![text("open"), text("won")]),
            filter("amount", Op::Gte, vec![Value::Decimal(Decimal::new(10050, 2))]),
            filter("closes", Op::Lt, vec![Value::Date(NaiveDate::from_ymd_opt(2026, 2, 1).unwrap())]),
            filter("owner", Op::Null, vec![Value::Boolean(true)]),
            filter("name", Op::Contains, vec![text("Müller & Söhne")]),
            filter("urgent", Op::Eq, vec![Value::Boolean(false)]),
        ]
    );
    assert_eq!(list.sort, [("amount", Order::Desc), ("name", Order::Asc)]);
    assert_eq!((list.page, list.page_size, list.offset()), (3, 50, 100));
    assert_eq!(list.q.as_deref(), Some("desk"));
    let moment = DateTime::parse_from_rfc3339("2026-01-31T11:00:00Z").unwrap().to_utc();
    assert_eq!(list.extra("as_of"), Some(&Value::Time(moment)));
    assert_eq!(parsed("cursor=AbC-_.~1").cursor.as_deref(), Some("AbC-_.~1"));
}

#[test]
fn everything_bad_is_named_at_once() {
    assert_eq!(
        errors(
            "filter[colour]=red&filter[created_at]=2026-01-31T12:00:00Z&filter[name][lt]=a&filter[owner]=17\
             &filter[status]=gone&filter[amount]=1_000&filter[closes]=31.1.2026&filter[closes][gt]=99999-01-01\
             &filter[urgent]=yes&filter[probability]=1e3&filter[amount][gte]=1&filter[amount][gte]=2&filter[=x\
             &sort=-owner&page=0&page_size=201&cursor=%C3%A9&q=++&page=2&limit=5&as_of=now"
        ),
        [
            "filter[colour]: unknown: is no filter of this list",
            "filter[created_at]: unknown: is no filter of this list",
            "filter[name][lt]: unknown: must compare by one of eq, ne, contains, null",
            "filter[owner]: invalid: must be a UUID",
            "filter[status]: invalid: must be one of open, won, lost",
            "filter[amount]: invalid: must be a decimal number such as 12.50",
            "filter[closes]: invalid: must be a date such as 2026-01-31",
            "filter[closes][gt]: invalid: must be a date such as 2026-01-31",
            "filter[urgent]: invalid: must be true or false",
            "filter[probability]: invalid: must be a whole number",
            "filter[amount][gte]: duplicate: must be sent once",
            "filter[: unknown: is no filter of this list",
            "sort: invalid: must be of the fields name, amount, closes, created_at",
            "page: invalid: must be a whole number from 1 to 10000",
            "page_size: invalid: must be a whole number from 1 to 200",
            "cursor: invalid: must be a next_cursor as it was received",
            "q: invalid: must be 1 to 200 characters, none of them a control character",
            "page: duplicate: must be sent once",
            "limit: unknown: is not known here",
            "as_of: invalid: must be a time such as 2026-01-31T12:00:00Z",
        ]
    );
}

#[test]
fn a_date_has_a_year_of_four_digits() {
    for bad in ["-999-01-01", "-9999-1-01", "%2B99999-1-1"] {
        let refused = ["filter[closes]: invalid: must be a date such as 2026-01-31"];
        assert_eq!(errors(&format!("filter[closes]={bad}")), refused, "{bad}");
    }
    assert_eq!(parsed("filter[closes]=0000-01-01&filter[closes]=9999-12-31").filters[0].values.len(), 2);
}

#[test]
fn the_limits_hold() {
    let filters = |count: usize| vec!["filter[name]=a"; count].join("&");
    assert_eq!(parsed(&filters(20)).filters[0].values.len(), 20);
    assert_eq!(errors(&filters(90)), ["filter: too_many: must be at most 20"]);
    assert_eq!(errors("sort=name,amount,closes,created_at"), ["sort: too_many: must have at most 3 fields"]);
    assert_eq!(errors("sort=name,-name"), ["sort: duplicate: must name each field once"]);
    for sort in ["sort=", "sort=name,", "sort=--name", "sort=%2Bname"] {
        assert_eq!(errors(sort).len(), 1, "{sort}");
    }
    assert!(parsed(&format!("q={}", "%C3%A9".repeat(200))).q.is_some());
    assert_eq!(errors(&format!("q={}", "%C3%A9".repeat(201))).len(), 1);
    assert_eq!(errors(&format!("filter[name]={}", "a".repeat(201))).len(), 1);
    assert_eq!(errors(&format!("cursor={}", "a".repeat(513))).len(), 1);
    assert_eq!(errors("page=2&cursor=abc"), ["page: conflict: must not be sent along with cursor"]);
    for page in ["page=10001", "page=-1", "page=%2B1", "page=1.0", "page=99999999999999999999", "page="] {
        assert_eq!(errors(page).len(), 1, "{page}");
    }
    assert_eq!(errors(&"x=1&".repeat(101)).len(), 101, "one unknown, 99 repeated, one for all beyond");
}

#[test]
fn characters_that_postgres_cannot_hold_are_refused() {
    for query in ["q=a%00b", "filter[name]=a%00", "q=%FF", "filter[name]=a%0Ab", "q=a%1Bb"] {
        assert_eq!(errors(query).len(), 1, "{query}");
    }
}

#[test]
fn a_list_without_search_knows_no_q() {
    assert!(ListQuery::<Plain>::parse("q=a").is_err());
    assert!(ListQuery::<Plain>::parse("sort=name").is_err());
    assert!(ListQuery::<Plain>::parse("page=2").is_ok());
}

#[tokio::test]
async fn it_is_an_extractor() {
    async fn deals(list: ListQuery<DealRow>) -> Answer<u32> {
        ok(list.page)
    }
    let router = finish(Router::new().route("/deals", at(deals)));
    assert_eq!(get(&router, "/deals?page=4").await.body["data"], 4);
    assert_eq!(get(&router, "/deals?page=four").await.errors().len(), 1);
}
