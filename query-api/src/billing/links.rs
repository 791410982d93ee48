//! Where to go from a thing of billing, and the commands that its status and the caller's permissions allow.

use domain::identity::permission::{self, Permission};
use edge::{Identity, Links};

use crate::as_of::AsOf;
use crate::list::link;
use crate::row::Facts;

/// A command: its name, its method, its path below that of the thing, and its permission.
struct Command {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    permission: Permission,
}

const fn command(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    permission: Permission,
) -> Command {
    Command { name, method, path, permission }
}

const LEGAL_ENTITY: &[Command] = &[command("patch", "PATCH", "", permission::BILLING_SET_UP)];
const CUSTOMER: &[Command] = &[
    command("patch", "PATCH", "", permission::BILLING_WRITE),
    command("erase", "POST", "/erase", permission::BILLING_ERASE),
];
const OPEN_SERIES: &[Command] = &[command("close", "POST", "/close", permission::BILLING_SET_UP)];
const DRAFT: &[Command] = &[
    command("replace_lines", "PUT", "/lines", permission::BILLING_WRITE),
    command("discard", "POST", "/discard", permission::BILLING_WRITE),
    command("preview", "POST", "/preview", permission::BILLING_WRITE),
    command("issue", "POST", "/issue", permission::BILLING_ISSUE),
];
const WRITE_OFF: Command = command("write_off", "POST", "/write-off", permission::BILLING_SETTLE);
const CREDIT: Command = command("credit", "POST", "/credit-notes", permission::BILLING_ISSUE);
const ISSUED: &[Command] = &[command("void", "POST", "/void", permission::BILLING_ISSUE), WRITE_OFF, CREDIT];
const PARTLY_PAID: &[Command] = &[WRITE_OFF, CREDIT];
const PAID: &[Command] = &[CREDIT];
const REVERSE_WRITE_OFF: Command =
    command("reverse_write_off", "POST", "/reverse-write-off", permission::BILLING_SETTLE);
const WRITTEN_OFF: &[Command] = &[REVERSE_WRITE_OFF];
const PARTLY_GIVEN_UP: &[Command] = &[WRITE_OFF, REVERSE_WRITE_OFF];
const RECEIVED: &[Command] = &[
    command("apply", "POST", "/apply", permission::BILLING_SETTLE),
    command("unapply", "POST", "/unapply", permission::BILLING_SETTLE),
    command("refund", "POST", "/refunds", permission::BILLING_SETTLE),
    command("reverse", "POST", "/reverse", permission::BILLING_SETTLE),
];

/// The links of a legal entity.
pub(super) fn of_legal_entity(facts: &Facts<'_>, as_of: Option<AsOf>, caller: &Identity) -> Links {
    of("/api/v1/legal-entities", LEGAL_ENTITY, facts, as_of, caller)
}

/// The links of a customer.
pub(super) fn of_customer(facts: &Facts<'_>, as_of: Option<AsOf>, caller: &Identity) -> Links {
    let commands = if facts.erased_at.is_some() { &[] } else { CUSTOMER };
    let links = of("/api/v1/billing-customers", commands, facts, as_of, caller);
    links.get("account", format!("/api/v1/billing-customers/{}/account", facts.id))
}

/// The links of a series.
pub(super) fn of_series(facts: &Facts<'_>, as_of: Option<AsOf>, caller: &Identity) -> Links {
    let commands = if facts.status == "open" { OPEN_SERIES } else { &[] };
    of("/api/v1/invoice-series", commands, facts, as_of, caller)
}

/// The links of an invoice.
pub(super) fn of_invoice(facts: &Facts<'_>, as_of: Option<AsOf>, caller: &Identity) -> Links {
    let commands = match facts.status {
        "draft" => DRAFT,
        "issued" => ISSUED,
        "partly_paid" if facts.written_off.as_ref().is_some_and(|amount| !amount.is_zero()) => {
            PARTLY_GIVEN_UP
        }
        "partly_paid" => PARTLY_PAID,
        "paid" => PAID,
        "written_off" => WRITTEN_OFF,
        _ => &[],
    };
    let links = of("/api/v1/invoices", commands, facts, as_of, caller);
    links.get("document", format!("/api/v1/invoices/{}/document", facts.id))
}

/// The links of a credit note. What is done with it is done with its invoice.
pub(super) fn of_credit_note(facts: &Facts<'_>, caller: &Identity) -> Links {
    let itself = format!("/api/v1/credit-notes/{}", facts.id);
    let links = Links::new().itself(&itself).get("document", format!("{itself}/document"));
    let Some(invoice) = facts.invoice_id else { return links };
    let invoice = format!("/api/v1/invoices/{invoice}");
    let void = format!("{invoice}/credit-notes/{}/void", facts.id);
    let links = links.get("invoice", invoice);
    if facts.status == "issued" && may(caller, permission::BILLING_ISSUE) {
        links.post("void", void)
    } else {
        links
    }
}

/// The links of what a credit note says.
pub(super) fn of_credit_note_document(facts: &Facts<'_>) -> Links {
    let credit_note = format!("/api/v1/credit-notes/{}", facts.id);
    let links = Links::new().itself(format!("{credit_note}/document"));
    links.get("e_invoice", format!("{credit_note}/e-invoice")).get("credit_note", credit_note)
}

/// The links of a payment.
pub(super) fn of_payment(facts: &Facts<'_>, as_of: Option<AsOf>, caller: &Identity) -> Links {
    let commands = if facts.status == "received" { RECEIVED } else { &[] };
    of("/api/v1/payments", commands, facts, as_of, caller)
}

/// The links of what an invoice says.
pub(super) fn of_document(facts: &Facts<'_>) -> Links {
    let invoice = format!("/api/v1/invoices/{}", facts.id);
    let links = Links::new().itself(format!("{invoice}/document"));
    let links =
        if facts.status == "draft" { links } else { links.get("e_invoice", format!("{invoice}/e-invoice")) };
    links.get("invoice", invoice)
}

fn of(
    collection: &str,
    commands: &'static [Command],
    facts: &Facts<'_>,
    as_of: Option<AsOf>,
    caller: &Identity,
) -> Links {
    let path = format!("{collection}/{}", facts.id);
    let text = as_of.map(AsOf::text);
    let links = Links::new().itself(link(&path, text.iter().map(|text| ("as_of", text.as_str()))));
    // Nothing can be done with the past.
    if as_of.is_some() {
        return links;
    }
    commands.iter().filter(|command| may(caller, command.permission)).fold(links, |links, command| {
        links.with(command.name, command.method, format!("{path}{}", command.path))
    })
}

fn may(caller: &Identity, permission: Permission) -> bool {
    caller.reach(permission.name, permission.roles).is_some()
}
