//! `GET /webhook-endpoints/{id}/deliveries`.

use axum::Json;
use axum::extract::State;
use domain::events::EventType;
use domain::ids::WebhookEndpointId;
use domain::webhooks::DeliveryStatus;
use ordinavo_core::webhooks::deliveries;
use ordinavo_core::webhooks::deliveries::DeliveryFilter;
use serde::Deserialize;

use crate::api::paging::{Paging, Parameters, moment, one_of};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::api::v1::webhook_deliveries::{WebhookDelivery, WebhookDeliveryPage};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The query of an endpoint's deliveries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// How many rows a page has; 50 when absent, more than 200 is cut to 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Only in this state.
    #[param(value_type = Option<DeliveryStatus>, inline)]
    status: Option<String>,
    /// Only of this event type.
    event_type: Option<String>,
}

/// List the deliveries to an endpoint.
///
/// Newest first. Needs the scope `webhooks.read`.
#[utoipa::path(
    get, path = "/webhook-endpoints/{id}/deliveries", operation_id = "listWebhookDeliveries", tag = "webhook-deliveries", security(("apiKey" = []), ("oauth2" = ["webhooks.read"])),
    params(("id" = String, Path, description = "The endpoint's id"), DeliveryQuery),
    responses((status = 200, description = "A page, newest first", body = WebhookDeliveryPage), Refusals)
)]
pub async fn list_webhook_deliveries(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    Parameters(query): Parameters<DeliveryQuery>,
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
    let page = deliveries::own_list(&state.core, permit, endpoint, &filter, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| moment(row.created_at, row.id));
    Ok(Json(WebhookDeliveryPage {
        data: page.rows.into_iter().map(WebhookDelivery::from).collect(),
        next_cursor,
    }))
}
