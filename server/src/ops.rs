//! The operations listener: health checks and metrics of a server or worker, apart from the public address.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use ordinavo_core::Core;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::Config;
use crate::connections::{self, ConnectionLimits, Listening};
use crate::health::Readiness;
use crate::{health, metrics};

/// Maximum number of connections of the operations listener.
const MAX_CONNECTIONS: usize = 64;

/// State of the operations listener.
#[derive(Clone)]
struct Ops {
    core: Core,
    readiness: Readiness,
}

impl axum::extract::FromRef<Ops> for Readiness {
    fn from_ref(ops: &Ops) -> Self {
        ops.readiness.clone()
    }
}

/// Starts recording metrics and serves them with the health checks until the process ends; does nothing without the
/// setting `ops_listen`.
///
/// # Errors
/// Fails if the listen address is in use.
pub async fn start(core: &Core, config: &Config, readiness: Readiness) -> Result<Option<SocketAddr>, String> {
    let Some(address) = config.ops_listen else {
        return Ok(None);
    };
    metrics::start(core);
    let failed = |error: std::io::Error| format!("setting ops_listen: {address}: {error}");
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let routes = Router::new()
        .route("/metrics", get(scrape))
        .merge(health::routes())
        .with_state(Ops {
            core: core.clone(),
            readiness,
        });
    // Nothing but monitoring asks here, so a few connections do; the same timeouts apply as on the public listener.
    let limits = ConnectionLimits {
        max: MAX_CONNECTIONS,
        max_per_network: MAX_CONNECTIONS,
        ..config.connection_limits()?
    };
    let (running, stopping) = watch::channel(false);
    let listening = Listening::new(limits, Arc::new([]), stopping);
    tokio::spawn(async move {
        // The listener goes on while this exists.
        let _running = running;
        connections::serve(listener, None, routes, listening).await;
    });
    Ok(Some(address))
}

/// `GET /metrics`.
async fn scrape(State(ops): State<Ops>) -> impl IntoResponse {
    let body = metrics::scrape(&ops.core, &ops.readiness).await;
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], body)
}
