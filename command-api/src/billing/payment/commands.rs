//! Commands on payments, for the routes and for callers in process.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use domain::billing::customer::Customer;
use domain::billing::invoice::{Invoice, InvoiceAction, InvoiceError};
use domain::billing::legal_entity::LegalEntity;
use domain::billing::payment::{
    MAX_APPLICATIONS, Payment, PaymentAction, PaymentError, Receipt, Received, allocate, by_priority,
};
use domain::{InvoiceId, Money, PaymentId, RefundId, Text};
use event_store::Loaded;

use super::body::ApplyMode;
use crate::billing::account::{Account, due};
use crate::dispatch::{change, dispatch, dispatch_in_line};
use crate::unit::Unit;
use crate::{Accepted, CommandApi, CommandError, Context};

/// Most invoices that a payment settles by itself in one command, and most of those of a customer that it looks at.
const MOST_AT_ONCE: usize = 50;
const MOST_LOOKED_AT: i64 = 1_000;

/// Which invoices a payment is to settle.
#[derive(Clone, Debug, PartialEq)]
pub enum Applications {
    /// Those whose numbers the payer wrote on it, then those that were due first.
    Automatic,
    /// These, with so much, or with as much as the invoice takes and the payment has.
    Named(Vec<(InvoiceId, Option<Money>)>),
}

/// What of a payment is given back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RefundOf {
    /// Which repayment it is.
    pub refund: RefundId,
    /// How much; all that is left if none.
    pub amount: Option<Money>,
    /// On which day it went.
    pub on: NaiveDate,
}

/// Records a payment under an id that was never used, and has it settle invoices if asked to.
///
/// # Errors
/// A rule of payments or invoices, or those of [`crate::dispatch()`].
pub async fn record(
    app: &CommandApi,
    context: &Context,
    id: PaymentId,
    receipt: Receipt,
    apply: ApplyMode,
) -> Result<Accepted, CommandError> {
    let receipt = &receipt;
    // All payments of a customer settle the same invoices.
    dispatch_in_line(app, context, receipt.customer.as_uuid(), move |mut unit| async move {
        if unit.load::<LegalEntity>(receipt.legal_entity.as_uuid()).await?.sequence == 0 {
            return Err(CommandError::field("legal_entity_id", "must be a legal entity"));
        }
        if unit.load::<Customer>(receipt.customer.as_uuid()).await?.sequence == 0 {
            return Err(CommandError::field("customer_id", "must be a customer"));
        }
        let payment = unit.unborn::<Payment>(id.as_uuid()).await?;
        let mut actions = vec![PaymentAction::Record(Box::new(receipt.clone()))];
        if apply == ApplyMode::Automatic && payment.sequence == 0 {
            let shares = automatic(&mut unit, receipt, &BTreeMap::new(), receipt.amount).await?;
            actions.extend(settle(&mut unit, id, receipt, shares)?);
        }
        let next = unit.decide(&payment, actions)?;
        let created = payment.sequence == 0;
        Ok(unit.done(Accepted { created, ..Accepted::of(id.as_uuid(), next.sequence) }))
    })
    .await
}

/// Has what is left of a payment settle invoices.
///
/// # Errors
/// A rule of payments or invoices, or those of [`crate::dispatch()`].
pub async fn apply(
    app: &CommandApi,
    context: &Context,
    id: PaymentId,
    applications: Applications,
) -> Result<Accepted, CommandError> {
    let applications = &applications;
    dispatch(app, context, move |mut unit| async move {
        let payment = unit.target::<Payment>(id.as_uuid()).await?;
        let received = payment.state.received().map_err(|rule| CommandError::rule(&rule))?;
        let shares = match applications {
            Applications::Automatic => {
                automatic(&mut unit, &received.receipt, &received.applied, received.unapplied).await?
            }
            Applications::Named(named) => self::named(&mut unit, received, named).await?,
        };
        let actions = settle(&mut unit, id, &received.receipt, shares)?;
        let next = unit.decide(&payment, actions)?;
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    })
    .await
}

