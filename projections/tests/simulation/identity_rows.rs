//! The same for what is about users.

use std::collections::BTreeSet;

use domain::identity::Role;
use event_store::Recorded;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::rows::History;

impl History<'_> {
    /// The row of a session in `identity_session_list`, as long as it has not ended.
    pub fn session(&self) -> Option<Value> {
        if self.told().any(|(kind, _)| kind == "ended") {
            return None;
        }
        let metadata = serde_json::to_value(&self.0[0].metadata).unwrap();
        Some(json!({
            "kind": "session",
            "id": self.id(),
            "user": self.first("user"),
            "started_at": metadata["occurred_at"],
            "started": self.0[0].position,
        }))
    }

    /// The row of a user in `identity_session_list`, if ever all sessions of theirs ended.
    pub fn all_sessions_ended(&self) -> Option<Value> {
        let ends = [
            "user.disabled",
            "user.password_changed",
            "user.signed_out_everywhere",
            "user.provider_unlinked",
            "user.erased",
        ];
        let last = self.0.iter().rev().find(|event| ends.contains(&event.event_type.as_str()))?;
        Some(json!({"kind": "user", "id": self.id(), "ended": last.position}))
    }

    /// The rows of `identity_key_list`: of keys that were not revoked since they were issued last.
    pub fn keys(&self) -> Vec<(Uuid, Value)> {
        let of = |event: &&&Recorded| {
            event.payload["data"]["key"].as_str().map(|key| key.parse::<Uuid>().unwrap())
        };
        let ids: BTreeSet<Uuid> = self.0.iter().filter_map(|event| of(&event)).collect();
        let last = |id| self.0.iter().rev().find(|event| of(event) == Some(id)).unwrap();
        let issued = ids
            .into_iter()
            .map(|id| (id, last(id)))
            .filter(|(_, event)| event.event_type == "user.key_issued");
        let row = |(id, event): (Uuid, &&Recorded)| {
            let (data, metadata) = (&event.payload["data"], serde_json::to_value(&event.metadata).unwrap());
            let row = json!({
                "id": id,
                "user": self.id(),
                "name": data["name"],
                "scopes": data["scopes"],
                "issued_at": metadata["occurred_at"],
                "expires_at": data["expires_at"],
            });
            (id, row)
        };
        issued.map(row).collect()
    }

    /// The row of `identity_user_list`.
    pub fn user(&self) -> Value {
        let told_last =
            |event: &'static str| self.last(move |kind, data| (kind == event).then(|| data["to"].clone()));
        let or_first = |now: Value, field| if now.is_null() { self.first(field) } else { now };
        let mut roles: Vec<Value> = self.first("roles").as_array().cloned().unwrap();
        for (kind, data) in self.told() {
            roles.retain(|role| *role != data["role"]);
            roles.extend((kind == "role_granted").then(|| data["role"].clone()));
        }
        let mut custom_roles = BTreeSet::new();
        for (kind, data) in self.told() {
            match kind {
                "custom_role_granted" => drop(custom_roles.insert(data["role"].to_string())),
                "custom_role_revoked" => drop(custom_roles.remove(&data["role"].to_string())),
                _ => {}
            }
        }
        let custom_roles: Vec<Value> =
            custom_roles.iter().map(|role| serde_json::from_str(role).unwrap()).collect();
        let place = |role: &Value| Role::ALL.iter().position(|known| *role == known.name());
        roles.sort_by_key(place);
        let status = |kind: &str, _: &Value| match kind {
            "disabled" | "erased" => Some(json!(kind)),
            "registered" | "enabled" => Some(json!("active")),
            _ => None,
        };
        let mut row = json!({
            "id": self.id(),
            "name": or_first(told_last("renamed"), "name"),
            "email": or_first(told_last("email_changed"), "email"),
            "roles": roles,
            "status": self.last(status),
            "registered_at": self.began_at(),
            "updated_at": self.0[self.0.len() - 1].recorded_at,
            "version": self.0.len(),
        });
        if !custom_roles.is_empty() {
            row["custom_roles"] = custom_roles.into();
        }
        if row["status"] == "erased" {
            (row["name"], row["email"]) = (json!("erased"), json!("erased@erased.invalid"));
        }
        row
    }

    /// The row of `identity_custom_role_list`.
    pub fn custom_role(&self) -> Value {
        let now = |event: &'static str, field| {
            let last = self.last(move |kind, data| (kind == event).then(|| data["to"].clone()));
            if last.is_null() { self.first(field) } else { last }
        };
        let is_retired = self.told().any(|(kind, _)| kind == "retired");
        let mut row = json!({
            "id": self.id(),
            "name": now("renamed", "name"),
            "grants": now("granted", "grants"),
            "status": if is_retired { "retired" } else { "defined" },
            "defined_at": self.began_at(),
            "updated_at": self.0[self.0.len() - 1].recorded_at,
            "version": self.0.len(),
        });
        let hidden = now("fields_hidden", "hidden");
        if hidden.as_array().is_some_and(|hidden| !hidden.is_empty()) {
            row["hidden"] = hidden;
        }
        row
    }

    /// The row of `identity_team_list`; none once it is dissolved.
    pub fn team(&self) -> Option<Value> {
        let told = |event: &'static str, field: &'static str| {
            let mut values = vec![self.first(field)];
            values.extend(self.told().filter(|(kind, _)| *kind == event).map(|(_, data)| data["to"].clone()));
            values.pop()
        };
        let mut members = BTreeSet::new();
        for (kind, data) in self.told() {
            match (kind, data["user"].as_str()) {
                ("member_added", Some(user)) => drop(members.insert(user)),
                ("member_removed", Some(user)) => drop(members.remove(user)),
                _ => {}
            }
        }
        let row = json!({
            "id": self.id(),
            "name": told("renamed", "name"),
            "manager_id": told("manager_appointed", "manager"),
            "parent_id": told("placed", "parent"),
            "members": members,
            "formed_at": self.began_at(),
            "updated_at": self.0[self.0.len() - 1].recorded_at,
            "version": self.0.len(),
        });
        self.told().all(|(kind, _)| kind != "dissolved").then_some(row)
    }

    /// The row of `identity_provider`; none without terms.
    pub fn provider(&self) -> Option<Value> {
        let last = self.0.last()?;
        let terms = &last.payload["data"];
        (last.event_type == "provider.configured").then(|| {
            json!({
                "id": self.id(),
                "issuer": terms["issuer"],
                "client_id": terms["client_id"],
                "email_domains": terms["domains"],
                "newcomers": terms["newcomers"],
                "passwords": terms["passwords"],
                "second_factor_values": terms["second_factor_values"],
                "updated_at": last.recorded_at,
                "version": self.0.len(),
            })
        })
    }
}
