//! Every route, as the document tells, with a body that each takes.

use chrono::{Duration, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::billing::{self, Billing};
use super::{Api, Call};

/// One of everything that paths name.
#[derive(Clone, Copy, Debug)]
pub struct Things {
    pub pipeline: Uuid,
    pub stage: Uuid,
    pub lead: Uuid,
    pub opportunity: Uuid,
    pub user: Uuid,
    pub session: Uuid,
    pub role: Uuid,
    pub team: Uuid,
    pub billing: Billing,
}

impl Things {
    /// Things that exist.
    pub async fn of(api: &Api) -> Self {
        let (pipeline, stages) = api.default_pipeline().await;
        let (lead, opportunity) = (api.lead().await, api.deal().await);
        let address = format!("kim.{}@engines.example", Uuid::now_v7());
        let (user, session) = (api.user(&address).await, Uuid::now_v7());
        // One that is not asked: it is on this machine, and nobody has said that it may be.
        let provider =
            json!({"issuer": "https://localhost", "client_id": "crm", "client_secret": "a secret"});
        api.send(Call::new("PUT", "/api/v1/identity-provider").json(provider)).await.is(200);
        let (role, team) = (api.role(json!({"lead.read": "own"})).await, api.team().await);
        let billing = api.billing().await;
        Self { pipeline, stage: stages[1], lead, opportunity, user, session, role, team, billing }
    }

    /// Things that never existed.
    pub fn unknown() -> Self {
        let [pipeline, stage, lead, opportunity, user, session, role, team] =
            std::array::from_fn(|_| Uuid::now_v7());
        let billing = Billing::unknown();
        Self { pipeline, stage, lead, opportunity, user, session, role, team, billing }
    }
}

/// An operation of the document.
#[derive(Clone, Debug)]
pub struct Route {
    pub id: String,
    pub method: String,
    /// With placeholders.
    pub path: String,
    pub permission: String,
    pub roles: Vec<String>,
}

/// Every operation of the document.
pub fn routes() -> Vec<Route> {
    let document = serde_json::to_value(command_api::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            routes.push(Route {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                permission: operation["x-permission"].as_str().unwrap().to_owned(),
                roles: serde_json::from_value(operation["x-roles"].clone()).unwrap(),
            });
        }
    }
    assert!(routes.len() >= 36, "{routes:?}");
    routes
}

impl Route {
    /// Whether it asks for no token.
    pub fn is_public(&self) -> bool {
        self.permission == "public"
    }

    /// Whether it is for whoever is signed in here, in whatever role.
    pub fn is_own(&self) -> bool {
        self.permission == "session.own"
    }

    /// The path to a thing, if it names one.
    pub fn to(&self, things: &Things) -> String {
        let id = match self.path.split('/').nth(3).unwrap() {
            "pipelines" => things.pipeline,
            "leads" => things.lead,
            "opportunities" => things.opportunity,
            "users" => things.user,
            "roles" => things.role,
            "teams" => things.team,
            "legal-entities" => things.billing.legal_entity,
            "billing-customers" => things.billing.customer,
            "invoice-series" => things.billing.series,
            "invoices" => things.billing.invoice,
            "payments" => things.billing.payment,
            "sessions" | "password" | "password-resets" | "invitations" | "email" | "sign-ups"
            | "second-factor" | "api-keys" | "policies" | "sign-ins" | "identity-provider" => things.session,
            other => panic!("no example of {other}"),
        };
        let path =
            self.path.replace("{id}", &id.to_string()).replace("{stage_id}", &things.stage.to_string());
        let path = path.replace("{refund_id}", &things.session.to_string());
        let path = path.replace("{credit_note_id}", &things.session.to_string());
        path.replace("{user_id}", &things.user.to_string()).replace("{key_id}", &things.session.to_string())
    }

