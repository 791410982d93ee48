//! Sees every answer, so that no route can forget to record what it refuses.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;

use super::{Asker, Kind, Trail};
use crate::Problem;

/// Records what the routes of a router refuse, of requests that come through so many proxies of ours.
pub fn recorded<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    trail: Trail,
    proxies: usize,
) -> Router<S> {
    router.layer(from_fn(move |request, next| watched(trail.clone(), proxies, request, next)))
}

async fn watched(trail: Trail, proxies: usize, mut request: Request, next: Next) -> Response {
    let asker = Asker::of(request.method(), request.uri(), request.headers(), request.extensions(), proxies);
    request.extensions_mut().insert(asker.clone());
    let answer = next.run(request).await;
    let problem = answer.extensions().get::<Problem>();
    if let Some((problem, kind)) = problem.and_then(|problem| Some((problem, kind(problem)?)))
        && let Some(entry) = asker.entry(kind)
    {
        let code = asker.reason().map_or_else(|| problem.body().code.clone(), Into::into);
        trail.refused(entry.with_code(code), asker.is_proven());
    }
    answer
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
