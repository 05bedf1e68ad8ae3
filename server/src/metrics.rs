//! Prometheus metrics of a process, served on the operations listener only.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use ordinavo_core::{Core, Engine, monitoring};

use crate::health::{Check, Readiness};
use crate::worker;

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Upper bounds of the histograms in seconds: from a page out of memory to the longest accepted request.
const SECONDS: [f64; 12] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How long the counts of a scrape may take; a database that does not answer must not hide the other metrics.
const COUNT_TIMEOUT: Duration = Duration::from_secs(3);

/// Returns the recorder of this process; the first call installs it.
fn handle() -> &'static PrometheusHandle {
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let recorder = builder
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .unwrap_or_else(|_| PrometheusBuilder::new())
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("a metrics recorder is already installed");
        }
        handle
    })
}

/// Starts recording.
pub fn start(core: &Core) {
    handle();
    describe();
    Collector::default().describe();
    let engine = match core.store().engine() {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    };
    let version = env!("CARGO_PKG_VERSION");
    metrics::gauge!("ordinavo_build_info", "version" => version, "database" => engine).set(1.0);
    start_counters();
}

/// Creates the counters of rare events with the value 0: a rate of a counter that appears with its first event is 0.
fn start_counters() {
    for outcome in ["arrived", "failed"] {
        metrics::counter!("ordinavo_webhook_attempts_total", "outcome" => outcome).increment(0);
    }
    for outcome in ["sent", "retry", "rejected"] {
        metrics::counter!("ordinavo_emails_total", "outcome" => outcome).increment(0);
    }
    for result in ["hit", "miss"] {
        metrics::counter!("ordinavo_travel_time_lookups_total", "result" => result).increment(0);
    }
    for task in worker::TASKS {
        metrics::counter!("ordinavo_worker_errors_total", "task" => task).increment(0);
    }
}

fn describe() {
    describe_counter!("ordinavo_http_requests_total", "Responses by part of the product.");
    describe_histogram!("ordinavo_http_request_seconds", "Time to the response by route.");
    describe_gauge!("ordinavo_http_requests_in_flight", "Requests without a response yet.");
    describe_counter!("ordinavo_sql_statements_total", "Statements sent to the database.");
    describe_counter!("ordinavo_webhook_attempts_total", "Attempts to deliver a webhook.");
    describe_counter!("ordinavo_emails_total", "Attempts to send an email.");
    describe_gauge!("ordinavo_queue_length", "Entries of a queue, across processes.");
    describe_gauge!(
        "ordinavo_queue_oldest_seconds",
        "How long the oldest entry has been due."
    );
    describe_gauge!("ordinavo_webhook_endpoints", "Webhook endpoints, across processes.");
    describe_gauge!("ordinavo_database_connections", "Connections of the pool by state.");
    describe_gauge!("ordinavo_database_connections_max", "Largest size of the pool.");
    describe_gauge!("ordinavo_ready", "1 if the check of the readiness succeeds.");
    describe_gauge!("ordinavo_files_free_bytes", "Free space on the disk of the files.");
    describe_gauge!("ordinavo_files_stored_bytes", "Stored files, across processes.");
    describe_gauge!(
        "ordinavo_worker_last_turn_timestamp_seconds",
        "When a task of the worker last ran."
    );
    describe_counter!("ordinavo_worker_errors_total", "Failed turns of a task of the worker.");
    describe_counter!(
        "ordinavo_travel_time_lookups_total",
        "Pairs of places looked up in the cache of travel times by road."
    );
    describe_gauge!(
        "ordinavo_tls_certificate_not_after_timestamp_seconds",
        "When the certificate of the server's own TLS expires."
    );
    describe_gauge!("ordinavo_build_info", "The version of this process and its database.");
}

/// Returns the part of the product that a path belongs to. The few values keep the cardinality of the label low.
fn surface(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "api" => "api",
        "app" => "app",
        "portal" => "portal",
        "partner" => "partner",
        "pkg" => "assets",
        "healthz" | "readyz" => "health",
        _ => "public",
    }
}

