//! The answer within the time limit, panics included, to a request that is no larger than it may be, and
//! to a read whose query is whole and which has no cookie too many.

use std::any::Any;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use futures::future::{CatchUnwind, Either, Map, Ready, ready};
use tokio::time::Timeout;
use tokio::time::error::Elapsed;
use tower::Service;

use super::{MAX_HEADER_BYTES, MAX_HEADERS, MAX_TIME};
use crate::Problem;
use crate::cookie::leave_access;
use crate::query::join;
use crate::web::Names;

/// Whatever makes the answer, within bounds.
#[derive(Clone)]
pub(super) struct Guard<S> {
    inner: S,
    names: Names,
}

type Answered = Result<Response, Infallible>;
/// What is left of an answer that may have panicked, and may have come too late.
type Ended = Result<Result<Answered, Box<dyn Any + Send>>, Elapsed>;
type Guarded<F> = Map<Timeout<CatchUnwind<AssertUnwindSafe<F>>>, fn(Ended) -> Answered>;

impl<S> Guard<S> {
    pub fn new(inner: S, names: Names) -> Self {
        Self { inner, names }
    }
}

impl<S> Service<Request> for Guard<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Answered>, Guarded<S::Future>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        if is_too_large(request.headers()) {
            return Either::Left(ready(Ok(Problem::headers_too_large().into_response())));
        }
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            leave_access(request.headers_mut());
            if let Err(problem) = join(&mut request, self.names) {
                return Either::Left(ready(Ok(problem.into_response())));
            }
        }
        match catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) {
            Ok(answer) => {
                let answer = AssertUnwindSafe(answer).catch_unwind();
                Either::Right(tokio::time::timeout(MAX_TIME, answer).map(whole))
            }
            Err(panic) => Either::Left(ready(Ok(panicked(panic.as_ref())))),
        }
    }
}

fn whole(ended: Ended) -> Answered {
    match ended {
        Ok(Ok(answered)) => answered,
        Ok(Err(panic)) => Ok(panicked(panic.as_ref())),
        Err(late) => {
            let detail = "It took too long. Whether it was done is not known: send it again with the same Idempotency-Key.";
            Ok(Problem::unavailable(Duration::from_secs(1), detail).with_source(late).into_response())
        }
    }
}

fn is_too_large(headers: &HeaderMap) -> bool {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    Problem::internal(panic_text(panic)).into_response()
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("without a text"))
}
