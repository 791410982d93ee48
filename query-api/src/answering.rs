//! Every read of read models goes this way: an answer that is still true is given again, else one is made.

use std::sync::Arc;
use std::time::Instant;

use axum::http::{HeaderName, HeaderValue, Uri};
use edge::{MinPosition, Permitted, Problem, Rendered};
use projections::progress::LEASE;
use serde::Serialize;

use crate::app::QueryApi;
use crate::cache::{Kept, Key, Made, Turn};
use crate::failure;
use crate::wait::Reading;

/// Where an answer came from (RFC 9211).
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const HIT: HeaderValue = HeaderValue::from_static("crm; hit");
const MADE: HeaderValue = HeaderValue::from_static("crm; fwd=miss");
const SHARED: HeaderValue = HeaderValue::from_static("crm; fwd=miss; collapsed");

/// What is asked of which read models, by whom.
pub(crate) struct Question<'a> {
    pub(crate) caller: &'a Permitted,
    pub(crate) at_least: Option<MinPosition>,
    pub(crate) uri: &'a Uri,
    pub(crate) views: &'static [&'static str],
}

impl QueryApi {
    /// The answer to a question: one that was given before if that is still true, or what `make` makes of a snapshot.
    /// The answer may depend on nothing but the question, the snapshot, and the snapshot's `now`.
    pub(crate) async fn answer<T, M, F>(&self, question: Question<'_>, make: M) -> Result<Rendered, Problem>
    where
        T: Serialize,
        M: FnOnce(Reading) -> F,
        F: Future<Output = Result<Made<T>, Problem>>,
    {
        let Question { caller, at_least, uri, views } = question;
        let key = Key::new(caller, at_least.is_some(), uri);
        if let Some(kept) = self.0.cache.get(&key).filter(|kept| kept.suits(at_least, self.now())) {
            if self.0.positions.is_current(&kept.stamps).await.map_err(failure::database)? {
                self.0.answers.hit.increment(1);
                return Ok(kept.rendered.clone().with_header(CACHE_STATUS, HIT));
            }
            self.0.cache.forget(&key);
        }
        self.wait(at_least, views).await?;
        let (arrived, reached) = (Instant::now(), self.0.positions.reached(views));
        let lead = match self.0.cache.flights.turn(&key) {
            Turn::Lead(lead) => Some(lead),
            Turn::Follow(flight) => {
                // A snapshot may be older than this request by as much as an answer that is kept may be.
                let is_recent = arrived.duration_since(flight.began) < LEASE;
                let landed = flight.landed().await.filter(|kept| kept.suits(at_least, self.now()));
                if let Some(kept) = landed {
                    let suits = is_recent && kept.is_at_least(&reached)
                        || self.0.positions.is_current(&kept.stamps).await.map_err(failure::database)?;
                    if suits {
                        self.0.answers.collapsed.increment(1);
                        return Ok(kept.rendered.clone().with_header(CACHE_STATUS, SHARED));
                    }
                }
                None
            }
        };
        let reading = self.read(caller.tenant, caller.reach(), at_least, views).await?;
        let (freshness, made, stamps) = (reading.freshness, reading.now, reading.stamps.clone());
        let Made { answer, until } = make(reading).await?;
        let rendered = answer.rendered()?;
        self.0.answers.miss.increment(1);
        let given = rendered.clone().with_header(CACHE_STATUS, MADE);
        // Who is told that it is stale asked for a position that is still to come.
        if freshness.stale != Some(true) {
            let kept = Arc::new(Kept { rendered, position: freshness.position, stamps, made, until });
            self.0.cache.keep(key, Arc::clone(&kept));
            if let Some(lead) = lead {
                lead.land(kept);
            }
        }
        Ok(given)
    }
}
