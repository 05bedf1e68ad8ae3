//! The error type of all use cases.

use domain::fields::FieldError;
use domain::lifecycle::IllegalTransition;
use domain::problems::Problem;
use domain::scopes::Scope;

use crate::db::StoreError;

pub type CoreResult<T> = Result<T, CoreError>;

/// An error with its problem type, a detail sentence and the invalid fields. It becomes a problem response in the API and a
/// message on a page; database errors are logged and appear in neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreError {
    pub problem: Problem,
    /// A sentence about this occurrence.
    pub detail: String,
    /// The invalid fields.
    pub fields: Vec<FieldError>,
    /// The scope that the client lacks, for `insufficient_scope`.
    pub missing_scope: Option<Scope>,
}

impl CoreError {
    /// Creates an error without invalid fields.
    pub fn new(problem: Problem, detail: impl Into<String>) -> Self {
        Self {
            problem,
            detail: detail.into(),
            fields: Vec::new(),
            missing_scope: None,
        }
    }

    /// Creates an error with invalid fields and a problem of its own.
    pub fn with_fields(problem: Problem, detail: impl Into<String>, fields: Vec<FieldError>) -> Self {
        Self {
            fields,
            ..Self::new(problem, detail)
        }
    }

    /// Creates the error for a client without a scope.
    pub fn missing_scope(scope: Scope) -> Self {
        Self {
            missing_scope: Some(scope),
            ..Self::new(
                Problem::InsufficientScope,
                format!("The scope {} is missing.", scope.name()),
            )
        }
    }

    /// Creates the error for objects that do not exist or that the actor may not see; both look the same.
    pub fn not_found() -> Self {
        Self::new(Problem::NotFound, "The resource was not found.")
    }

    /// Creates an error for invalid fields. If all have the same code, it decides the problem type; otherwise it is
    /// `validation_failed`.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let problem = match fields.first() {
            Some(first) if fields.iter().all(|field| field.code == first.code) => match first.code.as_str() {
                "unknown_field" => Problem::UnknownField,
                "invalid_character" => Problem::InvalidCharacter,
                "value_too_long" => Problem::ValueTooLong,
                _ => Problem::ValidationFailed,
            },
            _ => Problem::ValidationFailed,
        };
        Self {
            fields,
            ..Self::new(problem, "The input is not valid.")
        }
    }

    /// Creates an error for one invalid field.
    pub fn field(pointer: &str, code: &str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(pointer, code, detail)])
    }
}

impl std::fmt::Display for CoreError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.problem.code(), self.detail)
    }
}
impl std::error::Error for CoreError {}

impl From<IllegalTransition> for CoreError {
    fn from(step: IllegalTransition) -> Self {
        Self::new(Problem::IllegalTransition, format!("It {step}."))
    }
}

impl From<StoreError> for CoreError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::new(
                Problem::ConcurrentModification,
                "The record was changed by another user in the meantime.",
            ),
            StoreError::ReadOnlySession => Self::new(Problem::PermissionDenied, "This session is read-only."),
            StoreError::Unavailable(text) => {
                tracing::error!(error = %text, "database unavailable");
                Self::new(
                    Problem::TemporarilyUnavailable,
                    "The service is temporarily unavailable.",
                )
            }
            StoreError::Broken(text) => {
                tracing::error!(error = %text, "database statement failed");
                Self::new(Problem::InternalError, "An internal error occurred.")
            }
        }
    }
}

impl From<serde_json::Error> for CoreError {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!(%error, "failed to serialize value as JSON");
        Self::new(Problem::InternalError, "An internal error occurred.")
    }
}
