//! How far custom roles reach with commands.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Api, Call, path};

/// Everything that can be done with leads and deals, as far as a level reaches.
fn all_of(level: &str) -> Value {
    let leads = ["capture", "correct", "assign", "convert"].map(|action| format!("lead.{action}"));
    let deals = ["open", "revise", "assign"].map(|action| format!("opportunity.{action}"));
    leads.into_iter().chain(deals).map(|name| (name, json!(level))).collect::<serde_json::Map<_, _>>().into()
}

async fn owned(api: &Api, owner: Option<Uuid>) -> Uuid {
    api.post("/api/v1/leads", json!({"name": "Ada", "owner": owner})).await.is(201).id()
}

#[tokio::test]
async fn what_somebody_makes_who_reaches_their_own_is_their_own() {
    let api = Api::new().await;
    let (role, kim) = (api.role(all_of("own")).await, api.user("kim@engines.example").await);
    let token = api.token_of(role, &kim.to_string());
    for path in ["/api/v1/leads", "/api/v1/opportunities"] {
        let made = api.send(Call::post(path).json(json!({"name": "Ada"})).bearer(&token)).await.is(201).id();
        assert_eq!(api.last_event(made).await["owner"], json!(kim));
        let of_another = json!({"name": "Ada", "owner": "somebody else"});
        let call = Call::post(path).json(of_another.clone()).bearer(&token);
        api.send(call).await.fails(403, "permission.reach");
        assert_eq!(api.post(path, of_another).await.status, 201);
    }
}

#[tokio::test]
async fn nothing_is_given_away_beyond_ones_reach() {
    let api = Api::new().await;
    let (role, kim) = (api.role(all_of("team")).await, api.user("kim@engines.example").await);
    let (ada, joe) = (api.user("ada@engines.example").await, api.user("joe@engines.example").await);
    let team = json!({"name": "North", "manager_id": kim});
    let team = api.post("/api/v1/teams", team).await.id();
    api.send(Call::new("PUT", &path("teams", team, &format!("/members/{ada}")))).await.is(200);
    let token = api.token_of(role, &kim.to_string());
    let lead = owned(&api, Some(kim)).await;
    let assign = async |owner: Value| {
        let call = Call::post(&path("leads", lead, "/assign")).json(json!({"owner": owner}));
        api.send(call.bearer(&token)).await
    };
    assign(json!(joe)).await.fails(403, "permission.reach");
    assign(Value::Null).await.fails(403, "permission.reach");
    assign(json!(ada)).await.is(200);
    assert_eq!(api.history(lead).await, ["lead.captured", "lead.assigned"]);
}

#[tokio::test]
async fn a_deal_belongs_to_a_lead_that_one_reaches_or_to_none() {
    let api = Api::new().await;
    let (role, kim) = (api.role(all_of("own")).await, api.user("kim@engines.example").await);
    let token = api.token_of(role, &kim.to_string());
    let open = async |lead: Uuid| {
        let body = json!({"name": "Engine", "lead_id": lead});
        api.send(Call::post("/api/v1/opportunities").json(body).bearer(&token)).await
    };
    for lead in [owned(&api, None).await, Uuid::now_v7()] {
        assert_eq!(open(lead).await.is(422).fields(), ["lead_id"]);
    }
    open(owned(&api, Some(kim)).await).await.is(201);
}

#[tokio::test]
async fn what_a_role_gives_and_who_is_in_which_team_counts_within_a_second_on_every_instance() {
    let (one, kim) = {
        let api = Api::new().await;
        let kim = api.user("kim@engines.example").await;
        (api, kim)
    };
    let two = one.another();
    let (role, ada) = (one.role(json!({})).await, one.user("ada@engines.example").await);
    let team = one.post("/api/v1/teams", json!({"name": "North", "manager_id": kim})).await.id();
    let lead = owned(&one, Some(ada)).await;
    let token = one.token_of(role, &kim.to_string());
    let patch = |name: &str| Call::new("PATCH", &path("leads", lead, "")).json(json!({"name": name}));
    let soon = async |expected: u16| {
        for api in [&one, &two] {
            let answered = async {
                loop {
                    let reply = api.send(patch(&Uuid::now_v7().to_string()).bearer(&token)).await;
                    if reply.status == expected {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(1), answered).await.expect("within a second");
        }
    };
    soon(403).await;
    one.patch(&path("roles", role, ""), json!({"grants": {"lead.correct": "team"}})).await.is(200);
    soon(404).await;
    one.send(Call::new("PUT", &path("teams", team, &format!("/members/{ada}")))).await.is(200);
    soon(200).await;
    one.send(Call::post(&path("teams", team, "/dissolve"))).await.is(200);
    soon(404).await;
    one.send(Call::post(&path("roles", role, "/retire"))).await.is(200);
    soon(403).await;
}
