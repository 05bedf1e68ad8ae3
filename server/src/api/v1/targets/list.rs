//! `GET /targets`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::DateTime;
use domain::fields::FieldCode;
use domain::jobs::targets::TargetStatus;
use domain::text::ExternalId;
use ordinavo_core::jobs::model::TargetFilter;
use ordinavo_core::{CoreError, CoreResult, jobs};
use serde::Deserialize;

use super::{Target, TargetPage};
use crate::api::etag::tagged;
use crate::api::paging::{Paging, timestamp_key};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::{QueryParams, one_of};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Query parameters of `GET /targets`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TargetQuery {
    /// Number of items per page. Defaults to 50; values above 200 are treated as 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// The `nextCursor` of the previous page.
    cursor: Option<String>,
    /// Returns only targets with this status.
    #[param(value_type = Option<TargetStatus>, inline)]
    status: Option<String>,
    /// Returns only targets that changed at this time or later.
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    updated_since: Option<String>,
    /// Returns only targets that need a mapping review, or only those that do not.
    #[param(value_type = Option<bool>)]
    needs_mapping: Option<String>,
    /// Returns only targets whose external ID starts with this text.
    #[param(max_length = 128)]
    external_id_prefix: Option<String>,
}

impl TargetQuery {
    fn filter(&self) -> CoreResult<TargetFilter> {
        let names: Vec<&str> = TargetStatus::ALL.iter().map(|status| status.name()).collect();
        let prefix = self.external_id_prefix.clone().filter(|prefix| !prefix.is_empty());
        if prefix
            .as_ref()
            .is_some_and(|prefix| prefix.chars().count() > ExternalId::MAX_CHARS)
        {
            let code = FieldCode::TooLong {
                max: ExternalId::MAX_CHARS,
            };
            return Err(CoreError::field("externalIdPrefix", code));
        }
        Ok(TargetFilter {
            status: one_of("status", self.status.as_deref(), &names, TargetStatus::from_name)?,
            updated_since: self
                .updated_since
                .as_deref()
                .map(|text| {
                    DateTime::parse_from_rfc3339(text)
                        .map(|moment| moment.to_utc())
                        .map_err(|_| CoreError::field("updatedSince", FieldCode::InvalidTimestamp))
                })
                .transpose()?,
            needs_mapping: one_of(
                "needsMapping",
                self.needs_mapping.as_deref(),
                &["true", "false"],
                |text| text.parse().ok(),
            )?,
            external_id_prefix: prefix,
        })
    }
}

/// Lists targets.
///
/// Covers the targets of the client's source system, oldest first. The answer has an `ETag`; with `If-None-Match` an
/// unchanged page is `304`. Requires the scope `targets.read`; with `customers.read` targets name customer, location and
/// contact.
#[utoipa::path(
    get, path = "/targets", operation_id = "listTargets", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.read"])),
    params(TargetQuery, ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer")),
    responses((status = 200, description = "A page, oldest first", body = TargetPage), (status = 304, description = "Unchanged"), ErrorResponses)
)]
pub async fn list_targets(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    QueryParams(query): QueryParams<TargetQuery>,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let filter = query.filter()?;
    let paging = Paging::new(
        query.limit.as_deref(),
        query.cursor.as_deref(),
        &[
            query.status.as_deref(),
            query.updated_since.as_deref(),
            query.needs_mapping.as_deref(),
            query.external_id_prefix.as_deref(),
        ],
    )?;
    let page = jobs::list_for_client(&state.core, permit, &filter, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| timestamp_key(row.created_at, row.id));
    let body = TargetPage {
        data: page.rows.into_iter().map(|row| Target::of(row, &client)).collect(),
        next_cursor,
    };
    Ok(tagged(&headers, &body)?)
}
