//! One example of each event of a custom role.

use super::CustomRoleEvent;
use crate::CustomRoleId;
use crate::fixtures::{id, text};
use crate::identity::{Grants, HiddenFields, Level};

/// The custom role of the examples.
pub const CUSTOM_ROLE: CustomRoleId = id(91);

/// One of each.
pub fn all() -> Vec<CustomRoleEvent> {
    vec![defined(), renamed(), granted(), fields_hidden(), retired()]
}

/// What [`defined`] gives.
pub fn grants() -> Grants {
    [("lead.read".to_owned(), Level::Team), ("lead.correct".to_owned(), Level::Own)].into()
}

/// What [`granted`] gives.
pub fn more_grants() -> Grants {
    let mut grants = grants();
    grants.insert("pipeline.read".to_owned(), Level::All);
    grants
}

/// `custom_role.defined`
pub fn defined() -> CustomRoleEvent {
    CustomRoleEvent::Defined { name: text("Field sales"), grants: grants(), hidden: hidden_at_first() }
}

/// `custom_role.renamed`
pub fn renamed() -> CustomRoleEvent {
    CustomRoleEvent::Renamed { from: text("Field sales"), to: text("Field sales, North") }
}

/// `custom_role.granted`
pub fn granted() -> CustomRoleEvent {
    CustomRoleEvent::Granted { from: grants(), to: more_grants() }
}

/// What [`defined`] hides.
pub fn hidden_at_first() -> HiddenFields {
    ["lead.source".to_owned()].into()
}

/// What [`fields_hidden`] hides.
pub fn hidden() -> HiddenFields {
    ["lead.email".to_owned(), "lead.phone".to_owned()].into()
}

/// `custom_role.fields_hidden`
pub fn fields_hidden() -> CustomRoleEvent {
    CustomRoleEvent::FieldsHidden { from: hidden_at_first(), to: hidden() }
}

/// `custom_role.retired`
pub fn retired() -> CustomRoleEvent {
    CustomRoleEvent::Retired { name: text("Field sales") }
}
