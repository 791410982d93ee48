//! Who may send what: every route of the document, with every role and with none.

use edge::Role;
use serde_json::json;

use crate::support::{Api, Call, Things, routes};

#[tokio::test]
async fn without_a_token_every_route_answers_401_whatever_is_sent() {
    let api = Api::new().await;
    for route in routes().iter().filter(|route| !route.is_public()) {
        let path = route.to(&Things::unknown());
        let calls =
            [Call::new(&route.method, &path).json(json!(["nonsense"])), Call::new(&route.method, &path)];
        for call in calls {
            let reply = api.send(call.anonymous()).await.fails(401, "token.missing");
            assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"crm\"", "{}", route.id);
        }
    }
    assert_eq!(api.head().await, 0);
}

#[tokio::test]
async fn a_role_without_the_permission_gets_403_before_anything_else_is_looked_at() {
    let api = Api::new().await;
    let things = Things::of(&api).await;
    let before = api.head().await;
    for route in routes() {
        for role in Role::ALL.iter().filter(|role| !route.roles.iter().any(|name| name == role.name())) {
            for call in [route.call(&things), Call::new(&route.method, &route.to(&Things::unknown()))] {
                let reply = api.send(call.role(*role).key("bad key")).await.fails(403, "permission.missing");
                let detail = reply.body["error"]["detail"].as_str().unwrap();
                assert!(detail.contains(&route.permission), "{}: {detail}", route.id);
            }
        }
    }
    assert_eq!(api.head().await, before);
}

#[tokio::test]
async fn a_role_with_the_permission_gets_in() {
    let api = Api::new().await;
    let things = Things::of(&api).await;
    for route in routes() {
        for role in Role::ALL.iter().filter(|role| route.roles.iter().any(|name| name == role.name())) {
            if route.is_own() {
                api.send(route.call(&things).role(*role)).await.fails(403, "session.missing");
                continue;
            }
            if route.is_public() {
                // Of tokens and links that nobody was given; and whoever asks for a mail is told nothing.
                let status = api.send(route.call(&things)).await.status.as_u16();
                assert!(matches!(status, 202 | 401 | 409 | 429), "{}: {status}", route.id);
                continue;
            }
            let reply = api.send(route.call(&things).role(*role)).await;
            let status = reply.status.as_u16();
            // There is no key to take away.
            let is_none = route.id == "revoke_user_api_key" && status == 404;
            assert!(
                is_none || matches!(status, 200 | 201 | 409 | 422),
                "{} by {role:?}: {}",
                route.id,
                reply.text
            );
        }
    }
}

#[test]
fn nobody_who_only_looks_may_send_a_command_and_only_managers_shape_pipelines_finance_bills_and_admins_users_and_erase()
 {
    for route in routes().iter().filter(|route| !route.is_own() && !route.is_public()) {
        assert!(!route.roles.iter().any(|role| role == "viewer" || role == "auditor"), "{route:?}");
        let runs =
            ["user.", "role.", "team.", "provider."].iter().any(|runs| route.permission.starts_with(runs));
        if runs || route.permission.ends_with(".erase") {
            assert_eq!(route.roles, ["admin"], "{route:?}");
            continue;
        }
        if route.permission.starts_with("billing.") {
            assert_eq!(route.roles, ["admin", "finance"], "{route:?}");
            continue;
        }
        let shapes =
            route.permission.starts_with("pipeline.") && route.permission != "pipeline.ensure_default";
        assert_eq!(route.roles.iter().any(|role| role == "sales_rep"), !shapes, "{route:?}");
        let notes = route.permission.ends_with(".log_activity");
        assert_eq!(route.roles.iter().any(|role| role == "support"), notes, "{route:?}");
        assert!(!route.roles.iter().any(|role| role == "finance"), "{route:?}");
    }
}
