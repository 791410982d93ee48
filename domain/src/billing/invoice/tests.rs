mod credit;

use super::fixtures::{
    CREDIT_NOTE, credit_of, draft, drafted, example, exempt, figure, freight, issuance, issued, line,
    lines_replaced, payment_applied, payment_unapplied, reason, standard, totals, untaxed, voided,
    write_off_reversed, written_off,
};
use super::{
    Draft, Invoice, InvoiceAction, InvoiceError, InvoiceEvent, InvoiceStatus, Issuance, calculate, document,
};
use crate::billing::customer::fixtures::{currency, profile};
use crate::billing::legal_entity::fixtures::{seller, vat};
use crate::billing::payment::fixtures::{PAYMENT, dollars};
use crate::billing::{Adjustment, AdjustmentKind, DocumentAdjustment, Line, Measure, TaxCategory};
use crate::fixtures::{at, march, text};
use crate::testing::{given, on};
use crate::{Currency, Personal, Rule, RuleKind};

fn decide(
    events: impl IntoIterator<Item = InvoiceEvent>,
    action: InvoiceAction,
) -> Result<Vec<InvoiceEvent>, InvoiceError> {
    given::<Invoice>(events).decide(on(10, action))
}

fn replace(lines: Vec<Line>, adjustments: Vec<DocumentAdjustment>) -> InvoiceAction {
    InvoiceAction::ReplaceLines { lines, adjustments }
}

fn issue() -> InvoiceAction {
    InvoiceAction::Issue(Box::new(issuance()))
}

fn issue_with(change: impl FnOnce(&mut Issuance)) -> InvoiceAction {
    let mut changed = issuance();
    change(&mut changed);
    InvoiceAction::Issue(Box::new(changed))
}

fn void() -> InvoiceAction {
    InvoiceAction::Void { reason: reason() }
}

fn pay(amount: &str) -> InvoiceAction {
    InvoiceAction::ApplyPayment { payment: PAYMENT, amount: dollars(amount) }
}

fn unpay() -> InvoiceAction {
    InvoiceAction::UnapplyPayment { payment: PAYMENT }
}

fn give_up() -> InvoiceAction {
    InvoiceAction::WriteOff { reason: reason() }
}

/// Each action but drafting.
fn others() -> Vec<InvoiceAction> {
    vec![
        replace(Vec::new(), Vec::new()),
        InvoiceAction::Discard,
        issue(),
        void(),
        pay("1"),
        unpay(),
        give_up(),
        InvoiceAction::ReverseWriteOff,
        InvoiceAction::Credit(Box::new(credit_of())),
        InvoiceAction::VoidCreditNote { credit_note: CREDIT_NOTE, reason: reason() },
    ]
}

/// What lines come to in a currency: net, tax, payable.
fn sums(lines: &[Line], adjustments: &[DocumentAdjustment], code: &str) -> Result<[String; 3], InvoiceError> {
    let totals = calculate(lines, adjustments, currency(code))?.totals;
    Ok([totals.net, totals.tax, totals.payable].map(|money| money.amount().to_string()))
}

#[test]
fn a_draft_is_written_once_and_may_still_be_empty() {
    let empty = Draft { lines: Vec::new(), adjustments: Vec::new(), ..draft() };
    assert_eq!(
        Invoice::default().decide(on(1, InvoiceAction::Draft(Box::new(draft())))),
        Ok(vec![drafted()])
    );
    assert_eq!(decide([], InvoiceAction::Draft(Box::new(empty))).map(|events| events.len()), Ok(1));
    let again = InvoiceAction::Draft(Box::new(draft()));
    for history in [vec![drafted()], vec![drafted(), issued()], vec![drafted(), issued(), voided()]] {
        assert_eq!(decide(history, again.clone()), Err(InvoiceError::AlreadyExists));
    }
}

#[test]
fn nothing_can_be_done_with_an_invoice_that_was_never_drafted() {
    for action in others() {
        assert_eq!(decide([], action.clone()), Err(InvoiceError::NotFound), "{action:?}");
    }
    assert_eq!(InvoiceError::NotFound.kind(), RuleKind::NotFound);
}

#[test]
fn lines_of_a_draft_are_replaced_unless_they_are_these() {
    let action = replace(vec![line("1", "100", standard("19"))], Vec::new());
    assert_eq!(decide([drafted()], action.clone()), Ok(vec![lines_replaced()]));
    assert_eq!(decide([drafted(), lines_replaced()], action), Ok(vec![]));
}

