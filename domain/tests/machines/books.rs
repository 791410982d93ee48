//! Payments and the invoices that they settle: both sides of the books agree, whatever is asked of them.

mod oracle;

use domain::billing::TaxCategory;
use domain::billing::invoice::fixtures::{credit_of, draft, issuance, line, untaxed};
use domain::billing::invoice::{CreditOf, Draft, Freed, Invoice, InvoiceAction, InvoiceStatus, Issuance};
use domain::billing::payment::fixtures::receipt;
use domain::billing::payment::{Payment, PaymentAction, PaymentStatus, Receipt};
use domain::billing::series::fixtures::number;
use domain::fixtures::{at, id, march, text};
use domain::{Command, Currency, InvoiceId, Money, PaymentId, RefundId};
use proptest::collection::vec;
use proptest::prelude::*;

use self::oracle::Oracle;
use super::{Stored, after, check};

/// What somebody asks of the books. Payments and invoices are told by their places.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    Apply {
        payment: usize,
        invoice: usize,
        cents: i64,
    },
    Unapply {
        payment: usize,
        invoice: usize,
    },
    Refund {
        payment: usize,
        refund: u128,
        cents: i64,
    },
    CancelRefund {
        payment: usize,
        refund: u128,
    },
    Reverse {
        payment: usize,
    },
    WriteOff {
        invoice: usize,
    },
    ReverseWriteOff {
        invoice: usize,
    },
    /// Has payments settle less where it needs room, as commands do.
    Credit {
        invoice: usize,
        cents: i64,
    },
    VoidCreditNote {
        invoice: usize,
    },
    Void {
        invoice: usize,
    },
}

fn asked() -> impl Strategy<Value = Asked> {
    let (payment, invoice, refund, cents) = (0..3_usize, 0..3_usize, 1..4_u128, 0..3_000_i64);
    prop_oneof![
        6 => (payment.clone(), invoice.clone(), cents.clone())
            .prop_map(|(payment, invoice, cents)| Asked::Apply { payment, invoice, cents }),
        3 => (invoice.clone(), cents.clone()).prop_map(|(invoice, cents)| Asked::Credit { invoice, cents }),
        2 => invoice.clone().prop_map(|invoice| Asked::VoidCreditNote { invoice }),
        4 => (payment.clone(), invoice.clone())
            .prop_map(|(payment, invoice)| Asked::Unapply { payment, invoice }),
        2 => (payment.clone(), refund.clone(), cents)
            .prop_map(|(payment, refund, cents)| Asked::Refund { payment, refund, cents }),
        2 => (payment.clone(), refund).prop_map(|(payment, refund)| Asked::CancelRefund { payment, refund }),
        1 => payment.prop_map(|payment| Asked::Reverse { payment }),
        1 => invoice.clone().prop_map(|invoice| Asked::WriteOff { invoice }),
        2 => invoice.clone().prop_map(|invoice| Asked::ReverseWriteOff { invoice }),
        1 => invoice.prop_map(|invoice| Asked::Void { invoice }),
    ]
}

/// What both sides of the books say, as the log would give it back.
struct Books {
    invoices: Vec<(Invoice, Stored)>,
    payments: Vec<(Payment, Stored)>,
}

fn invoice_id(place: usize) -> InvoiceId {
    id(300 + place as u128)
}

fn payment_id(place: usize) -> PaymentId {
    id(400 + place as u128)
}

fn refund_id(refund: u128) -> RefundId {
    id(500 + refund)
}

fn money(cents: i64) -> Money {
    Money::new(rust_decimal::Decimal::new(cents, 2), Currency::EUR).expect("cents")
}

fn cents(money: Money) -> i64 {
    i64::try_from(money.amount().mantissa()).expect("few cents")
}

impl Books {
    fn open(payable: &[i64], received: &[i64]) -> Result<Self, TestCaseError> {
        let mut books = Self {
            invoices: payable.iter().map(|_| Default::default()).collect(),
            payments: received.iter().map(|_| Default::default()).collect(),
        };
        for (place, cents) in payable.iter().enumerate() {
            let price = money(*cents).amount().to_string();
            let lines = vec![line("1", &price, untaxed(TaxCategory::Z))];
            let draft = Draft { currency: Currency::EUR, lines, adjustments: Vec::new(), ..draft() };
            let number = number(&format!("INV-{place}"));
            let issuance = Issuance { number, exchange_rate: None, ..issuance() };
            for action in [InvoiceAction::Draft(Box::new(draft)), InvoiceAction::Issue(Box::new(issuance))] {
                prop_assert!(books.invoice(0, place, action)?);
            }
        }
        for (place, cents) in received.iter().enumerate() {
            let receipt = Receipt { amount: money(*cents), received_on: march(1), ..receipt() };
            prop_assert!(books.payment(0, place, PaymentAction::Record(Box::new(receipt)))?);
        }
        Ok(books)
    }

