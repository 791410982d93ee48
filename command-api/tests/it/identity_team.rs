//! `/api/v1/teams`: each command accepted, refused, and quiet.

use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Api, Call, path};

const TEAMS: &str = "/api/v1/teams";

fn to(team: Uuid, rest: &str) -> String {
    path("teams", team, rest)
}

fn member(method: &str, team: Uuid, user: Uuid) -> Call {
    Call::new(method, &to(team, &format!("/members/{user}")))
}

#[tokio::test]
async fn a_team_goes_through_all_commands() {
    let api = Api::new().await;
    let (kim, ada) = (api.user("kim@engines.example").await, api.user("ada@engines.example").await);
    let above = api.team().await;
    let reply = api.post(TEAMS, json!({"name": "North", "manager_id": kim})).await.is(201);
    let id = reply.id();
    assert_eq!(reply.header("location"), to(id, ""));
    let all = json!({"name": "East", "manager_id": ada, "parent_id": above});
    assert_eq!(api.patch(&to(id, ""), all).await.is(200).version(), 4);
    assert_eq!(api.send(member("PUT", id, kim)).await.is(200).version(), 5);
    assert_eq!(api.send(member("PUT", id, kim)).await.is(200).version(), 5);
    assert_eq!(api.send(member("DELETE", id, kim).if_match(5)).await.is(200).version(), 6);
    assert_eq!(api.patch(&to(id, ""), json!({"manager_id": null, "parent_id": null})).await.version(), 8);
    assert_eq!(api.send(Call::post(&to(id, "/dissolve"))).await.is(200).version(), 9);
    api.send(member("PUT", id, kim)).await.fails(409, "team.dissolved");
    let expected = [
        "formed",
        "renamed",
        "manager_appointed",
        "placed",
        "member_added",
        "member_removed",
        "manager_appointed",
        "placed",
        "dissolved",
    ];
    assert_eq!(api.history(id).await, expected.map(|event| format!("team.{event}")));
}

#[tokio::test]
async fn who_is_not_there_is_in_no_team_and_manages_none() {
    let api = Api::new().await;
    let (id, nobody) = (api.team().await, Uuid::now_v7());
    let manager = json!({"name": "South", "manager_id": nobody});
    assert_eq!(api.post(TEAMS, manager.clone()).await.is(422).fields(), ["manager_id"]);
    assert_eq!(api.patch(&to(id, ""), manager).await.is(422).fields(), ["manager_id"]);
    let parent = json!({"name": "South", "parent_id": nobody});
    assert_eq!(api.post(TEAMS, parent.clone()).await.is(422).fields(), ["parent_id"]);
    assert_eq!(api.patch(&to(id, ""), parent).await.is(422).fields(), ["parent_id"]);
    api.send(member("PUT", id, nobody)).await.fails(404, "not_found");
    assert_eq!(api.send(member("DELETE", id, nobody)).await.is(200).version(), 1);
}

#[tokio::test]
async fn no_team_comes_to_be_below_itself() {
    let api = Api::new().await;
    let (top, middle, bottom) = (api.team().await, api.team().await, api.team().await);
    api.patch(&to(middle, ""), json!({"parent_id": top})).await.is(200);
    api.patch(&to(bottom, ""), json!({"parent_id": middle})).await.is(200);
    for parent in [top, middle, bottom] {
        let refused = api.patch(&to(top, ""), json!({"parent_id": parent})).await;
        assert_eq!(refused.fails(409, "team.below_itself").fields(), ["parent_id"]);
    }
    api.send(Call::post(&to(middle, "/dissolve"))).await.is(200);
    api.patch(&to(top, ""), json!({"parent_id": bottom})).await.is(200);
}

/// Each of the two moves is fine by itself, and both together are not.
#[tokio::test]
async fn two_teams_that_want_to_be_below_each_other_at_once_do_not_both_get_there() {
    let api = Api::new().await;
    for _ in 0..20 {
        let (one, two) = (api.team().await, api.team().await);
        let moves = [(one, two), (two, one)].map(|(team, parent)| {
            let api = &api;
            async move { api.patch(&to(team, ""), json!({"parent_id": parent})).await.status.as_u16() }
        });
        let mut outcomes = join_all(moves).await;
        outcomes.sort_unstable();
        assert_eq!(outcomes, [200, 409]);
    }
}
