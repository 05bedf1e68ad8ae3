//! The error type of all use cases.

use std::sync::Arc;

use domain::fields::{FieldCode, FieldError};
use domain::lifecycle::IllegalTransition;
use domain::problems::{Cause, Problem, Record};
use domain::scopes::Scope;

use crate::db::StoreError;

pub type CoreResult<T> = Result<T, CoreError>;

/// An error with its problem type, its cause and the invalid fields. It becomes a problem response in the API and a message
/// on a page, each in its own words. The technical failure behind it appears in neither; the caller at the boundary logs it
/// with [`CoreError::log`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreError {
    pub problem: Problem,
    pub cause: Cause,
    /// The invalid fields.
    pub fields: Vec<FieldError>,
    /// The unexpected failure with its chain of sources.
    failure: Option<Arc<str>>,
}

impl CoreError {
    /// Creates an error without invalid fields.
    pub const fn new(cause: Cause) -> Self {
        Self {
            problem: cause.problem(),
            cause,
            fields: Vec::new(),
            failure: None,
        }
    }

    /// Creates an error with invalid fields and a cause of its own.
    pub fn with_fields(cause: Cause, fields: Vec<FieldError>) -> Self {
        Self {
            fields,
            ..Self::new(cause)
        }
    }

    /// Creates the error for a client without a scope.
    pub fn missing_scope(scope: Scope) -> Self {
        Self::new(Cause::ScopeMissing {
            scope: scope.name().to_owned(),
        })
    }

    /// Creates the error for objects that do not exist or that the actor may not see; both look the same.
    pub const fn not_found() -> Self {
        Self::new(Cause::NotFound)
    }

    /// Creates the error for a record that another user changed in the meantime.
    pub const fn conflict(record: Record) -> Self {
        Self::new(Cause::Conflict { record })
    }

    /// Creates the error that hides an unexpected failure.
    pub fn internal(failure: impl std::fmt::Display) -> Self {
        Self::failed(Cause::Internal, &failure)
    }

    /// Creates an error with the failure behind it.
    pub(crate) fn failed(cause: Cause, failure: &impl std::fmt::Display) -> Self {
        Self {
            failure: Some(failure.to_string().into()),
            ..Self::new(cause)
        }
    }

    /// Logs the failure behind the error, if there is one. Each boundary that turns errors into answers calls this once.
    pub fn log(&self) {
        if let Some(failure) = &self.failure {
            tracing::error!(code = self.problem.code(), cause = ?self.cause, error = %failure, "operation failed");
        }
    }

    /// Creates an error for invalid fields. If all have the same code, it decides the problem type; otherwise it is
    /// `validation_failed`.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let problem = match fields.first().map(|field| field.code.code()) {
            Some(code) if fields.iter().all(|field| field.code.code() == code) => match code {
                "unknown_field" => Problem::UnknownField,
                "invalid_character" => Problem::InvalidCharacter,
                "value_too_long" => Problem::ValueTooLong,
                _ => Problem::ValidationFailed,
            },
            _ => Problem::ValidationFailed,
        };
        Self {
            problem,
            ..Self::with_fields(Cause::InvalidFields, fields)
        }
    }

    /// Creates an error for one invalid field.
    pub fn field(pointer: &str, code: FieldCode) -> Self {
        Self::invalid(vec![FieldError::new(pointer, code)])
    }

    /// Returns whether the same input can be accepted later.
    pub fn is_temporary(&self) -> bool {
        self.problem == Problem::TemporarilyUnavailable || self.cause == Cause::EntryInProgress
    }

    /// Returns whether a field was rejected for this reason.
    pub fn has_field(&self, code: &FieldCode) -> bool {
        self.fields.iter().any(|field| field.code == *code)
    }
}

impl std::fmt::Display for CoreError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {:?}", self.problem.code(), self.cause)?;
        for field in &self.fields {
            write!(formatter, "; {}: {:?}", field.pointer, field.code)?;
        }
        match &self.failure {
            Some(failure) => write!(formatter, ": {failure}"),
            None => Ok(()),
        }
    }
}
impl std::error::Error for CoreError {}

impl From<Cause> for CoreError {
    fn from(cause: Cause) -> Self {
        Self::new(cause)
    }
}

impl From<IllegalTransition> for CoreError {
    fn from(step: IllegalTransition) -> Self {
        Self::new(step.into())
    }
}

impl From<StoreError> for CoreError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::conflict(Record::Other),
            StoreError::ReadOnlySession => Self::new(Cause::ReadOnlySession),
            StoreError::Unavailable(text) | StoreError::Refused(text) => {
                Self::failed(Cause::DatabaseUnavailable, &text)
            }
            error @ StoreError::FileLost(_) => Self::failed(Cause::DatabaseUnavailable, &error),
            StoreError::Invalid(text) => Self::failed(Cause::InvalidFields, &text),
            StoreError::Broken(text) | StoreError::Forbidden(text) => Self::internal(text),
        }
    }
}

impl From<serde_json::Error> for CoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}
