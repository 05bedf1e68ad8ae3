//! Collects validation errors of a form.

use domain::fields::{FieldCode, FieldError};
use domain::text::TextError;

use crate::{CoreError, CoreResult};

/// The invalid fields of a form, so that all of them are reported at once.
#[derive(Default)]
pub(crate) struct Form(pub(crate) Vec<FieldError>);

impl Form {
    /// Returns a parsed text or adds its error; `max` is the length limit in characters.
    pub(crate) fn text<T>(&mut self, name: &str, max: usize, parsed: Result<T, TextError>) -> Option<T> {
        parsed
            .map_err(|error| self.0.push(FieldError::text(name, error, max)))
            .ok()
    }

    /// Adds an invalid field.
    pub(crate) fn add_error(&mut self, name: &str, code: FieldCode) {
        self.0.push(FieldError::new(name, code));
    }

    /// Returns all invalid fields as one error, if there are any.
    /// Adds the errors of a part that was checked elsewhere.
    pub(crate) fn add_errors(&mut self, errors: Vec<FieldError>) {
        self.0.extend(errors);
    }

    pub(crate) fn finish(self) -> CoreResult<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(CoreError::invalid(self.0))
        }
    }
}
