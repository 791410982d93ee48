//! Billing: clients of a tenant issue invoices in series that they share, have payments settle them, and take some of them back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rand::Rng;
use serde_json::json;
use uuid::Uuid;

use super::{Client, HELD};
use crate::journal::{Acknowledged, Command};

/// Series that the clients of a tenant share.
const SERIES: usize = 3;

/// In whose name each tenant issues invoices, to whom, and under which numbers: whoever comes first sets it up, for all.
#[derive(Default)]
pub struct SharedBooks(Mutex<BTreeMap<Uuid, Books>>);

#[derive(Clone, Default)]
struct Books {
    legal_entity: Option<Uuid>,
    customer: Option<Uuid>,
    series: Vec<Uuid>,
}

/// What the next invoice is issued with.
struct Desk {
    legal_entity: Uuid,
    customer: Uuid,
    series: Uuid,
}

/// What a client works with by itself.
#[derive(Default)]
pub(super) struct OwnBills {
    drafts: Vec<Uuid>,
    issued: Vec<Uuid>,
    payments: Vec<Uuid>,
    paid: Vec<Uuid>,
}

impl SharedBooks {
    /// Has each tenant begin anew, as after a restore to a time when nothing of it was there.
    pub fn forget(&self) {
        self.all().clear();
    }

    fn of(&self, tenant: Uuid) -> Books {
        self.all().get(&tenant).cloned().unwrap_or_default()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<Uuid, Books>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, tenant: Uuid, event_type: &str, id: Uuid) {
        let mut all = self.all();
        let books = all.entry(tenant).or_default();
        match event_type {
            "legal_entity.registered" => _ = books.legal_entity.get_or_insert(id),
            "customer.registered" => _ = books.customer.get_or_insert(id),
            _ if books.series.len() < SERIES => books.series.push(id),
            _ => {}
        }
    }
}

impl Client {
    /// The next command of billing.
    pub(super) fn bill(&mut self) -> Command {
        let desk = match self.desk() {
            Ok(desk) => desk,
            Err(missing) => return *missing,
        };
        if let (Some(payment), Some(invoice)) = (self.bills.payments.pop(), self.bills.issued.pop()) {
            let path = format!("/payments/{payment}/apply");
            let invoices = json!([{"invoice_id": invoice}]);
            self.bills.paid.push(invoice);
            return self.command("POST", path, "payment.applied", |_| json!({"invoices": invoices}));
        }
        if self.bills.paid.len() > 1 {
            return self.credit(&desk);
        }
        if !self.bills.issued.is_empty() {
            let Desk { legal_entity, customer, .. } = desk;
            let money = json!({"amount": self.amount(), "currency": "EUR"});
            return self.command("POST", "/payments".into(), "payment.recorded", |key| {
                json!({
                    "legal_entity_id": legal_entity, "customer_id": customer, "amount": money, "reference": key,
                    "received_on": "2026-01-31", "method": "bank_transfer", "apply": "none",
                })
            });
        }
        self.draft_or_issue(&desk)
    }

    /// The next command of those who do nothing but issue invoices.
    pub(super) fn invoice(&mut self) -> Command {
        match self.desk() {
            Ok(desk) => self.draft_or_issue(&desk),
            Err(missing) => *missing,
        }
    }

    /// What invoices are issued with, or the command that sets up what is missing of it.
    fn desk(&mut self) -> Result<Desk, Box<Command>> {
        let Books { legal_entity, customer, series } = self.site.books.of(self.tenant.id);
        let Some(legal_entity) = legal_entity else { return Err(Box::new(self.register_seller())) };
        let Some(customer) = customer else { return Err(Box::new(self.register_buyer())) };
        if series.len() < SERIES {
            let open = self.command("POST", "/invoice-series".into(), "series.opened", |key| {
                json!({"legal_entity_id": legal_entity, "name": key, "pattern": format!("S{key}-{{seq:4}}")})
            });
            return Err(Box::new(open));
        }
        let series = series[self.random.random_range(0..series.len())];
        Ok(Desk { legal_entity, customer, series })
    }

    fn amount(&mut self) -> String {
        format!("{}.00", self.random.random_range(1..10_000))
    }

    fn draft_or_issue(&mut self, desk: &Desk) -> Command {
        let Desk { legal_entity, customer, series } = desk;
        if let Some(draft) = self.bills.drafts.pop() {
            let path = format!("/invoices/{draft}/issue");
            return self.command("POST", path, "invoice.issued", |_| json!({"series_id": series}));
        }
        let amount = self.amount();
        self.command("POST", "/invoices".into(), "invoice.drafted", |key| {
            let tax = json!({"category": "S", "rate": "19"});
            json!({
                "legal_entity_id": legal_entity, "customer_id": customer,
                "lines": [{"description": key, "quantity": "1", "unit": "C62", "price": amount, "tax": tax}],
            })
        })
    }

    /// Takes back a euro of an invoice that was paid in part or whole, or all that is left of it.
    fn credit(&mut self, Desk { series, .. }: &Desk) -> Command {
        let invoice = self.bills.paid.swap_remove(0);
        let tax = json!({"category": "S", "rate": "19"});
        let line =
            json!({"description": "Broken", "quantity": "1", "unit": "C62", "price": "1.00", "tax": tax});
        let lines = self.random.random_bool(0.5).then(|| json!([line]));
        let path = format!("/invoices/{invoice}/credit-notes");
        self.command(
            "POST",
            path,
            "invoice.credit_note_issued",
            |key| json!({"series_id": series, "reason": key, "lines": lines}),
        )
    }

    fn register_seller(&mut self) -> Command {
        self.command("POST", "/legal-entities".into(), "legal_entity.registered", |key| {
            json!({
                "name": key, "address": {"city": "Berlin"}, "country": "DE", "currency": "EUR",
                "tax_ids": [{"kind": "vat", "value": "DE123456789"}],
            })
        })
    }

    fn register_buyer(&mut self) -> Command {
        self.command("POST", "/billing-customers".into(), "customer.registered", |key| {
            json!({
                "name": key, "address": {"city": "Paris"}, "country": "FR", "currency": "EUR", "terms": 30,
                "language": "fr",
            })
        })
    }

    /// Goes on with what was acknowledged, if it is of billing. Tells whether it is.
    pub(super) fn remember_bill(&mut self, event_type: &str, done: &Acknowledged) -> bool {
        let held = match event_type {
            "legal_entity.registered" | "customer.registered" | "series.opened" => {
                self.site.books.keep(self.tenant.id, event_type, done.id);
                return true;
            }
            "invoice.drafted" => &mut self.bills.drafts,
            "invoice.issued" => &mut self.bills.issued,
            "payment.recorded" => &mut self.bills.payments,
            other => return matches!(other, "payment.applied" | "invoice.credit_note_issued"),
        };
        held.push(done.id);
        held.truncate(HELD);
        true
    }
}
