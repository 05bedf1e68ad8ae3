//! The operations listener of servers and workers, and the metrics that the documentation names.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::support::installation::{Installation, Process, free_port};

const PAGE: &str = include_str!("../../../../docs/operations/monitoring.md");
const ALERTS: &str = include_str!("../../../../docs/operations/monitoring/alerts.yaml");
const DASHBOARD: &str = include_str!("../../../../docs/operations/monitoring/dashboard.json");

/// Exists only on servers with a certificate, which `operations::tls` tests.
const WITH_TLS: [&str; 2] = [
    "ordinavo_tls_certificate_not_after_timestamp_seconds",
    "ordinavo_tls_certificate_overdue_timestamp_seconds",
];

/// Returns the names of metrics in a text: words that begin like one and are not the name of a label or rule.
fn metric_names(text: &str) -> BTreeSet<&str> {
    text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
        .filter(|word| word.starts_with("ordinavo_") || (word.starts_with("process_") && word.len() > 8))
        .map(|word| word.strip_suffix("_bucket").unwrap_or(word))
        .collect()
}

/// Returns the value of the series whose labels contain all of `labels`.
fn value(scrape: &str, name: &str, labels: &[&str]) -> Option<f64> {
    scrape
        .lines()
        .find(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
                && labels.iter().all(|label| line.contains(label))
        })
        .and_then(|line| line.rsplit(' ').next()?.parse().ok())
}

async fn text(client: &Client, port: u16, path: &str) -> Option<(StatusCode, String)> {
    let answer = client.get(format!("http://127.0.0.1:{port}{path}")).send().await.ok()?;
    Some((answer.status(), answer.text().await.ok()?))
}

async fn until_ready(client: &Client, port: u16) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while text(client, port, "/readyz").await.map(|(status, _)| status) != Some(StatusCode::OK) {
        assert!(Instant::now() < deadline, "not ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn start(installation: &Installation, command: &str, ops_port: u16) -> Process {
    let child = installation
        .command(&[command])
        .env("ORDINAVO_OPS_LISTEN", format!("127.0.0.1:{ops_port}"))
        .env("ORDINAVO_WORKER", "false")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    Process(child)
}

#[tokio::test(flavor = "multi_thread")]
async fn metric_in_documentation_is_in_scrape_of_server_and_worker() {
    let installation = Installation::on_sqlite("metrics");
    let book = installation.demo();
    let client = crate::support::client_builder()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let (server_port, worker_port) = (free_port(), free_port());
    let mut server = start(&installation, "serve", server_port);
    let mut worker = start(&installation, "worker", worker_port);
    until_ready(&client, server_port).await;
    until_ready(&client, worker_port).await;
    let key = book["tenants"][0]["clients"][0]["apiKey"].as_str().unwrap();
    for (external_id, expected) in [
        ("METRIC-1", StatusCode::CREATED),
        ("", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = client
            .post(installation.url("/api/v1/targets"))
            .bearer_auth(key)
            .json(&json!({ "externalId": external_id }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), expected);
    }
    // The worker has taken its first turns.
    let deadline = Instant::now() + Duration::from_secs(30);
    let of_worker = loop {
        let (_, scrape) = text(&client, worker_port, "/metrics").await.unwrap();
        let all_ran = ordinavo::worker::TASKS.iter().all(|task| {
            let label = format!("task=\"{task}\"");
            value(&scrape, "ordinavo_worker_last_turn_timestamp_seconds", &[&label]).is_some()
        });
        if all_ran {
            break scrape;
        }
        assert!(Instant::now() < deadline, "{scrape}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let (_, of_server) = text(&client, server_port, "/metrics").await.unwrap();

    let types = |scrape: &str| -> BTreeSet<String> {
        let types = scrape.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        types
            .filter_map(|rest| rest.split(' ').next().map(str::to_owned))
            .collect()
    };
    let found: BTreeSet<String> = types(&of_server).union(&types(&of_worker)).cloned().collect();
    for (file, text) in [
        ("monitoring.md", PAGE),
        ("alerts.yaml", ALERTS),
        ("dashboard.json", DASHBOARD),
    ] {
        let names = metric_names(text);
        assert!(names.len() > 5, "{file}: {names:?}");
        for name in names {
            assert!(
                found.contains(name) || WITH_TLS.contains(&name),
                "{file} names {name}, which is not in a scrape: {found:?}"
            );
        }
    }
    for name in &found {
        let is_process = name.starts_with("process_");
        assert!(
            is_process || PAGE.contains(name),
            "monitoring.md does not describe {name}"
        );
    }

    let route = &["route=\"/api/v1/targets\"", "method=\"POST\""];
    for (status, count) in [("2xx", 1.0), ("4xx", 1.0)] {
        let labels = [route[0], route[1], &format!("status=\"{status}\"")];
        assert_eq!(
            value(&of_server, "ordinavo_http_request_seconds_count", &labels),
            Some(count)
        );
    }
    for scrape in [&of_server, &of_worker] {
        for check in ["database", "schema", "key", "files"] {
            assert_eq!(
                value(scrape, "ordinavo_ready", &[&format!("check=\"{check}\"")]),
                Some(1.0)
            );
        }
        assert_eq!(
            value(scrape, "ordinavo_build_info", &["database=\"sqlite\""]),
            Some(1.0)
        );
        assert!(
            value(
                scrape,
                "ordinavo_queue_length",
                &["queue=\"emails\"", "state=\"waiting\""]
            )
            .is_some()
        );
        assert!(value(scrape, "process_resident_memory_bytes", &[]).is_some_and(|bytes| bytes > 1e6));
    }
    for process in [&mut server, &mut worker] {
        process.kill().unwrap();
        process.wait().unwrap();
    }
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

#[test]
fn dashboard_is_valid_and_every_panel_has_a_query() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() > 10);
    for panel in panels {
        let queries = panel["targets"].as_array().unwrap();
        assert!(!queries.is_empty(), "{}", panel["title"]);
    }
}

#[test]
fn alert_every_one_is_explained() {
    let names: Vec<&str> = ALERTS
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(names.len() > 8);
    for name in names {
        assert!(
            PAGE.contains(&format!("`{name}`")),
            "monitoring.md does not explain {name}"
        );
    }
}
