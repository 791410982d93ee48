//! The same for what is about billing.

use serde_json::{Value, json};

use crate::rows::History;

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

    fn invoice_status(&self) -> &'static str {
        match (self.void().is_null(), self.issued().is_null()) {
            (false, _) => "void",
            (true, false) => "issued",
            (true, true) => "draft",
        }
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
        let row = json!({
            "id": self.id(),
            "number": issued["number"],
            "status": self.invoice_status(),
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
            "status": self.invoice_status(),
            "draft": if issued.is_null() { draft } else { Value::Null },
            "document": issued["document"],
            "version": self.0.len(),
        });
        (!self.is_discarded()).then_some(row)
    }
}