    /// A body that is fine, whatever the state of things.
    pub fn body(&self, things: &Things) -> Value {
        let money = json!({"amount": "1200.00", "currency": "EUR"});
        match self.id.as_str() {
            "create_pipeline" => json!({"name": "New", "stages": [{"name": "First", "probability": 10}]}),
            "rename_pipeline" => json!({"name": "Newer"}),
            "add_pipeline_stage" => {
                json!({"name": Uuid::now_v7(), "probability": 30, "before_stage_id": things.stage})
            }
            "change_pipeline_stage" => json!({"name": "Changed", "probability": 31}),
            "reorder_pipeline_stages" => json!({"stage_ids": [things.stage]}),
            "ensure_default_pipeline"
            | "retire_pipeline_stage"
            | "reopen_lead"
            | "erase_lead"
            | "erase_opportunity" => {
                json!({"occurred_at": "2026-01-31T12:00:00Z"})
            }
            "capture_lead" => json!({
                "name": "Ada", "company": "Example Engines", "email": "ada@engines.example", "phone": "+44 20 7946 0000",
                "source": "Fair", "owner": "kim", "custom": {"seats": 12, "vip": true, "region": "north"},
            }),
            "correct_lead" => json!({
                "name": "Ada L.", "company": null, "email": "a@engines.example", "phone": null, "source": "Web",
                "custom": {"seats": 13, "vip": null},
            }),
            "assign_lead" | "assign_opportunity" => json!({"owner": "kim"}),
            "qualify_lead" => json!({"score": 70}),
            "disqualify_lead" | "lose_opportunity" => json!({"reason": "No budget"}),
            "log_lead_activity" | "log_opportunity_activity" => {
                json!({"kind": "call", "summary": "Talked.\nAgreed."})
            }
            "convert_lead" => json!({
                "name": "Engine", "amount": money, "expected_close": "2026-12-31", "product": "Engine",
                "stage_id": things.stage, "probability": 20,
            }),
            "open_opportunity" => json!({
                "name": "Engine", "pipeline_id": things.pipeline, "stage_id": things.stage, "probability": 25,
                "amount": money, "expected_close": "2026-12-31", "product": "Engine", "account": "Example Engines",
                "owner": "kim", "source": "Fair", "lead_id": things.lead, "custom": {"seats": 12},
            }),
            "revise_opportunity" => json!({
                "name": "Engine II", "amount": money, "probability": 26, "expected_close": null, "product": "Mill",
                "account": null, "source": "Web", "custom": {"seats": null},
            }),
            "move_opportunity" => json!({"stage_id": things.stage, "probability": 40}),
            "win_opportunity" => json!({"amount": money}),
            "reopen_opportunity" => json!({"stage_id": things.stage, "probability": 40}),
            "register_user" => {
                json!({"name": "Grace", "email": "grace@engines.example", "roles": ["sales_rep"]})
            }
            "change_user" => json!({"name": "Grace H.", "email": "g@engines.example"}),
            "assign_user_roles" => {
                json!({"roles": ["sales_manager", "viewer"], "custom_roles": [things.role]})
            }
            "define_role" => json!({"name": Uuid::now_v7(), "grants": {"lead.read": "team"}}),
            "change_role" => json!({"name": Uuid::now_v7(), "grants": {"lead.read": "all"}}),
            "form_team" => json!({"name": "North", "manager_id": things.user, "parent_id": things.team}),
            "change_team" => json!({"name": "East", "manager_id": things.user, "parent_id": null}),
            "retire_role" | "dissolve_team" | "add_team_member" | "remove_team_member" => {
                json!({"occurred_at": "2026-01-31T12:00:00Z"})
            }
            "disable_user"
            | "enable_user"
            | "erase_user"
            | "reset_user_second_factor"
            | "revoke_user_api_key" => {
                json!({"occurred_at": "2026-01-31T12:00:00Z"})
            }
            "sign_in_user" => json!({
                "tenant_id": Uuid::now_v7(), "email": "grace@engines.example", "password": "correct horse",
            }),
            "configure_identity_provider" => json!({
                "issuer": "https://login.engines.example", "client_id": "crm", "client_secret": "a secret",
                "email_domains": ["engines.example"], "newcomers": "viewer",
            }),
            "remove_identity_provider" | "unlink_user_identity_provider" => {
                json!({"occurred_at": "2026-01-31T12:00:00Z"})
            }
            "begin_provider_sign_in" => json!({"tenant_id": Uuid::now_v7()}),
            "complete_provider_sign_in" => {
                json!({"tenant_id": Uuid::now_v7(), "state": "crm_state_", "code": "x"})
            }
            "begin_provider_step_up" => json!({}),
            "complete_provider_step_up" => json!({"state": "crm_state_", "code": "x"}),
            "refresh_session" => json!({"refresh_token": "crm_rt_"}),
            "invite_user" => json!({"occurred_at": "2026-01-31T12:00:00Z"}),
            "accept_invitation" | "complete_password_reset" | "complete_sign_up" => {
                json!({"token": "crm_link_", "password": "battery staple"})
            }
            "ask_password_reset" => json!({"tenant_id": Uuid::now_v7(), "email": "grace@engines.example"}),
            "ask_sign_up" => {
                json!({"company": "Example Engines", "name": "Grace", "email": "grace@engines.example"})
            }
            "ask_email_change" => json!({"email": "g@engines.example", "current_password": "correct horse"}),
            "confirm_email" => json!({"token": "crm_link_"}),
            "sign_out_session"
            | "sign_out_user_everywhere"
            | "begin_second_factor"
            | "disable_second_factor"
            | "revoke_api_key" => json!({}),
            "step_up_session" => json!({"password": "correct horse"}),
            "confirm_second_factor" => json!({"code": "287082"}),
            "change_second_factor_policy" => json!({"demanded": true}),
            "issue_api_key" => {
                let expires_at = Utc::now() + Duration::days(30);
                json!({"name": "Web form", "scopes": ["lead.read"], "expires_at": expires_at})
            }
            "change_password" => {
                json!({"current_password": "correct horse", "new_password": "battery staple"})
            }
            other => billing::body(other, &things.billing)
                .unwrap_or_else(|| panic!("a new operation needs an example of its body: {other}")),
        }
    }

    /// A call that is fine, if the state of things allows it.
    pub fn call(&self, things: &Things) -> Call {
        Call::new(&self.method, &self.to(things)).json(self.body(things))
    }
}
