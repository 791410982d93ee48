//! From the tree of a file to its figures.

use rust_decimal::Decimal;

use super::{Adjustment, Figures, Kind, Line, Stated, Tax, TaxSum, TaxTotal, Totals};
use crate::tree::{Node, Space};
use crate::{ReadError, ReadErrorKind};

pub(super) fn figures(root: &Node) -> Result<Figures, ReadError> {
    let (kind, line, quantity) = match (root.space, root.name.as_str()) {
        (Space::Invoice, "Invoice") => (Kind::Invoice, "InvoiceLine", "InvoicedQuantity"),
        (Space::CreditNote, "CreditNote") => (Kind::CreditNote, "CreditNoteLine", "CreditedQuantity"),
        _ => {
            let element = root.name.clone();
            let (offset, line) = (root.place.offset, root.place.line);
            return Err(ReadError { kind: ReadErrorKind::NotUbl, element, offset, line });
        }
    };
    Ok(Figures {
        kind,
        number: text(root, "ID")?,
        currency: text(root, "DocumentCurrencyCode")?,
        tax_currency: text(root, "TaxCurrencyCode")?,
        lines: root.all(line).map(|line| self::line(line, quantity)).collect::<Result<_, _>>()?,
        adjustments: adjustments(root)?,
        tax_totals: root.all("TaxTotal").map(tax_total).collect::<Result<_, _>>()?,
        totals: totals(root.one("LegalMonetaryTotal")?)?,
        place: root.place,
    })
}

fn line(node: &Node, quantity: &'static str) -> Result<Line, ReadError> {
    let price = node.one("Price")?;
    let item = node.one("Item")?;
    let of_price = |name| price.map_or(Ok(None), |price| number(price, name));
    Ok(Line {
        id: text(node, "ID")?,
        quantity: number(node, quantity)?,
        net: number(node, "LineExtensionAmount")?,
        price: of_price("PriceAmount")?,
        base_quantity: of_price("BaseQuantity")?,
        adjustments: adjustments(node)?,
        tax: item.map_or(Ok(None), |item| tax(item, "ClassifiedTaxCategory"))?,
        place: node.place,
    })
}

fn adjustments(node: &Node) -> Result<Vec<Adjustment>, ReadError> {
    node.all("AllowanceCharge").map(adjustment).collect()
}

fn adjustment(node: &Node) -> Result<Adjustment, ReadError> {
    Ok(Adjustment {
        is_charge: indicator(node)?,
        percent: number(node, "MultiplierFactorNumeric")?,
        base: number(node, "BaseAmount")?,
        amount: number(node, "Amount")?,
        tax: tax(node, "TaxCategory")?,
        place: node.place,
    })
}

/// A boolean of XML Schema may be written as a digit.
fn indicator(node: &Node) -> Result<bool, ReadError> {
    let Some(child) = node.one("ChargeIndicator")? else { return Ok(false) };
    match child.trimmed() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(node.wrong(child, ReadErrorKind::NotABoolean(shortened(other)))),
    }
}

fn tax(node: &Node, name: &'static str) -> Result<Option<Tax>, ReadError> {
    let Some(category) = node.one(name)? else { return Ok(None) };
    let scheme = category.one("TaxScheme")?.map_or(Ok(None), |scheme| text(scheme, "ID"))?;
    Ok(Some(Tax {
        category: text(category, "ID")?.unwrap_or_default(),
        rate: number(category, "Percent")?.map(|stated| stated.value),
        is_vat: scheme.is_none_or(|scheme| scheme.eq_ignore_ascii_case("VAT")),
    }))
}

fn tax_total(node: &Node) -> Result<TaxTotal, ReadError> {
    let currency = node.one("TaxAmount")?.and_then(|amount| amount.attribute("currencyID"));
    Ok(TaxTotal {
        amount: number(node, "TaxAmount")?,
        currency: currency.map(str::to_owned),
        taxes: node.all("TaxSubtotal").map(tax_sum).collect::<Result<_, _>>()?,
        place: node.place,
    })
}

fn tax_sum(node: &Node) -> Result<TaxSum, ReadError> {
    Ok(TaxSum {
        tax: tax(node, "TaxCategory")?,
        taxable: number(node, "TaxableAmount")?,
        amount: number(node, "TaxAmount")?,
        place: node.place,
    })
}

fn totals(node: Option<&Node>) -> Result<Totals, ReadError> {
    let Some(node) = node else { return Ok(Totals::default()) };
    Ok(Totals {
        lines: number(node, "LineExtensionAmount")?,
        allowances: number(node, "AllowanceTotalAmount")?,
        charges: number(node, "ChargeTotalAmount")?,
        net: number(node, "TaxExclusiveAmount")?,
        gross: number(node, "TaxInclusiveAmount")?,
        prepaid: number(node, "PrepaidAmount")?,
        rounding: number(node, "PayableRoundingAmount")?,
        payable: number(node, "PayableAmount")?,
        place: Some(node.place),
    })
}

fn text(node: &Node, name: &'static str) -> Result<Option<String>, ReadError> {
    Ok(node.one(name)?.map(|child| child.trimmed().to_owned()))
}

fn number(node: &Node, name: &'static str) -> Result<Option<Stated>, ReadError> {
    let Some(child) = node.one(name)? else { return Ok(None) };
    let text = child.trimmed();
    match decimal(text) {
        Some(value) => Ok(Some(Stated { value, place: child.place })),
        None => Err(node.wrong(child, ReadErrorKind::NotADecimal(shortened(text)))),
    }
}

/// A decimal number of XML Schema: digits with a sign and a point, and no exponent.
fn decimal(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    let number = if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") };
    let value = Decimal::from_str_exact(&number).ok()?;
    Some(if text.starts_with('-') { -value } else { value })
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_of_xml_schema() {
        for (text, number) in [("1.50", "1.5"), ("+1", "1"), ("-0.05", "-0.05"), (".5", "0.5"), ("5.", "5")] {
            assert_eq!(decimal(text), number.parse().ok(), "{text}");
        }
        for bad in ["", ".", "-", "1e3", "1_000", "1,5", "--1", "NaN", "٣", "79228162514264337593543950336"]
        {
            assert_eq!(decimal(bad), None, "{bad:?}");
        }
    }
}
