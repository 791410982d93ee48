//! The rules of invoices.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of invoices that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceError {
    /// There is no such invoice.
    #[error("there is no such invoice")]
    NotFound,
    /// An invoice is drafted once.
    #[error("the invoice exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("nothing can happen to an invoice in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("nothing can have happened to an invoice before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// A status is not changed before the time of its last change.
    #[error("the invoice's status has changed after that time")]
    BeforeLastChange,
    /// An issued invoice never changes.
    #[error("the invoice is issued and never changes")]
    Issued,
    /// Only what is issued can be void.
    #[error("the invoice is a draft; discard it instead")]
    NotIssued,
    /// A void invoice stays as it is.
    #[error("the invoice is void")]
    Void,
    /// A draft that was thrown away stays so.
    #[error("the draft was discarded")]
    Discarded,
    /// An invoice has at least one line.
    #[error("the draft has no line to bill")]
    NothingToBill,
    /// There are bounds to lines.
    #[error("an invoice has at most 500 lines")]
    TooManyLines,
    /// There are bounds to allowances and charges.
    #[error(
        "a line, or the whole invoice, has at most 20 allowances and charges, and all lines together at most 1,000"
    )]
    TooManyAdjustments,
    /// Nothing comes to less than 0.
    #[error("allowances are larger than what they are taken off")]
    AllowanceTooLarge,
    /// Amounts are of a bounded length.
    #[error("an amount of the invoice has more than 15 digits before the decimal point")]
    AmountTooLarge,
    /// An amount has no more decimal places than its currency.
    #[error("an amount has more decimal places than the currency of the invoice")]
    AmountTooFine,
    /// What is exempt is so for one reason.
    #[error("all that is exempt on an invoice must be so for the same reason")]
    ExemptionReasonsDiffer,
    /// Whoever issues an invoice is known to a tax office.
    #[error("the legal entity lacks the tax id that this invoice takes")]
    SellerTaxIdMissing,
    /// Where the buyer owes the tax, their number is on the invoice.
    #[error("the customer lacks the number for value added tax that reverse charge takes")]
    BuyerTaxIdMissing,
    /// Nobody is billed whom nobody knows.
    #[error("the customer was erased")]
    CustomerErased,
    /// The books of the seller are of another currency.
    #[error("the invoice is in another currency than the books of the legal entity; give the exchange rate")]
    ExchangeRateMissing,
    /// The books of the seller are of the same currency.
    #[error("the invoice is in the currency of the books of the legal entity; give no exchange rate")]
    ExchangeRateNeedless,
    /// Every currency is worth something.
    #[error("the exchange rate must be above 0")]
    ExchangeRateZero,
    /// No invoice is of a day that has begun nowhere.
    #[error("an invoice cannot be dated in the future")]
    DatedInFuture,
    /// Days are of years that calendars have.
    #[error("a date of the invoice is out of range")]
    DateOutOfRange,
    /// What is settled counts.
    #[error("the invoice is settled in part or whole; undo its payments, credit notes and write-offs first")]
    Settled,
    /// Nobody pays nothing.
    #[error("an amount must be above 0")]
    NothingPaid,
    /// Money of one currency settles what is owed in it.
    #[error("the amount is in another currency than the invoice")]
    OtherCurrency,
    /// Nobody settles more than there is.
    #[error("less than that is outstanding of the invoice")]
    MoreThanOutstanding,
    /// A payment settles an invoice once.
    #[error("the payment settles the invoice already; unapply it before it is applied anew")]
    AlreadyApplied,
    /// What settles nothing cannot stop to do so.
    #[error("the payment does not settle the invoice")]
    NotApplied,
    /// There are bounds to payments.
    #[error("at most 500 payments settle an invoice")]
    TooManyPayments,
    /// What is settled cannot be given up.
    #[error("nothing is outstanding of the invoice")]
    NothingOutstanding,
    /// What was not given up is still expected.
    #[error("nothing of the invoice is written off")]
    NotWrittenOff,
    /// What was not invoiced is not taken back.
    #[error("the credit note comes to more than is left of the invoice, of what is taxed in one way")]
    MoreThanInvoiced,
    /// A credit note takes something back.
    #[error("there is nothing to credit")]
    NothingToCredit,
    /// What is taken back is taxed as it was invoiced.
    #[error("nothing on the invoice is taxed as a line of the credit note is")]
    TaxNotOnInvoice,
    /// Nothing is taken back before it is invoiced, or before what it takes back was paid.
    #[error(
        "a credit note cannot be dated before its invoice, nor before the day, in UTC, on which that was issued or last settled"
    )]
    CreditedTooEarly,
    /// Each credit note is issued once.
    #[error("there is such a credit note already")]
    CreditNoteExists,
    /// There are bounds to credit notes.
    #[error("at most 100 credit notes are issued of an invoice")]
    TooManyCreditNotes,
    /// The tax of a credit note is what those before it left.
    #[error("only the last credit note of an invoice can be void")]
    NotLastCreditNote,
    /// What was not issued cannot be void.
    #[error("there is no such credit note of the invoice, or it is void")]
    NoSuchCreditNote,
    /// No two documents of a legal entity have one number.
    #[error("another document of the legal entity has this number")]
    NumberTaken,
}

