use super::fixtures::{
    PAYMENT, REFUND, applied, dollars, receipt, recorded, refund_cancelled, refunded, reversed, unapplied,
};
use super::{Payment, PaymentAction, PaymentError, PaymentEvent, PaymentStatus, Receipt};
use crate::billing::invoice::fixtures::{INVOICE, drafted, issued};
use crate::billing::invoice::{Invoice, Issued};
use crate::fixtures::{euros, id, march, text};
use crate::testing::{given, on};
use crate::{Rule, RuleKind};

fn decide(
    events: impl IntoIterator<Item = PaymentEvent>,
    action: PaymentAction,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    given::<Payment>(events).decide(on(10, action))
}

fn record(receipt: Receipt) -> PaymentAction {
    PaymentAction::Record(Box::new(receipt))
}

fn apply(amount: &str) -> PaymentAction {
    PaymentAction::Apply { invoice: INVOICE, amount: dollars(amount) }
}

fn refund(amount: &str) -> PaymentAction {
    PaymentAction::Refund { refund: REFUND, amount: dollars(amount), on: march(7) }
}

fn reverse() -> PaymentAction {
    PaymentAction::Reverse { reason: text("The bank drew it back") }
}

fn left(events: impl IntoIterator<Item = PaymentEvent>) -> String {
    let payment = given::<Payment>(events);
    payment.received().unwrap().unapplied.to_string()
}

#[test]
fn a_payment_is_recorded_once() {
    assert_eq!(Payment::default().decide(on(4, record(receipt()))), Ok(vec![recorded()]));
    for history in [vec![recorded()], vec![recorded(), reversed()]] {
        assert_eq!(decide(history, record(receipt())), Err(PaymentError::AlreadyExists));
    }
}

#[test]
fn nothing_can_be_done_with_a_payment_that_never_came() {
    let unapply = PaymentAction::Unapply { invoice: INVOICE };
    for action in
        [apply("1"), unapply, refund("1"), PaymentAction::CancelRefund { refund: REFUND }, reverse()]
    {
        assert_eq!(decide([], action.clone()), Err(PaymentError::NotFound), "{action:?}");
    }
    assert_eq!(PaymentError::NotFound.kind(), RuleKind::NotFound);
}

#[test]
fn money_is_above_0_and_not_of_the_future() {
    let nothing = Receipt { amount: dollars("0"), ..receipt() };
    assert_eq!(decide([], record(nothing)), Err(PaymentError::NothingPaid));
    let tomorrow = "2026-04-02".parse().unwrap();
    let early = Receipt { received_on: tomorrow, ..receipt() };
    assert_eq!(decide([], record(early)), Err(PaymentError::DatedInFuture));
    for action in [apply("0"), refund("0")] {
        assert_eq!(decide([recorded()], action), Err(PaymentError::NothingPaid));
    }
    let later = PaymentAction::Refund { refund: REFUND, amount: dollars("1"), on: tomorrow };
    assert_eq!(decide([recorded()], later), Err(PaymentError::DatedInFuture));
}

#[test]
fn no_more_is_applied_or_refunded_than_is_left() {
    for action in [apply("300.01"), refund("300.01")] {
        assert_eq!(decide([recorded()], action), Err(PaymentError::TooLittleLeft));
    }
    assert_eq!(decide([recorded(), applied()], refund("200.01")), Err(PaymentError::TooLittleLeft));
    assert!(decide([recorded(), applied()], refund("200")).is_ok());
    let euro = PaymentAction::Apply { invoice: INVOICE, amount: euros("1") };
    assert_eq!(decide([recorded()], euro), Err(PaymentError::OtherCurrency));
}

#[test]
fn what_is_undone_is_left_again() {
    assert_eq!(left([recorded(), applied()]), "200.00 USD");
    assert_eq!(left([recorded(), applied(), unapplied()]), "300.00 USD");
    assert_eq!(left([recorded(), applied(), unapplied(), refunded()]), "250.00 USD");
    assert_eq!(left([recorded(), applied(), unapplied(), refunded(), refund_cancelled()]), "300.00 USD");
    assert_eq!(decide([recorded(), applied()], apply("1")), Err(PaymentError::AlreadyApplied));
    let unapply = PaymentAction::Unapply { invoice: id(299) };
    assert_eq!(decide([recorded(), applied()], unapply), Err(PaymentError::NotApplied));
    assert_eq!(decide([recorded(), refunded()], refund("1")), Err(PaymentError::AlreadyRefunded));
    let early = PaymentAction::Refund { refund: REFUND, amount: dollars("1"), on: march(3) };
    assert_eq!(decide([recorded()], early), Err(PaymentError::RefundedTooEarly));
    let cancel = PaymentAction::CancelRefund { refund: id(299) };
    assert_eq!(decide([recorded(), refunded()], cancel), Err(PaymentError::NoSuchRefund));
}

#[test]
fn only_a_payment_that_is_left_whole_is_reversed() {
    assert_eq!(decide([recorded(), applied()], reverse()), Err(PaymentError::InUse));
    assert_eq!(decide([recorded(), refunded()], reverse()), Err(PaymentError::InUse));
    let events = decide([recorded()], reverse()).unwrap();
    assert!(matches!(events.as_slice(), [PaymentEvent::Reversed { .. }]), "{events:?}");
    let payment = given::<Payment>([recorded(), reversed()]);
    assert_eq!(payment.status(), Some(PaymentStatus::Reversed));
    assert_eq!(decide([recorded(), reversed()], reverse()), Ok(vec![]));
    assert_eq!(decide([recorded(), reversed()], apply("1")), Err(PaymentError::Reversed));
}

#[test]
fn a_payment_settles_invoices_of_its_customer_and_legal_entity_alone() {
    let payment = given::<Payment>([recorded()]);
    let invoice = given::<Invoice>([drafted(), issued()]);
    let (payment, invoice) = (&payment.received().unwrap().receipt, invoice.counting().unwrap());
    assert_eq!(payment.may_settle(invoice), Ok(()));
    for other in
        [Issued { customer: id(299), ..invoice.clone() }, Issued { legal_entity: id(299), ..invoice.clone() }]
    {
        assert_eq!(payment.may_settle(&other), Err(PaymentError::OtherAccount));
    }
    assert_ne!(PAYMENT.as_uuid(), INVOICE.as_uuid());
}

#[test]
fn nothing_happens_before_the_last_change() {
    let early = given::<Payment>([recorded(), applied()]).decide(on(4, refund("1")));
    assert_eq!(early, Err(PaymentError::BeforeLastChange));
}

#[test]
fn debug_output_does_not_show_what_the_payer_wrote() {
    assert!(!format!("{:?}", recorded()).contains("INV-2026"), "{:?}", recorded());
}
