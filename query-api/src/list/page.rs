//! A page of a list.

use edge::list::MAX_PAGE;
use edge::{Answer, Link, Links, Meta, Problem};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder, Row};
use utoipa::ToSchema;

use super::condition::{self, Scope};
use super::cursor::Context;
use super::keyset::{self, Key, Place, Way};
use super::{List, View};
use crate::failure;
use crate::row::Doc;
use crate::tenant::TenantTransaction;
use crate::wait::Freshness;

/// Items of a list, and where the list goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Listed<T> {
    /// The items of this page, in the order of the list.
    pub items: Vec<T>,
    /// `self`, and `next` and `prev` where there are such pages. They lead by number if a page was asked for by its
    /// number, else by cursor, which neither skips nor repeats an item when others come and go meanwhile.
    pub links: Links,
}

/// The rows of a page, and what there is to know about it.
pub(crate) struct Page {
    docs: Vec<Doc>,
    links: Links,
    meta: Meta,
}

struct Found {
    doc: Doc,
    place: Place,
    /// How many rows the tenant has, if that is what the list would count.
    all: Option<i64>,
}

/// Reads the page that is asked for.
pub(crate) async fn load<F: View>(
    transaction: &mut TenantTransaction,
    list: &List<F>,
    scope: Scope<'_>,
) -> Result<Page, Problem> {
    let keys = keyset::keys(list);
    let fingerprint = list.fingerprint();
    let context = Context { tenant: transaction.tenant(), list: &fingerprint };
    let from = match &list.cursor {
        Some(cursor) => Some(context.read(cursor, &keys)?),
        None => None,
    };
    let mut found = find(transaction, list, scope, &keys, from.as_ref()).await.map_err(failure::database)?;
    let size = usize::try_from(list.query.page_size).unwrap_or(usize::MAX);
    let goes_on = found.len() > size;
    let total = match (from.is_some(), total_of(list, &found, goes_on)) {
        (true, _) => None,
        (false, Some(total)) => Some(total),
        (false, None) if !F::TOTAL => None,
        (false, None) => Some(count(transaction, list, scope).await.map_err(failure::database)?),
    };
    found.truncate(size);
    let way = from.map_or(Way::Onwards, |(_, way)| way);
    if way == Way::Back {
        found.reverse();
    }
    // What the row beyond the page does not tell, the cursor does: it was given out by the page next to this one.
    let (has_next, has_prev) = match way {
        Way::Onwards => (goes_on, list.cursor.is_some()),
        Way::Back => (true, goes_on),
    };
    let next = found.last().filter(|_| has_next).map(|last| context.write(&last.place, Way::Onwards));
    let prev = found.first().filter(|_| has_prev).map(|first| context.write(&first.place, Way::Back));
    let links = links(list, next.as_deref(), prev.as_deref());
    let meta = Meta {
        page: list.cursor.is_none().then_some(list.query.page),
        page_size: Some(list.query.page_size),
        total,
        next_cursor: next,
        ..Meta::default()
    };
    Ok(Page { docs: found.into_iter().map(|found| found.doc).collect(), links, meta })
}

fn links<F: View>(list: &List<F>, next: Option<&str>, prev: Option<&str>) -> Links {
    let page = list.query.page;
    let number = page.to_string();
    let itself = match &list.cursor {
        Some(cursor) => list.link(Some(("cursor", cursor))),
        None if list.by_number => list.link(Some(("page", &number))),
        None => list.link(None),
    };
    let mut links = Links::new().to("self", itself);
    if !list.by_number {
        for (name, cursor) in [("next", next), ("prev", prev)] {
            if let Some(cursor) = cursor {
                links = links.to(name, list.link(Some(("cursor", cursor))));
            }
        }
        return links;
    }
    if page > 1 {
        links = links.to("prev", list.link(Some(("page", &(page - 1).to_string()))));
    }
    if next.is_some() && page < MAX_PAGE {
        links = links.to("next", list.link(Some(("page", &(page + 1).to_string()))));
    }
    links
}

/// How many rows there are in all, if the last of them was found or their number came with them.
fn total_of<F>(list: &List<F>, found: &[Found], goes_on: bool) -> Option<u64> {
    let before = u64::try_from(list.query.offset()).ok()?;
    match found.first() {
        Some(Found { all: Some(all), .. }) => u64::try_from(*all).ok(),
        Some(_) if !goes_on => Some(before + u64::try_from(found.len()).ok()?),
        None if before == 0 => Some(0),
        Some(_) | None => None,
    }
}

