//! Error responses as problem details (RFC 9457).

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::fields::FieldError;
use domain::imports::results::ImportItemResult;
use domain::problems::{Cause, Problem};
use ordinavo_core::CoreError;
use serde::Serialize;

use crate::api::texts;
use crate::http_layers::CURRENT_REQUEST;

/// Problem details of an error (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody {
    /// URL of the page that documents this code.
    pub r#type: String,
    /// Short summary of the problem type, the same for every occurrence.
    pub title: String,
    /// HTTP status code.
    pub status: u16,
    /// Explanation of this occurrence.
    pub detail: String,
    /// Path of the request.
    pub instance: String,
    /// Stable, machine-readable error code.
    pub code: String,
    /// ID of the request in the server log.
    pub request_id: String,
    /// Validation errors, each with a JSON pointer to the field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// The import item, if a valid import was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<ImportItemResult>,
}

/// An invalid field of a request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FieldError)]
pub struct FieldProblem {
    /// JSON pointer (RFC 6901), or the field name on a form.
    pub pointer: String,
    /// Stable error code.
    pub code: String,
    /// Explanation of what is allowed.
    pub detail: String,
}

impl From<FieldError> for FieldProblem {
    fn from(error: FieldError) -> Self {
        Self {
            code: error.code.code().to_owned(),
            detail: texts::field_code(&error.code),
            pointer: error.pointer,
        }
    }
}

impl ProblemBody {
    /// Builds the body for an error of the current request.
    pub fn new(error: CoreError) -> Self {
        let (request_id, instance) = CURRENT_REQUEST.try_with(Clone::clone).unwrap_or_default();
        Self {
            r#type: format!("/docs/problems/{}", error.problem.code()),
            title: error.problem.title().to_owned(),
            status: error.problem.status(),
            detail: texts::cause(&error.cause),
            instance,
            code: error.problem.code().to_owned(),
            request_id,
            errors: error.fields.into_iter().map(FieldProblem::from).collect(),
            item: None,
        }
    }
}

/// The error responses that every operation has in the OpenAPI document.
#[derive(utoipa::IntoResponses)]
#[allow(dead_code, reason = "used only to generate the OpenAPI document")]
pub enum ErrorResponses {
    /// The request was rejected; see `code`.
    #[response(status = "4XX", content_type = "application/problem+json")]
    Refused(ProblemBody),
    /// The server cannot process the request; retry later.
    #[response(status = "5XX", content_type = "application/problem+json")]
    Failed(ProblemBody),
}

/// An error that is sent as a problem response.
#[derive(Debug)]
pub struct ApiError(pub CoreError);

impl From<CoreError> for ApiError {
    fn from(error: CoreError) -> Self {
        Self(error)
    }
}

/// Logs the failure behind an error and returns the status of its answer; for answers that are not problem responses.
pub fn logged_status(error: &CoreError) -> StatusCode {
    error.log();
    StatusCode::from_u16(error.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The media type of problem responses.
pub const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.0.log();
        let problem = self.0.problem;
        let scope = match &self.0.cause {
            Cause::ScopeMissing { scope } => scope.clone(),
            _ => String::new(),
        };
        let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&ProblemBody::new(self.0)).unwrap_or_default();
        let mut response = (status, body).into_response();
        // For the request log.
        response.extensions_mut().insert(problem);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, MEDIA_TYPE);
        let challenge = match problem {
            Problem::MissingCredentials => Some("Bearer".to_owned()),
            Problem::InvalidCredentials | Problem::KeyRevoked | Problem::TokenExpired => {
                Some("Bearer error=\"invalid_token\"".to_owned())
            }
            Problem::InsufficientScope => Some(format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"")),
            _ => None,
        };
        if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
        match problem {
            Problem::IdempotencyInProgress => headers.insert(RETRY_AFTER, HeaderValue::from_static("1")),
            Problem::RateLimited | Problem::TemporarilyUnavailable => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("5"))
            }
            _ => None,
        };
        response
    }
}
