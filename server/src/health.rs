//! Liveness and readiness checks for monitoring and load balancers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use ordinavo_core::Core;
use serde_json::json;
use tokio::sync::Mutex;

use crate::serve::AppState;

/// How long the result of a check is cached. The endpoint is public and each check writes to the disk.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
}

/// The result of the last readiness check, shared by all callers.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<Option<(Instant, Ready)>>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ready {
    Yes,
    MigrationsMissing(usize),
    DatabaseUnavailable,
    DatabaseReadOnly,
}

impl Readiness {
    async fn check(&self, core: &Core) -> Ready {
        let mut last = self.0.lock().await;
        if let Some((at, ready)) = *last
            && at.elapsed() < CHECK_INTERVAL
        {
            return ready;
        }
        let ready = check(core).await;
        *last = Some((Instant::now(), ready));
        ready
    }
}

async fn check(core: &Core) -> Ready {
    match core.store().missing_migrations().await {
        Ok(0) => {}
        Ok(missing) => return Ready::MigrationsMissing(missing),
        Err(error) => {
            tracing::warn!(%error, "failed to read from database");
            return Ready::DatabaseUnavailable;
        }
    }
    match core.store().probe_write().await {
        Ok(()) => Ready::Yes,
        Err(error) => {
            tracing::warn!(%error, "failed to write to database");
            Ready::DatabaseReadOnly
        }
    }
}

async fn healthz() -> impl IntoResponse {
    Json(json!({ "status": "ok" }))
}

async fn readyz(State(state): State<AppState>) -> impl IntoResponse {
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    match state.readiness.check(&state.core).await {
        Ready::Yes => (StatusCode::OK, Json(json!({ "status": "ok" }))),
        Ready::MigrationsMissing(missing) => (
            unavailable,
            Json(json!({ "status": "migrations_missing", "missing": missing })),
        ),
        Ready::DatabaseUnavailable => (unavailable, Json(json!({ "status": "database_unavailable" }))),
        Ready::DatabaseReadOnly => (unavailable, Json(json!({ "status": "database_read_only" }))),
    }
}