    fn invoice(&mut self, hour: i64, place: usize, action: InvoiceAction) -> Result<bool, TestCaseError> {
        let (invoice, stored) = &mut self.invoices[place];
        let command = command(hour, action);
        let Ok(events) = invoice.decide(command.clone()) else { return Ok(false) };
        let next = after(invoice, &events);
        check(invoice, &command, &next, &events)?;
        stored.add(&events, &next)?;
        *invoice = next;
        Ok(!events.is_empty())
    }

    fn payment(&mut self, hour: i64, place: usize, action: PaymentAction) -> Result<bool, TestCaseError> {
        let (payment, stored) = &mut self.payments[place];
        let command = command(hour, action);
        let Ok(events) = payment.decide(command.clone()) else { return Ok(false) };
        let next = after(payment, &events);
        check(payment, &command, &next, &events)?;
        stored.add(&events, &next)?;
        *payment = next;
        Ok(!events.is_empty())
    }

    /// Does it on both sides of the books or on neither, as one append does.
    fn ask(&mut self, hour: i64, asked: Asked) -> Result<bool, TestCaseError> {
        match asked {
            Asked::Apply { payment, invoice, cents } => {
                let amount = money(cents);
                let apply = PaymentAction::Apply { invoice: invoice_id(invoice), amount };
                let applied = InvoiceAction::ApplyPayment { payment: payment_id(payment), amount };
                self.ask_both(hour, (payment, apply), (invoice, applied))
            }
            Asked::Unapply { payment, invoice } => {
                let unapply = PaymentAction::Unapply { invoice: invoice_id(invoice) };
                let unapplied = InvoiceAction::UnapplyPayment { payment: payment_id(payment) };
                self.ask_both(hour, (payment, unapply), (invoice, unapplied))
            }
            Asked::Refund { payment, refund, cents } => {
                let (amount, on) = (money(cents), march(1));
                self.payment(hour, payment, PaymentAction::Refund { refund: refund_id(refund), amount, on })
            }
            Asked::CancelRefund { payment, refund } => {
                self.payment(hour, payment, PaymentAction::CancelRefund { refund: refund_id(refund) })
            }
            Asked::Reverse { payment } => {
                self.payment(hour, payment, PaymentAction::Reverse { reason: text("Drawn back") })
            }
            Asked::WriteOff { invoice } => {
                self.invoice(hour, invoice, InvoiceAction::WriteOff { reason: text("Bankrupt") })
            }
            Asked::ReverseWriteOff { invoice } => self.invoice(hour, invoice, InvoiceAction::ReverseWriteOff),
            Asked::Credit { invoice, cents } => self.credit(hour, invoice, cents),
            Asked::VoidCreditNote { invoice } => {
                let last = self.invoices[invoice].0.counting().ok().and_then(|it| it.credit_notes.last());
                let Some(credit_note) = last.map(|last| last.credit_note) else { return Ok(false) };
                let reason = text("Wrong lines");
                self.invoice(hour, invoice, InvoiceAction::VoidCreditNote { credit_note, reason })
            }
            Asked::Void { invoice } => {
                self.invoice(hour, invoice, InvoiceAction::Void { reason: text("Wrong address") })
            }
        }
    }

    fn credit(&mut self, hour: i64, place: usize, cents: i64) -> Result<bool, TestCaseError> {
        let price = money(cents).amount().to_string();
        let credit = CreditOf {
            credit_note: id(600 + u128::try_from(hour).expect("later")),
            on: command(hour, ()).occurred_at.date_naive(),
            lines: Some(vec![line("1", &price, untaxed(TaxCategory::Z))]),
            ..credit_of()
        };
        let Ok(issued) = self.invoices[place].0.counting().cloned() else { return Ok(false) };
        let (on, reason) = (credit.on, credit.reason.clone());
        let Ok(document) = issued.credit_note(on, reason, credit.lines.as_deref()) else { return Ok(false) };
        let Some(freed) = issued.freed_for(document.totals.payable) else { return Ok(false) };
        let paying =
            |payment: PaymentId| (0..3).find(|place| payment_id(*place) == payment).expect("a payment");
        for Freed { payment, .. } in &freed {
            let unapply = Asked::Unapply { payment: paying(*payment), invoice: place };
            prop_assert!(self.ask(hour, unapply)?);
        }
        let may = self.invoice(hour, place, InvoiceAction::Credit(Box::new(credit)))?;
        for Freed { payment, kept } in &freed {
            let Some(cents) = kept.map(self::cents) else { continue };
            let apply = Asked::Apply { payment: paying(*payment), invoice: place, cents };
            prop_assert!(self.ask(hour, apply)?);
        }
        Ok(may)
    }

