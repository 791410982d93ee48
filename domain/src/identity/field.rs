//! Fields that a role can hide: the one list of them. A field that is not here is seen by whoever sees the thing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What has fields that can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A lead.
    Lead,
    /// A deal.
    Opportunity,
}

/// Fields that a role hides, by their names such as `lead.email`.
pub type HiddenFields = BTreeSet<String>;

/// A field that can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HideableField {
    /// Of what.
    pub kind: RecordKind,
    /// Its name in roles and problems.
    pub name: &'static str,
    /// What it is called in answers and bodies.
    pub json: &'static str,
    /// What it, and what it was before, is called in events of that kind.
    pub in_events: &'static [&'static str],
    /// What else lists can be filtered and sorted by that tells it.
    pub derived: &'static [&'static str],
}

const fn of_lead(
    name: &'static str,
    json: &'static str,
    in_events: &'static [&'static str],
) -> HideableField {
    HideableField { kind: RecordKind::Lead, name, json, in_events, derived: &[] }
}

const fn of_deal(
    name: &'static str,
    json: &'static str,
    in_events: &'static [&'static str],
) -> HideableField {
    HideableField { kind: RecordKind::Opportunity, name, json, in_events, derived: &[] }
}

/// Every field that can be hidden, in the order of names.
pub const ALL: &[HideableField] = &[
    of_lead("lead.company", "company", &["company"]),
    of_lead("lead.custom", "custom", &["custom"]),
    of_lead("lead.disqualified_reason", "disqualified_reason", &["reason"]),
    of_lead("lead.email", "email", &["email"]),
    of_lead("lead.phone", "phone", &["phone"]),
    of_lead("lead.score", "score", &["score", "previous"]),
    of_lead("lead.source", "source", &["source"]),
    of_deal("opportunity.account", "account", &["account"]),
    HideableField {
        derived: &["currency", "weighted"],
        ..of_deal("opportunity.amount", "amount", &["amount", "previous_amount"])
    },
    of_deal("opportunity.custom", "custom", &["custom"]),
    of_deal("opportunity.expected_close", "expected_close", &["expected_close"]),
    of_deal("opportunity.lost_reason", "lost_reason", &["reason"]),
    of_deal("opportunity.product", "product", &["product"]),
    of_deal("opportunity.source", "source", &["source"]),
];

impl RecordKind {
    /// The kind of the things of an aggregate type, if it has fields that can be hidden.
    pub fn of_aggregate(aggregate_type: &str) -> Option<Self> {
        match aggregate_type {
            "sales.lead" => Some(Self::Lead),
            "sales.opportunity" => Some(Self::Opportunity),
            _ => None,
        }
    }

    /// The fields of it that can be hidden.
    pub fn fields(self) -> impl Iterator<Item = &'static HideableField> {
        ALL.iter().filter(move |field| field.kind == self)
    }

    /// What one needs to see things of this kind.
    pub const fn read(self) -> super::permission::Permission {
        match self {
            Self::Lead => super::permission::LEAD_READ,
            Self::Opportunity => super::permission::OPPORTUNITY_READ,
        }
    }
}

impl HideableField {
    /// The field of a name.
    pub fn of_name(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|field| field.name == name)
    }

    /// Whether a list that is filtered or sorted by `column`, or a report that groups by it, tells it.
    pub fn is_told_by(&self, column: &str) -> bool {
        let is_custom = self.json == "custom" && column.starts_with("custom.");
        column == self.json || is_custom || self.derived.contains(&column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    /// What events of leads and deals say that no role can hide: what things are called, whose they are, and where they stand.
    const PLAIN: &[&str] = &[
        "name",
        "owner",
        "at",
        "from",
        "to",
        "kind",
        "summary",
        "opportunity",
        "pipeline",
        "stage",
        "probability",
        "lead",
        "direction",
        "since",
        "stay",
        "closed_on",
        "opened_on",
        "outcome",
    ];

    #[test]
    fn each_field_is_listed_once_in_order() {
        assert!(ALL.is_sorted_by(|one, next| one.name < next.name));
        for field in ALL {
            let kind = serde_json::to_value(field.kind).unwrap();
            assert_eq!(field.name, format!("{}.{}", kind.as_str().unwrap(), field.json));
        }
    }

    /// A new field of an event needs a decision: here, or above.
    #[test]
    fn whatever_an_event_says_can_be_hidden_or_is_plain() {
        let mut looked_at = 0;
        for event in fixtures::all() {
            let Some(kind) = RecordKind::of_aggregate(event.aggregate_type()) else { continue };
            let payload = event.encode().unwrap();
            let hideable: Vec<&str> = kind.fields().flat_map(|field| field.in_events).copied().collect();
            for name in payload["data"].as_object().unwrap().keys() {
                looked_at += 1;
                let name = name.as_str();
                assert!(
                    hideable.contains(&name) != PLAIN.contains(&name),
                    "{name} of {}",
                    event.event_type()
                );
            }
        }
        assert!(looked_at > 50, "{looked_at}");
    }

    #[test]
    fn what_is_made_of_a_field_tells_it() {
        let told = |name: &str, column: &str| HideableField::of_name(name).unwrap().is_told_by(column);
        assert!(told("opportunity.amount", "weighted") && told("opportunity.amount", "currency"));
        assert!(told("lead.custom", "custom.region") && !told("lead.custom", "customer"));
        assert!(!told("opportunity.amount", "owner"));
    }
}
