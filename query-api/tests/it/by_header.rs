//! Reads that are asked by `X-Query`, so that nothing which names people is in a URL.

use axum::http::StatusCode;
use edge::WebPolicy;
use serde_json::{Value, json};

use crate::plan::Dice;
use crate::told::tell_many;
use crate::world::{Reply, World, each};

const LEADS: &str = "/api/v1/leads";

/// Six leads, of whom five are called Ada.
async fn leads(world: &World) {
    for name in ["Ada Byron", "Ada King", "Bea", "Ada Lovelace", "Ada Noel", "Ada Gordon"] {
        world.lead(name).await;
    }
    world.settle().await;
}

async fn ask(world: &World, uri: &str, header: &str) -> Reply {
    world.get_with(uri, &[("x-query", header)]).await
}

/// What a link leads to, by its URL and by what has to be sent along.
async fn follow(world: &World, link: &Value) -> Value {
    let uri = link["href"].as_str().unwrap();
    let headers: Vec<_> = link["query"].as_str().map(|query| ("x-query", query)).into_iter().collect();
    world.get_with(uri, &headers).await.data(&link.to_string())
}

/// The names on all pages from this one on. No link to a page may have in its URL what is not to be there.
async fn walked(world: &World, mut data: Value, hidden: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        names.extend(each(&data, "name").into_iter().map(|name| name.as_str().unwrap().to_owned()));
        for (name, link) in data["links"].as_object().unwrap() {
            let href = link["href"].as_str().unwrap();
            assert!(!hidden.iter().any(|hidden| href.contains(hidden)), "{name}: {href}");
        }
        let next = data["links"]["next"].clone();
        if next.is_null() {
            break names;
        }
        data = follow(world, &next).await;
    }
}

#[tokio::test]
async fn what_came_by_the_header_finds_the_same_and_is_in_no_url_of_the_answer() {
    let world = World::new().await;
    leads(&world).await;
    let by_url = world.data(&format!("{LEADS}?q=ada&sort=name&page_size=2")).await;
    assert_eq!(
        by_url["links"]["self"],
        json!({"href": format!("{LEADS}?q=ada&sort=name&page_size=2"), "method": "GET"})
    );
    let expected = walked(&world, by_url, &[]).await;
    assert_eq!(expected, ["Ada Byron", "Ada Gordon", "Ada King", "Ada Lovelace", "Ada Noel"]);
    for (url, header) in [
        ("?sort=name&page_size=2", "q=ada"),
        ("", "q=ada&sort=name&page_size=2"),
        ("?sort=name&page_size=2", "filter[name][contains]=Ada"),
        ("?sort=name", "q=ada&page=1&page_size=2"),
    ] {
        let data = ask(&world, &format!("{LEADS}{url}"), header).await.data(header);
        let found = walked(&world, data, &["ada", "Ada", "cursor", "q=", "filter"]).await;
        assert_eq!(found, expected, "{url} {header}");
    }
}

#[tokio::test]
async fn an_answer_that_is_kept_goes_to_nobody_who_asked_by_the_other_way() {
    let world = World::new().await;
    leads(&world).await;
    let by_url = world.get(&format!("{LEADS}?q=ada")).await;
    let by_header = ask(&world, LEADS, "q=ada").await;
    assert_eq!((by_url.source(), by_header.source()), ("fwd=miss", "fwd=miss"));
    assert_eq!(by_header.body["data"]["items"], by_url.body["data"]["items"]);
    assert_eq!(
        by_header.body["data"]["links"]["self"],
        json!({"href": LEADS, "method": "GET", "query": "q=ada"})
    );
    let again = ask(&world, LEADS, "q=ada").await;
    assert_eq!((again.source(), &again.body), ("hit", &by_header.body));
    assert_eq!(ask(&world, LEADS, "q=bea").await.source(), "fwd=miss");
}

#[tokio::test]
async fn a_cursor_goes_with_its_list_by_either_way_and_with_no_other() {
    let world = World::new().await;
    leads(&world).await;
    let reply = ask(&world, &format!("{LEADS}?sort=name&page_size=2"), "q=ada").await;
    let cursor = reply.body["meta"]["next_cursor"].as_str().unwrap().to_owned();
    for (url, header) in [
        (format!("?sort=name&cursor={cursor}"), "q=ada".to_owned()),
        ("?sort=name".to_owned(), format!("q=ada&cursor={cursor}")),
        (format!("?q=ada&sort=name&cursor={cursor}"), String::new()),
    ] {
        let data = ask(&world, &format!("{LEADS}{url}"), &header).await.data(&header);
        assert_eq!(each(&data, "name"), ["Ada King", "Ada Lovelace", "Ada Noel"], "{url} {header}");
    }
    for other in ["q=bea", "q=ada&filter[status]=open", ""] {
        let reply = ask(&world, &format!("{LEADS}?sort=name"), &format!("{other}&cursor={cursor}")).await;
        assert_eq!(reply.bad_fields(), ["cursor"], "{other}");
    }
}

#[tokio::test]
async fn the_log_is_asked_by_the_header_too() {
    const EVENTS: &str = "/api/v1/audit/events";
    let world = World::new().await;
    leads(&world).await;
    let data = ask(&world, &format!("{EVENTS}?page_size=4"), "actor=sam").await.data(EVENTS);
    let next = &data["links"]["next"];
    assert_eq!(next["href"], format!("{EVENTS}?page_size=4"));
    assert!(next["query"].as_str().unwrap().starts_with("actor=sam&cursor="), "{next}");
    assert_eq!(each(&follow(&world, next).await, "position"), [5, 6]);
    assert_eq!(ask(&world, EVENTS, "actor=nobody").await.data(EVENTS)["items"], json!([]));
}

#[tokio::test]
async fn where_urls_may_not_name_people_every_link_leads_on_without() {
    let mut world = World::new().await;
    leads(&world).await;
    let stages = world.pipeline().await;
    tell_many(&world, &stages, 40, &mut Dice(4)).await;
    world.settle().await;
    world.router = world.router_by(&WebPolicy::default().without_names_in_urls());
    for query in ["q=ada", "filter[email]=ada@engines.example", "cursor=abc"] {
        let reply = world.get(&format!("{LEADS}?{query}")).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::BAD_REQUEST, "query.in_url"), "{query}");
    }
    // Names are what it is sorted by, so they are in the cursor.
    let data = world.data(&format!("{LEADS}?sort=name&page_size=2")).await;
    assert_eq!(walked(&world, data, &["cursor"]).await.len(), 6);
    let board = world.data(&format!("/api/v1/pipelines/{}/board?cards=1", stages.pipeline)).await;
    for stage in board["stages"].as_array().unwrap() {
        let (deals, rest) =
            (follow(&world, &stage["links"]["deals"]).await, follow(&world, &stage["links"]["rest"]).await);
        assert_eq!(each(&deals, "id")[1..], each(&rest, "id"), "{}", stage["links"]);
    }
}