#[test]
fn a_draft_is_issued_with_number_date_and_both_parties_as_they_are() {
    let mut expected = issued();
    let InvoiceEvent::Issued { at: when, .. } = &mut expected else { panic!("issued") };
    *when = at(10, 9);
    assert_eq!(decide([drafted()], issue()), Ok(vec![expected]));
    let invoice = given::<Invoice>([drafted(), issued()]);
    assert_eq!(invoice.status(), Some(InvoiceStatus::Issued));
    assert_eq!(invoice.issued().map(|issued| issued.payable), Some(example().totals.payable));
}

#[test]
fn a_preview_is_the_document_that_is_issued() {
    let Issuance { seller, buyer, on, exchange_rate, .. } = issuance();
    let preview = document(&draft(), &seller, &buyer, on, exchange_rate).unwrap();
    let events = decide([drafted()], issue()).unwrap();
    let [InvoiceEvent::Issued { document, .. }] = events.as_slice() else { panic!("issued") };
    assert_eq!(serde_json::to_vec(&preview).unwrap(), serde_json::to_vec(document).unwrap());
}

#[test]
fn an_issued_invoice_never_changes() {
    for action in [replace(Vec::new(), Vec::new()), InvoiceAction::Discard, issue()] {
        assert_eq!(decide([drafted(), issued()], action.clone()), Err(InvoiceError::Issued), "{action:?}");
        assert_eq!(decide([drafted(), issued(), voided()], action), Err(InvoiceError::Void));
    }
    assert_eq!(InvoiceError::Issued.code(), "invoice.issued");
}

#[test]
fn only_an_issued_invoice_is_voided_and_that_once() {
    let events = decide([drafted(), issued()], void()).unwrap();
    let [InvoiceEvent::Voided { number, .. }] = events.as_slice() else { panic!("voided") };
    assert_eq!(*number, issuance().number);
    assert_eq!(decide([drafted(), issued(), voided()], void()), Ok(vec![]));
    assert_eq!(decide([drafted()], void()), Err(InvoiceError::NotIssued));
    assert_eq!(given::<Invoice>([drafted(), issued(), voided()]).status(), Some(InvoiceStatus::Void));
}

#[test]
fn a_discarded_draft_stays_so() {
    let discarded = decide([drafted()], InvoiceAction::Discard).unwrap();
    let history: Vec<_> = [drafted()].into_iter().chain(discarded).collect();
    for action in others() {
        let expected =
            if action == InvoiceAction::Discard { Ok(vec![]) } else { Err(InvoiceError::Discarded) };
        assert_eq!(decide(history.clone(), action.clone()), expected, "{action:?}");
    }
}

#[test]
fn a_draft_without_lines_is_not_issued() {
    let emptied = decide([drafted()], replace(Vec::new(), Vec::new())).unwrap();
    let history = [drafted()].into_iter().chain(emptied);
    assert_eq!(decide(history, issue()), Err(InvoiceError::NothingToBill));
}

#[test]
fn no_invoice_is_of_a_day_that_has_begun_nowhere() {
    // The command is of the 30th at noon in UTC: on some islands the 31st has begun.
    assert!(decide([drafted()], issue_with(|issuance| issuance.on = march(31))).is_ok());
    let april = march(31).succ_opt().unwrap();
    let later = decide([drafted()], issue_with(|issuance| issuance.on = april));
    assert_eq!(later, Err(InvoiceError::DatedInFuture));
}

#[test]
fn an_exchange_rate_is_given_if_and_only_if_currencies_differ() {
    let without = issue_with(|issuance| issuance.exchange_rate = None);
    assert_eq!(decide([drafted()], without), Err(InvoiceError::ExchangeRateMissing));
    let zero = issue_with(|issuance| issuance.exchange_rate = Some(figure("0")));
    assert_eq!(decide([drafted()], zero), Err(InvoiceError::ExchangeRateZero));
    let same = issue_with(|issuance| issuance.seller.currency = currency("USD"));
    assert_eq!(decide([drafted()], same), Err(InvoiceError::ExchangeRateNeedless));
    let exchange = example().exchange.unwrap();
    assert_eq!(exchange.tax.to_string(), "22.70 EUR", "0.9 × 25.22 USD is 22.698");
}

