//! The same for what is about billing.

use event_store::Recorded;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::rows::History;

/// What an invoice comes to by now.
struct Settled {
    paid: Value,
    written_off: Value,
    credited: Value,
    outstanding: Value,
    status: &'static str,
}

impl History<'_> {
    /// What a field is after `event` told another one; what the first event told otherwise.
    fn after(&self, event: &'static str, told: &'static str, field: &str) -> Value {
        let last = self.told().rev().find(|(kind, _)| *kind == event);
        last.map_or_else(|| self.first(field), |(_, data)| data.pointer(told).cloned().unwrap_or_default())
    }

    fn end(&self) -> Value {
        json!(self.0[self.0.len() - 1].recorded_at)
    }

    /// The row of `billing_legal_entity_list`.
    pub fn legal_entity(&self) -> Value {
        json!({
            "id": self.id(),
            "name": self.after("renamed", "/to", "name"),
            "address": self.after("relocated", "/address/to", "address"),
            "country": self.after("relocated", "/country/to", "country"),
            "tax_ids": self.after("tax_ids_changed", "/to", "tax_ids"),
            "currency": self.first("currency"),
            "registered_at": self.began_at(),
            "updated_at": self.end(),
            "version": self.0.len(),
        })
    }

    /// The row of `billing_customer_list`.
    pub fn customer(&self) -> Value {
        let mut row = json!({
            "id": self.id(),
            "name": self.after("renamed", "/to", "name"),
            "address": self.after("relocated", "/address/to", "address"),
            "country": self.after("relocated", "/country/to", "country"),
            "tax_ids": self.after("tax_ids_changed", "/to", "tax_ids"),
            "currency": self.after("terms_agreed", "/currency/to", "currency"),
            "terms": self.after("terms_agreed", "/terms/to", "terms"),
            "language": self.after("contact_changed", "/language/to", "language"),
            "email": self.after("contact_changed", "/email/to", "email"),
            "registered_at": self.began_at(),
            "updated_at": self.end(),
            "version": self.0.len(),
        });
        let erased = self.last(|kind, data| (kind == "erased").then(|| data["at"].clone()));
        if !erased.is_null() {
            row["name"] = json!("erased");
            for gone in ["address", "tax_ids", "email"] {
                row[gone] = Value::Null;
            }
            row["erased_at"] = erased;
        }
        row
    }

    /// The row of `billing_series_list`.
    pub fn series(&self) -> Value {
        let is_closed = self.told().any(|(kind, _)| kind == "closed");
        json!({
            "id": self.id(),
            "legal_entity_id": self.first("legal_entity"),
            "name": self.first("name"),
            "pattern": self.first("pattern"),
            "status": if is_closed { "closed" } else { "open" },
            "numbers": self.told().filter(|(kind, _)| *kind == "number_drawn").count(),
            "last_number": self.last(|kind, data| (kind == "number_drawn").then(|| data["number"].clone())),
            "opened_at": self.began_at(),
            "updated_at": self.end(),
            "version": self.0.len(),
        })
    }

    fn issued(&self) -> Value {
        self.last(|kind, data| (kind == "issued").then(|| data.clone()))
    }

    fn void(&self) -> Value {
        self.last(|kind, data| (kind == "voided").then(|| data.clone()))
    }

    /// Whether what an invoice says is a draft, issued or void.
    fn document_status(&self) -> &'static str {
        match (self.void().is_null(), self.issued().is_null()) {
            (false, _) => "void",
            (true, false) => "issued",
            (true, true) => "draft",
        }
    }

    /// What of `done` was not undone by an event of the same `id` later on, in order, with these fields.
    fn standing(&self, done: &str, undone: &str, id: &str, fields: &[(&str, &str)]) -> Vec<Value> {
        let told: Vec<_> = self.told().collect();
        let stands = told.iter().enumerate().filter(|(place, (kind, data))| {
            let is_undone = |(later, of): &(&str, &Value)| *later == undone && of[id] == data[id];
            *kind == done && !told[place + 1..].iter().any(is_undone)
        });
        let row = |(_, (_, data)): (usize, &(&str, &Value))| {
            fields.iter().map(|(name, field)| ((*name).to_owned(), data[field].clone())).collect()
        };
        stands.map(row).collect()
    }

    /// How an invoice was settled.
    fn settled(&self, totals: &Value) -> Settled {
        let currency = &totals["payable"]["currency"];
        let units = |money: &Value| -> Decimal { money["amount"].as_str().unwrap().parse().unwrap() };
        let payable = units(&totals["payable"]);
        let nothing = Decimal::new(0, payable.scale());
        let applied =
            self.standing("payment_applied", "payment_unapplied", "payment", &[("amount", "amount")]);
        let paid: Decimal =
            applied.iter().map(|one| units(&one["amount"])).fold(nothing, |sum, one| sum + one);
        let told: Vec<_> = self.told().collect();
        let reversed = told.iter().rposition(|(kind, _)| *kind == "write_off_reversed");
        let since = &told[reversed.map_or(0, |place| place + 1)..];
        let given_up = since.iter().filter(|(kind, _)| *kind == "written_off");
        let written_off =
            given_up.map(|(_, data)| units(&data["amount"])).fold(nothing, |sum, one| sum + one);
        let status = self.document_status();
        let credited =
            self.credit_notes().iter().map(|one| units(&one["amount"])).fold(nothing, |sum, one| sum + one);
        let outstanding = if status == "issued" { payable - paid - written_off - credited } else { nothing };
        let status = match status {
            "issued" if outstanding.is_zero() && credited == payable && !payable.is_zero() => "credited",
            "issued" if outstanding.is_zero() && written_off.is_zero() => "paid",
            "issued" if outstanding.is_zero() => "written_off",
            "issued" if outstanding != payable => "partly_paid",
            other => other,
        };
        let money = |amount: Decimal| json!({"amount": amount.to_string(), "currency": currency});
        let [paid, written_off, credited, outstanding] =
            [paid, written_off, credited, outstanding].map(money);
        Settled { paid, written_off, credited, outstanding, status }
    }

    /// Its credit notes that are not void, as `billing_invoice_list` lists them.
    fn credit_notes(&self) -> Vec<Value> {
        let fields = [("credit_note_id", "credit_note"), ("number", "number"), ("document", "document")];
        let standing = self.standing("credit_note_issued", "credit_note_voided", "credit_note", &fields);
        let shown = standing.into_iter().map(|mut one| {
            one["amount"] = one["document"]["totals"]["payable"].take();
            one.as_object_mut().unwrap().remove("document");
            one
        });
        shown.collect()
    }

    /// The rows of `billing_credit_note_list` and `billing_credit_note_document` of an invoice.
    pub fn credit_note_rows(&self) -> Vec<(Uuid, Value, Value)> {
        let of = |event: &Recorded| {
            (event.payload["type"].as_str().unwrap().to_owned(), event.payload["data"].clone())
        };
        let issued = self.0.iter().filter(|event| of(event).0 == "credit_note_issued");
        let rows = issued.map(|event| {
            let (_, data) = of(event);
            let is_voided = |later: &Recorded| {
                let (kind, told) = of(later);
                later.sequence > event.sequence
                    && kind == "credit_note_voided"
                    && told["credit_note"] == data["credit_note"]
            };
            let void = self.0.iter().find(|later| is_voided(later));
            let last = void.unwrap_or(event);
            let void = void.map(|void| of(void).1).unwrap_or_default();
            let status = if void.is_null() { "issued" } else { "void" };
            let row = json!({
                "id": data["credit_note"],
                "number": data["number"],
                "status": status,
                "invoice_id": self.id(),
                "legal_entity_id": data["legal_entity"],
                "series_id": data["series"],
                "currency": data["document"]["currency"],
                "totals": data["document"]["totals"],
                "reason": data["document"]["reason"],
                "issue_date": data["document"]["issue_date"],
                "void_reason": void["reason"],
                "status_since": if void.is_null() { &data["at"] } else { &void["at"] },
                "updated_at": last.recorded_at,
                "version": last.sequence,
            });
            let document = json!({
                "id": data["credit_note"],
                "number": data["number"],
                "status": status,
                "document": data["document"],
                "version": last.sequence,
            });
            (serde_json::from_value(data["credit_note"].clone()).unwrap(), row, document)
        });
        rows.collect()
    }

    /// The row of `billing_payment_list`.
    pub fn payment(&self) -> Value {
        let receipt = self.first("receipt");
        let reversed = self.last(|kind, data| (kind == "reversed").then(|| data["reason"].clone()));
        let left = self.last(|_, data| data.get("unapplied").cloned());
        let unapplied = match (reversed.is_null(), left.is_null()) {
            (true, true) => receipt["amount"].clone(),
            (true, false) => left,
            (false, _) => json!({"amount": "0.00", "currency": receipt["amount"]["currency"]}),
        };
        let settled = [("invoice_id", "invoice"), ("amount", "amount"), ("applied_at", "at")];
        let refund = [("refund_id", "refund"), ("amount", "amount"), ("refunded_on", "on")];
        json!({
            "id": self.id(),
            "status": if reversed.is_null() { "received" } else { "reversed" },
            "legal_entity_id": receipt["legal_entity"],
            "customer_id": receipt["customer"],
            "amount": receipt["amount"],
            "unapplied": unapplied,
            "received_on": receipt["received_on"],
            "method": receipt["method"],
            "reference": receipt["reference"],
            "invoices": self.standing("applied", "unapplied", "invoice", &settled),
            "refunds": self.standing("refunded", "refund_cancelled", "refund", &refund),
            "reversal_reason": reversed,
            "recorded_at": self.first("at"),
            "updated_at": self.end(),
            "version": self.0.len(),
        })
    }

    /// The rows of `billing_ledger` of an invoice or a payment.
    pub fn ledger(&self) -> Vec<(Uuid, Value)> {
        self.0.iter().filter_map(|event| Some((event.event_id, self.entry(event)?))).collect()
    }

    fn entry(&self, event: &Recorded) -> Option<Value> {
        let (kind, data) = (event.payload["type"].as_str().unwrap(), &event.payload["data"]);
        let payable = &data["document"]["totals"]["payable"];
        let day = data["at"].as_str().and_then(|at| at.get(..10)).unwrap_or_default();
        let is_invoice = event.aggregate_type == "billing.invoice";
        let (name, on, money, outstanding, balance) = match (is_invoice, kind) {
            (true, "issued") => ("invoice_issued", data["document"]["issue_date"].as_str()?, payable, "", ""),
            (true, "voided") => ("invoice_voided", day, &data["payable"], "-", "-"),
            (true, "payment_applied") => (kind, day, &data["amount"], "-", "0"),
            (true, "payment_unapplied") => (kind, day, &data["amount"], "", "0"),
            (true, "credit_note_issued") => {
                (kind, data["document"]["issue_date"].as_str()?, payable, "-", "-")
            }
            (true, "credit_note_voided") => {
                (kind, day.max(data["issue_date"].as_str()?), &data["amount"], "", "")
            }
            (true, "written_off") => (kind, day, &data["amount"], "-", "-"),
            (true, "write_off_reversed") => (kind, day, &data["amount"], "", ""),
            (false, "recorded") => {
                let receipt = &data["receipt"];
                ("payment_received", receipt["received_on"].as_str()?, &receipt["amount"], "0", "-")
            }
            (false, "reversed") => ("payment_reversed", day, &data["amount"], "0", ""),
            (false, "refunded") => (kind, data["on"].as_str()?, &data["amount"], "0", ""),
            (false, "refund_cancelled") => (kind, day, &data["amount"], "0", "-"),
            _ => return None,
        };
        let amount: Decimal = money["amount"].as_str()?.parse().unwrap();
        let change = |sign: &str| match sign {
            "0" => Decimal::new(0, amount.scale()),
            "-" => -amount,
            _ => amount,
        };
        let payment = if is_invoice { data["payment"].clone() } else { json!(self.id()) };
        Some(json!({
            "id": event.event_id,
            "kind": name,
            "booked_on": on,
            "invoice_id": is_invoice.then(|| self.id()),
            "payment_id": payment,
            "currency": money["currency"],
            "outstanding": change(outstanding).to_string(),
            "balance": change(balance).to_string(),
            "recorded_at": event.recorded_at,
            "position": event.position,
        }))
    }

    fn is_discarded(&self) -> bool {
        self.told().any(|(kind, _)| kind == "discarded")
    }

    /// The row of `billing_invoice_list`; none once it is discarded.
    pub fn invoice(&self) -> Option<Value> {
        let (issued, document) = (self.issued(), self.issued()["document"].clone());
        let since = self.last(|_, data| data.get("at").cloned());
        let totals = if issued.is_null() {
            self.after("lines_replaced", "/totals", "totals")
        } else {
            document["totals"].clone()
        };
        let Settled { paid, written_off, credited, outstanding, status } = self.settled(&totals);
        let applied = [("payment_id", "payment"), ("amount", "amount"), ("applied_at", "at")];
        let row = json!({
            "id": self.id(),
            "number": issued["number"],
            "status": status,
            "paid": paid,
            "written_off": written_off,
            "credited": credited,
            "credit_notes": self.credit_notes(),
            "outstanding": outstanding,
            "payments": self.standing("payment_applied", "payment_unapplied", "payment", &applied),
            "legal_entity_id": self.first("legal_entity"),
            "customer_id": self.first("customer"),
            "customer_name": document["buyer"]["name"],
            "series_id": issued["series"],
            "currency": self.first("currency"),
            "totals": totals,
            "reference": self.first("reference"),
            "issue_date": document["issue_date"],
            "due_date": document["due_date"],
            "void_reason": self.void()["reason"],
            "drafted_at": self.first("at"),
            "status_since": since,
            "updated_at": self.end(),
            "version": self.0.len(),
        });
        (!self.is_discarded()).then_some(row)
    }

    /// The row of `billing_invoice_document`; none once it is discarded.
    pub fn invoice_document(&self) -> Option<Value> {
        let issued = self.issued();
        let draft = json!({
            "reference": self.first("reference"),
            "note": self.first("note"),
            "lines": self.after("lines_replaced", "/lines", "lines"),
            "adjustments": self.after("lines_replaced", "/adjustments", "adjustments"),
        });
        let row = json!({
            "id": self.id(),
            "number": issued["number"],
            "status": self.document_status(),
            "draft": if issued.is_null() { draft } else { Value::Null },
            "document": issued["document"],
            "version": self.0.len(),
        });
        (!self.is_discarded()).then_some(row)
    }
}
