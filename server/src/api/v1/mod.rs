//! Version 1.

pub mod targets;
pub mod webhook_endpoints;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::serve::AppState;

/// Every route of version 1.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(targets::create::create_target, targets::list::list_targets))
        .routes(routes!(targets::get::get_target))
        .routes(routes!(targets::get_by_external_id::get_target_by_external_id))
        .routes(routes!(
            webhook_endpoints::create::create_webhook_endpoint,
            webhook_endpoints::list::list_webhook_endpoints
        ))
        .routes(routes!(webhook_endpoints::get::get_webhook_endpoint))
}
