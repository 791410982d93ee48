//! Invoices and credit notes in UBL 2.1.
//!
//! The language of a document is deliberately absent: EN 16931 has no term for it.

use chrono::NaiveDate;
use domain::Money;
use domain::billing::invoice::{CreditNote, Document, PricedAdjustment, PricedLine, TaxSum};
use domain::billing::series::DocumentNumber;
use domain::billing::{Address, Period, Tax};

use crate::content::{Adjusted, Content, Kind, Party, amount, category, exemption};
use crate::xml::Xml;
use crate::{SPECIFICATION, WriteError};

pub(crate) const INVOICE: &str = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2";
pub(crate) const CREDIT_NOTE: &str = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2";
pub(crate) const AGGREGATE: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
pub(crate) const BASIC: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";

/// An issued invoice as a UBL `Invoice`, type 380.
///
/// # Errors
/// [`WriteError`].
pub fn invoice(document: &Document, number: &DocumentNumber) -> Result<String, WriteError> {
    Content::of_invoice(document, number).map(|content| write(&content))
}

/// A credit note as a UBL `CreditNote`, type 381.
///
/// # Errors
/// [`WriteError`].
pub fn credit_note(note: &CreditNote, number: &DocumentNumber) -> Result<String, WriteError> {
    Content::of_credit_note(note, number).map(|content| write(&content))
}

fn write(content: &Content<'_>) -> String {
    let (root, namespace) = match content.kind {
        Kind::Invoice { .. } => ("Invoice", INVOICE),
        Kind::CreditNote { .. } => ("CreditNote", CREDIT_NOTE),
    };
    Xml::document(root, &[("", namespace), ("cac", AGGREGATE), ("cbc", BASIC)], |xml| {
        header(xml, content);
        xml.group("cac:AccountingSupplierParty", |xml| party(xml, &content.seller));
        xml.group("cac:AccountingCustomerParty", |xml| party(xml, &content.buyer));
        xml.group("cac:PaymentTerms", |xml| xml.text("cbc:Note", &content.terms()));
        for priced in content.adjustments {
            adjustment(xml, priced, content);
        }
        taxes(xml, content);
        totals(xml, content);
        for (line, number) in content.lines.iter().zip(1..) {
            self::line(xml, line, number, content);
        }
    })
}

fn header(xml: &mut Xml, content: &Content<'_>) {
    xml.text("cbc:CustomizationID", SPECIFICATION);
    xml.text("cbc:ID", content.number);
    xml.text("cbc:IssueDate", &day(content.issue_date));
    match content.kind {
        Kind::Invoice { due_date, .. } => {
            xml.text("cbc:DueDate", &day(due_date));
            xml.text("cbc:InvoiceTypeCode", "380");
        }
        Kind::CreditNote { .. } => xml.text("cbc:CreditNoteTypeCode", "381"),
    }
    for note in content.notes() {
        xml.text("cbc:Note", &subject(note));
    }
    xml.text("cbc:DocumentCurrencyCode", content.currency.code());
    if let Some(exchange) = content.exchange {
        xml.text("cbc:TaxCurrencyCode", exchange.tax.currency().code());
    }
    xml.some("cbc:BuyerReference", content.reference);
    if let Kind::CreditNote { invoice_number, invoice_date, .. } = content.kind {
        xml.group("cac:BillingReference", |xml| {
            xml.group("cac:InvoiceDocumentReference", |xml| {
                xml.text("cbc:ID", invoice_number);
                xml.text("cbc:IssueDate", &day(invoice_date));
            });
        });
    }
}

/// In UBL a note starts with the code of its subject, if three characters between `#` are one (BR-CL-08). Where a note has three by
/// chance, the code for general information goes before it.
fn subject(note: String) -> String {
    let between = note.split_once('#').and_then(|(_, rest)| rest.split_once('#'));
    if between.is_some_and(|(code, _)| code.chars().count() == 3) { format!("#AAI#{note}") } else { note }
}

fn party(xml: &mut Xml, party: &Party<'_>) {
    xml.group("cac:Party", |xml| {
        if let Some(email) = party.email {
            xml.tagged("cbc:EndpointID", ("schemeID", "EM"), email);
        }
        for id in &party.identifiers {
            xml.group("cac:PartyIdentification", |xml| xml.text("cbc:ID", id));
        }
        address(xml, party.address, party.country);
        for (id, scheme) in [(party.vat.as_deref(), "VAT"), (party.registration, "TAX")] {
            if let Some(id) = id {
                xml.group("cac:PartyTaxScheme", |xml| {
                    xml.text("cbc:CompanyID", id);
                    xml.group("cac:TaxScheme", |xml| xml.text("cbc:ID", scheme));
                });
            }
        }
        xml.group("cac:PartyLegalEntity", |xml| {
            xml.text("cbc:RegistrationName", party.name);
            xml.some("cbc:CompanyID", party.legal.as_deref());
        });
        if let Some(email) = party.email {
            xml.group("cac:Contact", |xml| xml.text("cbc:ElectronicMail", email));
        }
    });
}

