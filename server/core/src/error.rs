//! The error type of all use cases.

use domain::fields::{FieldCode, FieldError};
use domain::lifecycle::IllegalTransition;
use domain::problems::{Cause, Problem, Record};
use domain::scopes::Scope;

use crate::db::StoreError;

pub type CoreResult<T> = Result<T, CoreError>;

/// An error with its problem type, its cause and the invalid fields. It becomes a problem response in the API and a message
/// on a page, each in its own words; database errors are logged and appear in neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreError {
    pub problem: Problem,
    pub cause: Cause,
    /// The invalid fields.
    pub fields: Vec<FieldError>,
}

impl CoreError {
    /// Creates an error without invalid fields.
    pub const fn new(cause: Cause) -> Self {
        Self {
            problem: cause.problem(),
            cause,
            fields: Vec::new(),
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

    /// Creates the error for a record that somebody else changed in the meantime.
    pub const fn conflict(record: Record) -> Self {
        Self::new(Cause::Conflict { record })
    }

    /// Logs an unexpected failure and creates the error that hides it.
    pub fn internal(failure: impl std::fmt::Display) -> Self {
        tracing::error!(error = %failure, "internal error");
        Self::new(Cause::Internal)
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
        Ok(())
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
            StoreError::Unavailable(text) => {
                tracing::error!(error = %text, "database unavailable");
                Self::new(Cause::DatabaseUnavailable)
            }
            StoreError::Broken(text) => {
                tracing::error!(error = %text, "database statement failed");
                Self::new(Cause::Internal)
            }
        }
    }
}

impl From<serde_json::Error> for CoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}