#[test]
fn the_seller_has_a_tax_id_and_reverse_charge_takes_one_of_both() {
    let nameless = issue_with(|issuance| issuance.seller.tax_ids = Vec::new());
    assert_eq!(decide([drafted()], nameless), Err(InvoiceError::SellerTaxIdMissing));
    let lines = vec![line("1", "100", untaxed(TaxCategory::Ae))];
    let reversed = Draft { lines, adjustments: Vec::new(), currency: Currency::EUR, ..draft() };
    let mut buyer = profile();
    assert!(document(&reversed, &seller(), &buyer, march(2), None).is_ok());
    buyer.tax_ids = Vec::new().into();
    let refused = document(&reversed, &seller(), &buyer, march(2), None);
    assert_eq!(refused, Err(InvoiceError::BuyerTaxIdMissing));
    let mut local = seller();
    local.tax_ids =
        vec![crate::billing::TaxId { kind: crate::billing::TaxIdKind::Registration, ..vat("12/345/67890") }];
    assert_eq!(
        document(&reversed, &local, &profile(), march(2), None),
        Err(InvoiceError::SellerTaxIdMissing)
    );
}

#[test]
fn nobody_is_billed_whom_nobody_knows() {
    let erased = issue_with(|issuance| issuance.buyer.name = Personal::erased());
    assert_eq!(decide([drafted()], erased), Err(InvoiceError::CustomerErased));
}

#[test]
fn it_is_due_as_many_days_later_as_was_agreed() {
    assert_eq!((example().issue_date, example().due_date), (march(2), "2026-04-01".parse().unwrap()));
}

#[test]
fn each_line_is_rounded_and_tax_once_for_all_that_is_taxed_alike() {
    // Three lines of 1.005 are 1.01 each, where their sum is 3.02. 19 % of 0.13 is 0.02 each time, of 0.39 once it is 0.07.
    let of = |quantity: &str, price: &str| line(quantity, price, standard("19"));
    assert_eq!(sums(&vec![of("1", "1.005"); 3], &[], "EUR").unwrap(), ["3.03", "0.58", "3.61"]);
    assert_eq!(sums(&vec![of("1", "0.13"); 3], &[], "EUR").unwrap(), ["0.39", "0.07", "0.46"]);
    assert_eq!(sums(&[of("1", "0.005")], &[], "EUR").unwrap(), ["0.01", "0.00", "0.01"]);
}

#[test]
fn amounts_have_the_places_of_their_currency() {
    let lines = [line("1.5", "333.3335", standard("10"))];
    assert_eq!(sums(&lines, &[], "JPY").unwrap(), ["500", "50", "550"]);
    assert_eq!(sums(&lines, &[], "KWD").unwrap(), ["500.000", "50.000", "550.000"]);
    assert_eq!(
        sums(&[line("1", "0.0005", standard("10"))], &[], "KWD").unwrap(),
        ["0.001", "0.000", "0.001"]
    );
}

#[test]
fn allowances_and_charges_come_before_tax() {
    let lines = [line("1", "100", standard("19")), line("1", "50", standard("7"))];
    let off = DocumentAdjustment {
        kind: AdjustmentKind::Allowance,
        by: Measure::Percent(figure("10")),
        ..freight("0", standard("19"))
    };
    let adjustments = [off, freight("5", standard("7"))];
    // 100 − 10 at 19 % and 50 + 5 at 7 %.
    assert_eq!(sums(&lines, &adjustments, "EUR").unwrap(), ["145.00", "20.95", "165.95"]);
}

#[test]
fn nothing_comes_to_less_than_nothing() {
    let allowance = |amount: &str| Adjustment {
        kind: AdjustmentKind::Allowance,
        by: Measure::Amount(figure(amount)),
        reason: text("Goodwill"),
    };
    let less = Line { adjustments: vec![allowance("100.01")], ..line("1", "100", standard("19")) };
    assert_eq!(sums(&[less], &[], "EUR"), Err(InvoiceError::AllowanceTooLarge));
    // Enough is left of the whole, but not of what is taxed at 7 %.
    let lines = [line("1", "100", standard("19")), line("1", "10", standard("7"))];
    let off = DocumentAdjustment { kind: AdjustmentKind::Allowance, ..freight("11", standard("7")) };
    assert_eq!(sums(&lines, &[off], "EUR"), Err(InvoiceError::AllowanceTooLarge));
    let fine = Line { adjustments: vec![allowance("0.001")], ..line("1", "100", standard("19")) };
    assert_eq!(sums(&[fine], &[], "EUR"), Err(InvoiceError::AmountTooFine));
}

#[test]
fn what_is_exempt_is_so_for_one_reason() {
    let lines = [line("1", "1", exempt("Health")), line("1", "1", exempt("Health"))];
    assert_eq!(sums(&lines, &[], "EUR").unwrap(), ["2.00", "0.00", "2.00"]);
    let lines = [line("1", "1", exempt("Health")), line("1", "1", exempt("Export"))];
    assert_eq!(sums(&lines, &[], "EUR"), Err(InvoiceError::ExemptionReasonsDiffer));
}

