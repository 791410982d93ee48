//! A client as they should be: one command after the other, each under a key, sent again until it is answered.

mod books;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use books::OwnBills;
pub use books::SharedBooks;

use crate::journal::{Acknowledged, Command, Journal};
use crate::layout::Work;

/// How long a client waits for an answer before it asks again.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a client that got no answer waits before it asks again.
const AGAIN: Duration = Duration::from_millis(30);
/// Things of each kind that a client goes on working with.
const HELD: usize = 20;
/// Complaints that are kept; the others are only counted.
const KEPT_COMPLAINTS: usize = 20;

/// A tenant with a token that may do everything in it.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: Uuid,
    /// A bearer token.
    pub token: String,
}

/// What clients know of the system.
pub struct Site {
    /// The command APIs, through their proxies.
    pub commands: Vec<SocketAddr>,
    /// The query API, through its proxy.
    pub queries: SocketAddr,
    /// The tenants.
    pub tenants: Vec<Tenant>,
    /// What clients do.
    pub work: Work,
    /// Where clients write down what they do.
    pub journal: Journal,
    /// What was not as it should be.
    pub complaints: Complaints,
    /// What clients of a tenant bill with.
    pub books: SharedBooks,
    /// Requests that were not answered, or with 503.
    pub unsure: AtomicU64,
}

/// What clients saw that must never be seen.
#[derive(Default)]
pub struct Complaints(Mutex<(u64, Vec<String>)>);

impl Complaints {
    /// Notes one.
    pub fn add(&self, text: impl Into<String>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.0 += 1;
        if all.1.len() < KEPT_COMPLAINTS {
            all.1.push(text.into());
        }
    }

    /// All of them, in a few lines.
    pub fn take(&self) -> Vec<String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, mut texts) = std::mem::take(&mut *all);
        if let more @ 1.. = count.saturating_sub(KEPT_COMPLAINTS as u64) {
            texts.push(format!("… and {more} more of that sort"));
        }
        texts
    }
}

/// What came of one request.
pub enum Reply {
    /// It is done.
    Acknowledged(Acknowledged),
    /// Nobody knows; to be asked again under the same key. With the status if there was an answer.
    Unsure(Option<StatusCode>),
    /// An answer that the command should never get.
    Refused(String),
}

/// One client.
pub struct Client {
    site: Arc<Site>,
    number: usize,
    tenant: Tenant,
    http: reqwest::Client,
    random: StdRng,
    sent: u64,
    deals: Vec<Uuid>,
    leads: Vec<Uuid>,
    bills: OwnBills,
}

