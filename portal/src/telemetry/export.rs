//! Spans on their way to a collector, over OTLP with HTTP and protobuf.
//!
//! A request must never wait for a collector: a span that ends is put into a bounded queue or, if that is full, counted
//! and dropped. One task takes batches from the queue and sends them; what the collector does not take is counted and
//! dropped too.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use metrics::{Unit, counter, describe_counter};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanExporter as _, SpanProcessor};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::registry::LookupSpan;

use crate::secret_file;
use crate::tls::TlsArgs;

/// Spans handed to the collector.
pub const EXPORTED: &str = "crm_spans_exported_total";
/// Spans given up, by `reason`: the queue was full, or the collector did not take them.
pub const DROPPED: &str = "crm_spans_dropped_total";

/// Headers that may open the collector: `name=value`, several separated by commas.
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// Spans that may wait.
const QUEUE: usize = 8_192;
/// Spans sent at once.
const BATCH: usize = 512;
/// How long a span may wait for others to be sent with.
const LINGER: Duration = Duration::from_millis(500);
/// How long the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the end of the process may take for the spans that are left.
const FAREWELL: Duration = Duration::from_secs(2);
/// Tells the installed recorder what the names mean.
pub fn describe() {
    describe_counter!(EXPORTED, Unit::Count, "Spans handed to the collector.");
    describe_counter!(DROPPED, Unit::Count, "Spans given up, by reason.");
}

/// The export of a process.
pub struct Export {
    provider: SdkTracerProvider,
    closing: watch::Sender<bool>,
    sending: JoinHandle<()>,
}

impl Export {
    /// Starts it, if the environment names a collector.
    pub fn start(service: &'static str, tls: &TlsArgs) -> anyhow::Result<Option<Self>> {
        let named = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
        if !named.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
            return Ok(None);
        }
        // Whoever is redirected takes headers along, which may open the collector.
        let mut client =
            reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        if let Some(authority) = tls.authority()? {
            client = client.tls_built_in_root_certs(false);
            for certificate in reqwest::Certificate::from_pem_bundle(authority.pem())? {
                client = client.add_root_certificate(certificate);
            }
        }
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client(client.build()?))
            .with_headers(headers_of_file()?)
            .build()
            .context("OTEL_EXPORTER_OTLP_ENDPOINT is not right")?;
        let mut resource = Resource::builder();
        if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name(service);
        }
        let resource = resource.build();
        exporter.set_resource(&resource);
        let (queue, spans) = mpsc::channel(QUEUE);
        let (closing, closed) = watch::channel(false);
        let provider =
            SdkTracerProvider::builder().with_resource(resource).with_span_processor(Queue(queue)).build();
        let sending = tokio::spawn(send(exporter, spans, closed));
        Ok(Some(Self { provider, closing, sending }))
    }

    /// What turns spans of `tracing` into such of OpenTelemetry.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("crm"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_exported).with_max_level_hint(LevelFilter::DEBUG))
    }

    /// Sends what is left.
    pub async fn stop(self) {
        let _ended_already = self.closing.send(true);
        if tokio::time::timeout(FAREWELL, self.sending).await.is_err() {
            tracing::warn!("the collector did not take the last spans in time");
        }
    }
}

/// The headers that a file has; those of the environment, the exporter reads itself.
fn headers_of_file() -> anyhow::Result<HashMap<String, String>> {
    let text = secret_file::from_env(HEADERS)?.filter(|given| given.by_file).map(|given| given.text);
    let pairs = text.iter().flat_map(|text| text.split(','));
    let read = pairs.map(|pair| -> anyhow::Result<_> {
        let (name, value) =
            pair.split_once('=').with_context(|| format!("{HEADERS}_FILE is not name=value"))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    });
    read.collect()
}

/// Spans only, and ours only: the fields of log lines stay here, and those of libraries may hold anything.
fn is_exported(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::DEBUG && super::is_ours(metadata)
}

/// The near end of the queue.
#[derive(Debug)]
struct Queue(mpsc::Sender<SpanData>);

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.0.try_send(span).is_err() {
            counter!(DROPPED, "reason" => "queue full").increment(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Sends batches until the process ends, and then what is left.
async fn send(
    exporter: SpanExporter,
    mut spans: mpsc::Receiver<SpanData>,
    mut closed: watch::Receiver<bool>,
) {
    let mut sender = Sender { exporter, failing: false };
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            _ = closed.wait_for(|closed| *closed) => break,
            received = spans.recv_many(&mut batch, BATCH) => if received == 0 { break },
        }
        if batch.len() < BATCH {
            let _closing = tokio::time::timeout(LINGER, closed.wait_for(|closed| *closed)).await;
            fill(&mut batch, &mut spans);
        }
        sender.send(std::mem::take(&mut batch)).await;
    }
    fill(&mut batch, &mut spans);
    while !batch.is_empty() {
        sender.send(std::mem::take(&mut batch)).await;
        fill(&mut batch, &mut spans);
    }
}

fn fill(batch: &mut Vec<SpanData>, spans: &mut mpsc::Receiver<SpanData>) {
    while batch.len() < BATCH
        && let Ok(span) = spans.try_recv()
    {
        batch.push(span);
    }
}

struct Sender {
    exporter: SpanExporter,
    failing: bool,
}

impl Sender {
    /// A collector that is away is told of once, not at every batch.
    async fn send(&mut self, batch: Vec<SpanData>) {
        let count = u64::try_from(batch.len()).unwrap_or_default();
        match self.exporter.export(batch).await {
            Ok(()) => {
                counter!(EXPORTED).increment(count);
                self.failing = false;
            }
            Err(error) => {
                counter!(DROPPED, "reason" => "not taken").increment(count);
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(%error, "the collector does not take spans");
                }
            }
        }
    }
}

/// The HTTP client of the exporter.
#[derive(Debug)]
struct Client(reqwest::Client);

impl HttpClient for Client {
    fn send_bytes<'s, 'f>(
        &'s self,
        request: Request<Bytes>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            // The address may hold a password, so errors go without it.
            let sent = self.0.execute(request.try_into()?).await.map_err(reqwest::Error::without_url)?;
            let status = sent.status();
            let body = sent.bytes().await.map_err(reqwest::Error::without_url)?;
            let mut answer = Response::new(body);
            *answer.status_mut() = status;
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;
    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tokio::sync::mpsc;

    use super::Queue;

    #[test]
    fn what_a_full_queue_does_not_take_is_counted_and_nobody_waits() {
        let (queue, mut spans) = mpsc::channel(2);
        let provider = SdkTracerProvider::builder().with_span_processor(Queue(queue)).build();
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            for _ in 0..5 {
                provider.tracer("test").in_span("work", |_| ());
            }
        });
        assert!(spans.try_recv().is_ok() && spans.try_recv().is_ok() && spans.try_recv().is_err());
        let scraped = recorder.handle().render();
        assert!(scraped.contains("crm_spans_dropped_total{reason=\"queue full\"} 3"), "{scraped}");
    }
}
