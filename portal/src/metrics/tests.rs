//! Rules, dashboards and the manual name the metrics that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Recorder, SharedString, Unit};

/// Keeps what is described: name, kind and help.
#[derive(Default)]
struct Described(Mutex<BTreeMap<String, (&'static str, String)>>);

impl Described {
    fn keep(&self, name: &KeyName, kind: &'static str, help: &SharedString) {
        let earlier = self.0.lock().unwrap().insert(name.as_str().to_owned(), (kind, help.to_string()));
        assert_eq!(earlier, None, "{name:?} is described twice");
    }
}

impl Recorder for Described {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.keep(&name, "counter", &help);
    }
    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.keep(&name, "gauge", &help);
    }
    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.keep(&name, "histogram", &help);
    }
    fn register_counter(&self, _: &Key, _: &metrics::Metadata<'_>) -> Counter {
        Counter::noop()
    }
    fn register_gauge(&self, _: &Key, _: &metrics::Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &metrics::Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

fn described() -> BTreeMap<String, (&'static str, String)> {
    let described = Described::default();
    metrics::with_local_recorder(&described, super::describe);
    described.0.into_inner().unwrap()
}

/// Every series that Prometheus gets.
fn series() -> BTreeSet<String> {
    let parts = |(name, (kind, _)): (&String, &(&str, String))| match *kind {
        "histogram" => ["_bucket", "_sum", "_count"].map(|part| format!("{name}{part}")).to_vec(),
        _ => vec![name.clone()],
    };
    described().iter().flat_map(parts).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The words of a text that look like names of ours.
fn names(text: &str) -> BTreeSet<String> {
    text.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'))
        .filter(|word| word.starts_with("crm_") && word.len() > 4)
        .map(str::to_owned)
        .collect()
}

#[test]
fn rules_and_dashboards_use_only_series_that_there_are() {
    let known = series();
    let mut files: Vec<PathBuf> =
        ["crm.rules.yml", "crm.test.yml"].map(|file| root().join("deploy/prometheus").join(file)).to_vec();
    let dashboards = std::fs::read_dir(root().join("deploy/grafana")).unwrap();
    files.extend(dashboards.map(|file| file.unwrap().path()));
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let used = names(&text(&file));
        assert!(!used.is_empty(), "{} uses no series", file.display());
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{} uses {unknown:?}", file.display());
    }
}

#[test]
fn a_dashboard_is_json_whose_panels_ask_for_something() {
    for file in std::fs::read_dir(root().join("deploy/grafana")).unwrap() {
        let file = file.unwrap().path();
        let dashboard: serde_json::Value = serde_json::from_str(&text(&file)).unwrap();
        assert!(dashboard["uid"].is_string() && dashboard["title"].is_string(), "{}", file.display());
        let panels = dashboard["panels"].as_array().unwrap();
        let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "two panels of {} have the same id", file.display());
        for panel in panels {
            let asked = panel["targets"].as_array().unwrap();
            assert!(!asked.is_empty() && asked.iter().all(|target| target["expr"].is_string()), "{panel}");
        }
    }
}

#[test]
fn the_manual_explains_every_metric_and_every_alert_and_no_other() {
    let manual = text(&root().join("docs/OPERATIONS.md"));
    let explained: BTreeSet<String> = manual
        .lines()
        .filter_map(|line| line.strip_prefix("| `crm_")?.split('`').next())
        .map(|name| format!("crm_{name}"))
        .collect();
    let there: BTreeSet<String> = described().into_keys().collect();
    assert_eq!(explained, there);
    let rules = text(&root().join("deploy/prometheus/crm.rules.yml"));
    let alerts: BTreeSet<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let answered: BTreeSet<&str> =
        manual.lines().filter_map(|line| line.strip_prefix("| `Crm")?.split('`').next()).collect();
    let alerts: BTreeSet<&str> = alerts.into_iter().filter_map(|alert| alert.strip_prefix("Crm")).collect();
    assert_eq!(answered, alerts);
}

#[test]
fn every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() {
    let rules = text(&root().join("deploy/prometheus/crm.rules.yml"));
    let tests = text(&root().join("deploy/prometheus/crm.test.yml"));
    for alert in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        let cases: Vec<&str> = tests.split(&format!("alertname: {alert}\n")).skip(1).collect();
        let quiet = cases.iter().filter(|case| case.trim_start().starts_with("exp_alerts: []")).count();
        assert!(quiet >= 1 && cases.len() > quiet, "{alert}: {} cases, {quiet} of them quiet", cases.len());
    }
}

#[test]
fn names_end_in_what_they_count() {
    for (name, (kind, help)) in described() {
        assert!(help.ends_with('.') && help.len() > 10, "{name}: {help}");
        match kind {
            "counter" => assert!(name.ends_with("_total"), "{name}"),
            "histogram" => {
                assert!(name.ends_with("_seconds") || name.ends_with("_size"), "{name} has no buckets")
            }
            _ => assert!(!name.ends_with("_total"), "{name}"),
        }
    }
}
