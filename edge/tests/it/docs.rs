//! The document that clients are written from.

use axum::Router;
use axum::http::StatusCode;
use edge::{Envelope, Field, Links, ListFields, ListQuery, OpenApiExt, docs, finish};
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa::{OpenApi as _, ToSchema};

use crate::get;

#[derive(ToSchema)]
#[expect(dead_code, reason = "documented only")]
struct Deal {
    name: String,
    links: Links,
}

impl ListFields for Deal {
    const FIELDS: &'static [Field] = &[
        Field::text("name").sortable(),
        Field::choice("status", &["open", "won"]),
        Field::time("created_at").only_sortable(),
    ];
    const SEARCH: bool = true;
}

#[utoipa::path(get, path = "/deals", params(ListQuery<Deal>), responses((status = 200, body = Envelope<Vec<Deal>>)))]
#[expect(dead_code, reason = "documented only")]
async fn list() {}

#[utoipa::path(post, path = "/deals/{id}/win", params(("id" = String, Path)), request_body = Deal,
    responses((status = 200, body = Envelope<Deal>), (status = 422, description = "our own words")))]
#[expect(dead_code, reason = "documented only")]
async fn win() {}

#[utoipa::path(get, path = "/health", responses((status = 200)), security(()))]
#[expect(dead_code, reason = "documented only")]
async fn open() {}

#[derive(utoipa::OpenApi)]
#[openapi(paths(list, win, open), info(title = "CRM", version = "1"))]
struct Api;

fn completed() -> OpenApi {
    Api::openapi().completed()
}

fn statuses(operation: &Value) -> Vec<&str> {
    operation["responses"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn every_operation_tells_what_can_go_wrong_there() {
    let document = serde_json::to_value(completed()).unwrap();
    let paths = &document["paths"];
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(statuses(&paths["/deals"]["get"]), ["200", "400", "401", "403", "422", "429", "431", "503"]);
    let win = &paths["/deals/{id}/win"]["post"];
    assert_eq!(
        statuses(win),
        ["200", "400", "401", "403", "404", "408", "413", "415", "422", "429", "431", "503"]
    );
    assert_eq!(win["responses"]["422"]["description"], "our own words");
    assert_eq!(statuses(&paths["/health"]["get"]), ["200", "422", "429", "431", "503"]);
}

#[test]
fn tokens_are_asked_for_except_where_an_operation_says_otherwise() {
    let document = serde_json::to_value(completed()).unwrap();
    let scheme = &document["components"]["securitySchemes"]["bearer"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&"http".into(), &"bearer".into()));
    assert_eq!(document["paths"]["/deals"]["get"]["security"][0], serde_json::json!({"bearer": []}));
    assert_eq!(document["paths"]["/health"]["get"]["security"], serde_json::json!([{}]));
}

#[test]
fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(completed()).unwrap();
    let text = document.to_string();
    let references: Vec<&str> =
        text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(references.len() > 10);
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn a_thing_in_an_envelope_is_the_thing_itself() {
    let document = serde_json::to_value(completed()).unwrap();
    let schemas = &document["components"]["schemas"];
    let deal = serde_json::json!({"$ref": "#/components/schemas/Deal"});
    assert_eq!(schemas["Envelope_Deal"]["properties"]["data"], deal);
    assert_eq!(schemas["Envelope_Vec_Deal"]["properties"]["data"]["items"], deal);
    assert_eq!(schemas["Envelope_Deal"]["required"], serde_json::json!(["success", "data", "meta", "error"]));
}

#[test]
fn the_parameters_of_a_list_are_documented() {
    let document = serde_json::to_value(completed()).unwrap();
    let parameters = document["paths"]["/deals"]["get"]["parameters"].as_array().unwrap();
    let names: Vec<_> = parameters.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["filter[name]", "filter[status]", "sort", "page", "page_size", "cursor", "q", "X-Query"]
    );
    assert!(parameters[..7].iter().all(|parameter| parameter["in"] == "query"));
    assert!(parameters.iter().all(|parameter| parameter["required"] == false));
    assert_eq!(parameters[1]["schema"]["items"]["enum"], serde_json::json!(["open", "won"]));
    assert_eq!(parameters[4]["schema"]["maximum"], 200);
}

#[test]
fn what_is_read_by_a_query_is_read_by_a_header_as_well() {
    let document = serde_json::to_value(completed()).unwrap();
    let last =
        |path: &str, method: &str| document["paths"][path][method]["parameters"].as_array()?.last().cloned();
    let list = last("/deals", "get").unwrap();
    assert_eq!((&list["name"], &list["in"]), (&"X-Query".into(), &"header".into()));
    assert_eq!(last("/deals/{id}/win", "post").unwrap()["in"], "path");
    assert_eq!(last("/health", "get"), None);
}

#[tokio::test]
async fn the_document_and_its_pages_are_served() {
    let router: Router = finish(docs::router(completed()));
    let reply = get(&router, docs::DOCUMENT).await;
    assert_eq!((reply.status, &reply.body["info"]["title"]), (StatusCode::OK, &Value::from("CRM")));
    let reply = get(&router, "/docs/").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    for (file, kind) in [("swagger-ui.css", "text/css"), ("swagger-ui-bundle.js", "text/javascript")] {
        let reply = get(&router, &format!("/docs/{file}")).await;
        assert_eq!(reply.header("content-type"), format!("{kind}; charset=utf-8"), "{file}");
    }
    assert!(get(&router, "/docs").await.status.is_redirection());
    assert_eq!(get(&router, "/docs/nothing.js").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&router, "/docs/../../etc/passwd").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_document_is_served_without_pages_where_these_are_not_wanted() {
    let router: Router = finish(docs::document(completed()));
    let reply = get(&router, docs::DOCUMENT).await;
    assert_eq!((reply.status, &reply.body["info"]["title"]), (StatusCode::OK, &Value::from("CRM")));
    assert_eq!(get(&router, "/docs/").await.status, StatusCode::NOT_FOUND);
}
