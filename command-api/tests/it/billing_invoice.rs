//! `/api/v1/invoices`: each command accepted, refused, and quiet.

use edge::Role;
use serde_json::json;
use uuid::Uuid;

use crate::support::billing::{draft, issue, line};
use crate::support::{Api, Call, path};

#[tokio::test]
async fn an_invoice_is_drafted_changed_shown_issued_and_voided() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let to = |rest: &str| path("invoices", billing.invoice, rest);
    let lines = json!({"lines": [line("2", "10.005"), line("1", "0.01")]});
    let replaced = api.send(Call::new("PUT", &to("/lines")).json(lines.clone())).await.is(200);
    assert_eq!(replaced.version(), 2);
    let again = api.send(Call::new("PUT", &to("/lines")).json(lines)).await.is(200);
    assert_eq!(again.version(), 2, "the same lines are no event");

    let day = json!({"issue_date": "2026-01-31"});
    let shown = api.post(&to("/preview"), day).await.is(200);
    let preview = &shown.body["data"]["document"];
    assert_eq!(preview["totals"]["net"], json!({"amount": "20.02", "currency": "EUR"}));
    assert_eq!(preview["totals"]["payable"]["amount"], "23.82", "3.8038 of tax are 3.80");
    assert_eq!((&preview["issue_date"], &preview["due_date"]), (&json!("2026-01-31"), &json!("2026-03-02")));

    let body = json!({"series_id": billing.series, "issue_date": "2026-01-31"});
    let issued = api.post(&to("/issue"), body.clone()).await.is(200);
    assert_eq!((issued.version(), &issued.body["data"]["number"]), (3, &json!("INV-2026-00001")));
    let event = api.last_event(billing.invoice).await;
    assert_eq!(event["document"].to_string(), preview.to_string(), "what was shown is what was issued");

    api.post(&to("/issue"), body).await.fails(409, "invoice.issued");
    let change = json!({"lines": []});
    api.send(Call::new("PUT", &to("/lines")).json(change)).await.fails(409, "invoice.issued");
    api.post(&to("/discard"), json!({})).await.fails(409, "invoice.issued");
    api.post(&to("/preview"), json!({})).await.fails(409, "invoice.issued");
    let reason = json!({"reason": "Sent to somebody else"});
    assert_eq!(api.post(&to("/void"), reason.clone()).await.is(200).version(), 4);
    assert_eq!(api.post(&to("/void"), reason).await.is(200).version(), 4);
    let expected = ["drafted", "lines_replaced", "issued", "voided"];
    assert_eq!(api.history(billing.invoice).await, expected.map(|event| format!("invoice.{event}")));
}

#[tokio::test]
async fn a_command_that_is_sent_twice_draws_one_number() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let once = || issue(billing.invoice, billing.series).key("once");
    let (first, again) = (api.send(once()).await.is(200), api.send(once()).await.is(200));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(first.body["data"], again.body["data"]);
    assert_eq!(api.count("series.number_drawn").await, 1);
}

#[tokio::test]
async fn what_is_refused_leaves_no_gap() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let mut empty = draft(&billing);
    empty["lines"] = json!([]);
    let empty = api.post("/api/v1/invoices", empty).await.is(201).id();
    api.send(issue(empty, billing.series)).await.fails(409, "invoice.nothing_to_bill");
    let mut dollars = draft(&billing);
    dollars["currency"] = json!("USD");
    let dollars = api.post("/api/v1/invoices", dollars).await.is(201).id();
    api.send(issue(dollars, billing.series)).await.fails(409, "invoice.exchange_rate_missing");
    let future = json!({"series_id": billing.series, "issue_date": "2199-01-01"});
    let late = api.post(&path("invoices", dollars, "/issue"), future).await;
    late.fails(422, "invoice.dated_in_future");
    let future = json!({"issue_date": "2199-01-01", "exchange_rate": "0.92"});
    let shown = api.post(&path("invoices", dollars, "/preview"), future).await;
    shown.fails(422, "invoice.dated_in_future");
    assert_eq!(api.count("series.number_drawn").await, 0);
    let body = json!({"series_id": billing.series, "issue_date": "2026-01-31", "exchange_rate": "0.92"});
    let issued = api.post(&path("invoices", dollars, "/issue"), body).await.is(200);
    assert_eq!(issued.body["data"]["number"], "INV-2026-00001");
}

#[tokio::test]
async fn numbers_are_of_the_legal_entity_that_issues() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let other = api.legal_entity().await;
    let theirs = api.series(other, "INV-{year}-{seq:5}").await;
    api.send(issue(billing.invoice, theirs)).await.fails(409, "series.other_legal_entity");
    let unknown = api.send(issue(billing.invoice, Uuid::now_v7())).await.fails(422, "values.invalid");
    assert_eq!(unknown.fields(), ["series_id"]);
    let same = json!({"legal_entity_id": other, "name": "Again", "pattern": "INV-{year}-{seq:4}"});
    let taken = api.post("/api/v1/invoice-series", same).await.fails(409, "series.pattern_taken");
    assert_eq!(taken.fields(), ["pattern"]);
    api.post(&path("invoice-series", theirs, "/close"), json!({})).await.is(200);
    let mut draft = draft(&billing);
    draft["legal_entity_id"] = json!(other);
    let draft = api.post("/api/v1/invoices", draft).await.is(201).id();
    api.send(issue(draft, theirs)).await.fails(409, "series.closed");
}