/// Has a payment settle some invoices no longer, or all that it settles.
///
/// # Errors
/// A rule of payments or invoices, or those of [`crate::dispatch()`].
pub async fn unapply(
    app: &CommandApi,
    context: &Context,
    id: PaymentId,
    invoices: Option<BTreeSet<InvoiceId>>,
) -> Result<Accepted, CommandError> {
    let invoices = &invoices;
    dispatch(app, context, move |mut unit| async move {
        let payment = unit.target::<Payment>(id.as_uuid()).await?;
        let received = payment.state.received().map_err(|rule| CommandError::rule(&rule))?;
        let invoices = invoices.clone().unwrap_or_else(|| received.applied.keys().copied().collect());
        if invoices.iter().any(|invoice| !received.applied.contains_key(invoice)) {
            return Err(CommandError::rule(&PaymentError::NotApplied));
        }
        let actions = unsettle(&mut unit, id, invoices).await?;
        let next = unit.decide(&payment, actions)?;
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    })
    .await
}

/// Gives back what is left of a payment, or some of it.
///
/// # Errors
/// A rule of payments, or those of [`crate::dispatch()`].
pub async fn refund(
    app: &CommandApi,
    context: &Context,
    id: PaymentId,
    RefundOf { refund, amount, on }: RefundOf,
) -> Result<Accepted, CommandError> {
    dispatch(app, context, move |mut unit| async move {
        let payment = unit.target::<Payment>(id.as_uuid()).await?;
        let received = payment.state.received().map_err(|rule| CommandError::rule(&rule))?;
        let amount = amount.unwrap_or(received.unapplied);
        let next = unit.decide(&payment, [PaymentAction::Refund { refund, amount, on }])?;
        let refund_id = Some(refund.as_uuid());
        Ok(unit.done(Accepted { refund_id, ..Accepted::of(id.as_uuid(), next.sequence) }))
    })
    .await
}

/// Takes back that something of a payment was given back.
///
/// # Errors
/// A rule of payments, or those of [`crate::dispatch()`].
pub async fn cancel_refund(
    app: &CommandApi,
    context: &Context,
    id: PaymentId,
    refund: RefundId,
) -> Result<Accepted, CommandError> {
    change::<Payment>(app, context, id.as_uuid(), vec![PaymentAction::CancelRefund { refund }]).await
}

/// Takes back that a payment came. It settles no invoice any more.
///
/// # Errors
/// A rule of payments or invoices, or those of [`crate::dispatch()`].
pub async fn reverse(
    app: &CommandApi,
    context: &Context,
    id: PaymentId,
    reason: Text<500>,
) -> Result<Accepted, CommandError> {
    let reason = &reason;
    dispatch(app, context, move |mut unit| async move {
        let payment = unit.target::<Payment>(id.as_uuid()).await?;
        let applied = payment.state.received().map(|received| received.applied.keys().copied().collect());
        let mut actions = unsettle(&mut unit, id, applied.unwrap_or_default()).await?;
        actions.push(PaymentAction::Reverse { reason: reason.clone() });
        let next = unit.decide(&payment, actions)?;
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    })
    .await
}

/// An invoice, and what of a payment settles it.
type Share = (Loaded<Invoice>, Money);

