//! A collector of spans: takes OTLP over HTTP as the standard says, and keeps what it got.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// What was received.
#[derive(Default)]
struct Received {
    /// Spans with the name of the service they are of.
    spans: Mutex<Vec<(String, Span)>>,
    /// Bodies as they came.
    bodies: Mutex<Vec<u8>>,
    grown: Notify,
}

/// A running collector.
pub struct Receiver {
    pub url: String,
    received: Arc<Received>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::<Received>::default();
        let keeper = received.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let keeper = keeper.clone();
                let service = service_fn(move |request| answer(keeper.clone(), request));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self { url, received }
    }

    /// Waits until the spans received so far satisfy `enough`, and gives them.
    pub async fn spans(&self, enough: impl Fn(&[(String, Span)]) -> bool) -> Vec<(String, Span)> {
        let waited = async {
            loop {
                let grown = self.received.grown.notified();
                let spans = self.received.spans.lock().unwrap().clone();
                if enough(&spans) {
                    return spans;
                }
                grown.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waited).await.unwrap_or_else(|_| {
            let spans = self.received.spans.lock().unwrap();
            let names: Vec<_> =
                spans.iter().map(|(service, span)| format!("{service}: {}", span.name)).collect();
            panic!("the spans did not come; there are {names:?}")
        })
    }

    /// Everything that came, as it came.
    pub fn bodies(&self) -> Vec<u8> {
        self.received.bodies.lock().unwrap().clone()
    }
}

async fn answer(
    keeper: Arc<Received>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let as_the_standard_says = request.method() == Method::POST
        && request.uri().path() == "/v1/traces"
        && request.headers().get("content-type").is_some_and(|kind| kind == "application/x-protobuf");
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes);
    let decoded = body.ok().and_then(|body| {
        keeper.bodies.lock().unwrap().extend_from_slice(&body);
        ExportTraceServiceRequest::decode(body).ok()
    });
    let (status, content) = match decoded {
        Some(export) if as_the_standard_says => {
            keep(&keeper, export);
            (StatusCode::OK, Bytes::new())
        }
        _ => (StatusCode::BAD_REQUEST, Bytes::new()),
    };
    let mut answer = Response::new(Full::new(content));
    *answer.status_mut() = status;
    Ok(answer)
}

fn keep(keeper: &Received, export: ExportTraceServiceRequest) {
    let mut spans = keeper.spans.lock().unwrap();
    for of_service in export.resource_spans {
        let attributes = of_service.resource.map(|resource| resource.attributes).unwrap_or_default();
        let named = attributes.iter().find(|attribute| attribute.key == "service.name");
        let service = named.map(|attribute| format!("{:?}", attribute.value)).unwrap_or_default();
        for scope in of_service.scope_spans {
            spans.extend(scope.spans.into_iter().map(|span| (service.clone(), span)));
        }
    }
    drop(spans);
    keeper.grown.notify_waiters();
}
