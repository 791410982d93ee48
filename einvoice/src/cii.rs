//! Invoices and credit notes in the Cross Industry Invoice of UN/CEFACT, D16B.
//!
//! The language of a document is deliberately absent: EN 16931 has no term for it.

use chrono::NaiveDate;
use domain::Money;
use domain::billing::Tax;
use domain::billing::invoice::{CreditNote, Document, PricedAdjustment, PricedLine, TaxSum};
use domain::billing::series::DocumentNumber;

use crate::content::{Adjusted, Content, Kind, Party, amount, category, exemption};
use crate::xml::Xml;
use crate::{SPECIFICATION, WriteError};

const NAMESPACES: [(&str, &str); 4] = [
    ("rsm", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"),
    ("qdt", "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"),
    ("ram", "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"),
    ("udt", "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"),
];

/// An issued invoice as a `CrossIndustryInvoice`, type 380.
///
/// # Errors
/// [`WriteError`].
pub fn invoice(document: &Document, number: &DocumentNumber) -> Result<String, WriteError> {
    Content::of_invoice(document, number).map(|content| write(&content))
}

/// A credit note as a `CrossIndustryInvoice`, type 381.
///
/// # Errors
/// [`WriteError`].
pub fn credit_note(note: &CreditNote, number: &DocumentNumber) -> Result<String, WriteError> {
    Content::of_credit_note(note, number).map(|content| write(&content))
}

fn write(content: &Content<'_>) -> String {
    Xml::document("rsm:CrossIndustryInvoice", &NAMESPACES, |xml| {
        xml.group("rsm:ExchangedDocumentContext", |xml| {
            xml.group("ram:GuidelineSpecifiedDocumentContextParameter", |xml| {
                xml.text("ram:ID", SPECIFICATION);
            });
        });
        xml.group("rsm:ExchangedDocument", |xml| header(xml, content));
        xml.group("rsm:SupplyChainTradeTransaction", |xml| {
            for (line, number) in content.lines.iter().zip(1..) {
                xml.group("ram:IncludedSupplyChainTradeLineItem", |xml| self::line(xml, line, number));
            }
            xml.group("ram:ApplicableHeaderTradeAgreement", |xml| {
                xml.some("ram:BuyerReference", content.reference);
                xml.group("ram:SellerTradeParty", |xml| party(xml, &content.seller));
                xml.group("ram:BuyerTradeParty", |xml| party(xml, &content.buyer));
            });
            xml.empty("ram:ApplicableHeaderTradeDelivery");
            xml.group("ram:ApplicableHeaderTradeSettlement", |xml| settlement(xml, content));
        });
    })
}

fn header(xml: &mut Xml, content: &Content<'_>) {
    xml.text("ram:ID", content.number);
    let code = match content.kind {
        Kind::Invoice { .. } => "380",
        Kind::CreditNote { .. } => "381",
    };
    xml.text("ram:TypeCode", code);
    day(xml, "ram:IssueDateTime", "udt:DateTimeString", content.issue_date);
    for note in content.notes() {
        xml.group("ram:IncludedNote", |xml| xml.text("ram:Content", &note));
    }
}

fn line(xml: &mut Xml, priced: &PricedLine, number: usize) {
    let line = &priced.line;
    xml.group("ram:AssociatedDocumentLineDocument", |xml| xml.text("ram:LineID", &number.to_string()));
    xml.group("ram:SpecifiedTradeProduct", |xml| xml.text("ram:Name", line.description.as_str()));
    xml.group("ram:SpecifiedLineTradeAgreement", |xml| {
        xml.group("ram:NetPriceProductTradePrice", |xml| {
            xml.text("ram:ChargeAmount", &line.price.to_string());
        });
    });
    xml.group("ram:SpecifiedLineTradeDelivery", |xml| {
        let unit = ("unitCode", line.unit.as_str());
        xml.tagged("ram:BilledQuantity", unit, &line.quantity.to_string());
    });
    xml.group("ram:SpecifiedLineTradeSettlement", |xml| {
        xml.group("ram:ApplicableTradeTax", |xml| tax_of(xml, &line.tax));
        if let Some(period) = line.period {
            xml.group("ram:BillingSpecifiedPeriod", |xml| {
                day(xml, "ram:StartDateTime", "udt:DateTimeString", period.from());
                day(xml, "ram:EndDateTime", "udt:DateTimeString", period.to());
            });
        }
        for one in Adjusted::of_line(priced) {
            xml.group("ram:SpecifiedTradeAllowanceCharge", |xml| adjusted(xml, &one));
        }
        xml.group("ram:SpecifiedTradeSettlementLineMonetarySummation", |xml| {
            xml.text("ram:LineTotalAmount", &amount(priced.net));
        });
    });
}

fn party(xml: &mut Xml, party: &Party<'_>) {
    for id in &party.identifiers {
        xml.text("ram:ID", id);
    }
    xml.text("ram:Name", party.name);
    if let Some(id) = &party.legal {
        xml.group("ram:SpecifiedLegalOrganization", |xml| xml.text("ram:ID", id));
    }
    if let Some(email) = party.email {
        xml.group("ram:DefinedTradeContact", |xml| {
            xml.group("ram:EmailURIUniversalCommunication", |xml| xml.text("ram:URIID", email));
        });
    }
    xml.group("ram:PostalTradeAddress", |xml| {
        let address = party.address;
        xml.some("ram:PostcodeCode", address.postal_code.as_ref().map(|text| text.as_str()));
        xml.some("ram:LineOne", address.street.as_ref().map(|text| text.as_str()));
        xml.some("ram:LineTwo", address.addition.as_ref().map(|text| text.as_str()));
        xml.text("ram:CityName", address.city.as_str());
        xml.text("ram:CountryID", party.country);
        xml.some("ram:CountrySubDivisionName", address.region.as_ref().map(|text| text.as_str()));
    });
    if let Some(email) = party.email {
        xml.group("ram:URIUniversalCommunication", |xml| {
            xml.tagged("ram:URIID", ("schemeID", "EM"), email);
        });
    }
    for (id, scheme) in [(party.vat.as_deref(), "VA"), (party.registration, "FC")] {
        if let Some(id) = id {
            xml.group("ram:SpecifiedTaxRegistration", |xml| xml.tagged("ram:ID", ("schemeID", scheme), id));
        }
    }
}

fn settlement(xml: &mut Xml, content: &Content<'_>) {
    if let Some(exchange) = content.exchange {
        xml.text("ram:TaxCurrencyCode", exchange.tax.currency().code());
    }
    xml.text("ram:InvoiceCurrencyCode", content.currency.code());
    for sum in content.taxes {
        xml.group("ram:ApplicableTradeTax", |xml| tax(xml, sum));
    }
    for priced in content.adjustments {
        xml.group("ram:SpecifiedTradeAllowanceCharge", |xml| adjustment(xml, priced));
    }
    xml.group("ram:SpecifiedTradePaymentTerms", |xml| {
        xml.text("ram:Description", &content.terms());
        if let Kind::Invoice { due_date, .. } = content.kind {
            day(xml, "ram:DueDateDateTime", "udt:DateTimeString", due_date);
        }
    });
    xml.group("ram:SpecifiedTradeSettlementHeaderMonetarySummation", |xml| totals(xml, content));
    if let Kind::CreditNote { invoice_number, invoice_date, .. } = content.kind {
        xml.group("ram:InvoiceReferencedDocument", |xml| {
            xml.text("ram:IssuerAssignedID", invoice_number);
            day(xml, "ram:FormattedIssueDateTime", "qdt:DateTimeString", invoice_date);
        });
    }
}

fn tax(xml: &mut Xml, sum: &TaxSum) {
    let (code, reason) = exemption(sum);
    xml.text("ram:CalculatedAmount", &amount(sum.amount));
    xml.text("ram:TypeCode", "VAT");
    xml.some("ram:ExemptionReason", reason);
    xml.text("ram:BasisAmount", &amount(sum.taxable));
    xml.text("ram:CategoryCode", category(sum.tax.category()));
    xml.some("ram:ExemptionReasonCode", code);
    xml.text("ram:RateApplicablePercent", &sum.tax.rate().to_string());
}

/// How a line, an allowance or a charge is taxed.
fn tax_of(xml: &mut Xml, tax: &Tax) {
    xml.text("ram:TypeCode", "VAT");
    xml.text("ram:CategoryCode", category(tax.category()));
    xml.text("ram:RateApplicablePercent", &tax.rate().to_string());
}

fn adjustment(xml: &mut Xml, priced: &PricedAdjustment) {
    adjusted(xml, &Adjusted::of_document(priced));
    xml.group("ram:CategoryTradeTax", |xml| tax_of(xml, &priced.adjustment.tax));
}

fn adjusted(xml: &mut Xml, adjusted: &Adjusted<'_>) {
    xml.group("ram:ChargeIndicator", |xml| {
        xml.text("udt:Indicator", if adjusted.is_charge { "true" } else { "false" });
    });
    if let Some(percent) = &adjusted.percent {
        xml.text("ram:CalculationPercent", percent);
        xml.text("ram:BasisAmount", &adjusted.base);
    }
    xml.text("ram:ActualAmount", &adjusted.amount);
    xml.text("ram:Reason", adjusted.reason);
}

fn totals(xml: &mut Xml, content: &Content<'_>) {
    let totals = content.totals;
    xml.text("ram:LineTotalAmount", &amount(totals.lines));
    xml.text("ram:ChargeTotalAmount", &amount(totals.charges));
    xml.text("ram:AllowanceTotalAmount", &amount(totals.allowances));
    xml.text("ram:TaxBasisTotalAmount", &amount(totals.net));
    tax_total(xml, totals.tax);
    if let Some(exchange) = content.exchange {
        tax_total(xml, exchange.tax);
    }
    xml.text("ram:GrandTotalAmount", &amount(totals.payable));
    xml.text("ram:DuePayableAmount", &amount(totals.payable));
}

fn tax_total(xml: &mut Xml, money: Money) {
    xml.tagged("ram:TaxTotalAmount", ("currencyID", money.currency().code()), &amount(money));
}

/// A date as `YYYYMMDD`, which is format 102 of UNTDID 2379.
fn day(xml: &mut Xml, group: &str, name: &str, date: NaiveDate) {
    xml.group(group, |xml| xml.tagged(name, ("format", "102"), &date.format("%Y%m%d").to_string()));
}
