//! Field-by-field parsing of JSON objects that reports all errors at once, each with its JSON pointer.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::code::FieldCode;
pub use self::reason::{CsvError, ScheduleConflict, WebhookUrlError};
use crate::text::{self, TextError};

mod code;
mod reason;

/// An invalid field of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// JSON pointer (RFC 6901), or the field name on a form.
    pub pointer: String,
    /// Why it is invalid.
    pub code: FieldCode,
}

impl FieldError {
    /// Creates an error for the field at `pointer`.
    pub fn new(pointer: impl Into<String>, code: FieldCode) -> Self {
        Self {
            pointer: pointer.into(),
            code,
        }
    }

    /// Creates an error for an invalid text with a maximum of `max_chars` characters.
    pub fn text(pointer: impl Into<String>, error: TextError, max_chars: usize) -> Self {
        Self::new(pointer, FieldCode::of_text(error, max_chars))
    }
}

/// Maximum nesting depth of a body.
pub const MAX_DEPTH: usize = 16;

/// Checks the nesting depth of a body and rejects control characters in values and member names.
///
/// # Errors
/// The first violation.
pub fn check_body(value: &Value) -> Result<(), FieldError> {
    fn walk(value: &Value, pointer: &str, depth: usize) -> Result<(), FieldError> {
        if depth > MAX_DEPTH {
            return Err(FieldError::new(pointer, FieldCode::TooDeep { max: MAX_DEPTH }));
        }
        match value {
            Value::String(text) if !text.chars().all(text::is_text_character) => {
                Err(FieldError::text(pointer, TextError::InvalidCharacter, 0))
            }
            Value::Array(items) => items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| walk(item, &format!("{pointer}/{index}"), depth + 1)),
            Value::Object(members) => members.iter().try_for_each(|(name, member)| {
                let pointer = format!("{pointer}/{}", escape(name));
                if name.chars().any(char::is_control) {
                    return Err(FieldError::text(pointer, TextError::InvalidCharacter, 0));
                }
                walk(member, &pointer, depth + 1)
            }),
            _ => Ok(()),
        }
    }
    walk(value, "", 0)
}

/// Returns a JSON number without a fraction as an integer.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn whole_number(value: &Value) -> Option<i64> {
    /// Integers up to this one are exact as floating-point numbers (2^53).
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| {
        value
            .as_f64()
            .filter(|number| number.fract() == 0.0 && number.abs() <= MAX_EXACT)
            .map(|number| number as i64)
    })
}

/// Escapes a reference token of a JSON pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A member of a partial update: absent (keep), null (clear) or a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Not sent: the stored value is kept.
    #[default]
    Absent,
    /// Sent as null: the stored value is cleared.
    Null,
    /// Sent with a new value.
    Value(T),
}

