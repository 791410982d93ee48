//! What a user may do and could do, and why; the roles and teams that it comes from.

use domain::fixtures::text;
use domain::identity::custom_role::CustomRoleAction;
use domain::identity::team::TeamAction;
use domain::identity::user::UserAction;
use domain::identity::{Grants, Level};
use domain::{CustomRoleId, TeamId, UserId};
use edge::Role;
use serde_json::{Value, json};

use crate::plan::{at, new_id};
use crate::world::{World, each, names};

/// A user in a role of the tenant's own that reaches a team, which has a member since the fifth.
struct Told {
    world: World,
    kim: UserId,
    ada: UserId,
    role: CustomRoleId,
    team: TeamId,
}

async fn told() -> Told {
    let world = World::new().await;
    let kim = world.user("Kim", "kim@engines.example").await;
    let ada = world.user("Ada", "ada@engines.example").await;
    let (role, team) = (new_id(), new_id());
    let grants: Grants = [("lead.read".to_owned(), Level::Team), ("user.read".to_owned(), Level::All)].into();
    let define = CustomRoleAction::Define { name: text("Field sales"), grants, hidden: [].into() };
    world.tell_role(role, at(3, 2, 9), define).await;
    let form = TeamAction::Form { name: text("North"), manager: Some(kim), parent: None };
    world.tell_team(team, at(3, 3, 9), form).await;
    world.tell_user(kim, at(3, 4, 9), UserAction::GrantCustomRole { role }).await;
    world.tell_team(team, at(3, 5, 9), TeamAction::AddMember { user: ada }).await;
    world.tell_user(kim, at(3, 6, 9), UserAction::RevokeRole { role: Role::SalesRep }).await;
    Told { world, kim, ada, role, team }
}

/// Level, and how many roles of either sort give it.
fn permission(rights: &Value, name: &str) -> Option<(String, usize, usize)> {
    let all = rights["permissions"].as_array().unwrap();
    let found = all.iter().find(|reason| reason["permission"] == name)?;
    let count = |field: &str| found[field].as_array().unwrap().len();
    Some((found["level"].as_str().unwrap().to_owned(), count("roles"), count("custom_roles")))
}

#[tokio::test]
async fn an_auditor_is_told_what_somebody_could_do_on_a_day_and_why() {
    let Told { world, kim, ada, role, .. } = told().await;
    let on = async |day: u32| {
        let uri = format!("/api/v1/users/{kim}/rights?as_of=2025-03-{day:02}T12:00:00Z");
        world.get_as(Role::Auditor, &uri).await.data(&uri)
    };
    let all = |roles, custom_roles| Some(("all".to_owned(), roles, custom_roles));
    assert_eq!(permission(&on(3).await, "lead.read"), all(1, 0));
    assert_eq!(permission(&on(3).await, "user.read"), None);
    assert_eq!(permission(&on(4).await, "lead.read"), all(1, 1));
    assert_eq!(on(4).await["team"], json!([kim]));
    let mut team = [kim, ada];
    team.sort_unstable();
    assert_eq!(on(5).await["team"], json!(team));
    let uri = format!("/api/v1/users/{kim}/rights");
    let now = world.get_as(Role::Auditor, &uri).await.data(&uri);
    assert_eq!(permission(&now, "lead.read"), Some(("team".to_owned(), 0, 1)));
    assert_eq!(permission(&now, "lead.correct"), None);
    let reason = &now["permissions"][0]["custom_roles"][0];
    assert_eq!(*reason, json!({"id": role, "name": "Field sales", "level": "team"}));
    let position = format!("/api/v1/users/{kim}/rights?as_of=1");
    let first = world.get_as(Role::Auditor, &position).await.data(&position);
    assert_eq!((permission(&first, "lead.read"), &first["status"]), (all(1, 0), &json!("active")));
}

#[tokio::test]
async fn who_did_not_exist_could_do_nothing() {
    let Told { world, kim, .. } = told().await;
    for uri in [
        format!("/api/v1/users/{kim}/rights?as_of=2025-02-01T00:00:00Z"),
        format!("/api/v1/users/{}/rights", new_id::<UserId>()),
    ] {
        assert_eq!(world.get(&uri).await.status.as_u16(), 404, "{uri}");
    }
}

#[tokio::test]
async fn roles_and_teams_are_listed_with_what_an_administrator_may_do() {
    let Told { world, kim, ada, role, team } = told().await;
    let other: CustomRoleId = new_id();
    let define = CustomRoleAction::Define { name: text("Another"), grants: Grants::new(), hidden: [].into() };
    world.tell_role(other, at(3, 7, 9), define).await;
    world.tell_role(other, at(3, 8, 9), CustomRoleAction::Retire).await;
    world.settle().await;
    let roles = world.data("/api/v1/roles").await;
    assert_eq!(each(&roles, "name"), ["Another", "Field sales"]);
    assert_eq!(each(&roles, "status"), ["retired", "defined"]);
    let uri = format!("/api/v1/roles/{role}");
    let one = world.data(&uri).await;
    assert_eq!(one["grants"], json!({"lead.read": "team", "user.read": "all"}));
    assert_eq!(names(&one["links"]), ["patch", "retire", "self"]);
    assert_eq!(names(&world.get_as(Role::Auditor, &uri).await.data(&uri)["links"]), ["self"]);
    let teams = world.data("/api/v1/teams?filter[name]=North").await;
    assert_eq!(each(&teams, "members"), [&json!([ada])]);
    assert_eq!(each(&teams, "manager_id"), [&json!(kim)]);
    let before = format!("/api/v1/teams/{team}?as_of=2025-03-04T00:00:00Z");
    assert_eq!(world.data(&before).await["members"], json!([]));
    world.tell_team(team, at(3, 9, 9), TeamAction::Dissolve).await;
    world.settle().await;
    assert_eq!(world.data("/api/v1/teams").await["items"], json!([]));
    assert_eq!(world.get(&format!("/api/v1/teams/{team}")).await.status.as_u16(), 404);
}