fn address(xml: &mut Xml, address: &Address, country: &str) {
    let Address { street, addition, postal_code, city, region } = address;
    xml.group("cac:PostalAddress", |xml| {
        xml.some("cbc:StreetName", street.as_ref().map(|text| text.as_str()));
        xml.some("cbc:AdditionalStreetName", addition.as_ref().map(|text| text.as_str()));
        xml.text("cbc:CityName", city.as_str());
        xml.some("cbc:PostalZone", postal_code.as_ref().map(|text| text.as_str()));
        xml.some("cbc:CountrySubentity", region.as_ref().map(|text| text.as_str()));
        xml.group("cac:Country", |xml| xml.text("cbc:IdentificationCode", country));
    });
}

fn adjustment(xml: &mut Xml, priced: &PricedAdjustment, content: &Content<'_>) {
    xml.group("cac:AllowanceCharge", |xml| {
        adjusted(xml, &Adjusted::of_document(priced), content);
        xml.group("cac:TaxCategory", |xml| tax_of(xml, &priced.adjustment.tax));
    });
}

fn adjusted(xml: &mut Xml, adjusted: &Adjusted<'_>, content: &Content<'_>) {
    let currency = ("currencyID", content.currency.code());
    xml.text("cbc:ChargeIndicator", if adjusted.is_charge { "true" } else { "false" });
    xml.text("cbc:AllowanceChargeReason", adjusted.reason);
    xml.some("cbc:MultiplierFactorNumeric", adjusted.percent.as_deref());
    xml.tagged("cbc:Amount", currency, &adjusted.amount);
    if adjusted.percent.is_some() {
        xml.tagged("cbc:BaseAmount", currency, &adjusted.base);
    }
}

/// What a category of a line, an allowance or a charge consists of.
fn tax_of(xml: &mut Xml, tax: &Tax) {
    xml.text("cbc:ID", category(tax.category()));
    xml.text("cbc:Percent", &tax.rate().to_string());
    xml.group("cac:TaxScheme", |xml| xml.text("cbc:ID", "VAT"));
}

fn taxes(xml: &mut Xml, content: &Content<'_>) {
    xml.group("cac:TaxTotal", |xml| {
        money(xml, "cbc:TaxAmount", content.totals.tax);
        for sum in content.taxes {
            subtotal(xml, sum);
        }
    });
    if let Some(exchange) = content.exchange {
        xml.group("cac:TaxTotal", |xml| money(xml, "cbc:TaxAmount", exchange.tax));
    }
}

fn subtotal(xml: &mut Xml, sum: &TaxSum) {
    xml.group("cac:TaxSubtotal", |xml| {
        money(xml, "cbc:TaxableAmount", sum.taxable);
        money(xml, "cbc:TaxAmount", sum.amount);
        xml.group("cac:TaxCategory", |xml| {
            let (code, reason) = exemption(sum);
            xml.text("cbc:ID", category(sum.tax.category()));
            xml.text("cbc:Percent", &sum.tax.rate().to_string());
            xml.some("cbc:TaxExemptionReasonCode", code);
            xml.some("cbc:TaxExemptionReason", reason);
            xml.group("cac:TaxScheme", |xml| xml.text("cbc:ID", "VAT"));
        });
    });
}

fn totals(xml: &mut Xml, content: &Content<'_>) {
    let totals = content.totals;
    xml.group("cac:LegalMonetaryTotal", |xml| {
        money(xml, "cbc:LineExtensionAmount", totals.lines);
        money(xml, "cbc:TaxExclusiveAmount", totals.net);
        money(xml, "cbc:TaxInclusiveAmount", totals.payable);
        money(xml, "cbc:AllowanceTotalAmount", totals.allowances);
        money(xml, "cbc:ChargeTotalAmount", totals.charges);
        money(xml, "cbc:PayableAmount", totals.payable);
    });
}

fn line(xml: &mut Xml, priced: &PricedLine, number: usize, content: &Content<'_>) {
    let (group, quantity) = match content.kind {
        Kind::Invoice { .. } => ("cac:InvoiceLine", "cbc:InvoicedQuantity"),
        Kind::CreditNote { .. } => ("cac:CreditNoteLine", "cbc:CreditedQuantity"),
    };
    let line = &priced.line;
    xml.group(group, |xml| {
        xml.text("cbc:ID", &number.to_string());
        xml.tagged(quantity, ("unitCode", line.unit.as_str()), &line.quantity.to_string());
        money(xml, "cbc:LineExtensionAmount", priced.net);
        if let Some(period) = line.period {
            self::period(xml, period);
        }
        for one in Adjusted::of_line(priced) {
            xml.group("cac:AllowanceCharge", |xml| adjusted(xml, &one, content));
        }
        xml.group("cac:Item", |xml| {
            xml.text("cbc:Name", line.description.as_str());
            xml.group("cac:ClassifiedTaxCategory", |xml| tax_of(xml, &line.tax));
        });
        xml.group("cac:Price", |xml| {
            let currency = ("currencyID", content.currency.code());
            xml.tagged("cbc:PriceAmount", currency, &line.price.to_string());
        });
    });
}

fn period(xml: &mut Xml, period: Period) {
    xml.group("cac:InvoicePeriod", |xml| {
        xml.text("cbc:StartDate", &day(period.from()));
        xml.text("cbc:EndDate", &day(period.to()));
    });
}

fn money(xml: &mut Xml, name: &str, money: Money) {
    xml.tagged(name, ("currencyID", money.currency().code()), &amount(money));
}

fn day(date: NaiveDate) -> String {
    date.format("%Y-%m-%d").to_string()
}
