//! `GET /locations`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::customers::client_records;
use serde::Deserialize;

use super::{Location, LocationPage};
use crate::api::paging::Paging;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::QueryParams;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Query parameters of `GET /locations`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LocationQuery {
    /// Number of items per page. Defaults to 50; values above 200 are treated as 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// The `nextCursor` of the previous page.
    cursor: Option<String>,
    /// Returns only the location with this external ID.
    external_id: Option<String>,
}

/// Lists locations.
///
/// Includes the locations with a reference in the client's source system, ordered by external ID. Requires the scope
/// `customers.read`.
#[utoipa::path(
    get, path = "/locations", operation_id = "listLocations", tag = "locations", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(LocationQuery),
    responses((status = 200, description = "A page", body = LocationPage), ErrorResponses)
)]
pub async fn list_locations(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    QueryParams(query): QueryParams<LocationQuery>,
) -> Result<Json<LocationPage>, ApiError> {
    let permit = client.require()?;
    let paging = Paging::new(
        query.limit.as_deref(),
        query.cursor.as_deref(),
        &[query.external_id.as_deref()],
    )?;
    let after = paging.after_text()?;
    if let Some(external_id) = &query.external_id {
        let found = client_records::find_location_by_external_id(&state.core, permit, external_id).await?;
        return Ok(Json(LocationPage {
            data: found.into_iter().map(Location::from).collect(),
            next_cursor: None,
        }));
    }
    let page = client_records::list_locations(&state.core, permit, &after, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| vec![row.external_id.clone()]);
    Ok(Json(LocationPage {
        data: page.rows.into_iter().map(Location::from).collect(),
        next_cursor,
    }))
}