/// What of an amount goes to which of the payer's invoices if nobody says. Those that the payment settles already get nothing more, nor do
/// those that changed after the command is said to have happened.
async fn automatic(
    unit: &mut Unit<'_>,
    receipt: &Receipt,
    settled: &BTreeMap<InvoiceId, Money>,
    amount: Money,
) -> Result<Vec<Share>, CommandError> {
    let (legal_entity, customer, at) = (receipt.legal_entity, receipt.customer, unit.happens_at());
    let account = Account { legal_entity, customer, currency: amount.currency() };
    let open = unit.occupied(&account.scope(), MOST_LOOKED_AT).await?;
    let reference = receipt.reference.as_ref().and_then(|text| text.reveal()).map(Text::as_str);
    let dues = open.iter().filter_map(|value| due(value)).filter(|due| !settled.contains_key(&due.invoice));
    let dues = by_priority(reference, dues.collect());
    let most = MOST_AT_ONCE.min(MAX_APPLICATIONS.saturating_sub(settled.len()));
    let ids: Vec<_> = dues.iter().take(most).map(|due| due.invoice.as_uuid()).collect();
    let invoices = unit.load_all::<Invoice>(&ids).await?;
    let takes = |invoice: &Loaded<Invoice>| {
        let issued = invoice.state.counting().ok().filter(|issued| issued.takes_another(at))?;
        Some((InvoiceId::from_uuid(invoice.id), issued.outstanding))
    };
    let shares: HashMap<_, _> = allocate(amount, invoices.iter().filter_map(takes)).into_iter().collect();
    let share = |invoice: Loaded<Invoice>| {
        let share = *shares.get(&invoice.id.into())?;
        Some((invoice, share))
    };
    Ok(invoices.into_iter().filter_map(share).collect())
}

/// What of a payment goes to which invoice, as somebody said.
async fn named(
    unit: &mut Unit<'_>,
    received: &Received,
    named: &[(InvoiceId, Option<Money>)],
) -> Result<Vec<Share>, CommandError> {
    let ids: Vec<_> = named.iter().map(|(invoice, _)| invoice.as_uuid()).collect();
    let invoices = unit.load_all::<Invoice>(&ids).await?;
    let mut left = received.unapplied;
    let mut shares = Vec::with_capacity(invoices.len());
    for (place, (invoice, (_, amount))) in invoices.into_iter().zip(named).enumerate() {
        if invoice.sequence == 0 {
            return Err(CommandError::field(&format!("invoices.{place}.invoice_id"), "must be an invoice"));
        }
        let issued = invoice.state.counting().map_err(|rule| CommandError::rule(&rule))?;
        let amount = match amount {
            Some(amount) => *amount,
            None if issued.outstanding.is_zero() => {
                return Err(CommandError::rule(&InvoiceError::NothingOutstanding));
            }
            None if left.is_zero() => return Err(CommandError::rule(&PaymentError::TooLittleLeft)),
            None => left.minus(issued.outstanding).map_or(left, |_| issued.outstanding),
        };
        left = left.minus(amount).unwrap_or(left);
        shares.push((invoice, amount));
    }
    Ok(shares)
}

/// Has invoices say that they are settled. Returns what the payment has to say of it.
fn settle(
    unit: &mut Unit<'_>,
    payment: PaymentId,
    receipt: &Receipt,
    shares: Vec<Share>,
) -> Result<Vec<PaymentAction>, CommandError> {
    let mut actions = Vec::with_capacity(shares.len());
    for (invoice, amount) in shares {
        let issued = invoice.state.counting().map_err(|rule| CommandError::rule(&rule))?;
        receipt.may_settle(issued).map_err(|rule| CommandError::rule(&rule))?;
        unit.decide(&invoice, [InvoiceAction::ApplyPayment { payment, amount }])?;
        actions.push(PaymentAction::Apply { invoice: invoice.id.into(), amount });
    }
    Ok(actions)
}

/// Has invoices say that a payment settles them no longer. Returns what the payment has to say of it.
async fn unsettle(
    unit: &mut Unit<'_>,
    payment: PaymentId,
    invoices: BTreeSet<InvoiceId>,
) -> Result<Vec<PaymentAction>, CommandError> {
    let ids: Vec<_> = invoices.iter().map(|invoice| invoice.as_uuid()).collect();
    for invoice in unit.load_all::<Invoice>(&ids).await? {
        unit.decide(&invoice, [InvoiceAction::UnapplyPayment { payment }])?;
    }
    Ok(invoices.into_iter().map(|invoice| PaymentAction::Unapply { invoice }).collect())
}
