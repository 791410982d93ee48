//! What must hold of lists and cursors, whatever is asked.

use domain::identity::RecordKind;
use edge::query::DIVIDER;
use edge::{Field, ListFields, Order, TenantId};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::cursor::Context;
use super::keyset::{self, Place, Way};
use super::{List, View, condition};

/// A list with a field of each kind.
struct Everything;

impl ListFields for Everything {
    const FIELDS: &'static [Field] = &[
        Field::text("name").sortable(),
        Field::choice("status", &["open", "won"]).sortable(),
        Field::uuid("owner").sortable(),
        Field::boolean("urgent").sortable(),
        Field::integer("score").sortable(),
        Field::decimal("amount").sortable(),
        Field::date("closes").sortable(),
        Field::time("created").sortable(),
    ];
    const SEARCH: bool = true;
    const EXTRAS: &'static [Field] = &[Field::time("as_of")];
}

impl View for Everything {
    const TABLE: &'static str = "everything";
    const KIND: Option<RecordKind> = None;
    const ORDER: &'static [(&'static str, Order)] = &[("name", Order::Asc)];
    const NEVER_NULL: &'static [&'static str] = &["name", "amount"];
    const CUSTOM: bool = true;
}

const PATH: &str = "/everything";

/// All words that may stand in the SQL of the list.
const WORDS: &str = "\
    name status owner urgent score amount closes created id doc custom where true false and or not in is null position \
    lower coalesce any all case when then else end numeric number jsonb_typeof search text tsquery to_tsquery simple \
    order by asc desc nulls first last";

/// Reads the query of a list; tells whether it is one.
///
/// # Panics
/// If the link to the list leads to another one, or anything that was sent is found in the SQL.
pub fn list(query: &str) -> bool {
    let Ok(list) = List::<Everything>::parse(PATH, query) else { return false };
    let page = list.query.page.to_string();
    let begin = match &list.cursor {
        Some(cursor) => Some(("cursor", cursor.as_str())),
        None => list.by_number.then_some(("page", page.as_str())),
    };
    let link = list.link(begin);
    let by_url = link.href.split_once('?').map_or("", |(_, query)| query);
    let followed = match &link.query {
        Some(by_header) => format!("{by_url}{DIVIDER}{by_header}"),
        None => by_url.to_owned(),
    };
    let again = List::<Everything>::parse(PATH, &followed);
    let again = again.unwrap_or_else(|problem| panic!("{link:?}: {:?}", problem.body()));
    assert_eq!(said(&again), said(&list), "{link:?}");
    assert_eq!(again.link(begin), link);
    check_sql(&list, None);
    true
}

/// Reads a cursor of the list of a query, once as it is and once as the body of a cursor that somebody made; tells
/// whether either is one.
///
/// # Panics
/// If a cursor is read that would not have been written so, or one of another tenant or list.
pub fn cursor(query: &str, cursor: &[u8]) -> bool {
    let Ok(list) = List::<Everything>::parse(PATH, query) else { return false };
    let keys = keyset::keys(&list);
    let fingerprint = list.fingerprint();
    let tenants = [1, 2].map(|number| TenantId::from_uuid(Uuid::from_u128(number)));
    let [own, foreign] = tenants.map(|tenant| Context { tenant, list: &fingerprint });
    let sent = str::from_utf8(cursor).unwrap_or_default().to_owned();
    let mut found = false;
    for cursor in [sent, own.seal(cursor)] {
        let Ok((place, way)) = own.read(&cursor, &keys) else { continue };
        assert_eq!(own.write(&place, way), cursor, "{place:?}");
        assert!(foreign.read(&cursor, &keys).is_err(), "{cursor} serves two tenants");
        let other = [&fingerprint[..], &[""]].concat();
        let other = Context { tenant: own.tenant, list: &other };
        assert!(other.read(&cursor, &keys).is_err(), "{cursor} serves two lists");
        check_sql(&list, Some((&place, way)));
        found = true;
    }
    found
}

fn said(list: &List<Everything>) -> String {
    let asked: Vec<&str> = list.asked.fingerprint().collect();
    format!("{:?} {:?} {:?} {asked:?}", list.query, list.custom, list.cursor)
}

/// Whatever a client sends is bound, and never SQL.
fn check_sql(list: &List<Everything>, from: Option<(&Place, Way)>) {
    let mut sql: QueryBuilder<'static, Postgres> = QueryBuilder::new("");
    let keys = keyset::keys(list);
    condition::push(&mut sql, list, &[]);
    if let Some((place, way)) = from {
        keyset::push_after(&mut sql, &keys, place, way);
    }
    keyset::push_order(&mut sql, &keys, from.map_or(Way::Onwards, |(_, way)| way));
    let sql = sql.sql();
    let word = |c: char| c.is_ascii_lowercase() || c == '_';
    let others = " (),.$:'<>=@|-0123456789";
    assert!(sql.chars().all(|c| word(c) || others.contains(c)), "{sql}");
    for found in sql.split(|c| !word(c)).filter(|found| !found.is_empty()) {
        assert!(WORDS.split_whitespace().any(|known| known == found), "{found} is in {sql}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_with_everything_holds() {
        let filters = "filter[name][contains]=a%27b&filter[amount][gte]=1.50&filter[closes][lt]=2026-01-31\
                       &filter[custom.a]=1&filter[custom.a][ne]=x&filter[custom.b][lt]=2&filter[status][null]=true";
        assert!(list(&format!("{filters}&sort=-amount,name&page=2&page_size=7&q=ada+b")));
        assert!(list("as_of=2026-01-31T12:00:00.5%2B01:00&filter[urgent]=true&filter[urgent]=false"));
        assert!(list("sort=name&&filter[name]=ada&q=ada&page=2") && list("&&cursor=abc"));
        assert!(!list("filter[nothing]=1"));
    }

    #[test]
    fn a_cursor_of_all_kinds_holds() {
        let id = Uuid::from_u128(7);
        let body = |values: &str| format!("[false,[{values}],\"{id}\"]").into_bytes();
        assert!(cursor("sort=-amount,closes,created", &body("\"1.5\",null,\"2026-03-01T09:00:00.000001Z\"")));
        assert!(cursor("sort=owner,urgent,score", &body(&format!("\"{id}\",\"true\",\"-7\""))));
        assert!(!cursor("sort=score", &body("\"many\"")));
    }
}
