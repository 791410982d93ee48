//! Parameters of the path.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get as at;
use domain::LeadId;
use edge::{Answer, Path, finish, ok};

use crate::get;

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn router() -> Router {
    async fn lead(Path(id): Path<LeadId>) -> Answer<LeadId> {
        ok(id)
    }
    async fn line(Path((id, line)): Path<(LeadId, u32)>) -> Answer<(LeadId, u32)> {
        ok((id, line))
    }
    async fn name(Path(name): Path<String>) -> Answer<String> {
        ok(name)
    }
    async fn wrong(Path(pair): Path<(String, String)>) -> Answer<(String, String)> {
        ok(pair)
    }
    let router = Router::new().route("/leads/{id}", at(lead)).route("/leads/{id}/lines/{line}", at(line));
    finish(router.route("/names/{name}", at(name)).route("/wrong/{only}", at(wrong)))
}

#[tokio::test]
async fn parameters_arrive_typed() {
    assert_eq!(get(&router(), &format!("/leads/{ID}")).await.body["data"], ID);
    assert_eq!(get(&router(), &format!("/leads/{ID}/lines/7")).await.body["data"][1], 7);
    assert_eq!(get(&router(), "/names/J%C3%BCrgen%2F1").await.body["data"], "Jürgen/1");
}

#[tokio::test]
async fn what_is_no_id_names_nothing_and_looks_like_any_unknown_path() {
    let unknown = get(&router(), "/nowhere").await;
    let uris = ["/leads/17", "/leads/%00", "/leads/%FF", "/leads/x/lines/7", "/names/a%00b", "/names/%FF"];
    for uri in uris.iter().map(|uri| (*uri).to_owned()).chain([format!("/leads/{ID}/lines/-1")]) {
        let reply = get(&router(), &uri).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{uri}");
        for member in ["type", "title", "detail", "code", "errors"] {
            assert_eq!(reply.problem()[member], unknown.problem()[member], "{uri}");
        }
    }
}

#[tokio::test]
async fn a_route_without_the_parameter_is_our_own_mistake() {
    assert_eq!(get(&router(), "/wrong/x").await.status, StatusCode::INTERNAL_SERVER_ERROR);
}
