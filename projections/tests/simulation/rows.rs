//! What the rows of a read model are, said a second time: from the JSON of a whole history, field by field, each from the
//! last event that tells it. No fold, no state, none of the code of the read models.

use event_store::Recorded;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The history of one aggregate.
pub struct History<'e>(pub Vec<&'e Recorded>);

impl History<'_> {
    pub(super) fn id(&self) -> Uuid {
        self.0[0].aggregate_id
    }

    pub(super) fn told(&self) -> impl DoubleEndedIterator<Item = (&str, &Value)> {
        self.0.iter().map(|event| (event.payload["type"].as_str().unwrap(), &event.payload["data"]))
    }

    pub(super) fn first(&self, field: &str) -> Value {
        self.0[0].payload["data"][field].clone()
    }

    /// The last answer; null if there is none.
    pub(super) fn last(&self, answer: impl Fn(&str, &Value) -> Option<Value>) -> Value {
        self.told().rev().find_map(|(kind, data)| answer(kind, data)).unwrap_or_default()
    }

    /// A field that one event sets for the first time and others change.
    fn changed(&self, field: &str, also: impl Fn(&str, &Value) -> Option<Value>) -> Value {
        let first = self.first(field);
        let last = self.told().rev().find_map(|(kind, data)| {
            also(kind, data).or_else(|| data.get(field).and_then(|change| change.get("to")).cloned())
        });
        last.unwrap_or(first)
    }

    fn custom(&self) -> Value {
        let mut fields = self.first("custom").as_object().cloned().unwrap_or_default();
        for (kind, data) in self.told().skip(1) {
            let changes = data["custom"].as_object().filter(|_| kind == "revised" || kind == "corrected");
            for (key, change) in changes.into_iter().flatten() {
                fields.remove(key);
                if !change["to"].is_null() {
                    fields.insert(key.clone(), change["to"].clone());
                }
            }
        }
        Value::Object(fields)
    }

    fn is_withdrawn(&self) -> bool {
        self.told().any(|(kind, _)| kind == "withdrawn")
    }

    /// What every list has.
    fn common(&self) -> Map<String, Value> {
        let logged = self.0.iter().filter(|event| event.payload["type"] == "activity_logged");
        let times = logged.map(|event| {
            let metadata = serde_json::to_value(&event.metadata).unwrap();
            metadata["occurred_at"].as_str().unwrap().to_owned()
        });
        let times: Vec<String> = times.collect();
        let end = self.0[self.0.len() - 1];
        let owner = self.last(|kind, data| (kind == "assigned").then(|| data["to"].clone()));
        let assigned = self.told().any(|(kind, _)| kind == "assigned");
        let fields = json!({
            "id": self.id(),
            "owner": if assigned { owner } else { self.first("owner") },
            "custom": self.custom(),
            "activities": times.len(),
            "last_activity_at": times.iter().max(),
            "updated_at": end.recorded_at,
            "version": self.0.len(),
        });
        fields.as_object().cloned().unwrap()
    }

    /// The row of `sales_opportunity_list`.
    pub fn opportunity(&self) -> Option<Value> {
        if self.is_withdrawn() {
            return None;
        }
        let mut row = self.common();
        let plain = |field| self.changed(field, |_, _| None);
        for field in ["name", "expected_close", "product", "account", "source"] {
            row.insert(field.into(), plain(field));
        }
        row.insert(
            "amount".into(),
            self.changed("amount", |kind, data| (kind == "won").then(|| data["amount"].clone())),
        );
        row.insert(
            "probability".into(),
            self.changed("probability", |kind, data| match kind {
                "won" => Some(json!(100)),
                "lost" => Some(json!(0)),
                "reopened" => Some(data["probability"].clone()),
                _ => None,
            }),
        );
        let outcome = |kind: &str, _: &Value| match kind {
            "won" | "lost" => Some(json!(kind)),
            "opened" | "reopened" => Some(json!("open")),
            _ => None,
        };
        row.insert("status".into(), self.last(outcome));
        let stage = |kind: &str, data: &Value| match kind {
            "opened" => Some(data["stage"].clone()),
            "moved" | "reopened" => Some(data["to"].clone()),
            _ => None,
        };
        row.insert("stage_id".into(), self.last(stage));
        let since = |kind: &str, data: &Value| {
            ["opened", "moved", "won", "lost", "reopened"].contains(&kind).then(|| data["at"].clone())
        };
        row.insert("stage_since".into(), self.last(since));
        let closing = |field: &'static str| {
            move |kind: &str, data: &Value| match kind {
                "won" | "lost" => Some(data[field].clone()),
                "reopened" => Some(Value::Null),
                _ => None,
            }
        };
        row.insert("closed_on".into(), self.last(closing("closed_on")));
        row.insert("lost_reason".into(), self.last(closing("reason")));
        row.insert("stay".into(), json!(self.stays().count()));
        row.insert("pipeline_id".into(), self.first("pipeline"));
        row.insert("lead_id".into(), self.first("lead"));
        row.insert("opened_at".into(), self.first("at"));
        if let Some(erased) = self.0.iter().find(|event| event.payload["type"] == "erased") {
            let metadata = serde_json::to_value(&erased.metadata).unwrap();
            row.insert("erased_at".into(), metadata["occurred_at"].clone());
        }
        Some(Value::Object(row))
    }

    /// Each entry into a stage: the stage and when.
    fn stays(&self) -> impl Iterator<Item = (Value, Value)> {
        self.told().filter_map(|(kind, data)| match kind {
            "opened" => Some((data["stage"].clone(), data["at"].clone())),
            "moved" | "reopened" => Some((data["to"].clone(), data["at"].clone())),
            _ => None,
        })
    }

    /// The rows of `sales_stage_stay`, by id.
    pub fn stage_stays(&self) -> Vec<(Uuid, Value)> {
        if self.is_withdrawn() {
            return Vec::new();
        }
        let end = |stay: u32| {
            let ends = |(kind, data): (&str, &Value)| {
                let by = match kind {
                    "moved" if data["direction"] == "forward" => "advanced",
                    "moved" => "returned",
                    "won" | "lost" => kind,
                    _ => return None,
                };
                (data["stay"] == stay).then(|| (data["at"].clone(), json!(by)))
            };
            self.told().find_map(ends).unwrap_or_default()
        };
        let row = |(stay, (stage, at)): (u32, (Value, Value))| {
            let (left_at, left_by) = end(stay);
            let row = json!({
                "opportunity_id": self.id(),
                "pipeline_id": self.first("pipeline"),
                "stage_id": stage,
                "stay": stay,
                "entered_at": at,
                "left_at": left_at,
                "left_by": left_by,
            });
            (Uuid::new_v5(&self.id(), &stay.to_be_bytes()), row)
        };
        (1..).zip(self.stays()).map(row).collect()
    }

    /// The row of `sales_lead_list`.
    pub fn lead(&self) -> Option<Value> {
        if self.is_withdrawn() {
            return None;
        }
        let mut row = self.common();
        for field in ["name", "company", "email", "phone", "source"] {
            row.insert(field.into(), self.changed(field, |_, _| None));
        }
        let status = |kind: &str| match kind {
            "captured" | "reopened" => Some("open"),
            "qualified" => Some("qualified"),
            "disqualified" => Some("disqualified"),
            "converted" => Some("converted"),
            _ => None,
        };
        let mut steps: Vec<(&str, &Value)> =
            self.told().filter_map(|(kind, data)| Some((status(kind)?, &data["at"]))).collect();
        steps.dedup_by_key(|(status, _)| *status);
        let (status, since) = steps[steps.len() - 1];
        row.insert("status".into(), json!(status));
        row.insert("status_since".into(), since.clone());
        let until_reopened = |of: &'static str, field: &'static str| {
            move |kind: &str, data: &Value| match kind {
                "reopened" => Some(Value::Null),
                kind => (kind == of).then(|| data[field].clone()),
            }
        };
        row.insert("score".into(), self.last(until_reopened("qualified", "score")));
        row.insert("disqualified_reason".into(), self.last(until_reopened("disqualified", "reason")));
        let became = |kind: &str, data: &Value| (kind == "converted").then(|| data["opportunity"].clone());
        row.insert("opportunity_id".into(), self.last(became));
        row.insert("captured_at".into(), self.first("at"));
        if let Some((_, erased)) = self.told().find(|(kind, _)| *kind == "erased") {
            row.insert("erased_at".into(), erased["at"].clone());
            row.insert("name".into(), json!("erased"));
            row.insert("email".into(), Value::Null);
            row.insert("phone".into(), Value::Null);
        }
        Some(Value::Object(row))
    }

    /// The row of `sales_pipeline_list`.
    pub fn pipeline(&self) -> Value {
        let mut order: Vec<Value> =
            self.first("stages").as_array().unwrap().iter().map(|s| s["id"].clone()).collect();
        let mut known: Vec<Value> = self.first("stages").as_array().cloned().unwrap();
        for (kind, data) in self.told() {
            match kind {
                "stage_added" => {
                    let before = order.iter().position(|id| *id == data["before"]);
                    order.insert(before.unwrap_or(order.len()), data["stage"]["id"].clone());
                    known.push(data["stage"].clone());
                }
                "stages_reordered" => order = data["to"].as_array().cloned().unwrap(),
                "stage_retired" => order.retain(|id| *id != data["stage"]["id"]),
                "stage_renamed" => amend(&mut known, data, "name"),
                "stage_probability_changed" => amend(&mut known, data, "probability"),
                _ => {}
            }
        }
        let newest = |id: &Value| known.iter().rev().find(|stage| stage["id"] == *id).cloned();
        let retired = |(kind, data): (&str, &Value)| (kind == "stage_retired").then(|| data["stage"].clone());
        json!({
            "id": self.id(),
            "name": self.told().rev().find_map(|(kind, data)| (kind == "renamed").then(|| data["to"].clone()))
                .unwrap_or(self.first("name")),
            "stages": order.iter().filter_map(newest).collect::<Vec<_>>(),
            "retired": self.told().filter_map(retired).collect::<Vec<_>>(),
            "updated_at": self.0[self.0.len() - 1].recorded_at,
            "version": self.0.len(),
        })
    }

    /// When it began, in business time.
    pub(super) fn began_at(&self) -> Value {
        serde_json::to_value(&self.0[0].metadata).unwrap()["occurred_at"].clone()
    }
}

/// A newer version of a stage, with one field changed.
fn amend(known: &mut Vec<Value>, data: &Value, field: &str) {
    if let Some(stage) = known.iter().rev().find(|stage| stage["id"] == data["stage"]) {
        let mut stage = stage.clone();
        stage[field] = data["to"].clone();
        known.push(stage);
    }
}
