//! Many at once: the optimistic lock, `If-Match`, and rules that look at many aggregates.

use std::collections::BTreeSet;

use futures::future::{join, join_all};
use serde_json::json;

use crate::support::{Api, Call, path};

#[tokio::test]
async fn a_version_that_is_no_longer_the_newest_is_refused() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let rename = |name: &str, version| {
        Call::new("PATCH", &path("leads", lead, "")).json(json!({"name": name})).if_match(version)
    };
    let reply = api.send(rename("Ada", 1)).await.is(200);
    assert_eq!((reply.version(), reply.header("etag")), (2, "\"2\""));
    api.send(rename("Eve", 1)).await.fails(412, "version.stale");
    api.send(rename("Eve", 3)).await.fails(412, "version.stale");
    api.send(rename("Eve", 2)).await.is(200);
    // Not even what would change nothing.
    api.send(rename("Eve", 2)).await.fails(412, "version.stale");
    let any = Call::new("PATCH", &path("leads", lead, "")).json(json!({"name": "Ida"}));
    api.send(any.header("if-match", "*")).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_with_the_same_version_one_gets_through() {
    let api = Api::new().await;
    let lead = api.lead().await;
    for version in 1..20 {
        let calls = (0..8).map(|n| {
            let name = json!({"name": format!("Ada {version} {n}")});
            api.send(Call::new("PATCH", &path("leads", lead, "")).json(name).if_match(version))
        });
        let replies = join_all(calls).await;
        let (done, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
        assert_eq!(done.len(), 1);
        refused.into_iter().for_each(|reply| drop(reply.fails(412, "version.stale")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_version_all_get_through_one_after_the_other() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let to = path("leads", lead, "");
    for round in 0..10 {
        let calls = (0..8).map(|n| api.patch(&to, json!({"name": format!("Ada {round} {n}")})));
        let versions: BTreeSet<i64> =
            join_all(calls).await.into_iter().map(|reply| reply.is(200).version()).collect();
        let before = 1 + round * 8;
        assert_eq!(versions, (before + 1..=before + 8).collect());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_writers_of_two_processes_all_get_through() {
    let api = Api::new().await;
    let other = api.another();
    let to = path("leads", api.lead().await, "/activities");
    let note = json!({"kind": "note", "summary": "Wrote."});
    let calls = (0..100).map(|n| if n % 2 == 0 { &api } else { &other }.post(&to, note.clone()));
    let versions: BTreeSet<i64> =
        join_all(calls).await.into_iter().map(|reply| reply.is(200).version()).collect();
    assert_eq!(versions, (2..=101).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lead_converted_16_times_at_once_becomes_one_deal() {
    let api = Api::new().await;
    let other = api.another();
    for round in 1..=10 {
        let lead = api.lead().await;
        let to = path("leads", lead, "/convert");
        let calls = (0..16).map(|n| if n % 2 == 0 { &api } else { &other }.send(Call::post(&to)));
        let replies = join_all(calls).await;
        let deals: BTreeSet<_> =
            replies.into_iter().map(|reply| reply.is(200).uuid("opportunity_id")).collect();
        assert_eq!(deals.len(), 1);
        assert_eq!(api.history(lead).await, ["lead.captured", "lead.converted"]);
        assert_eq!(api.count("opportunity.opened").await, round);
    }
    assert_eq!(api.count("pipeline.created").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_deals_of_a_tenant_at_once_share_one_default_pipeline() {
    let api = Api::new().await;
    let other = api.another();
    let calls = (0..16).map(|n| if n % 2 == 0 { &api } else { &other }.deal());
    let deals: BTreeSet<_> = join_all(calls).await.into_iter().collect();
    assert_eq!(deals.len(), 16);
    assert_eq!(api.count("pipeline.created").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stage_never_retires_under_a_deal_that_enters_it() {
    let api = Api::new().await;
    let other = api.another();
    let (pipeline, _) = api.default_pipeline().await;
    let stages = path("pipelines", pipeline, "/stages");
    let (mut retired, mut held) = (0, 0);
    for round in 0..40 {
        let new = json!({"name": format!("Stage {round}"), "probability": 10});
        let stage = api.post(&stages, new).await.uuid("stage_id");
        let waiting = api.deal().await;
        let go = path("opportunities", waiting, "/move");
        let retire = api.send(Call::post(&format!("{stages}/{stage}/retire")));
        let (enter, retire) = if round % 2 == 0 {
            join(other.post("/api/v1/opportunities", json!({"name": "x", "stage_id": stage})), retire).await
        } else {
            join(other.post(&go, json!({"stage_id": stage})), retire).await
        };
        match retire.status.as_u16() {
            200 => {
                retired += 1;
                enter.fails(409, "pipeline.stage_retired");
            }
            _ => {
                held += 1;
                retire.fails(409, "pipeline.stage_holds_open_deals");
                assert!(enter.status.is_success(), "{}", enter.text);
                // Room for the next one: a pipeline has only so many stages.
                let deal = enter.id();
                api.post(&path("opportunities", deal, "/lose"), json!({"reason": "x"})).await.is(200);
                api.send(Call::post(&format!("{stages}/{stage}/retire"))).await.is(200);
            }
        }
    }
    assert_eq!(retired + held, 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deals_that_move_to_and_fro_at_once_end_up_occupying_one_stage_each() {
    let api = Api::new().await;
    let other = api.another();
    let (_, stages) = api.default_pipeline().await;
    let deals = [api.deal().await, api.deal().await];
    for round in 0..10 {
        let calls = (0..8).map(|n| {
            let to = path("opportunities", deals[n % 2], "/move");
            let api = if n % 4 < 2 { &api } else { &other };
            let body = json!({"stage_id": stages[(n / 2 + round) % 4]});
            async move { api.post(&to, body).await.is(200) }
        });
        join_all(calls).await;
    }
    for deal in deals {
        let last = api.last_event(deal).await;
        assert_eq!(api.claims(deal).await, [format!("stage.{}", last["to"].as_str().unwrap())]);
    }
}