impl<T> Patch<T> {
    /// Returns the value, if one was sent.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Returns the value, if one was sent.
    pub const fn as_value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Applies the update to the stored value.
    pub fn over(self, stored: Option<T>) -> Option<T> {
        match self {
            Self::Absent => stored,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// Reads the members of a JSON object and collects errors.
pub struct ObjectReader<'a> {
    members: &'a Map<String, Value>,
    pointer: String,
    known: Vec<&'static str>,
}

impl<'a> ObjectReader<'a> {
    /// Creates a reader; adds an error and returns `None` if `value` is not an object.
    pub fn new(value: &'a Value, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        if let Value::Object(members) = value {
            Some(Self {
                members,
                pointer: pointer.to_owned(),
                known: Vec::new(),
            })
        } else {
            errors.push(FieldError::new(pointer, FieldCode::NotObject));
            None
        }
    }

    /// Returns the JSON pointer of a member.
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, escape(name))
    }

    /// Returns a member unparsed and marks it as known. An empty string counts as absent.
    pub fn raw(&mut self, name: &'static str) -> Patch<&'a Value> {
        self.known.push(name);
        match self.members.get(name) {
            None => Patch::Absent,
            Some(Value::Null) => Patch::Null,
            Some(Value::String(text)) if text.is_empty() => Patch::Absent,
            Some(value) => Patch::Value(value),
        }
    }

    /// Reads a string member with `parse`; `max_chars` is named in the error.
    pub fn text<T>(
        &mut self,
        name: &'static str,
        max_chars: usize,
        errors: &mut Vec<FieldError>,
        parse: impl FnOnce(&str) -> Result<T, TextError>,
    ) -> Patch<T> {
        let pointer = self.pointer(name);
        match self.raw(name) {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(Value::String(text)) => match parse(text) {
                Ok(value) => Patch::Value(value),
                Err(error) => {
                    errors.push(FieldError::text(pointer, error, max_chars));
                    Patch::Absent
                }
            },
            Patch::Value(_) => {
                errors.push(FieldError::new(pointer, FieldCode::NotString));
                Patch::Absent
            }
        }
    }

    /// Reads a required string member like [`Self::text`].
    pub fn required_text<T>(
        &mut self,
        name: &'static str,
        max_chars: usize,
        errors: &mut Vec<FieldError>,
        parse: impl FnOnce(&str) -> Result<T, TextError>,
    ) -> Option<T> {
        let pointer = self.pointer(name);
        let before = errors.len();
        let value = self.text(name, max_chars, errors, parse).value();
        if value.is_none() && errors.len() == before {
            errors.push(FieldError::text(pointer, TextError::Required, max_chars));
        }
        value
    }

    /// Reads a member that must be one of the given names.
    pub fn one_of<T>(
        &mut self,
        name: &'static str,
        names: &[&str],
        errors: &mut Vec<FieldError>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Patch<T> {
        let pointer = self.pointer(name);
        match self.raw(name) {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(value) => match value.as_str().and_then(read) {
                Some(value) => Patch::Value(value),
                None => {
                    errors.push(FieldError::new(
                        pointer,
                        FieldCode::NotAllowed {
                            allowed: names.iter().map(ToString::to_string).collect(),
                        },
                    ));
                    Patch::Absent
                }
            },
        }
    }

    /// Reads an integer member within bounds. A number without a fraction, such as `90.0`, is an integer.
    pub fn integer(
        &mut self,
        name: &'static str,
        bounds: std::ops::RangeInclusive<i64>,
        errors: &mut Vec<FieldError>,
    ) -> Patch<i64> {
        let pointer = self.pointer(name);
        match self.raw(name) {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(value) => match whole_number(value).filter(|number| bounds.contains(number)) {
                Some(number) => Patch::Value(number),
                None => {
                    errors.push(FieldError::new(
                        pointer,
                        FieldCode::OutOfRange {
                            min: *bounds.start(),
                            max: *bounds.end(),
                        },
                    ));
                    Patch::Absent
                }
            },
        }
    }

    /// Reads a boolean member.
    pub fn boolean(&mut self, name: &'static str, errors: &mut Vec<FieldError>) -> Patch<bool> {
        let pointer = self.pointer(name);
        match self.raw(name) {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(Value::Bool(value)) => Patch::Value(*value),
            Patch::Value(_) => {
                errors.push(FieldError::new(pointer, FieldCode::NotBoolean));
                Patch::Absent
            }
        }
    }

    /// Adds an error for every member that was not read.
    pub fn finish(self, errors: &mut Vec<FieldError>) {
        for name in self.members.keys() {
            if !self.known.contains(&name.as_str()) {
                errors.push(FieldError::new(self.pointer(name), FieldCode::UnknownField));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reader_reports_all_errors_with_pointers() {
        let value = json!({"a": 5, "b/c": 1, "n": 99});
        let mut errors = Vec::new();
        let mut reader = ObjectReader::new(&value, "/customer", &mut errors).expect("value is an object");
        assert_eq!(
            reader.text("a", 10, &mut errors, |text| text::line(text, 10)),
            Patch::Absent
        );
        assert_eq!(reader.integer("n", 0..=5, &mut errors), Patch::Absent);
        reader.finish(&mut errors);
        let found: Vec<_> = errors
            .iter()
            .map(|error| (error.pointer.as_str(), error.code.code()))
            .collect();
        assert_eq!(
            found,
            [
                ("/customer/a", "validation_failed"),
                ("/customer/n", "validation_failed"),
                ("/customer/b~1c", "unknown_field")
            ]
        );
    }

    #[test]
    fn reader_empty_string_is_absent_and_whole_number_is_integer() {
        let value = json!({"empty": "", "minutes": 90.0, "half": 90.5, "exponent": 1e2});
        let mut errors = Vec::new();
        let mut reader = ObjectReader::new(&value, "", &mut errors).expect("value is an object");
        assert_eq!(
            reader.text("empty", 10, &mut errors, |text| text::line(text, 10)),
            Patch::Absent
        );
        assert_eq!(
            reader.one_of("empty", &["a"], &mut errors, |_| None::<()>),
            Patch::Absent
        );
        assert_eq!(reader.integer("minutes", 1..=1440, &mut errors), Patch::Value(90));
        assert_eq!(reader.integer("exponent", 1..=1440, &mut errors), Patch::Value(100));
        assert!(errors.is_empty());
        assert_eq!(reader.integer("half", 1..=1440, &mut errors), Patch::Absent);
        assert_eq!(errors.len(), 1);
    }

    #[test]
    fn check_body_rejects_deep_nesting_and_control_characters() {
        let mut deep = json!(1);
        for _ in 0..17 {
            deep = json!([deep]);
        }
        assert_eq!(
            check_body(&deep).expect_err("body is too deep").code,
            FieldCode::TooDeep { max: MAX_DEPTH }
        );
        assert_eq!(
            check_body(&json!({"a": ["x\u{0}"]}))
                .expect_err("NUL is rejected")
                .pointer,
            "/a/0"
        );
        assert_eq!(check_body(&json!({"a": ["line\nline"]})), Ok(()));
    }
}
