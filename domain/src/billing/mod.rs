//! Billing: who issues invoices, to whom, under which numbers, the invoices themselves, and what is paid of them.

pub mod customer;
pub mod day;
pub mod figure;
pub mod invoice;
pub mod language;
pub mod legal_entity;
pub mod line;
pub mod party;
pub mod payment;
pub mod rounding;
pub mod series;
pub mod tax;

pub use figure::{ExchangeRate, Figure, Percentage, Quantity, TaxRate, UnitPrice};
pub use language::Language;
pub use line::{Adjustment, AdjustmentKind, DocumentAdjustment, Line, Measure, Period, Unit};
pub use party::{Address, Country, NetDays, TaxId, TaxIdKind};
pub use tax::{Tax, TaxCategory};