impl Client {
    /// A client of one of the tenants. Its commands are drawn from `random`.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(site: Arc<Site>, number: usize, tenant: usize, random: StdRng) -> anyhow::Result<Self> {
        let tenant = site.tenants[tenant % site.tenants.len()].clone();
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        let (deals, leads, bills) = (Vec::new(), Vec::new(), OwnBills::default());
        Ok(Self { site, number, tenant, http, random, sent: 0, deals, leads, bills })
    }

    /// Sends one command until it is answered or `given_up`. Tells what was acknowledged.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub async fn step(&mut self, given_up: impl Fn() -> bool) -> anyhow::Result<Option<Acknowledged>> {
        let command = self.next();
        self.carry_out(&command, given_up).await
    }

    /// The same for a deal opened, and on the one API.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub async fn open_at(
        &mut self,
        api: usize,
        given_up: impl Fn() -> bool,
    ) -> anyhow::Result<Option<Acknowledged>> {
        let command = self.open();
        self.site.journal.sent(&command)?;
        while !given_up() {
            if let Some(done) = self.attempt(&command, api).await? {
                return Ok(Some(done));
            }
        }
        Ok(None)
    }

    async fn carry_out(
        &mut self,
        command: &Command,
        given_up: impl Fn() -> bool,
    ) -> anyhow::Result<Option<Acknowledged>> {
        self.site.journal.sent(command)?;
        let mut api = self.random.random_range(0..self.site.commands.len());
        while !given_up() {
            if let Some(done) = self.attempt(command, api).await? {
                self.remember(command, &done);
                if self.random.random_ratio(1, 8) {
                    self.read_back(command, &done).await;
                }
                return Ok(Some(done));
            }
            api = (api + 1) % self.site.commands.len();
        }
        Ok(None)
    }

    async fn attempt(&self, command: &Command, api: usize) -> anyhow::Result<Option<Acknowledged>> {
        match send(&self.http, self.site.commands[api], &self.tenant.token, command).await {
            Reply::Acknowledged(done) => {
                self.site.journal.acknowledged(&command.key, &done)?;
                return Ok(Some(done));
            }
            Reply::Unsure(_) => {
                self.site.unsure.fetch_add(1, Ordering::AcqRel);
            }
            Reply::Refused(answer) => {
                let Command { key, event_type, .. } = command;
                self.site.complaints.add(format!("{key} ({event_type}) was answered {answer}"));
            }
        }
        tokio::time::sleep(AGAIN).await;
        Ok(None)
    }

    /// Whether a deal can be read as it was acknowledged.
    pub async fn sees(&self, done: &Acknowledged) -> bool {
        let url = format!("http://{}/api/v1/opportunities/{}", self.site.queries, done.id);
        let request = self.http.get(url).bearer_auth(&self.tenant.token);
        let answer = request.header("X-Min-Position", done.position.to_string()).send().await;
        let Ok(answer) = answer else { return false };
        let found = answer.status() == StatusCode::OK;
        found && answer.json::<Value>().await.is_ok_and(|body| body["meta"]["stale"] != true)
    }

    /// Whether a deal is said not to be there.
    pub async fn misses(&self, id: Uuid) -> bool {
        let url = format!("http://{}/api/v1/opportunities/{id}", self.site.queries);
        let answer = self.http.get(url).bearer_auth(&self.tenant.token).send().await;
        answer.is_ok_and(|answer| answer.status() == StatusCode::NOT_FOUND)
    }

    /// Sends a command once; whether the answer was 503 with a problem.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub async fn is_told_unavailable(&mut self) -> anyhow::Result<bool> {
        let command = self.open();
        self.site.journal.sent(&command)?;
        let reply = send(&self.http, self.site.commands[0], &self.tenant.token, &command).await;
        match reply {
            Reply::Acknowledged(ref done) => self.site.journal.acknowledged(&command.key, done)?,
            Reply::Refused(ref answer) => {
                self.site.complaints.add(format!("{} was answered {answer}", command.key))
            }
            Reply::Unsure(_) => {}
        }
        Ok(matches!(reply, Reply::Unsure(Some(StatusCode::SERVICE_UNAVAILABLE))))
    }

    fn remember(&mut self, command: &Command, done: &Acknowledged) {
        if self.remember_bill(&command.event_type, done) {
            return;
        }
        let held = match command.event_type.as_str() {
            "opportunity.opened" => &mut self.deals,
            "lead.captured" => &mut self.leads,
            _ => return,
        };
        held.push(done.id);
        if held.len() > HELD {
            held.remove(0);
        }
    }

    /// What was acknowledged can be read at its position, or the answer says that it is not there yet.
    async fn read_back(&self, command: &Command, done: &Acknowledged) {
        let kind = match command.event_type.split('.').next() {
            Some("lead") => "leads",
            Some("opportunity") => "opportunities",
            Some("invoice") => "invoices",
            Some("payment") => "payments",
            _ => return,
        };
        let url = format!("http://{}/api/v1/{kind}/{}", self.site.queries, done.id);
        let request = self
            .http
            .get(url)
            .bearer_auth(&self.tenant.token)
            .header("X-Min-Position", done.position.to_string());
        let Ok(answer) = request.send().await else { return };
        let status = answer.status();
        let Ok(body) = answer.json::<Value>().await else { return };
        let known = body["data"]["version"].as_i64().unwrap_or(0);
        let fresh = body["meta"]["stale"] != true;
        if status == StatusCode::OK && fresh && known < done.version {
            let Acknowledged { id, version, position } = done;
            self.site.complaints.add(format!(
                "{kind}/{id} was read as version {known}, although {version} was asked for by its position {position}"
            ));
        } else if status != StatusCode::OK && status != StatusCode::SERVICE_UNAVAILABLE {
            self.site.complaints.add(format!("{kind}/{} was read as {status}: {body}", done.id));
        }
    }

    fn next(&mut self) -> Command {
        if self.site.work == Work::Issuing {
            return self.invoice();
        }
        let choice = self.random.random_range(0..14);
        if choice >= 10 {
            return self.bill();
        }
        let (deal, lead) = (self.one_of(true), self.one_of(false));
        match (choice, deal, lead) {
            (2..=3, Some(deal), _) => self.command(
                "PATCH",
                format!("/opportunities/{deal}"),
                "opportunity.revised",
                |key| json!({"product": key}),
            ),
            (4..=5, Some(deal), _) => self.command(
                "POST",
                format!("/opportunities/{deal}/activities"),
                "opportunity.activity_logged",
                |key| json!({"kind": "note", "summary": key}),
            ),
            (6, Some(deal), _) => self.command(
                "POST",
                format!("/opportunities/{deal}/assign"),
                "opportunity.assigned",
                |key| json!({"owner": key}),
            ),
            (7, _, _) => self.command("POST", "/leads".into(), "lead.captured", |key| json!({"name": key})),
            (8..=9, _, Some(lead)) => self.command(
                "POST",
                format!("/leads/{lead}/activities"),
                "lead.activity_logged",
                |key| json!({"kind": "call", "summary": key}),
            ),
            _ => self.open(),
        }
    }

    fn open(&mut self) -> Command {
        let amount = self.random.random_range(1..100_000);
        self.command(
            "POST",
            "/opportunities".into(),
            "opportunity.opened",
            |key| json!({"name": key, "amount": {"amount": format!("{amount}.00"), "currency": "EUR"}}),
        )
    }

    fn one_of(&mut self, deals: bool) -> Option<Uuid> {
        let held = if deals { &self.deals } else { &self.leads };
        (!held.is_empty()).then(|| held[self.random.random_range(0..held.len())])
    }

    fn command(
        &mut self,
        method: &str,
        path: String,
        event_type: &str,
        body: impl FnOnce(&str) -> Value,
    ) -> Command {
        self.sent += 1;
        let key = format!("{}-{}", self.number, self.sent);
        Command {
            client: self.number,
            tenant: self.tenant.id,
            method: method.to_owned(),
            path,
            body: body(&key),
            event_type: event_type.to_owned(),
            key,
        }
    }
}

