//! `POST /targets`: one import, in one transaction, recorded as job and item.

use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::import_results::ImportItemResult;
use domain::imports::{ItemOutcome, TargetImport, TargetImportBody};
use domain::problems::Problem;
use ordinavo_core::CoreError;
use ordinavo_core::services::imports::{Answer, IdempotencyKey, ImportPermits, import_one};

use crate::api::body::JsonBody;
use crate::api::problem::{ApiError, MEDIA_TYPE, ProblemBody};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Import a target.
///
/// The natural key (tenant, source system, externalId) makes this an upsert: sent twice, there is one target. Needs the
/// scope `targets.write`; `customers.map` and `customers.write` widen what is done about the customer.
#[utoipa::path(
    post, path = "/targets", operation_id = "createTarget", tag = "targets", security(("apiKey" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters; the first answer is repeated for 24 hours")),
    request_body = TargetImportBody,
    responses(
        (status = 201, description = "Created", body = ImportItemResult, headers(("Location" = String, description = "The target"))),
        (status = 200, description = "Updated, unchanged or skipped", body = ImportItemResult),
        (status = "4XX", description = "A problem", body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub async fn create_target(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permits = ImportPermits::of(&client)?;
    let key = idempotency_key(&headers, "POST /api/v1/targets", &body.raw)?;
    let import = TargetImport::read(&body.value).map_err(CoreError::invalid)?;
    let answer = import_one(&state.core, permits, &body.value, &import, key.as_ref(), render).await?;
    Ok(respond(answer))
}

/// The key of a request, if it has one.
///
/// # Errors
/// `idempotency_key_invalid`.
pub fn idempotency_key(headers: &HeaderMap, route: &str, body: &[u8]) -> Result<Option<IdempotencyKey>, CoreError> {
    headers
        .get("idempotency-key")
        .map(|value| IdempotencyKey::new(route, value.to_str().unwrap_or_default(), body))
        .transpose()
}

/// The answer to a result: the item, or a problem with the item in it.
fn render(result: &ImportItemResult) -> Answer {
    let location = result.target_id.map(|id| format!("/api/v1/targets/{id}"));
    if result.outcome == ItemOutcome::Failed {
        let code = result
            .errors
            .first()
            .map(|error| error.code.clone())
            .unwrap_or_default();
        let mut problem = ProblemBody::new(CoreError::new(
            Problem::ImportFailed,
            format!("The import was refused: {code}."),
        ));
        problem.item = Some(result.clone());
        let body = serde_json::to_string(&problem).unwrap_or_default();
        return Answer {
            status: Problem::ImportFailed.status(),
            location: None,
            body,
            replayed: false,
        };
    }
    let status = if result.outcome == ItemOutcome::Created {
        201
    } else {
        200
    };
    Answer {
        status,
        location: location.filter(|_| status == 201),
        body: serde_json::to_string(result).unwrap_or_default(),
        replayed: false,
    }
}

/// An answer as a response.
pub fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        if status.is_success() {
            HeaderValue::from_static("application/json")
        } else {
            MEDIA_TYPE
        },
    );
    if let Some(location) = answer
        .location
        .and_then(|location| HeaderValue::from_str(&location).ok())
    {
        headers.insert(LOCATION, location);
    }
    if answer.replayed {
        headers.insert(
            HeaderName::from_static("idempotency-replayed"),
            HeaderValue::from_static("true"),
        );
    }
    response
}
