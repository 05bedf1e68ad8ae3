//! What a monitoring system scrapes: requests by surface and status, how long they took, webhook attempts, statements. Only on
//! the operations listener.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// The one recorder of this process, put in place by the first call.
fn handle() -> &'static PrometheusHandle {
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder of metrics is in place");
        }
        handle
    })
}

/// Begins to count.
pub fn start() {
    handle();
}

/// Which part of the product a path belongs to; few enough to be a label.
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

/// The method as a label; those a client invents share one, or each of them would be kept for ever.
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

/// Counts an answer.
pub fn answered(method: &Method, path: &str, status: StatusCode, took: Duration) {
    let labels = [
        ("surface", surface(path).to_owned()),
        ("method", method_label(method).to_owned()),
        ("status", status.as_str().to_owned()),
    ];
    metrics::counter!("ordinavo_http_requests_total", &labels).increment(1);
    metrics::histogram!("ordinavo_http_request_seconds", "surface" => surface(path)).record(took.as_secs_f64());
}

/// `GET /metrics`.
pub async fn scrape() -> String {
    metrics::counter!("ordinavo_sql_statements_total").absolute(ordinavo_core::statements());
    let handle = handle();
    handle.run_upkeep();
    handle.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_a_client_invents_share_one_label() {
        for (sent, label) in [
            ("GET", "GET"),
            ("PATCH", "PATCH"),
            ("BREW", "other"),
            ("get", "other"),
            ("TRACE", "other"),
        ] {
            let method = Method::from_bytes(sent.as_bytes()).expect("a method");
            assert_eq!(method_label(&method), label, "{sent}");
        }
    }
}
