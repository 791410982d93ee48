//! Sees every answer, so that no route can forget to record what it refuses.

use axum::http::StatusCode;

use super::{Asker, Kind, Trail};
use crate::Problem;

/// Records what routes refuse, of requests that come through so many proxies of ours.
#[derive(Clone, Debug)]
pub struct Recorder {
    trail: Trail,
    pub(crate) proxies: usize,
}

impl Recorder {
    /// Records into a trail.
    pub fn new(trail: Trail, proxies: usize) -> Self {
        Self { trail, proxies }
    }

    /// Records a refusal, if it is one that is recorded and its tenant is known.
    pub(crate) fn record(&self, asker: &Asker, problem: &Problem) {
        if let Some(entry) = kind(problem).and_then(|kind| asker.entry(kind)) {
            let code = asker.reason().map_or_else(|| problem.body().code.clone(), Into::into);
            self.trail.refused(entry.with_code(code), asker.is_proven());
        }
    }
}

/// What sort of refusal it is, if it is one that is recorded.
fn kind(problem: &Problem) -> Option<Kind> {
    match (problem.status(), problem.body().code.as_ref()) {
        (StatusCode::UNAUTHORIZED, "step_up.required") | (StatusCode::FORBIDDEN, _) => Some(Kind::Denied),
        (StatusCode::UNAUTHORIZED, code) if code.starts_with("token.") || code == "session.over" => {
            Some(Kind::TokenRefused)
        }
        // Whoever is too fast is let through a little later.
        (StatusCode::TOO_MANY_REQUESTS, "commands.limited") => None,
        // Too many guesses, or mails that one asks for.
        (StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS, _) => Some(Kind::SignInRefused),
        _ => None,
    }
}
