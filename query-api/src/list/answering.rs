//! The answer of a list whose items are the rows of one read model.

use std::marker::PhantomData;

use axum::http::Uri;
use edge::{Links, MinPosition, Permitted, Problem, Rendered};

use super::{List, View, load};
use crate::answering::Question;
use crate::app::QueryApi;
use crate::row::{Doc, Facts};
use crate::wait::Reading;

/// What a list is read from.
struct Table<F>(PhantomData<F>);

impl<F: View> Table<F> {
    const READ: &'static [&'static str] = &[F::TABLE];
}

impl QueryApi {
    /// The page that is asked for, each row with its links.
    ///
    /// # Errors
    /// The list was asked for a page that there is not, or the database is not available.
    pub(crate) async fn list<F: View>(
        &self,
        caller: &Permitted,
        at_least: Option<MinPosition>,
        uri: &Uri,
        list: &List<F>,
        links: impl Fn(&Facts<'_>) -> Links,
    ) -> Result<Rendered, Problem> {
        list.check(caller.sight())?;
        let question = Question { caller, at_least, uri, views: Table::<F>::READ };
        let make = async |mut reading: Reading| {
            let page = load(&mut reading.transaction, list, &[]).await?;
            let item = |doc: Doc| {
                let links = links(&doc.facts()?);
                doc.shown(caller.sight(), F::KIND)?.with_links(links)
            };
            Ok(page.answer(reading.freshness, item)?.into())
        };
        self.answer(question, make).await
    }
}
