//! Log lines, and spans for whoever collects them.

mod export;

use std::io::IsTerminal as _;

use clap::ValueEnum;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

pub use export::describe;

use crate::config::SiteArgs;

/// What log lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON everywhere else
    Auto,
    /// Text
    Text,
    /// One JSON object a line
    Json,
}

/// What has to be ended in order with the process.
pub struct Telemetry {
    spans: Option<export::Export>,
}

impl Telemetry {
    /// Log lines go to stderr; `RUST_LOG` chooses which, by default warnings and errors. Spans go to the collector that
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` names, if it does.
    ///
    /// Whatever `RUST_LOG` says, libraries are heard up to their infos only: below, they log messages and headers whole.
    pub fn start(args: &SiteArgs, service: &'static str) -> Self {
        let chosen = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
        let lines = fmt::layer().with_writer(std::io::stderr);
        let lines = match args.log {
            LogFormat::Auto if std::io::stderr().is_terminal() => lines.boxed(),
            LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
            LogFormat::Auto | LogFormat::Json => {
                lines.json().flatten_event(true).with_current_span(false).boxed()
            }
        };
        let (spans, failed) = match export::Export::start(service, &args.tls) {
            Ok(export) => (export, None),
            Err(error) => (None, Some(error)),
        };
        let exported = spans.as_ref().map(export::Export::layer);
        let harmless = chosen.and(filter_fn(is_harmless).with_max_level_hint(LevelFilter::TRACE));
        tracing_subscriber::registry().with(lines.with_filter(harmless)).with(exported).init();
        if let Some(error) = failed {
            tracing::error!(error = format!("{error:#}"), "spans are not exported");
        }
        Self { spans }
    }

    /// Hands over the spans that are left, for a moment at most.
    pub async fn stop(self) {
        if let Some(spans) = self.spans {
            spans.stop().await;
        }
    }
}

/// The crates that know what must not be logged.
const OURS: [&str; 7] = ["crm", "edge", "command_api", "embedded", "event_store", "projections", "query_api"];

/// Whether it is of a crate of ours.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    OURS.contains(&metadata.target().split("::").next().unwrap_or_default())
}

fn is_harmless(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || is_ours(metadata)
}
