//! Version 1 of the API.

pub mod billing_triggers;
pub mod contacts;
pub mod customers;
pub mod events;
pub mod follow_ups;
pub mod import_jobs;
pub mod locations;
pub mod mappings;
pub mod requests;
pub mod route_suggestions;
pub mod sandbox;
pub mod targets;
pub mod visit_reports;
pub mod webhook_deliveries;
pub mod webhook_endpoints;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::serve::AppState;

/// Returns all routes of version 1.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(targets::create::create_target, targets::list::list_targets))
        .routes(routes!(targets::batch::create_target_batch))
        .routes(routes!(targets::status_query::query_target_status))
        .routes(routes!(targets::get::get_target))
        .routes(routes!(targets::cancel::cancel_target))
        .routes(routes!(targets::reopen::reopen_target))
        .routes(routes!(targets::get_by_external_id::get_target_by_external_id))
        .routes(routes!(import_jobs::list::list_import_jobs))
        .routes(routes!(import_jobs::get::get_import_job))
        .routes(routes!(import_jobs::items::list_import_items))
        .routes(routes!(import_jobs::cancel::cancel_import_job))
        .routes(routes!(import_jobs::retry::retry_import_job))
        .routes(routes!(requests::create::create_request, requests::list::list_requests))
        .routes(routes!(requests::get::get_request))
        .routes(routes!(requests::cancel::cancel_request))
        .routes(routes!(
            route_suggestions::create::create_route_suggestion,
            route_suggestions::list::list_route_suggestions
        ))
        .routes(routes!(route_suggestions::get::get_route_suggestion))
        .routes(routes!(mappings::list::list_mappings))
        .routes(routes!(mappings::resolve::resolve_mapping))
        .routes(routes!(mappings::put::put_mapping, mappings::delete::delete_mapping))
        .routes(routes!(customers::list::list_customers))
        .routes(routes!(customers::get::get_customer))
        .routes(routes!(customers::put::put_customer))
        .routes(routes!(locations::list::list_locations))
        .routes(routes!(locations::get::get_location))
        .routes(routes!(locations::put::put_location))
        .routes(routes!(contacts::list::list_contacts))
        .routes(routes!(contacts::get::get_contact))
        .routes(routes!(contacts::put::put_contact))
        .routes(routes!(visit_reports::list::list_visit_reports))
        .routes(routes!(visit_reports::get::get_visit_report))
        .routes(routes!(follow_ups::list::list_follow_ups))
        .routes(routes!(follow_ups::get::get_follow_up))
        .routes(routes!(billing_triggers::list::list_billing_triggers))
        .routes(routes!(billing_triggers::get::get_billing_trigger))
        .routes(routes!(billing_triggers::acknowledge::acknowledge_billing_trigger))
        .routes(routes!(
            webhook_endpoints::create::create_webhook_endpoint,
            webhook_endpoints::list::list_webhook_endpoints
        ))
        .routes(routes!(
            webhook_endpoints::get::get_webhook_endpoint,
            webhook_endpoints::update::update_webhook_endpoint,
            webhook_endpoints::delete::delete_webhook_endpoint
        ))
        .routes(routes!(webhook_endpoints::rotate_secret::rotate_webhook_secret))
        .routes(routes!(webhook_endpoints::test::test_webhook_endpoint))
        .routes(routes!(webhook_endpoints::enable::enable_webhook_endpoint))
        .routes(routes!(webhook_endpoints::disable::disable_webhook_endpoint))
        .routes(routes!(webhook_endpoints::recover::recover_webhook_endpoint))
        .routes(routes!(webhook_endpoints::deliveries::list_webhook_deliveries))
        .routes(routes!(webhook_deliveries::get::get_webhook_delivery))
        .routes(routes!(webhook_deliveries::attempts::list_webhook_attempts))
        .routes(routes!(webhook_deliveries::replay::replay_webhook_delivery))
        .routes(routes!(sandbox::advance::advance_sandbox_target))
        .routes(routes!(sandbox::events::trigger_sandbox_event))
        .routes(routes!(events::types::list_event_types))
        .routes(routes!(events::list::list_events))
        .routes(routes!(events::get::get_event))
}
