use einvoice::read::{MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, read};
use einvoice::{ReadError, ReadErrorKind};
use proptest::prelude::*;

const START: &str = "<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\" \
    xmlns:cac=\"urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2\" \
    xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\">\n";

fn refused(file: &[u8]) -> ReadError {
    read(file).expect_err("it is not to be read")
}

fn within(content: &str) -> String {
    format!("{START}{content}</Invoice>")
}

#[test]
fn a_document_type_is_refused_and_no_entity_is_looked_up() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"c\"><!ENTITY d \"&b;&b;\">]><a>&d;</a>";
    assert_eq!(refused(bomb.as_bytes()).kind, ReadErrorKind::DocType);
    let outside = "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>";
    assert_eq!(refused(outside.as_bytes()).kind, ReadErrorKind::DocType);
    let error = refused(within("<cbc:ID>&passwd;</cbc:ID>").as_bytes());
    assert_eq!((&error.kind, error.line), (&ReadErrorKind::UnknownEntity("passwd".to_owned()), 2));
    assert_eq!(error.element, "Invoice/ID");
    let figures = read(within("<cbc:ID>A&amp;&#66;<![CDATA[<]]></cbc:ID>").as_bytes()).unwrap();
    assert_eq!(figures.number.as_deref(), Some("A&B<"));
}

#[test]
fn size_and_depth_are_bounded() {
    let large = vec![b' '; MAX_BYTES + 1];
    assert_eq!(refused(&large).kind, ReadErrorKind::TooLarge(MAX_BYTES));
    let deep = "<a>".repeat(1_000_000);
    assert_eq!(refused(deep.as_bytes()).kind, ReadErrorKind::TooDeep(MAX_DEPTH));
    let many = within(&"<a/>".repeat(MAX_ELEMENTS));
    assert_eq!(refused(many.as_bytes()).kind, ReadErrorKind::TooManyElements(MAX_ELEMENTS));
    let attributes: String = (0..100_000).map(|at| format!(" a{at}=\"\"")).collect();
    assert!(matches!(refused(format!("<a{attributes}/>").as_bytes()).kind, ReadErrorKind::NotXml(_)));
    let spaces: String = (0..100_000).map(|at| format!(" xmlns:a{at}=\"b\"")).collect();
    assert!(matches!(refused(format!("<a{spaces}/>").as_bytes()).kind, ReadErrorKind::NotXml(_)));
}

#[test]
fn errors_say_where() {
    let file = within(
        "<cac:LegalMonetaryTotal>\n  <cbc:PayableAmount>1e3</cbc:PayableAmount></cac:LegalMonetaryTotal>",
    );
    let error = refused(file.as_bytes());
    assert_eq!(error.kind, ReadErrorKind::NotADecimal("1e3".to_owned()));
    assert_eq!((error.element.as_str(), error.line), ("LegalMonetaryTotal/PayableAmount", 3));
    assert!(file[error.offset..].starts_with("<cbc:PayableAmount>"));
    let twice = within("<cbc:ID>1</cbc:ID>\n<cbc:ID>2</cbc:ID>");
    let error = refused(twice.as_bytes());
    assert_eq!((error.kind, error.line), (ReadErrorKind::Repeated("ID"), 3));
    for bad in [
        "",
        "text",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>text",
        "<a b='1' b='2'/>",
        "</a>",
        "<a",
        "<a>&#0;</a>",
        "<a>&x</a>",
    ] {
        assert!(matches!(refused(bad.as_bytes()).kind, ReadErrorKind::NotXml(_)), "{bad}");
    }
    assert_eq!(refused(b"<Invoice/>").kind, ReadErrorKind::NotUbl);
    assert_eq!(refused(b"<a>\n\xff</a>").kind, ReadErrorKind::NotUtf8);
    assert_eq!(refused(b"<a>\n\xff</a>").line, 2);
}

#[test]
fn figures_that_are_too_long_disagree_instead_of_overflowing() {
    let nines = "9".repeat(28);
    let line = format!(
        "<cac:InvoiceLine><cbc:InvoicedQuantity>{nines}</cbc:InvoicedQuantity><cbc:LineExtensionAmount>{nines}\
         </cbc:LineExtensionAmount><cac:Price><cbc:PriceAmount>{nines}</cbc:PriceAmount><cbc:BaseQuantity>0\
         </cbc:BaseQuantity></cac:Price></cac:InvoiceLine>"
    );
    let total = "<cac:LegalMonetaryTotal><cbc:LineExtensionAmount>1</cbc:LineExtensionAmount></cac:LegalMonetaryTotal>";
    let found = read(within(&(line.repeat(20) + total)).as_bytes()).unwrap().recompute();
    assert_eq!(found.iter().filter(|one| one.rule.code() == "BT-131" && one.computed.is_none()).count(), 20);
    assert!(found.iter().any(|one| one.rule.code() == "BR-CO-10" && one.computed.is_none()));
}

/// Each of 50,000 taxes is on all of 25,000 lines.
#[test]
fn a_file_of_many_lines_and_taxes_is_recomputed_in_no_more_time_than_it_is_long() {
    let category = "<cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent>";
    let line = format!(
        "<cac:InvoiceLine><cbc:LineExtensionAmount>1</cbc:LineExtensionAmount><cac:Item><cac:ClassifiedTaxCategory>\
         {category}</cac:ClassifiedTaxCategory></cac:Item></cac:InvoiceLine>"
    );
    let tax = format!("<cac:TaxSubtotal><cac:TaxCategory>{category}</cac:TaxCategory></cac:TaxSubtotal>");
    let count = 50_000;
    let file =
        within(&format!("{}<cac:TaxTotal>{}</cac:TaxTotal>", line.repeat(count / 2), tax.repeat(count)));
    let found = read(file.as_bytes()).unwrap().recompute();
    let sum = rust_decimal::Decimal::from(count / 2);
    assert_eq!(
        found.iter().filter(|one| one.rule.code() == "BR-S-08" && one.computed == Some(sum)).count(),
        count
    );
}

proptest! {
    #[test]
    fn whatever_is_read_nothing_panics(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<cac:TaxTotal>", "</cac:TaxTotal>", "<cac:TaxSubtotal>", "</cac:TaxSubtotal>", "<cbc:TaxAmount>", "</cbc:TaxAmount>",
            "<cac:InvoiceLine>", "</cac:InvoiceLine>", "<cbc:LineExtensionAmount currencyID='EUR'>", "</cbc:LineExtensionAmount>",
            "99999999999999999999999999", "-0.005", "<cac:TaxCategory>", "</cac:TaxCategory>", "<cbc:Percent>", "</cbc:Percent>",
            "&amp;", "&x;", "<!--", "-->", "<?a?>", "<![CDATA[", "]]>", "\n", "<cac:LegalMonetaryTotal/>", "é",
        ]), 0..40),
    ) {
        let _ = read(&bytes).map(|figures| figures.recompute());
        let _ = read(within(&pieces.concat()).as_bytes()).map(|figures| figures.recompute());
    }
}
