//! The smallest aggregate with personal data: somebody with a name.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize, Serializer};

use crate::counter::Never;

/// As in the domain: a newtype of this name, or null once it is erased.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Personal(pub Option<String>);

impl Serialize for Personal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct("Personal", &self.0)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub names: Vec<Option<String>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum PersonEvent {
    Named { name: Personal },
    Erased {},
}

pub fn named(name: &str) -> PersonEvent {
    PersonEvent::Named { name: Personal(Some(name.to_owned())) }
}

impl DomainEvent for PersonEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Named { .. } => "person.named".into(),
            Self::Erased {} => "person.erased".into(),
        }
    }
    fn event_version(&self) -> String {
        "1".into()
    }
}

impl Aggregate for Person {
    const TYPE: &'static str = "test.person";
    type Command = ();
    type Event = PersonEvent;
    type Error = Never;
    type Services = ();

    async fn handle(&mut self, (): (), _: &(), _: &EventSink<Self>) -> Result<(), Never> {
        Ok(())
    }

    fn apply(&mut self, event: PersonEvent) {
        if let PersonEvent::Named { name } = event {
            self.names.push(name.0);
        }
    }
}
