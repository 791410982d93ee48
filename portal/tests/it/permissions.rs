//! Holds `docs/PERMISSIONS.md` against the published document: every route, with the roles that may use it.

use std::path::Path;

use edge::Role;
use serde_json::Value;

const TITLE: &str = "\
# Permissions

Which role may use which route. A test holds this page against `docs/openapi.json`, which is held against the routers, so no route can
be missing; another sends every route as every role and as nobody. `UPDATE_PERMISSIONS=1 cargo test -p portal permissions`
writes the page anew.

Roles that a tenant defines have permissions of this list too, for what one owns, what one's team owns, or everything:
[ROLES.md](ROLES.md). Another test walks all routes with such roles, over things of each kind of owner.

A role counts in its tenant only. What belongs to another tenant, what a level does not reach and what never existed all look the same:
404. So does what was taken back, but for those who reach everything: they see its history, and a rule refuses their commands (409).
Without a token the answer is 401, without the permission 403, whatever the request says.

`public` asks for no token. `session.own` is for whoever is signed in, in whatever role, and reaches nothing but what is their own; a token
that was not issued on signing in here has no session, and the answer is 403.
";

fn document() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// A line for each operation, in the order of the document.
fn lines(document: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let permission = operation["x-permission"].as_str();
            let permission = permission.unwrap_or_else(|| panic!("{method} {path} names no permission"));
            let roles = operation["x-roles"].as_array().unwrap();
            assert!(!roles.is_empty(), "{method} {path} is for nobody");
            let may = |role: &Role| if roles.iter().any(|name| name == role.name()) { "yes" } else { "" };
            let marks: Vec<&str> = Role::ALL.iter().map(may).collect();
            let (method, marks) = (method.to_uppercase(), marks.join(" | "));
            lines.push(format!("| `{method} {path}` | `{permission}` | {marks} |"));
        }
    }
    lines
}

#[test]
fn the_page_has_every_route_with_the_roles_that_may_use_it() {
    let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
    let rule = "|---".repeat(names.len() + 2);
    let heading = format!("| route | permission | {} |\n{rule}|", names.join(" | "));
    let page = format!("{TITLE}\n{heading}\n{}\n", lines(&document()).join("\n"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/PERMISSIONS.md");
    if std::env::var_os("UPDATE_PERMISSIONS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "docs/PERMISSIONS.md is not what the routes say; UPDATE_PERMISSIONS=1 writes it"
    );
}
