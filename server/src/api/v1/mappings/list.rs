//! `GET /mappings`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::mapping::references;
use serde::Deserialize;

use super::{Mapping, MappingPage};
use domain::mapping::MappingType;

use crate::api::paging::Paging;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::{QueryParams, one_of};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Query parameters of `GET /mappings`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MappingQuery {
    /// Number of items per page. Defaults to 50; values above 200 are treated as 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// The `nextCursor` of the previous page.
    cursor: Option<String>,
    /// Returns only references to records of this type.
    #[param(value_type = Option<MappingType>, inline)]
    r#type: Option<String>,
}

/// Lists references.
///
/// Covers the references of the client's source system, ordered by type and external ID. Requires the scope
/// `customers.read`.
#[utoipa::path(
    get, path = "/mappings", operation_id = "listMappings", tag = "mappings", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(MappingQuery),
    responses((status = 200, description = "A page", body = MappingPage), ErrorResponses)
)]
pub async fn list_mappings(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    QueryParams(query): QueryParams<MappingQuery>,
) -> Result<Json<MappingPage>, ApiError> {
    let permit = client.require()?;
    let names: Vec<&str> = MappingType::ALL.iter().map(|kind| kind.name()).collect();
    let kind = one_of("type", query.r#type.as_deref(), &names, MappingType::from_name)?;
    let paging = Paging::new(
        query.limit.as_deref(),
        query.cursor.as_deref(),
        &[query.r#type.as_deref()],
    )?;
    let after = paging.sort_key(2)?;
    let after = after.as_ref().map(|parts| (parts[0].as_str(), parts[1].as_str()));
    let page = references::list(&state.core, permit, kind, after, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| {
        vec![row.mapping_type.name().to_owned(), row.external_id.clone()]
    });
    Ok(Json(MappingPage {
        data: page.rows.into_iter().map(Mapping::from).collect(),
        next_cursor,
    }))
}