/// Sends a command once.
pub async fn send(http: &reqwest::Client, api: SocketAddr, token: &str, command: &Command) -> Reply {
    let method = Method::from_bytes(command.method.as_bytes()).unwrap_or(Method::POST);
    let request = http
        .request(method, format!("http://{api}/api/v1{}", command.path))
        .bearer_auth(token)
        .header("Idempotency-Key", &command.key)
        .header("X-Request-Id", &command.key)
        .json(&command.body);
    match request.send().await {
        Ok(answer) => reply(answer).await,
        Err(_) => Reply::Unsure(None),
    }
}

async fn reply(answer: Response) -> Reply {
    let status = answer.status();
    let position = answer.headers().get("x-position").and_then(|value| value.to_str().ok()?.parse().ok());
    // An answer that was cut short is none.
    let Ok(text) = answer.text().await else { return Reply::Unsure(None) };
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    if status.is_success() {
        let id = body["data"]["id"].as_str().and_then(|id| id.parse().ok());
        return match (id, body["data"]["version"].as_i64(), position) {
            (Some(id), Some(version), Some(position)) => {
                Reply::Acknowledged(Acknowledged { id, version, position })
            }
            _ => Reply::Refused(format!("{status} without id, version or position: {text}")),
        };
    }
    if status == StatusCode::SERVICE_UNAVAILABLE && body["error"]["status"] == 503 {
        return Reply::Unsure(Some(status));
    }
    Reply::Refused(format!("{status}: {text}"))
}
