//! On whose word a tenant lets users in: the terms of now and of a day, and never the secret.

use domain::fixtures::{id, text};
use domain::identity::provider::fixtures::settings;
use domain::identity::provider::{ProviderAction, Settings};
use edge::Role;
use serde_json::json;

use crate::plan::at;
use crate::world::{World, names};

const URI: &str = "/api/v1/identity-provider";

#[tokio::test]
async fn the_terms_are_told_as_they_are_and_were_without_the_secret() {
    let world = World::new().await;
    assert_eq!(world.get(URI).await.status.as_u16(), 404);
    let configure = |settings: Settings| ProviderAction::Configure { settings };
    world.tell_provider(at(3, 3, 9), configure(settings())).await;
    let alone = Settings { passwords: false, client_id: text("portal"), secret: id(99), ..settings() };
    world.tell_provider(at(3, 5, 9), configure(alone)).await;
    world.settle().await;
    let told = world.data(URI).await;
    assert_eq!(told["issuer"], "https://login.engines.example/realms/crm");
    assert_eq!((&told["client_id"], &told["passwords"]), (&json!("portal"), &json!(false)));
    assert_eq!((&told["version"], &told["email_domains"]), (&json!(2), &json!(["engines.example"])));
    assert!(told.get("secret").is_none() && told.get("client_secret").is_none());
    assert_eq!(names(&told["links"]), ["delete", "put", "self"]);
    assert_eq!(names(&world.get_as(Role::Auditor, URI).await.data(URI)["links"]), ["self"]);
    let then = world.data(&format!("{URI}?as_of=2025-03-04T00:00:00Z")).await;
    assert_eq!((&then["client_id"], &then["passwords"]), (&json!("crm"), &json!(true)));
    world.tell_provider(at(3, 6, 9), ProviderAction::Remove).await;
    world.settle().await;
    assert_eq!(world.get(URI).await.status.as_u16(), 404);
}