    fn ask_both(
        &mut self,
        hour: i64,
        (payment, of_payment): (usize, PaymentAction),
        (invoice, of_invoice): (usize, InvoiceAction),
    ) -> Result<bool, TestCaseError> {
        let may = self.payments[payment].0.decide(command(hour, of_payment.clone())).is_ok()
            && self.invoices[invoice].0.decide(command(hour, of_invoice.clone())).is_ok();
        Ok(may && self.payment(hour, payment, of_payment)? && self.invoice(hour, invoice, of_invoice)?)
    }

    /// What is outstanding of each invoice, and left of each payment, whether or not they count.
    fn balances(&self) -> (Vec<i64>, Vec<i64>) {
        let outstanding =
            self.invoices.iter().map(|(invoice, _)| cents(invoice.issued().expect("issued").outstanding));
        let left = self.payments.iter().map(|(payment, _)| match payment {
            Payment::Unborn => 0,
            Payment::Received(received) | Payment::Reversed(received) => cents(received.unapplied),
        });
        (outstanding.collect(), left.collect())
    }
}

fn command<A>(hour: i64, action: A) -> Command<A> {
    Command { occurred_at: at(3, 0) + chrono::Duration::hours(hour), now: at(31, 0), action }
}

/// What takes it back, if anything does.
fn undo(asked: Asked) -> Option<Asked> {
    match asked {
        Asked::Apply { payment, invoice, .. } => Some(Asked::Unapply { payment, invoice }),
        Asked::Refund { payment, refund, .. } => Some(Asked::CancelRefund { payment, refund }),
        Asked::WriteOff { invoice } => Some(Asked::ReverseWriteOff { invoice }),
        Asked::Credit { invoice, .. } => Some(Asked::VoidCreditNote { invoice }),
        Asked::Unapply { .. }
        | Asked::CancelRefund { .. }
        | Asked::VoidCreditNote { .. }
        | Asked::ReverseWriteOff { .. }
        | Asked::Reverse { .. }
        | Asked::Void { .. } => None,
    }
}

proptest! {
    #[test]
    fn both_sides_of_the_books_agree_whatever_is_asked(
        payable in vec(1..4_000_i64, 3),
        received in vec(1..4_000_i64, 3),
        all_asked in vec((asked(), any::<bool>()), 1..60),
    ) {
        let mut books = Books::open(&payable, &received)?;
        let mut oracle = Oracle { payable, received, ..Oracle::default() };
        for (hour, (asked, is_undone)) in (0..).zip(all_asked) {
            let before = (books.balances(), oracle.written_off.clone(), oracle.applied.clone());
            prop_assert_eq!(books.ask(hour, asked)?, oracle.accepts(asked), "{:?}", asked);
            let loses = if let Asked::WriteOff { invoice } = asked {
                // What was given up before it was given up again comes back with it.
                before.1.contains_key(&invoice)
            } else {
                // What payments gave free for a credit note stays with whoever paid.
                matches!(asked, Asked::Credit { .. }) && oracle.applied != before.2
            };
            if let Some(back) = undo(asked).filter(|_| is_undone && books.balances() != before.0) {
                prop_assert!(books.ask(hour, back)? && oracle.accepts(back), "{:?}", back);
                prop_assert!(loses || books.balances() == before.0, "{:?} is not undone", asked);
            }
            for (place, (invoice, _)) in books.invoices.iter().enumerate() {
                let issued = invoice.issued().expect("issued");
                prop_assert_eq!(cents(issued.outstanding), oracle.outstanding(place));
                let credited = oracle.credited.get(&place).into_iter().flatten().sum::<i64>();
                prop_assert_eq!(cents(issued.credited()), credited);
                prop_assert_eq!(invoice.status() == Some(InvoiceStatus::Void), oracle.void.contains(&place));
                for (paying, (payment, _)) in books.payments.iter().enumerate() {
                    let paid = issued.paid.get(&payment_id(paying)).copied().map(cents);
                    prop_assert_eq!(paid, oracle.applied.get(&(paying, place)).copied());
                    let applied = payment.received().ok().and_then(|it| it.applied.get(&invoice_id(place)).copied());
                    prop_assert_eq!(paid, applied.map(cents));
                }
            }
            for (place, (payment, _)) in books.payments.iter().enumerate() {
                let is_reversed = payment.status() == Some(PaymentStatus::Reversed);
                prop_assert_eq!(is_reversed, oracle.reversed.contains(&place));
                prop_assert_eq!(books.balances().1[place], oracle.left(place));
            }
        }
    }
}