/// Returns the method as a label. Unknown methods share one label; otherwise clients could create any number of series.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Returns the class of a status.
fn status_class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

/// A request that counts as in flight until it is dropped, with its response or without.
pub struct InFlight(());

impl InFlight {
    pub fn start() -> Self {
        metrics::gauge!("ordinavo_http_requests_in_flight").increment(1.0);
        Self(())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::gauge!("ordinavo_http_requests_in_flight").decrement(1.0);
    }
}

/// Records a response. `route` is the pattern of the route, such as `/app/jobs/{id}`; paths without a route share one.
pub fn record_response(method: &Method, path: &str, route: Option<&str>, status: StatusCode, duration: Duration) {
    let method = method_label(method);
    let labels = [
        ("surface", surface(path).to_owned()),
        ("method", method.to_owned()),
        ("status", status.as_str().to_owned()),
    ];
    metrics::counter!("ordinavo_http_requests_total", &labels).increment(1);
    let labels = [
        ("route", route.unwrap_or("none").to_owned()),
        ("method", method.to_owned()),
        ("status", status_class(status).to_owned()),
    ];
    metrics::histogram!("ordinavo_http_request_seconds", &labels).record(duration.as_secs_f64());
}

/// Returns the metrics of this process and the queues of the installation.
pub async fn scrape(core: &Core, readiness: &Readiness) -> String {
    metrics::counter!("ordinavo_sql_statements_total").absolute(ordinavo_core::statement_count());
    Collector::default().collect();
    record_pools(core);
    if let Some(Ok(free)) = core.files().free_bytes() {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("ordinavo_files_free_bytes").set(free as f64);
    }
    let failures = readiness.failures().await;
    for check in Check::ALL {
        let fails = failures.iter().any(|failure| failure.check() == check);
        metrics::gauge!("ordinavo_ready", "check" => check.name()).set(if fails { 0.0 } else { 1.0 });
    }
    if !failures.iter().any(|failure| failure.check() == Check::Database) {
        match tokio::time::timeout(COUNT_TIMEOUT, record_queues(core)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "failed to count queues"),
            Err(_) => tracing::warn!("failed to count queues in time"),
        }
    }
    let handle = handle();
    handle.run_upkeep();
    handle.render()
}

fn record_pools(core: &Core) {
    for pool in core.store().connections() {
        let gauge = |state| metrics::gauge!("ordinavo_database_connections", "pool" => pool.name, "state" => state);
        gauge("idle").set(pool.idle);
        gauge("busy").set(pool.open.saturating_sub(pool.idle));
        metrics::gauge!("ordinavo_database_connections_max", "pool" => pool.name).set(pool.max);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
async fn record_queues(core: &Core) -> ordinavo_core::CoreResult<()> {
    for queue in monitoring::queues(core).await? {
        let labels = [("queue", queue.name), ("state", queue.state)];
        metrics::gauge!("ordinavo_queue_length", &labels).set(queue.length as f64);
        metrics::gauge!("ordinavo_queue_oldest_seconds", &labels).set(queue.oldest_seconds as f64);
    }
    for (owner, bytes) in monitoring::stored_files(core).await? {
        metrics::gauge!("ordinavo_files_stored_bytes", "owner" => owner.name()).set(bytes as f64);
    }
    let counts = monitoring::webhook_endpoints(core).await?;
    for status in ["active", "failing", "disabled"] {
        let count = counts
            .iter()
            .find(|(name, _)| name == status)
            .map_or(0, |(_, count)| *count);
        metrics::gauge!("ordinavo_webhook_endpoints", "status" => status).set(count as f64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_label_unknown_method_returns_other() {
        for (sent, label) in [
            ("GET", "GET"),
            ("PATCH", "PATCH"),
            ("BREW", "other"),
            ("get", "other"),
            ("TRACE", "other"),
        ] {
            let method = Method::from_bytes(sent.as_bytes()).expect("method is valid");
            assert_eq!(method_label(&method), label, "{sent}");
        }
    }
}
