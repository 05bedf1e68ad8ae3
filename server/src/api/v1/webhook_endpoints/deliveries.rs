//! `GET /webhook-endpoints/{id}/deliveries`.

use axum::Json;
use axum::extract::State;
use domain::events::EventType;
use domain::ids::WebhookEndpointId;
use domain::webhooks::DeliveryStatus;
use ordinavo_core::webhooks::deliveries;
use ordinavo_core::webhooks::deliveries::DeliveryFilter;
use serde::Deserialize;

use crate::api::paging::{Paging, timestamp_key};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::{QueryParams, one_of};
use crate::api::v1::webhook_deliveries::{WebhookDelivery, WebhookDeliveryPage};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Query parameters of `GET /webhook-endpoints/{id}/deliveries`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Number of items per page. Defaults to 50; values above 200 are treated as 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// The `nextCursor` of the previous page.
    cursor: Option<String>,
    /// Returns only deliveries with this status.
    #[param(value_type = Option<DeliveryStatus>, inline)]
    status: Option<String>,
    /// Returns only deliveries of this event type.
    event_type: Option<String>,
}

/// Lists the deliveries of a webhook endpoint.
///
/// Newest first. Requires the scope `webhooks.read`.
#[utoipa::path(
    get, path = "/webhook-endpoints/{id}/deliveries", operation_id = "listWebhookDeliveries", tag = "webhook-deliveries", security(("apiKey" = []), ("oauth2" = ["webhooks.read"])),
    params(("id" = String, Path, description = "ID of the endpoint"), DeliveryQuery),
    responses((status = 200, description = "A page, newest first", body = WebhookDeliveryPage), ErrorResponses)
)]
pub async fn list_webhook_deliveries(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    QueryParams(query): QueryParams<DeliveryQuery>,
) -> Result<Json<WebhookDeliveryPage>, ApiError> {
    let permit = client.require()?;
    let endpoint: WebhookEndpointId = id.id()?;
    let names: Vec<&str> = DeliveryStatus::ALL.iter().map(|status| status.name()).collect();
    let status = one_of("status", query.status.as_deref(), &names, DeliveryStatus::from_name)?;
    let types: Vec<&str> = EventType::ALL.iter().map(|kind| kind.name()).collect();
    let event_type = one_of("eventType", query.event_type.as_deref(), &types, |name| {
        EventType::from_name(name).map(|kind| kind.name().to_owned())
    })?;
    let paging = Paging::new(
        query.limit.as_deref(),
        query.cursor.as_deref(),
        &[
            Some(&endpoint.to_string()),
            query.status.as_deref(),
            event_type.as_deref(),
        ],
    )?;
    let filter = DeliveryFilter {
        status,
        event_type,
        ..DeliveryFilter::default()
    };
    let page =
        deliveries::list_for_client(&state.core, permit, endpoint, &filter, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| timestamp_key(row.created_at, row.id));
    Ok(Json(WebhookDeliveryPage {
        data: page.rows.into_iter().map(WebhookDelivery::from).collect(),
        next_cursor,
    }))
}
