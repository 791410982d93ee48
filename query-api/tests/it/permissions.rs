//! Who may read what: every operation of the document, in every role.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use edge::{Permission, Role};
use query_api::permission::{
    OWN, ReadAudit, ReadBills, ReadLeads, ReadOpportunities, ReadPipelines, ReadProvider, ReadReports,
    ReadRoles, ReadTeams, ReadTrail, ReadUsers,
};
use serde_json::Value;

use crate::world::World;

use Role::{Admin, Auditor, Finance, SalesManager, SalesRep, Support, Viewer};

/// Written out once more, so that a change of one side alone is noticed.
fn roles(permission: &str) -> &'static [Role] {
    match permission {
        "lead.read" => &[Admin, SalesManager, SalesRep, Support, Viewer],
        "opportunity.read" | "pipeline.read" => &[Admin, SalesManager, SalesRep, Support, Finance, Viewer],
        "billing.read" => &[Admin, SalesManager, Support, Finance, Viewer],
        "report.read" => &[Admin, SalesManager, SalesRep, Finance, Viewer],
        "audit.read" | "trail.read" | "user.read" | "role.read" | "team.read" | "provider.read" => {
            &[Admin, Auditor]
        }
        "session.own" => Role::ALL,
        other => panic!("{other} is no permission that is known here"),
    }
}

/// The path, with an id that nothing has, and the permission of each operation.
fn operations() -> Vec<(String, String)> {
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation): (&String, &Value)| {
            assert_eq!(method, "get", "{path}: this API only reads");
            let permission = operation["x-permission"].as_str().expect("a permission");
            assert_eq!(operation["x-roles"], serde_json::to_value(roles(permission)).unwrap(), "{path}");
            let path = path.replace("{id}", "019b76da-a800-7000-8000-000000000001");
            let query = if path.ends_with("/reports/sales") { "?group_by=owner" } else { "" };
            (format!("{path}{query}"), permission.to_owned())
        })
    });
    operations.collect()
}

#[tokio::test]
async fn every_operation_asks_for_a_token_and_for_its_permission() {
    let world = World::new().await;
    let operations = operations();
    assert_eq!(operations.len(), 43);
    for (uri, permission) in operations {
        let without = world.send(Request::get(&uri).body(Body::empty()).unwrap()).await;
        assert_eq!((without.status, without.code()), (StatusCode::UNAUTHORIZED, "token.missing"), "{uri}");
        let forged = Request::get(&uri).header("authorization", "Bearer e30.e30.e30").body(Body::empty());
        assert_eq!(world.send(forged.unwrap()).await.status, StatusCode::UNAUTHORIZED, "{uri}");
        for role in Role::ALL {
            let reply = world.get_as(*role, &uri).await;
            if permission == OWN {
                assert_eq!((reply.status, reply.code()), (StatusCode::FORBIDDEN, "session.missing"), "{uri}");
            } else if roles(&permission).contains(role) {
                assert!(
                    matches!(reply.status, StatusCode::OK | StatusCode::NOT_FOUND),
                    "{uri}: {}",
                    reply.body
                );
            } else {
                assert_eq!(
                    (reply.status, reply.code()),
                    (StatusCode::FORBIDDEN, "permission.missing"),
                    "{uri}"
                );
                assert!(reply.body["error"]["detail"].as_str().unwrap().contains(&permission), "{uri}");
            }
        }
    }
}

/// Neither path nor query is looked at before the permission is.
#[tokio::test]
async fn who_may_not_ask_learns_nothing_from_asking_badly() {
    let world = World::new().await;
    for uri in ["/api/v1/leads/nothing?as_of=x", "/api/v1/leads?sort=x", "/api/v1/reports/sales?group_by=x"] {
        assert_eq!(world.get_as(Role::Auditor, uri).await.status, StatusCode::FORBIDDEN, "{uri}");
    }
}

#[test]
fn the_document_names_the_permissions_by_their_names() {
    let sales = [ReadLeads::NAME, ReadOpportunities::NAME, ReadPipelines::NAME, ReadReports::NAME];
    let names = [
        &sales[..],
        &[ReadAudit::NAME, ReadUsers::NAME, ReadRoles::NAME, ReadTeams::NAME, ReadTrail::NAME, OWN],
        &[ReadProvider::NAME, ReadBills::NAME],
    ]
    .concat();
    for (_, permission) in operations() {
        assert!(names.contains(&permission.as_str()), "{permission}");
    }
}
