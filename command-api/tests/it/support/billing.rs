//! What billing takes: a company, a customer, a series, drafts, and bodies of commands on them.

use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Api, Call, path};

/// One of everything that billing takes.
#[derive(Clone, Copy, Debug)]
pub struct Billing {
    pub legal_entity: Uuid,
    pub customer: Uuid,
    pub series: Uuid,
    pub invoice: Uuid,
    pub payment: Uuid,
}

impl Billing {
    /// Things that never existed.
    pub fn unknown() -> Self {
        let [legal_entity, customer, series, invoice, payment] = std::array::from_fn(|_| Uuid::now_v7());
        Self { legal_entity, customer, series, invoice, payment }
    }
}

impl Api {
    /// A company, a customer of the same currency, a series of its own, a draft with one line, and a payment that settles nothing.
    pub async fn billing(&self) -> Billing {
        let legal_entity = self.legal_entity().await;
        let customer = self.post("/api/v1/billing-customers", customer()).await.is(201).id();
        let series = self.series(legal_entity, "INV-{year}-{seq:5}").await;
        let none = Uuid::nil();
        let billing = Billing { legal_entity, customer, series, invoice: none, payment: none };
        let payment = self.pay(&billing, "100.00", None).await;
        Billing { invoice: self.draft(&billing).await, payment, ..billing }
    }

    /// The id of a new company.
    pub async fn legal_entity(&self) -> Uuid {
        self.post("/api/v1/legal-entities", legal_entity()).await.is(201).id()
    }

    /// The id of a new series.
    pub async fn series(&self, legal_entity: Uuid, pattern: &str) -> Uuid {
        let body = json!({"legal_entity_id": legal_entity, "name": "Invoices", "pattern": pattern});
        self.post("/api/v1/invoice-series", body).await.is(201).id()
    }

    /// The id of a new payment, which settles what is open.
    pub async fn pay(&self, billing: &Billing, amount: &str, reference: Option<&str>) -> Uuid {
        let mut body = payment(billing, amount);
        body["reference"] = json!(reference);
        self.post("/api/v1/payments", body).await.is(201).id()
    }

    /// The id of a new invoice of so much, tax included, that is due 30 days after its date.
    pub async fn invoice(&self, billing: &Billing, amount: &str, day: &str) -> Uuid {
        let mut body = draft(billing);
        body["lines"] = json!([line("1", amount)]);
        body["lines"][0]["tax"] = json!({"category": "Z"});
        let id = self.post("/api/v1/invoices", body).await.is(201).id();
        let issue = json!({"series_id": billing.series, "issue_date": day});
        self.post(&path("invoices", id, "/issue"), issue).await.is(200);
        id
    }

    /// The id of a new draft with one line.
    pub async fn draft(&self, billing: &Billing) -> Uuid {
        self.post("/api/v1/invoices", draft(billing)).await.is(201).id()
    }

    /// What is still to be paid of an invoice, by its last event.
    pub async fn outstanding(&self, invoice: Uuid) -> String {
        let last = self.last_event(invoice).await;
        let outstanding = &last["outstanding"]["amount"];
        let issued = &last["document"]["totals"]["payable"]["amount"];
        outstanding.as_str().or(issued.as_str()).unwrap_or("0.00").to_owned()
    }

    pub async fn all_outstanding(&self, invoices: &[Uuid]) -> Vec<String> {
        join_all(invoices.iter().map(|invoice| self.outstanding(*invoice))).await
    }

    /// What is left of a payment, by its last event.
    pub async fn left(&self, payment: Uuid) -> String {
        self.last_event(payment).await["unapplied"]["amount"].as_str().unwrap_or("all").to_owned()
    }

    /// What is claimed to be open, in the order in which it is due.
    pub async fn open(&self) -> Vec<Uuid> {
        let sql = "select split_part(value, ' ', 3)::uuid from log.claim where scope like 'invoice.open.%' order by value";
        sqlx::query_scalar(sql).fetch_all(&self.pool).await.unwrap()
    }
}