/// `A{year}-{seq:1}` comes to A2026-1, as does `A2026-{seq:1}`. The claim on the number is what keeps them apart.
#[tokio::test]
async fn two_series_whose_patterns_meet_do_not_give_out_one_number_twice() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let one = api.series(billing.legal_entity, "A{year}-{seq:1}").await;
    let two = api.series(billing.legal_entity, "A2026-{seq:1}").await;
    let issue = async |invoice: Uuid, series: Uuid| {
        let body = json!({"series_id": series, "issue_date": "2026-01-31"});
        api.post(&path("invoices", invoice, "/issue"), body).await
    };
    assert_eq!(issue(api.draft(&billing).await, one).await.is(200).body["data"]["number"], "A2026-1");
    issue(billing.invoice, two).await.fails(409, "invoice.number_taken");
    assert_eq!(api.history(billing.invoice).await, ["invoice.drafted"]);
}

#[tokio::test]
async fn an_invoice_outlives_who_its_customer_was() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let second = api.draft(&billing).await;
    api.send(issue(billing.invoice, billing.series)).await.is(200);
    api.post(&path("billing-customers", billing.customer, "/erase"), json!({})).await.is(200);
    let issued = api.last_event(billing.invoice).await;
    assert_eq!(issued["document"]["buyer"]["name"], "Ada Example");
    api.send(issue(second, billing.series)).await.fails(409, "customer.erased");
    assert_eq!(api.count("series.number_drawn").await, 1);
}

#[tokio::test]
async fn every_bad_field_of_a_line_is_named() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let mut bad = draft(&billing);
    bad["lines"] = json!([line("1", "1"), {
        "description": "", "quantity": -1, "unit": "pieces", "price": "1,50",
        "tax": {"category": "Z", "rate": "19"}, "colour": "red",
    }]);
    let reply = api.post("/api/v1/invoices", bad).await.fails(422, "values.invalid");
    let fields = reply.fields();
    for field in ["description", "quantity", "unit", "price", "tax", "colour"] {
        assert!(fields.contains(&format!("lines.1.{field}").as_str()), "{field}: {fields:?}");
    }
    let mut backwards = draft(&billing);
    backwards["lines"][0]["period"] = json!({"from": "2026-02-01", "to": "2026-01-01"});
    let reply = api.post("/api/v1/invoices", backwards).await.fails(422, "values.invalid");
    assert_eq!(reply.fields(), ["lines.0.period"]);
}

#[tokio::test]
async fn the_line_that_breaks_a_rule_is_named() {
    let api = Api::new().await;
    let billing = api.billing().await;
    let off = |by: serde_json::Value| json!({"kind": "allowance", "by": by, "reason": "Because"});
    let with = |adjustment: serde_json::Value| {
        let mut line = line("1", "100");
        line["adjustments"] = json!([adjustment]);
        line
    };
    let standard = json!({"category": "S", "rate": "19"});
    let mut whole = off(json!({"amount": "500"}));
    whole["tax"] = standard.clone();
    let mut fine = off(json!({"amount": "0.001"}));
    fine["tax"] = standard;
    for (lines, adjustments, code, field) in [
        (
            json!([line("1", "1"), with(off(json!({"amount": "100.01"})))]),
            json!([]),
            "invoice.allowance_too_large",
            "lines.1",
        ),
        (json!([with(off(json!({"amount": "0.001"})))]), json!([]), "invoice.amount_too_fine", "lines.0"),
        (
            json!([line("1", "1"), line("99999999", "9999999999")]),
            json!([]),
            "invoice.amount_too_large",
            "lines.1",
        ),
        (json!([line("1", "100")]), json!([whole]), "invoice.allowance_too_large", "adjustments"),
        (json!([line("1", "100")]), json!([fine]), "invoice.amount_too_fine", "adjustments.0"),
    ] {
        let mut body = draft(&billing);
        (body["lines"], body["adjustments"]) = (lines.clone(), adjustments.clone());
        let reply = api.post("/api/v1/invoices", body).await.fails(422, code);
        assert_eq!(reply.fields(), [field], "{code}");
        let lines = Call::new("PUT", &path("invoices", billing.invoice, "/lines"))
            .json(json!({"lines": lines, "adjustments": adjustments}));
        assert_eq!(api.send(lines).await.fails(422, code).fields(), [field], "{code}");
    }
}

#[tokio::test]
async fn who_only_reads_bills_issues_none() {
    let api = Api::new().await;
    let billing = api.billing().await;
    for role in [Role::Viewer, Role::SalesManager, Role::Auditor] {
        let call = issue(billing.invoice, billing.series).role(role);
        api.send(call).await.fails(403, "permission.missing");
    }
    api.send(issue(billing.invoice, billing.series).role(Role::Finance)).await.is(200);
}