async fn count<F: View>(
    transaction: &mut TenantTransaction,
    list: &List<F>,
    scope: Scope<'_>,
) -> Result<u64, sqlx::Error> {
    let mut sql = QueryBuilder::new("select count(*) from read_model.");
    sql.push(F::TABLE);
    condition::push(&mut sql, list, scope);
    let count: i64 = sql.build_query_scalar().fetch_one(transaction.connection()).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The rows of the page and, if there is one, the row after them.
async fn find<F: View>(
    transaction: &mut TenantTransaction,
    list: &List<F>,
    scope: Scope<'_>,
    keys: &[Key],
    from: Option<&(Place, Way)>,
) -> Result<Vec<Found>, sqlx::Error> {
    let mut sql: QueryBuilder<'static, Postgres> = QueryBuilder::new("select doc, id");
    keyset::push_columns(&mut sql, keys);
    // What is kept counts rows that others own as well.
    let counts_all =
        from.is_none() && scope.is_empty() && F::COUNTED && list.is_of_all() && !transaction.is_scoped();
    if counts_all {
        sql.push(", (select rows from read_model.row_count where view = '").push(F::TABLE).push("') as rows");
    }
    if F::PARTS.is_empty() {
        sql.push(" from read_model.").push(F::TABLE);
        push_wanted(&mut sql, list, scope, keys, from);
    } else {
        push_parts(&mut sql, list, scope, keys, from);
    }
    keyset::push_order(&mut sql, keys, from.map_or(Way::Onwards, |(_, way)| *way));
    let (limit, offset) = (list.query.limit() + 1, list.query.offset());
    if counts_all && offset == 0 && list.is_in_its_own_order() {
        // An index has this order, whichever tenant asks. Without parameters it is planned once for a connection; to plan
        // it each time takes longer than to run it.
        sql.push(" limit ").push(limit);
    } else {
        sql.push(" limit ").push_bind(limit);
        if from.is_none() {
            sql.push(" offset ").push_bind(offset);
        }
    }
    let rows = sql.build().fetch_all(transaction.connection()).await?;
    rows.iter()
        .map(|row| {
            let all = if counts_all { row.try_get("rows")? } else { None };
            Ok(Found { doc: row.try_get("doc")?, place: keyset::place(row, 2, keys)?, all })
        })
        .collect()
}

/// Adds what rows must be like, and after which one they come.
fn push_wanted<F: View>(
    sql: &mut QueryBuilder<'static, Postgres>,
    list: &List<F>,
    scope: Scope<'_>,
    keys: &[Key],
    from: Option<&(Place, Way)>,
) {
    condition::push(sql, list, scope);
    if let Some((place, way)) = from {
        keyset::push_after(sql, keys, place, *way);
    }
}

/// Adds the parts of a list, of each as many rows as the page could need: so each is read along its index, and no further.
fn push_parts<F: View>(
    sql: &mut QueryBuilder<'static, Postgres>,
    list: &List<F>,
    scope: Scope<'_>,
    keys: &[Key],
    from: Option<&(Place, Way)>,
) {
    let before = if from.is_none() { list.query.offset() } else { 0 };
    for (index, part) in F::PARTS.iter().enumerate() {
        sql.push(if index == 0 {
            " from ((select * from read_model."
        } else {
            " union all (select * from read_model."
        });
        sql.push(part);
        push_wanted(sql, list, scope, keys, from);
        keyset::push_order(sql, keys, from.map_or(Way::Onwards, |(_, way)| *way));
        sql.push(" limit ").push_bind(before + list.query.limit() + 1).push(")");
    }
    sql.push(") as parts");
}

impl Page {
    /// The answer, with every row made an item.
    pub(crate) fn answer<T: Serialize>(
        self,
        freshness: Freshness,
        item: impl Fn(Doc) -> Result<T, Problem>,
    ) -> Result<Answer<Listed<T>>, Problem> {
        let Self { docs, links, meta } = self;
        let items = docs.into_iter().map(item).collect::<Result<_, _>>()?;
        Ok(freshness.answer(Listed { items, links }, meta))
    }
}

/// The link to what follows a row of a list, for who has read its first rows by another way.
pub(crate) fn rest<F: View>(
    transaction: &TenantTransaction,
    list: &List<F>,
    values: Vec<Option<edge::Value>>,
    id: uuid::Uuid,
) -> Link {
    let fingerprint = list.fingerprint();
    let context = Context { tenant: transaction.tenant(), list: &fingerprint };
    list.link(Some(("cursor", &context.write(&Place { values, id }, Way::Onwards))))
}
