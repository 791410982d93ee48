//! What operators do with a `crm` process: read its log and its metrics, and have its spans collected.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream;
use event_store::{StreamNames, nats};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::task::JoinHandle;

use crate::crm::{Crm, Site};

/// What a process wrote to stderr, gathered while it runs.
pub struct Log {
    text: Arc<Mutex<String>>,
    gathering: JoinHandle<()>,
}

impl Site {
    /// From here on processes export their spans to `url`.
    #[must_use]
    pub fn exporting_to(mut self, url: &str) -> Self {
        self.collector = Some(url.to_owned());
        self
    }

    /// Starts a service whose log, of the chosen lines, is gathered.
    pub async fn start_logged(&self, arguments: &[&str], chosen: &str) -> (Crm, Log) {
        let mut command = self.command(arguments);
        let mut child =
            command.env("RUST_LOG", chosen).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let text = Arc::<Mutex<String>>::default();
        let (kept, mut stderr) = (text.clone(), child.stderr.take().unwrap());
        let gathering = tokio::spawn(async move {
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(read @ 1..) = stderr.read(&mut bytes).await {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let crm = Crm::listening(child, &mut lines).await;
        (crm, Log { text, gathering })
    }

    /// What a service tells operators, as text.
    pub async fn scrape(&self, crm: &Crm) -> String {
        let address = crm.operators.as_ref().unwrap();
        let answer = self.client.get(format!("{address}/metrics")).send().await.unwrap();
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
        answer.error_for_status().unwrap().text().await.unwrap()
    }

    /// Waits until the metrics satisfy `reached`, and gives them.
    pub async fn until_scraped(&self, crm: &Crm, reached: impl Fn(&str) -> bool) -> String {
        let mut every = tokio::time::interval(Duration::from_millis(100));
        let mut last = String::new();
        for _ in 0..600 {
            every.tick().await;
            last = self.scrape(crm).await;
            if reached(&last) {
                return last;
            }
        }
        panic!("the metrics did not come to that:\n{last}")
    }

    /// The answer of `/health/ready`: its status, and its body.
    pub async fn ready(&self, crm: &Crm) -> (u16, serde_json::Value) {
        let address = crm.operators.as_ref().unwrap();
        let answer = self.client.get(format!("{address}/health/ready")).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A header of the message of an event.
    pub async fn message_header(&self, position: i64, name: &str) -> Option<String> {
        let jetstream = jetstream::new(nats::connect(&self.nats_url).await.unwrap());
        let names = StreamNames::rooted(self.nats_root.clone());
        let stream = jetstream.get_stream(names.stream()).await.unwrap();
        let message = stream.get_raw_message(u64::try_from(position).unwrap()).await.unwrap();
        message.headers.get(name).map(|value| value.as_str().to_owned())
    }
}

impl Log {
    /// All of it, once the process has ended.
    pub async fn whole(self) -> String {
        tokio::time::timeout(Duration::from_secs(30), self.gathering).await.unwrap().unwrap();
        self.text.lock().unwrap().clone()
    }
}

/// The value of a series, given as it is written before the value.
pub fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}
