//! What is counted about requests.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get as at;
use edge::{Answer, Problem, finish, metrics, ok};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::runtime;

use crate::{get, send};

fn router() -> Router {
    async fn fine() -> Answer<()> {
        ok(())
    }
    async fn closed() -> Result<Answer<()>, Problem> {
        Err(Problem::refused("opportunity.closed", "It is closed."))
    }
    async fn endless() -> Answer<()> {
        std::future::pending().await
    }
    finish(
        Router::new()
            .route("/things/{id}", at(fine))
            .route("/closed", at(closed))
            .route("/endless", at(endless)),
    )
}

/// What a scrape tells after `requests`. The recorder is that of this thread, so other tests are not counted.
fn scraped(requests: impl Future<Output = ()>) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    ::metrics::with_local_recorder(&recorder, || {
        metrics::describe();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(requests);
    });
    handle.render()
}

#[test]
fn requests_are_counted_by_method_template_and_status_and_never_by_path() {
    let text = scraped(async {
        let router = router();
        get(&router, "/things/7?name=Ada").await;
        get(&router, "/things/8").await;
        get(&router, "/closed").await;
        get(&router, "/nowhere/secret").await;
        send(&router, Request::builder().method("BREW").uri("/things/9").body(Body::empty()).unwrap()).await;
    });
    for line in [
        r#"crm_http_requests_total{method="GET",route="/things/{id}",status="200"} 2"#,
        r#"crm_http_requests_total{method="GET",route="/closed",status="409"} 1"#,
        r#"crm_http_requests_total{method="GET",route="none",status="404"} 1"#,
        r#"crm_http_requests_total{method="other",route="/things/{id}",status="405"} 1"#,
        r#"crm_http_request_duration_seconds_count{method="GET",route="/things/{id}"} 2"#,
        "crm_http_requests_in_flight 0",
    ] {
        assert!(text.lines().any(|scraped| scraped == line), "{line}\n{text}");
    }
    assert!(!text.contains("secret") && !text.contains("Ada"), "{text}");
}

#[test]
fn a_caller_that_goes_away_is_counted_too() {
    let text = scraped(async {
        let router = router();
        let mut request = Box::pin(get(&router, "/endless"));
        assert!(futures::poll!(&mut request).is_pending());
        drop(request);
    });
    let gone = r#"crm_http_requests_total{method="GET",route="/endless",status="499"} 1"#;
    assert!(text.contains(gone), "{text}");
    assert!(text.contains("crm_http_requests_in_flight 0"), "{text}");
}
