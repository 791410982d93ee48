//! All read models. A new one is one line here.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::fold::{Fold, Typed};
use crate::projection::Projection;
use crate::{billing, identity, sales};

/// A read model that can be run, rebuilt and verified.
#[derive(Clone)]
pub struct ReadModel {
    pub(crate) fold: Arc<dyn Fold>,
}

impl ReadModel {
    /// The read model of a projection.
    pub fn of<P: Projection>() -> Self {
        Self { fold: Arc::new(Typed::<P>(PhantomData)) }
    }

    /// Its name, which is that of its table in schema `read_model`.
    pub fn name(&self) -> &'static str {
        self.fold.name()
    }
}

/// Every read model of the system.
pub fn registry() -> Vec<ReadModel> {
    vec![
        ReadModel::of::<sales::pipeline_list::PipelineList>(),
        ReadModel::of::<sales::lead_list::LeadList>(),
        ReadModel::of::<sales::opportunity_list::OpportunityList>(),
        ReadModel::of::<sales::stage_stay::StageStays>(),
        ReadModel::of::<sales::history::History>(),
        ReadModel::of::<identity::user_list::UserList>(),
        ReadModel::of::<identity::custom_role_list::CustomRoleList>(),
        ReadModel::of::<identity::team_list::TeamList>(),
        ReadModel::of::<identity::session_list::SessionList>(),
        ReadModel::of::<identity::key_list::KeyList>(),
        ReadModel::of::<identity::provider::ProviderView>(),
        ReadModel::of::<billing::legal_entity_list::LegalEntityList>(),
        ReadModel::of::<billing::customer_list::CustomerList>(),
        ReadModel::of::<billing::series_list::SeriesList>(),
        ReadModel::of::<billing::invoice_list::InvoiceList>(),
        ReadModel::of::<billing::invoice_document::InvoiceDocuments>(),
        ReadModel::of::<billing::payment_list::PaymentList>(),
        ReadModel::of::<billing::credit_note::CreditNoteList>(),
        ReadModel::of::<billing::credit_note::CreditNoteDocuments>(),
        ReadModel::of::<billing::ledger::Ledger>(),
    ]
}
