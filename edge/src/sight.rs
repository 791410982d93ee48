//! Which fields a caller is shown, with the permission that a route asks for.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::identity::field::HideableField;
use domain::identity::{Hidden, RecordKind, Rights};

use crate::{FieldError, Problem, Reach};

/// What a caller is not shown of the records within reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight(Option<Limited>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Limited {
    hidden: Arc<Hidden>,
    rights: Arc<Rights>,
    reach: Reach,
}

impl Sight {
    /// Everything is shown.
    pub const WHOLE: Self = Self(None);

    /// What custom roles show of what is within `reach`, by what they hide from whoever uses a permission.
    pub(crate) fn new(rights: &Arc<Rights>, permission: &str, reach: &Reach) -> Self {
        let hidden = rights.hidden.get(permission).cloned();
        Self(hidden.map(|hidden| Limited { hidden, rights: Arc::clone(rights), reach: reach.clone() }))
    }

    /// Whether nothing is hidden.
    pub fn is_whole(&self) -> bool {
        self.0.is_none()
    }

    /// The fields that are hidden of a record of a kind, by whose it is.
    pub fn hidden(
        &self,
        kind: RecordKind,
        owner: Option<&str>,
    ) -> impl Iterator<Item = &'static HideableField> {
        let names = self.0.as_ref().map(|limited| limited.of(owner));
        kind.fields().filter(move |field| names.is_some_and(|names| names.contains(field.name)))
    }

    /// The fields that are hidden of any record of a kind within reach: nothing that is about several may tell them.
    pub fn hidden_somewhere(&self, kind: RecordKind) -> impl Iterator<Item = &'static HideableField> {
        let names = self.0.as_ref().map(Limited::of_any);
        kind.fields().filter(move |field| names.is_some_and(|names| names.contains(field.name)))
    }

    /// Whether a field of this name, such as `opportunity.amount`, is hidden of any record within reach.
    pub fn hides(&self, name: &str) -> bool {
        self.0.as_ref().is_some_and(|limited| limited.of_any().contains(name))
    }

    /// Makes sure that what is asked for does not tell a hidden field: by `columns` of things of a kind, each with the
    /// name of the parameter that asks for it.
    ///
    /// # Errors
    /// 403 `field.hidden`, which names the fields.
    pub fn check<'a>(
        &self,
        kind: RecordKind,
        columns: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), Problem> {
        if self.is_whole() {
            return Ok(());
        }
        let told = columns.into_iter().flat_map(|(parameter, column)| {
            self.hidden_somewhere(kind)
                .filter(move |field| field.is_told_by(column))
                .map(move |field| (parameter, field))
        });
        refused(told)
    }

    /// Makes sure that a command, of which the body has these members, writes no hidden field of a kind.
    ///
    /// # Errors
    /// 403 `field.hidden`, which names the fields.
    pub fn check_body<'a>(
        &self,
        kind: RecordKind,
        members: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Problem> {
        if self.is_whole() {
            return Ok(());
        }
        let told = members.into_iter().flat_map(|member| {
            self.hidden_somewhere(kind)
                .filter(move |field| field.json == member)
                .map(move |field| (member, field))
        });
        refused(told)
    }
}

fn refused<'a>(told: impl Iterator<Item = (&'a str, &'static HideableField)>) -> Result<(), Problem> {
    let message = |field: &HideableField| format!("must not be about {}, which your roles hide", field.name);
    let errors: Vec<FieldError> =
        told.map(|(place, field)| FieldError::new(place, "hidden", message(field))).collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::field_hidden(errors)) }
}

impl Limited {
    /// What is hidden of a record of this owner.
    fn of(&self, owner: Option<&str>) -> &BTreeSet<&'static str> {
        match owner {
            Some(owner) if self.rights.own.contains(owner) => &self.hidden.own,
            Some(owner) if self.rights.team.contains(owner) => &self.hidden.team,
            Some(_) | None => &self.hidden.all,
        }
    }

    /// What is hidden of one record or another. The wider a role reaches, the fewer show a field there.
    fn of_any(&self) -> &BTreeSet<&'static str> {
        match &self.reach {
            Reach::Owners(owners) if *owners == self.rights.own => &self.hidden.own,
            Reach::Owners(_) => &self.hidden.team,
            Reach::All => &self.hidden.all,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn sight(reach: Reach) -> Sight {
        let (own, team) = (BTreeSet::from(["lead.email"]), BTreeSet::from(["lead.email", "lead.phone"]));
        let all = BTreeSet::from(["lead.email", "lead.phone", "lead.custom", "opportunity.amount"]);
        let hidden = BTreeMap::from([("lead.read".to_owned(), Arc::new(Hidden { own, team, all }))]);
        let names = |names: &[&str]| Arc::new(names.iter().map(ToString::to_string).collect::<BTreeSet<_>>());
        let rights =
            Rights { own: names(&["sam"]), team: names(&["sam", "kim"]), hidden, ..Rights::default() };
        let reach = match reach {
            Reach::All => Reach::All,
            Reach::Owners(_) => Reach::Owners(Arc::clone(&rights.team)),
        };
        Sight::new(&Arc::new(rights), "lead.read", &reach)
    }

    fn hidden(sight: &Sight, owner: Option<&str>) -> Vec<&'static str> {
        sight.hidden(RecordKind::Lead, owner).map(|field| field.name).collect()
    }

    #[test]
    fn what_is_hidden_depends_on_whose_record_it_is() {
        let sight = sight(Reach::All);
        assert_eq!(hidden(&sight, Some("sam")), ["lead.email"]);
        assert_eq!(hidden(&sight, Some("kim")), ["lead.email", "lead.phone"]);
        assert_eq!(hidden(&sight, Some("joe")), ["lead.custom", "lead.email", "lead.phone"]);
        assert_eq!(hidden(&sight, None), hidden(&sight, Some("joe")));
        assert_eq!(hidden(&Sight::WHOLE, None), Vec::<&str>::new());
    }

    #[test]
    fn what_is_about_several_records_goes_by_the_one_of_which_most_is_hidden() {
        let (all, team) = (sight(Reach::All), sight(Reach::Owners(Arc::default())));
        assert!(all.hides("lead.custom") && !team.hides("lead.custom") && team.hides("lead.phone"));
        let asked = |sight: &Sight, column| sight.check(RecordKind::Lead, [("filter", column)]).err();
        assert!(asked(&all, "custom.region").is_some() && asked(&team, "custom.region").is_none());
        assert!(asked(&all, "name").is_none() && asked(&Sight::WHOLE, "email").is_none());
        let problem = asked(&all, "email").unwrap();
        assert_eq!((problem.status().as_u16(), problem.body().code.as_ref()), (403, "field.hidden"));
        assert_eq!(problem.body().errors[0].field, "filter");
        assert!(problem.body().errors[0].message.contains("lead.email"));
        assert!(all.check_body(RecordKind::Lead, ["name", "email"]).is_err());
        assert!(all.check_body(RecordKind::Opportunity, ["amount"]).is_err());
        assert!(team.check_body(RecordKind::Opportunity, ["amount"]).is_ok());
    }
}