#[test]
fn there_are_bounds_to_documents() {
    let lines = vec![line("1", "1", standard("19")); 501];
    assert_eq!(sums(&lines, &[], "EUR"), Err(InvoiceError::TooManyLines));
    let adjustments = vec![freight("1", standard("19")); 21];
    assert_eq!(sums(&[], &adjustments, "EUR"), Err(InvoiceError::TooManyAdjustments));
    let off = Adjustment {
        kind: AdjustmentKind::Allowance,
        by: Measure::Amount(figure("1")),
        reason: text("Loyalty"),
    };
    let lines = vec![Line { adjustments: vec![off; 20], ..line("1", "100", standard("19")) }; 51];
    assert_eq!(sums(&lines[..50], &[], "EUR").map(|_| ()), Ok(()));
    assert_eq!(sums(&lines, &[], "EUR"), Err(InvoiceError::TooManyAdjustments));
    let dear = [line("99999999", "9999999999", standard("19"))];
    assert_eq!(sums(&dear, &[], "EUR"), Err(InvoiceError::AmountTooLarge));
}

#[test]
fn a_status_is_not_changed_before_the_time_of_its_last_change() {
    let early = given::<Invoice>([drafted(), issued()]).decide(on(1, void()));
    assert_eq!(early, Err(InvoiceError::BeforeLastChange));
    let future = given::<Invoice>([drafted()]).decide(on(31, InvoiceAction::Discard));
    assert_eq!(future, Err(InvoiceError::OccurredInFuture));
}

#[test]
fn debug_output_shows_no_personal_data() {
    let shown = format!("{:?}", issued());
    for personal in ["Ada", "bills@", "FR123"] {
        assert!(!shown.contains(personal), "{shown}");
    }
}

#[test]
fn an_invoice_is_settled_by_payments_and_by_what_is_given_up() {
    let status = |events: &[InvoiceEvent]| {
        let issued = [drafted(), issued()].into_iter().chain(events.iter().cloned());
        given::<Invoice>(issued).status().unwrap()
    };
    let all = InvoiceEvent::PaymentApplied {
        payment: PAYMENT,
        amount: totals().payable,
        outstanding: dollars("0"),
        at: at(5, 9),
    };
    assert_eq!(status(&[]), InvoiceStatus::Issued);
    assert_eq!(status(&[payment_applied()]), InvoiceStatus::PartlyPaid);
    assert_eq!(status(&[all]), InvoiceStatus::Paid);
    assert_eq!(status(&[payment_applied(), payment_unapplied()]), InvoiceStatus::Issued);
    assert_eq!(status(&[payment_applied(), written_off()]), InvoiceStatus::WrittenOff);
    assert_eq!(status(&[payment_applied(), written_off(), write_off_reversed()]), InvoiceStatus::PartlyPaid);
}

#[test]
fn no_more_is_settled_than_is_outstanding() {
    let after = |events: &[InvoiceEvent], action| {
        decide([drafted(), issued()].into_iter().chain(events.iter().cloned()), action)
    };
    let payable = totals().payable.amount().to_string();
    assert!(after(&[], pay(&payable)).is_ok());
    assert_eq!(after(&[payment_applied()], pay("1")), Err(InvoiceError::AlreadyApplied));
    assert_eq!(after(&[], pay("99999")), Err(InvoiceError::MoreThanOutstanding));
    assert_eq!(after(&[], pay("0")), Err(InvoiceError::NothingPaid));
    let euros = InvoiceAction::ApplyPayment { payment: PAYMENT, amount: crate::fixtures::euros("1") };
    assert_eq!(after(&[], euros), Err(InvoiceError::OtherCurrency));
    assert_eq!(after(&[], unpay()), Err(InvoiceError::NotApplied));
    assert_eq!(after(&[], InvoiceAction::ReverseWriteOff), Err(InvoiceError::NotWrittenOff));
    let given_up = [payment_applied(), written_off()];
    assert_eq!(after(&given_up, give_up()), Err(InvoiceError::NothingOutstanding));
    assert!(after(&given_up, unpay()).is_ok(), "a payment may be drawn back from what was given up");
}

#[test]
fn what_is_settled_is_not_void() {
    for settled in [vec![payment_applied()], vec![payment_applied(), written_off()]] {
        let history = [drafted(), issued()].into_iter().chain(settled);
        assert_eq!(decide(history, void()), Err(InvoiceError::Settled));
    }
    let again = [drafted(), issued(), payment_applied(), payment_unapplied()];
    assert!(decide(again, void()).is_ok());
}
