//! Credit notes of invoices: numbered, exact, with what was paid left to the customer, undone, and by many at once.

use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::billing::{Billing, line};
use crate::support::{Api, path};

fn of(invoice: Uuid, rest: &str) -> String {
    path("invoices", invoice, &format!("/credit-notes{rest}"))
}

fn credit(crediting: Crediting, amount: Option<&str>) -> Value {
    let mut body = json!({"series_id": crediting.series, "reason": "Two of three were broken"});
    if let Some(amount) = amount {
        body["lines"] = json!([line("1", amount)]);
        body["lines"][0]["tax"] = json!({"category": "Z"});
    }
    body
}

/// What billing takes, and a series for credit notes.
#[derive(Clone, Copy)]
struct Crediting {
    billing: Billing,
    series: Uuid,
}

impl Api {
    async fn crediting(&self) -> Crediting {
        let billing = self.billing().await;
        Crediting { billing, series: self.series(billing.legal_entity, "CN-{seq:3}").await }
    }

    /// The id of a credit note of so much, or of all that is left.
    async fn credit(&self, crediting: Crediting, invoice: Uuid, amount: Option<&str>) -> Uuid {
        let issued = self.post(&of(invoice, ""), credit(crediting, amount)).await.is(200);
        issued.body["data"]["credit_note_id"].as_str().unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn a_credit_note_has_a_number_of_its_series_and_takes_back_what_is_outstanding() {
    let api = Api::new().await;
    let crediting = api.crediting().await;
    let billing = crediting.billing;
    let invoice = api.invoice(&billing, "100", "2026-01-20").await;
    let issued = api.post(&of(invoice, ""), credit(crediting, Some("30"))).await.is(200);
    assert_eq!(issued.body["data"]["number"], json!("CN-001"));
    assert_eq!(api.outstanding(invoice).await, "70.00");
    assert_eq!(api.open().await, [invoice]);
    api.credit(crediting, invoice, None).await;
    assert_eq!((api.outstanding(invoice).await.as_str(), api.open().await.len()), ("0.00", 0));
    let more = api.post(&of(invoice, ""), credit(crediting, Some("0.01"))).await;
    more.fails(409, "invoice.more_than_invoiced");
    api.post(&of(invoice, ""), credit(crediting, None)).await.fails(409, "invoice.nothing_to_credit");
    let void = json!({"reason": "Sent to somebody else"});
    api.post(&path("invoices", invoice, "/void"), void).await.fails(409, "invoice.settled");
}

#[tokio::test]
async fn what_was_paid_of_it_is_left_to_the_customer() {
    let api = Api::new().await;
    let crediting = api.crediting().await;
    let billing = crediting.billing;
    let invoice = api.invoice(&billing, "100", "2026-01-20").await;
    let first = api.pay(&billing, "60.00", None).await;
    let second = api.pay(&billing, "40.00", None).await;
    assert_eq!(api.outstanding(invoice).await, "0.00");
    let note = api.credit(crediting, invoice, Some("50")).await;
    assert_eq!((api.left(second).await.as_str(), api.left(first).await.as_str()), ("40.00", "10.00"));
    assert_eq!((api.outstanding(invoice).await.as_str(), api.open().await.len()), ("0.00", 0));
    assert_eq!(api.history(first).await.last().unwrap(), "payment.applied", "50 of it settle it still");
    // What is owed again once the credit note is void can be settled again.
    api.post(&of(invoice, &format!("/{note}/void")), json!({"reason": "Nothing was broken"})).await.is(200);
    assert_eq!((api.outstanding(invoice).await.as_str(), api.open().await), ("50.00", vec![invoice]));
    let applied = json!({"invoices": [{"invoice_id": invoice}]});
    api.post(&path("payments", second, "/apply"), applied).await.is(200);
    assert_eq!(api.outstanding(invoice).await, "10.00");
}

#[tokio::test]
async fn only_the_last_credit_note_of_an_invoice_can_be_void() {
    let api = Api::new().await;
    let crediting = api.crediting().await;
    let billing = crediting.billing;
    let invoice = api.invoice(&billing, "100", "2026-01-20").await;
    let first = api.credit(crediting, invoice, Some("10")).await;
    let second = api.credit(crediting, invoice, Some("20")).await;
    let reason = || json!({"reason": "Nothing was broken"});
    let void = |note: Uuid| of(invoice, &format!("/{note}/void"));
    api.post(&void(first), reason()).await.fails(409, "invoice.not_last_credit_note");
    api.post(&void(second), reason()).await.is(200);
    api.post(&void(second), reason()).await.fails(409, "invoice.no_such_credit_note");
    api.post(&void(first), reason()).await.is(200);
    assert_eq!(api.outstanding(invoice).await, "100.00");
    api.post(&path("invoices", invoice, "/void"), reason()).await.is(200);
}

#[tokio::test]
async fn what_cannot_be_credited_is_told_why() {
    let api = Api::new().await;
    let crediting = api.crediting().await;
    let billing = crediting.billing;
    api.post(&of(billing.invoice, ""), credit(crediting, None)).await.fails(409, "invoice.not_issued");
    let invoice = api.invoice(&billing, "100", "2026-01-20").await;
    let asked = async |change: fn(&mut Value)| {
        let mut body = credit(crediting, Some("10"));
        change(&mut body);
        api.post(&of(invoice, ""), body).await
    };
    let taxed = |body: &mut Value| body["lines"][0]["tax"] = json!({"category": "S", "rate": "19"});
    asked(taxed).await.fails(409, "invoice.tax_not_on_invoice");
    asked(|body| body["lines"] = json!([])).await.fails(409, "invoice.nothing_to_credit");
    asked(|body| body["issue_date"] = json!("2026-01-19")).await.fails(409, "invoice.credited_too_early");
    asked(|body| body["issue_date"] = json!("2199-01-01")).await.fails(422, "invoice.dated_in_future");
    asked(|body| body["series_id"] = json!(Uuid::nil())).await.fails(422, "values.invalid");
    asked(|body| body["reason"] = json!("")).await.fails(422, "values.invalid");
    let given_up = json!({"reason": "Bankrupt"});
    api.post(&path("invoices", invoice, "/write-off"), given_up).await.is(200);
    asked(|_| ()).await.fails(409, "invoice.more_than_outstanding");
}

/// Each of them takes the number after that of another, and only so much as is left.
#[tokio::test]
async fn of_many_credit_notes_at_once_no_more_is_taken_back_than_was_invoiced() {
    let api = Api::new().await;
    let crediting = api.crediting().await;
    let billing = crediting.billing;
    let invoice = api.invoice(&billing, "100", "2026-01-20").await;
    let uri = of(invoice, "");
    let all = (0..16).map(|_| api.post(&uri, credit(crediting, Some("10"))));
    let answers = join_all(all).await;
    let mut numbers: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .map(|answer| answer.body["data"]["number"].as_str().unwrap().to_owned())
        .collect();
    numbers.sort();
    let expected: Vec<_> = (1..=10).map(|n| format!("CN-{n:03}")).collect();
    assert_eq!(numbers, expected, "neither gap nor double");
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.body["error"]["code"], json!("invoice.more_than_invoiced"));
    }
    assert_eq!(api.outstanding(invoice).await, "0.00");
}