/// To issue a draft under the next number of a series.
pub fn issue(invoice: Uuid, series: Uuid) -> Call {
    Call::post(&path("invoices", invoice, "/issue")).json(json!({"series_id": series}))
}

pub fn legal_entity() -> Value {
    json!({
        "name": "Example Engines GmbH", "country": "DE", "currency": "EUR",
        "address": {"street": "Engine Street 1", "postal_code": "10115", "city": "Berlin"},
        "tax_ids": [{"kind": "vat", "value": "DE123456789"}],
    })
}

pub fn customer() -> Value {
    json!({
        "name": "Ada Example", "country": "FR", "currency": "EUR", "terms": 30, "language": "fr",
        "address": {"city": "Paris"}, "tax_ids": [{"kind": "vat", "value": "FR12345678901"}],
        "email": "bills@engines.example",
    })
}

pub fn line(quantity: &str, price: &str) -> Value {
    json!({
        "description": "Cogwheel", "quantity": quantity, "unit": "C62", "price": price,
        "tax": {"category": "S", "rate": "19"},
    })
}

pub fn draft(billing: &Billing) -> Value {
    let Billing { legal_entity, customer, .. } = billing;
    json!({"legal_entity_id": legal_entity, "customer_id": customer, "lines": [line("3", "33.50")]})
}

pub fn payment(billing: &Billing, amount: &str) -> Value {
    let Billing { legal_entity, customer, .. } = billing;
    json!({
        "legal_entity_id": legal_entity, "customer_id": customer, "received_on": "2026-01-31",
        "amount": {"amount": amount, "currency": "EUR"}, "method": "bank_transfer",
    })
}

/// A body that is fine, whatever the state of things; none if the operation is not of billing.
pub fn body(operation: &str, billing: &Billing) -> Option<Value> {
    let freight = json!({
        "kind": "charge", "by": {"amount": "5.90"}, "reason": "Freight", "tax": {"category": "S", "rate": "19"},
    });
    let body = match operation {
        "register_legal_entity" => legal_entity(),
        "change_legal_entity" => json!({"name": "Example Engines SE", "country": "AT"}),
        "register_customer" => customer(),
        "change_customer" => {
            json!({"name": "Ada E.", "address": {"city": "Lyon"}, "terms": 14, "email": null})
        }
        "open_series" => json!({
            "legal_entity_id": billing.legal_entity, "name": "Others",
            "pattern": format!("{}-{{seq:3}}", &Uuid::now_v7().simple().to_string()[24..]),
        }),
        "draft_invoice" => draft(billing),
        "replace_invoice_lines" => json!({"lines": [line("1", "100")], "adjustments": [freight]}),
        "preview_invoice" => json!({"issue_date": "2026-01-31"}),
        "issue_invoice" => json!({"series_id": billing.series}),
        "void_invoice" => json!({"reason": "Sent to somebody else"}),
        "credit_invoice" => json!({"series_id": billing.series, "reason": "Two of three were broken"}),
        "void_credit_note_of_invoice" => json!({"reason": "It took back too much"}),
        "write_off_invoice" => json!({"reason": "The customer is bankrupt"}),
        "record_payment" => payment(billing, "1.00"),
        "apply_payment" | "unapply_payment" => json!({}),
        "refund_payment" => {
            json!({"refunded_on": "2026-01-31", "amount": {"amount": "1.00", "currency": "EUR"}})
        }
        "reverse_payment" => json!({"reason": "The bank drew it back"}),
        "erase_customer"
        | "close_series"
        | "discard_invoice"
        | "reverse_write_off_of_invoice"
        | "cancel_refund_of_payment" => {
            json!({"occurred_at": "2026-01-31T12:00:00Z"})
        }
        _ => return None,
    };
    Some(body)
}
