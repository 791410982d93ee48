//! Users: who they are, what they may do, and what they could do at any time before.

use domain::fixtures::{email, text};
use domain::identity::Role;
use domain::identity::user::UserAction;
use domain::{Personal, UserId};
use edge::Role as Caller;
use serde_json::json;

use crate::plan::{at, new_id};
use crate::world::{World, each, names};

impl World {
    /// Opens an account on the first of March.
    pub async fn user(&self, name: &str, address: &str) -> UserId {
        let id = new_id();
        let (name, email) = (Personal::new(text(name)), Personal::new(email(address)));
        let register = UserAction::Register { name, email, roles: [Role::SalesRep].into() };
        self.tell_user(id, at(3, 1, 9), register).await;
        id
    }
}

#[tokio::test]
async fn users_are_listed_by_name_and_found_by_what_they_are() {
    let world = World::new().await;
    let kim = world.user("Kim", "kim@engines.example").await;
    world.user("Grace", "grace@engines.example").await;
    world.tell_user(kim, at(3, 2, 9), UserAction::Disable).await;
    world.settle().await;
    let all = world.data("/api/v1/users").await;
    assert_eq!(each(&all, "name"), ["Grace", "Kim"]);
    assert_eq!(each(&all, "status"), ["active", "disabled"]);
    let found = world.data("/api/v1/users?filter[email]=kim@engines.example&filter[status]=disabled").await;
    assert_eq!(each(&found, "id"), [&json!(kim)]);
    let auditor = world.get_as(Caller::Auditor, "/api/v1/users").await.data("auditor");
    assert_eq!(each(&auditor, "links").into_iter().map(names).collect::<Vec<_>>(), [["self"], ["self"]]);
}

#[tokio::test]
async fn a_user_offers_what_an_administrator_may_do_now() {
    let world = World::new().await;
    let kim = world.user("Kim", "kim@engines.example").await;
    let uri = format!("/api/v1/users/{kim}");
    world.settle().await;
    let user = world.data(&uri).await;
    assert_eq!((&user["email"], &user["roles"]), (&json!("kim@engines.example"), &json!(["sales_rep"])));
    assert_eq!(names(&user["links"]), ["assign_roles", "disable", "erase", "patch", "self"]);
    assert_eq!(user["links"]["assign_roles"], json!({"href": format!("{uri}/roles"), "method": "PUT"}));
    world.tell_user(kim, at(3, 2, 9), UserAction::Disable).await;
    world.settle().await;
    assert_eq!(names(&world.data(&uri).await["links"]), ["assign_roles", "enable", "erase", "patch", "self"]);
}

#[tokio::test]
async fn what_a_user_could_do_on_a_day_can_be_asked() {
    let world = World::new().await;
    let kim = world.user("Kim", "kim@engines.example").await;
    world.tell_user(kim, at(3, 5, 9), UserAction::GrantRole { role: Role::Admin }).await;
    world.tell_user(kim, at(3, 9, 9), UserAction::Disable).await;
    let on = async |day: &str| {
        let uri = format!("/api/v1/users/{kim}?as_of={day}T12:00:00Z");
        let user = world.get_as(Caller::Auditor, &uri).await.data(&uri);
        assert_eq!(names(&user["links"]), ["self"]);
        (user["roles"].clone(), user["status"].clone())
    };
    assert_eq!(on("2025-03-04").await, (json!(["sales_rep"]), json!("active")));
    assert_eq!(on("2025-03-05").await, (json!(["admin", "sales_rep"]), json!("active")));
    assert_eq!(on("2025-03-09").await, (json!(["admin", "sales_rep"]), json!("disabled")));
}
