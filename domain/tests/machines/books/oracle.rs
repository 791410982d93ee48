//! What the books have to say, by the simplest account of them.

use std::collections::BTreeMap;

use super::Asked;

/// A second opinion: nothing but lists of what was done and not undone, in cents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Oracle {
    pub payable: Vec<i64>,
    pub received: Vec<i64>,
    pub applied: BTreeMap<(usize, usize), i64>,
    pub refunds: BTreeMap<(usize, u128), i64>,
    pub written_off: BTreeMap<usize, i64>,
    pub credited: BTreeMap<usize, Vec<i64>>,
    pub reversed: Vec<usize>,
    pub void: Vec<usize>,
}

impl Oracle {
    pub fn outstanding(&self, invoice: usize) -> i64 {
        let paid: i64 =
            self.applied.iter().filter(|((_, of), _)| *of == invoice).map(|(_, cents)| cents).sum();
        let credited: i64 = self.credited.get(&invoice).into_iter().flatten().sum();
        self.payable[invoice] - paid - credited - self.written_off.get(&invoice).copied().unwrap_or(0)
    }

    /// Has payments settle less, the last ones first, until so much is outstanding.
    fn make_room(&mut self, invoice: usize, cents: i64) {
        for payment in (0..self.received.len()).rev() {
            let missing = cents - self.outstanding(invoice);
            if let Some(applied) = self.applied.get_mut(&(payment, invoice)).filter(|_| missing > 0) {
                *applied -= missing.min(*applied);
            }
        }
        self.applied.retain(|_, applied| *applied > 0);
    }

    pub fn left(&self, payment: usize) -> i64 {
        let applied: i64 =
            self.applied.iter().filter(|((of, _), _)| *of == payment).map(|(_, cents)| cents).sum();
        let refunded: i64 =
            self.refunds.iter().filter(|((of, _), _)| *of == payment).map(|(_, cents)| cents).sum();
        self.received[payment] - applied - refunded
    }

    /// Does it, if it may be done.
    pub fn accepts(&mut self, asked: Asked) -> bool {
        let counts = |payment: usize| !self.reversed.contains(&payment);
        let stands = |invoice: usize| !self.void.contains(&invoice);
        match asked {
            Asked::Apply { payment, invoice, cents } => {
                let may = counts(payment) && stands(invoice) && cents > 0;
                let fits = cents <= self.left(payment) && cents <= self.outstanding(invoice);
                let is_new = !self.applied.contains_key(&(payment, invoice));
                may && fits && is_new && self.applied.insert((payment, invoice), cents).is_none()
            }
            Asked::Unapply { payment, invoice } => self.applied.remove(&(payment, invoice)).is_some(),
            Asked::Refund { payment, refund, cents } => {
                let fits = counts(payment) && cents > 0 && cents <= self.left(payment);
                let is_new = !self.refunds.contains_key(&(payment, refund));
                fits && is_new && self.refunds.insert((payment, refund), cents).is_none()
            }
            Asked::CancelRefund { payment, refund } => self.refunds.remove(&(payment, refund)).is_some(),
            Asked::Reverse { payment } => {
                let may = counts(payment) && self.left(payment) == self.received[payment];
                if may {
                    self.reversed.push(payment);
                }
                may
            }
            Asked::WriteOff { invoice } => {
                let outstanding = self.outstanding(invoice);
                let may = stands(invoice) && outstanding > 0;
                if may {
                    *self.written_off.entry(invoice).or_default() += outstanding;
                }
                may
            }
            Asked::ReverseWriteOff { invoice } => self.written_off.remove(&invoice).is_some(),
            Asked::Credit { invoice, cents } => {
                let given_up = self.written_off.get(&invoice).copied().unwrap_or(0);
                let credited: i64 = self.credited.get(&invoice).into_iter().flatten().sum();
                let may =
                    stands(invoice) && cents > 0 && cents <= self.payable[invoice] - credited - given_up;
                if may {
                    self.make_room(invoice, cents);
                    self.credited.entry(invoice).or_default().push(cents);
                }
                may
            }
            Asked::VoidCreditNote { invoice } => self.credited.get_mut(&invoice).and_then(Vec::pop).is_some(),
            Asked::Void { invoice } => {
                let is_credited = self.credited.get(&invoice).is_some_and(|cents| !cents.is_empty());
                let is_open = self.outstanding(invoice) == self.payable[invoice];
                let may = stands(invoice) && is_open && !is_credited;
                if may {
                    self.void.push(invoice);
                }
                may
            }
        }
    }
}
