//! Prometheus metrics, served on the operations listener only.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Returns the recorder of this process; the first call installs it.
fn handle() -> &'static PrometheusHandle {
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("a metrics recorder is already installed");
        }
        handle
    })
}

/// Starts recording.
pub fn start() {
    handle();
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

/// Records a response.
pub fn record_response(method: &Method, path: &str, status: StatusCode, duration: Duration) {
    let labels = [
        ("surface", surface(path).to_owned()),
        ("method", method_label(method).to_owned()),
        ("status", status.as_str().to_owned()),
    ];
    metrics::counter!("ordinavo_http_requests_total", &labels).increment(1);
    metrics::histogram!("ordinavo_http_request_seconds", "surface" => surface(path)).record(duration.as_secs_f64());
}

/// `GET /metrics`.
pub async fn scrape() -> String {
    metrics::counter!("ordinavo_sql_statements_total").absolute(ordinavo_core::statement_count());
    let handle = handle();
    handle.run_upkeep();
    handle.render()
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