impl Rule for InvoiceError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "invoice.not_found",
            Self::AlreadyExists => "invoice.already_exists",
            Self::OccurredInFuture => "invoice.occurred_in_future",
            Self::OccurredTooEarly => "invoice.occurred_too_early",
            Self::BeforeLastChange => "invoice.before_last_change",
            Self::Issued => "invoice.issued",
            Self::NotIssued => "invoice.not_issued",
            Self::Void => "invoice.void",
            Self::Discarded => "invoice.discarded",
            Self::NothingToBill => "invoice.nothing_to_bill",
            Self::TooManyLines => "invoice.too_many_lines",
            Self::TooManyAdjustments => "invoice.too_many_adjustments",
            Self::AllowanceTooLarge => "invoice.allowance_too_large",
            Self::AmountTooLarge => "invoice.amount_too_large",
            Self::AmountTooFine => "invoice.amount_too_fine",
            Self::ExemptionReasonsDiffer => "invoice.exemption_reasons_differ",
            Self::SellerTaxIdMissing => "invoice.seller_tax_id_missing",
            Self::BuyerTaxIdMissing => "invoice.buyer_tax_id_missing",
            Self::CustomerErased => "invoice.customer_erased",
            Self::ExchangeRateMissing => "invoice.exchange_rate_missing",
            Self::ExchangeRateNeedless => "invoice.exchange_rate_needless",
            Self::ExchangeRateZero => "invoice.exchange_rate_zero",
            Self::DatedInFuture => "invoice.dated_in_future",
            Self::DateOutOfRange => "invoice.date_out_of_range",
            Self::Settled => "invoice.settled",
            Self::NothingPaid => "invoice.nothing_paid",
            Self::OtherCurrency => "invoice.other_currency",
            Self::MoreThanOutstanding => "invoice.more_than_outstanding",
            Self::AlreadyApplied => "invoice.already_applied",
            Self::NotApplied => "invoice.not_applied",
            Self::TooManyPayments => "invoice.too_many_payments",
            Self::NothingOutstanding => "invoice.nothing_outstanding",
            Self::NotWrittenOff => "invoice.not_written_off",
            Self::MoreThanInvoiced => "invoice.more_than_invoiced",
            Self::NothingToCredit => "invoice.nothing_to_credit",
            Self::TaxNotOnInvoice => "invoice.tax_not_on_invoice",
            Self::CreditedTooEarly => "invoice.credited_too_early",
            Self::CreditNoteExists => "invoice.credit_note_exists",
            Self::TooManyCreditNotes => "invoice.too_many_credit_notes",
            Self::NotLastCreditNote => "invoice.not_last_credit_note",
            Self::NoSuchCreditNote => "invoice.no_such_credit_note",
            Self::NumberTaken => "invoice.number_taken",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::OccurredInFuture
            | Self::OccurredTooEarly
            | Self::TooManyLines
            | Self::TooManyAdjustments
            | Self::AllowanceTooLarge
            | Self::AmountTooLarge
            | Self::AmountTooFine
            | Self::ExemptionReasonsDiffer
            | Self::ExchangeRateZero
            | Self::NothingPaid
            | Self::DatedInFuture
            | Self::DateOutOfRange => RuleKind::Invalid,
            Self::AlreadyExists
            | Self::BeforeLastChange
            | Self::Issued
            | Self::NotIssued
            | Self::Void
            | Self::Discarded
            | Self::NothingToBill
            | Self::SellerTaxIdMissing
            | Self::BuyerTaxIdMissing
            | Self::CustomerErased
            | Self::ExchangeRateMissing
            | Self::ExchangeRateNeedless
            | Self::Settled
            | Self::OtherCurrency
            | Self::MoreThanOutstanding
            | Self::AlreadyApplied
            | Self::NotApplied
            | Self::TooManyPayments
            | Self::NothingOutstanding
            | Self::NotWrittenOff
            | Self::MoreThanInvoiced
            | Self::NothingToCredit
            | Self::TaxNotOnInvoice
            | Self::CreditedTooEarly
            | Self::CreditNoteExists
            | Self::TooManyCreditNotes
            | Self::NotLastCreditNote
            | Self::NoSuchCreditNote
            | Self::NumberTaken => RuleKind::Refused,
        }
    }
}
