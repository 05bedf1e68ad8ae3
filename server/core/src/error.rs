//! The one error of all use cases.

use domain::fields::FieldError;
use domain::lifecycle::IllegalStep;
use domain::problems::Problem;

use crate::db::StoreError;

/// What a use case answers when it does not do what was asked.
pub type CoreResult<T> = Result<T, CoreError>;

/// A refusal with its kind, a sentence about this occurrence and the fields that are wrong. It is mapped once to a
/// problem answer and once to a message on a page; database text reaches neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreError {
    /// The kind.
    pub problem: Problem,
    /// About this occurrence.
    pub detail: String,
    /// The wrong fields.
    pub fields: Vec<FieldError>,
}

impl CoreError {
    /// A refusal without a field.
    pub fn new(problem: Problem, detail: impl Into<String>) -> Self {
        Self {
            problem,
            detail: detail.into(),
            fields: Vec::new(),
        }
    }

    /// There is nothing, or nothing that the actor may see: the same answer for both.
    pub fn not_found() -> Self {
        Self::new(Problem::NotFound, "There is nothing here.")
    }

    /// Wrong fields. A single kind of mistake decides the problem; several are `validation_failed`.
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
            problem,
            detail: "The input is not valid.".to_owned(),
            fields,
        }
    }

    /// One wrong field.
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

impl From<IllegalStep> for CoreError {
    fn from(step: IllegalStep) -> Self {
        Self::new(Problem::IllegalTransition, format!("It {step}."))
    }
}

impl From<StoreError> for CoreError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::new(
                Problem::ConcurrentModification,
                "Somebody else changed this at the same time.",
            ),
            StoreError::OnlyLooks => Self::new(
                Problem::PermissionDenied,
                "This is only a look; nothing can be changed in it.",
            ),
            StoreError::Unavailable(text) => {
                tracing::error!(error = %text, "the database does not answer");
                Self::new(Problem::TemporarilyUnavailable, "The service cannot answer right now.")
            }
            StoreError::Broken(text) => {
                tracing::error!(error = %text, "the database refused a statement");
                Self::new(Problem::InternalError, "Something went wrong on our side.")
            }
        }
    }
}

impl From<serde_json::Error> for CoreError {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!(%error, "a value could not be written as JSON");
        Self::new(Problem::InternalError, "Something went wrong on our side.")
    }
}
