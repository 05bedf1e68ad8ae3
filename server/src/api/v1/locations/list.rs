//! `GET /locations`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::customers::client_records;
use serde::Deserialize;

use super::{Location, LocationPage};
use crate::api::paging::{Paging, Parameters};
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The query of the locations.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LocationQuery {
    /// How many rows a page has; 50 when absent, more than 200 is cut to 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Only the location with this external id.
    external_id: Option<String>,
}

/// List locations.
///
/// Those that the own source system has a reference to, by external id. Needs the scope `customers.read`.
#[utoipa::path(
    get, path = "/locations", operation_id = "listLocations", tag = "locations", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(LocationQuery),
    responses((status = 200, description = "A page", body = LocationPage), Refusals)
)]
pub async fn list_locations(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Parameters(query): Parameters<LocationQuery>,
) -> Result<Json<LocationPage>, ApiError> {
    let permit = client.require()?;
    let paging = Paging::new(
        query.limit.as_deref(),
        query.cursor.as_deref(),
        &[query.external_id.as_deref()],
    )?;
    let after = paging.after_text()?;
    if let Some(external_id) = &query.external_id {
        let found = client_records::location_by_external_id(&state.core, permit, external_id).await?;
        return Ok(Json(LocationPage {
            data: found.into_iter().map(Location::from).collect(),
            next_cursor: None,
        }));
    }
    let page = client_records::locations(&state.core, permit, &after, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| vec![row.external_id.clone()]);
    Ok(Json(LocationPage {
        data: page.rows.into_iter().map(Location::from).collect(),
        next_cursor,
    }))
}
