//! Bodies that several nouns of sales share, and shapes of the domain's values for the documentation.

use domain::sales::activity::Summary;
use domain::sales::{ActivityKind, Owner};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::moment::Moment;
use crate::patch::nullable;

/// Who is to work on it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignIn {
    /// The `sub` of a user, or a salesperson's name; null for nobody.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, required, min_length = 1, max_length = 200, example = "kim")]
    pub owner: Option<Owner>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// Something that was done.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivityIn {
    /// What sort of activity.
    #[schema(value_type = ActivityShape)]
    pub kind: ActivityKind,
    /// What was said and agreed; may have several lines.
    #[schema(value_type = String, min_length = 1, max_length = 4000, example = "Sent the offer.")]
    pub summary: Summary,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What sort of activity.
#[derive(ToSchema)]
#[schema(as = ActivityKind, rename_all = "snake_case")]
pub enum ActivityShape {
    /// A phone call.
    Call,
    /// An e-mail.
    Email,
    /// A meeting.
    Meeting,
    /// A note.
    Note,
}

/// An amount of a currency.
#[derive(ToSchema)]
#[schema(as = Money)]
pub struct MoneyShape {
    /// Digits with an optional point and fraction, of at most as many places as the currency has; never below 0.
    #[schema(pattern = r"^\d{1,15}(\.\d+)?$", example = "1200.00")]
    pub amount: String,
    /// The ISO 4217 code.
    #[schema(min_length = 3, max_length = 3, example = "EUR")]
    pub currency: String,
}

/// Fields of the tenant's own, at most 64: keys of `a-z 0-9 _`, values that are text, numbers or booleans. In a patch,
/// null removes a field and fields that are left out stay.
#[derive(ToSchema)]
#[schema(as = CustomFields, value_type = Object, example = json!({"seats": 12, "region": "north", "priority": true}))]
pub struct CustomShape(pub serde_json::Value);
