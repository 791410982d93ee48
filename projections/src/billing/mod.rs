//! Read models of billing.

pub mod credit_note;
pub mod customer_list;
pub mod invoice_document;
pub mod invoice_list;
pub mod ledger;
pub mod legal_entity_list;
pub mod payment_list;
pub mod series_list;

use cqrs_es::Aggregate;
use domain::billing::customer::Customer;
use domain::billing::invoice::Invoice;
use domain::billing::legal_entity::LegalEntity;
use domain::billing::payment::Payment;
use domain::billing::series::Series;

const LEGAL_ENTITY: &str = LegalEntity::TYPE;
const CUSTOMER: &str = Customer::TYPE;
const SERIES: &str = Series::TYPE;
const INVOICE: &str = Invoice::TYPE;
const PAYMENT: &str = Payment::TYPE;
