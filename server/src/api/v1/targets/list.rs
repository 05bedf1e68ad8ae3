//! `GET /targets`.

use axum::Json;
use axum::extract::{Query, State};
use ordinavo_core::services::targets;
use serde::Serialize;

use super::Target;
use crate::api::cursor::{PageQuery, cursor};
use crate::api::problem::{ApiError, ProblemBody};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// A page of targets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetPage {
    /// The rows, oldest first.
    pub data: Vec<Target>,
    /// Where the next page begins; null on the last page.
    pub next_cursor: Option<String>,
}

/// List targets.
///
/// The own source system's targets, oldest first. Needs the scope `targets.read`.
#[utoipa::path(
    get, path = "/targets", operation_id = "listTargets", tag = "targets", security(("apiKey" = [])),
    params(PageQuery),
    responses((status = 200, description = "A page", body = TargetPage), (status = "4XX", description = "A problem", body = ProblemBody, content_type = "application/problem+json"))
)]
pub async fn list_targets(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Query(query): Query<PageQuery>,
) -> Result<Json<TargetPage>, ApiError> {
    let permit = client.require()?;
    let page = targets::list_of_client(&state.core, permit, query.after()?, query.limit()?).await?;
    let next_cursor = page
        .rows
        .last()
        .filter(|_| page.has_more)
        .map(|row| cursor(row.created_at, row.id));
    Ok(Json(TargetPage {
        data: page.rows.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}
