//! One row of a read model, as it lies or as it was.

use axum::http::Uri;
use edge::{Answer, Links, Meta, MinPosition, Permitted, Problem, Rendered};
use projections::Projection;
use uuid::Uuid;

use crate::answering::Question;
use crate::app::QueryApi;
use crate::as_of::{AsOf, Past};
use crate::failure;
use crate::row::{Doc, Facts, Item, Rows, Shown};
use crate::tenant::TenantTransaction;
use crate::wait::{Freshness, Reading};

/// The row of a read model.
pub(crate) async fn doc(
    transaction: &mut TenantTransaction,
    view: &str,
    id: Uuid,
) -> Result<Option<Doc>, Problem> {
    let sql = format!("select doc from read_model.{view} where id = $1");
    sqlx::query_scalar(&sql)
        .bind(id)
        .fetch_optional(transaction.connection())
        .await
        .map_err(failure::database)
}

/// Who owns a row now.
pub(crate) async fn owner(
    transaction: &mut TenantTransaction,
    view: &str,
    id: Uuid,
) -> Result<Option<String>, Problem> {
    let sql = format!("select owner from read_model.{view} where id = $1");
    let found: Option<Option<String>> = sqlx::query_scalar(&sql)
        .bind(id)
        .fetch_optional(transaction.connection())
        .await
        .map_err(failure::database)?;
    Ok(found.flatten())
}

impl QueryApi {
    /// The answer about one thing: its row with links, and its version as `ETag`. `links` is given the row, and the
    /// point of the past if it is not of the present.
    ///
    /// # Errors
    /// 404 if there is no such row; 503 if there is none yet, since the read model is behind what was asked for.
    pub(crate) async fn one<P: Projection + Rows>(
        &self,
        caller: &Permitted,
        at_least: Option<MinPosition>,
        id: Uuid,
        as_of: Option<AsOf>,
        uri: &Uri,
        links: impl Fn(&Facts<'_>, Option<AsOf>) -> Links,
    ) -> Result<Rendered, Problem> {
        if let Some(as_of) = as_of {
            let Past { row, hidden, freshness, meta } = self.past::<P>(caller, at_least, id, as_of).await?;
            let row = Doc::of(&row)?;
            let shown = row.clone().without(&hidden)?;
            return versioned(freshness, &row, &shown, |facts| links(facts, Some(as_of)), meta)?.rendered();
        }
        let question = Question { caller, at_least, uri, views: &[P::NAME] };
        let make = async |mut reading: Reading| {
            let Some(doc) = doc(&mut reading.transaction, P::NAME, id).await? else {
                return Err(reading.freshness.not_found());
            };
            let links = |facts: &Facts<'_>| links(facts, None);
            let shown = doc.clone().shown(caller.sight(), P::KIND)?;
            Ok(versioned(reading.freshness, &doc, &shown, links, Meta::default())?.into())
        };
        self.answer(question, make).await
    }
}

/// The answer with a row, its links and its version.
fn versioned(
    freshness: Freshness,
    doc: &Doc,
    shown: &Shown,
    links: impl FnOnce(&Facts<'_>) -> Links,
    meta: Meta,
) -> Result<Answer<Item>, Problem> {
    let facts = doc.facts()?;
    let (links, version) = (links(&facts), facts.version);
    Ok(freshness.answer(shown.with_links(links)?, meta).with_version(version))
}
