//! `GET /mappings`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::mapping::references;
use ordinavo_core::mapping::references::MappingKind;
use serde::Deserialize;

use super::{Mapping, MappingPage, MappingType};
use crate::api::paging::{Paging, Parameters, one_of};
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The query of the references.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MappingQuery {
    /// How many rows a page has; 50 when absent, more than 200 is cut to 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Only references of this type.
    #[param(value_type = Option<MappingType>, inline)]
    r#type: Option<String>,
}

/// List references.
///
/// The own source system's, by type and external id. Needs the scope `customers.read`.
#[utoipa::path(
    get, path = "/mappings", operation_id = "listMappings", tag = "mappings", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(MappingQuery),
    responses((status = 200, description = "A page", body = MappingPage), Refusals)
)]
pub async fn list_mappings(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Parameters(query): Parameters<MappingQuery>,
) -> Result<Json<MappingPage>, ApiError> {
    let permit = client.require()?;
    let names: Vec<&str> = MappingType::ALL.iter().map(|kind| kind.name()).collect();
    let kind = one_of("type", query.r#type.as_deref(), &names, MappingKind::from_name)?;
    let paging = Paging::new(
        query.limit.as_deref(),
        query.cursor.as_deref(),
        &[query.r#type.as_deref()],
    )?;
    let after = paging.parts(2)?;
    let after = after.as_ref().map(|parts| (parts[0].as_str(), parts[1].as_str()));
    let page = references::list(&state.core, permit, kind, after, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| vec![row.entity_type.clone(), row.external_id.clone()]);
    Ok(Json(MappingPage {
        data: page.rows.into_iter().map(Mapping::from).collect(),
        next_cursor,
    }))
}
