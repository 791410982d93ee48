//! Invoices issued over HTTP, all in one series.

use anyhow::Context as _;
use domain::TenantId;
use futures::future::{FutureExt as _, LocalBoxFuture, try_join_all};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Measure;
use super::http_command::{CONNECTIONS, capture};
use crate::bench::Bench;
use crate::http::{Connection, request};
use crate::load::{Done, Listed, Load};
use crate::outcome::{Bar, Row};
use crate::process::{Access, Crm};
use crate::rounds::alternate;
use crate::statistics::rate;

/// Invoices of the warm-up, which tells how many a turn takes.
const WARM_UP: usize = 256;

/// Invoices that get their numbers one after the other.
pub struct Issuing;

impl Measure for Issuing {
    fn name(&self) -> &'static str {
        "issue"
    }

    fn about(&self) -> &'static str {
        "invoices issued in one series over HTTP, beside leads captured over HTTP"
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let place = bench.servers.place(self.name()).await?;
            let access = Access::of(TenantId::from_uuid(Uuid::now_v7()))?;
            let crm = Crm::start(&bench.options, "command-api", &place, &access).await?;
            let desk = Desk::open(&crm.address, &access.token).await?;
            let turn = bench.options.turn();
            let warm = desk.issue(WARM_UP).await?;
            capture(&crm.address, &access, bench.options.warm_up()).rate().await?;
            // Rates are far below what a float holds exactly.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a small positive number"
            )]
            let invoices = (warm * turn.as_secs_f64()).ceil() as usize;
            let pair = alternate(
                bench.options.rounds,
                async || desk.issue(invoices).await,
                async || capture(&crm.address, &access, turn).rate().await,
            )
            .await?;
            crm.stop().await?;
            bench.servers.clear(place).await?;
            let reference = "leads captured";
            let row = Row::compared(
                "invoices issued in one series",
                "commands/s",
                reference,
                pair,
                Bar::Percent(60.0),
            );
            Ok(vec![row.noting(NOTE)])
        }
        .boxed_local()
    }
}

const NOTE: &str = "64 connections issue drafts that were written before, all in one series, so that each waits for the number \
    of the one before; an append has two events and two claims. The leads are captured through the same \
    `crm command-api`, as above.";

/// Who issues invoices, to whom, and in which series.
struct Desk {
    address: String,
    token: String,
    series: String,
    draft: String,
}

impl Desk {
    async fn open(address: &str, token: &str) -> anyhow::Result<Self> {
        let mut connection = Connection::open(address).await?;
        let mut create = async |path: &str, body: Value| {
            let asked = request("POST", path, token, &[], &body.to_string());
            created(&mut connection, &asked).await
        };
        let seller = json!({
            "name": "Example Engines GmbH", "address": {"city": "Berlin"}, "country": "DE", "currency": "EUR",
            "tax_ids": [{"kind": "vat", "value": "DE123456789"}],
        });
        let legal_entity = create("/api/v1/legal-entities", seller).await?;
        let buyer = json!({
            "name": "Ada Example", "address": {"city": "Paris"}, "country": "FR", "currency": "EUR", "terms": 30,
            "language": "fr",
        });
        let customer = create("/api/v1/billing-customers", buyer).await?;
        let numbers = json!({"legal_entity_id": legal_entity, "name": "Invoices", "pattern": "INV-{seq:7}"});
        let series = create("/api/v1/invoice-series", numbers).await?;
        let tax = json!({"category": "S", "rate": "19"});
        let line =
            json!({"description": "Cogwheel", "quantity": "3", "unit": "C62", "price": "33.50", "tax": tax});
        let draft = json!({"legal_entity_id": legal_entity, "customer_id": customer, "lines": [line]});
        let draft = request("POST", "/api/v1/invoices", token, &[], &draft.to_string());
        Ok(Self { address: address.to_owned(), token: token.to_owned(), series, draft })
    }

    /// Issues so many invoices, whose drafts are written before, and tells how many a second.
    async fn issue(&self, invoices: usize) -> anyhow::Result<f64> {
        let body = json!({"series_id": self.series}).to_string();
        let issue =
            |id: &String| request("POST", &format!("/api/v1/invoices/{id}/issue"), &self.token, &[], &body);
        let requests = self.drafts(invoices).await?.iter().map(issue).collect();
        let load = Listed { address: self.address.clone(), connections: CONNECTIONS, requests };
        let Done { done, seconds, .. } = Load::Listed(load).run().await?;
        Ok(rate(done, seconds))
    }

    async fn drafts(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let each = count.div_ceil(CONNECTIONS);
        let written = try_join_all((0..CONNECTIONS).map(async |_| {
            let mut connection = Connection::open(&self.address).await?;
            let mut ids = Vec::with_capacity(each);
            for _ in 0..each {
                ids.push(created(&mut connection, &self.draft).await?);
            }
            anyhow::Ok(ids)
        }));
        let mut all = written.await?.concat();
        all.truncate(count);
        Ok(all)
    }
}

/// The id of what a request creates.
async fn created(connection: &mut Connection, request: &str) -> anyhow::Result<String> {
    let answer = connection.exchange(request.as_bytes()).await?;
    anyhow::ensure!(answer.status == 201, "a command was answered with {}", answer.status);
    let body: Value = serde_json::from_slice(&answer.body)?;
    Ok(body["data"]["id"].as_str().context("a command was answered without an id")?.to_owned())
}
