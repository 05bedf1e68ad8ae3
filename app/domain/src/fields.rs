//! Reading a JSON object field by field, so that every mistake is reported at once, each with its JSON pointer.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::text::{self, TextError};

/// One mistake in an input: where it is and what it is. The pointer is RFC 6901 for JSON, the field's name on a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where.
    pub pointer: String,
    /// What, as a stable code.
    pub code: String,
    /// What is allowed, in a sentence.
    pub detail: String,
}

impl FieldError {
    /// A mistake at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.to_owned(),
            detail: detail.into(),
        }
    }

    /// A refused text.
    pub fn text(pointer: impl Into<String>, error: TextError, most: usize) -> Self {
        let detail = match error {
            TextError::Required => "A value is required.".to_owned(),
            TextError::TooLong => format!("At most {most} characters are allowed."),
            TextError::InvalidCharacter => "Control characters are not allowed.".to_owned(),
            TextError::SurroundingSpace => "Spaces at the start or the end are not allowed.".to_owned(),
            TextError::InvalidEmail => "An e-mail address such as name@example.org is required.".to_owned(),
            TextError::InvalidCountry => "A country code of two letters such as DE is required.".to_owned(),
            TextError::TooShort => "More characters are required.".to_owned(),
        };
        Self::new(pointer, error.code(), detail)
    }
}

/// The deepest nesting of a body.
pub const DEEPEST: usize = 16;

/// Checks what holds for every body before its fields are read: nesting and control characters, also in names.
///
/// # Errors
/// The first place that breaks a rule.
pub fn check_body(value: &Value) -> Result<(), FieldError> {
    fn walk(value: &Value, pointer: &str, depth: usize) -> Result<(), FieldError> {
        if depth > DEEPEST {
            return Err(FieldError::new(
                pointer,
                "validation_failed",
                format!("At most {DEEPEST} levels of nesting are allowed."),
            ));
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

/// Escapes one reference token of a JSON pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A value that may be absent (keep), null (clear) or there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Not sent: what is stored stays.
    #[default]
    Absent,
    /// Sent as null: what is stored is cleared.
    Null,
    /// Sent with a value.
    Value(T),
}

impl<T> Patch<T> {
    /// The value, if one was sent.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The value, if one was sent.
    pub const fn as_value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// What is stored after this was applied to `stored`.
    pub fn over(self, stored: Option<T>) -> Option<T> {
        match self {
            Self::Absent => stored,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// Reads the members of one JSON object and collects what is wrong with them.
pub struct ObjectReader<'a> {
    members: &'a Map<String, Value>,
    pointer: String,
    known: Vec<&'static str>,
}

impl<'a> ObjectReader<'a> {
    /// Starts reading; `None` (with an error noted) if `value` is not an object.
    pub fn new(value: &'a Value, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        if let Value::Object(members) = value {
            Some(Self {
                members,
                pointer: pointer.to_owned(),
                known: Vec::new(),
            })
        } else {
            errors.push(FieldError::new(pointer, "validation_failed", "An object is required."));
            None
        }
    }

    /// The pointer of a member.
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, escape(name))
    }

    /// The raw member; noted as known.
    pub fn raw(&mut self, name: &'static str) -> Patch<&'a Value> {
        self.known.push(name);
        match self.members.get(name) {
            None => Patch::Absent,
            Some(Value::Null) => Patch::Null,
            Some(value) => Patch::Value(value),
        }
    }

    /// A text member, parsed by `parse`; `most` is named in the error.
    pub fn text<T>(
        &mut self,
        name: &'static str,
        most: usize,
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
                    errors.push(FieldError::text(pointer, error, most));
                    Patch::Absent
                }
            },
            Patch::Value(_) => {
                errors.push(FieldError::new(pointer, "validation_failed", "A text is required."));
                Patch::Absent
            }
        }
    }

    /// Like [`Self::text`], for a member that must be there.
    pub fn required_text<T>(
        &mut self,
        name: &'static str,
        most: usize,
        errors: &mut Vec<FieldError>,
        parse: impl FnOnce(&str) -> Result<T, TextError>,
    ) -> Option<T> {
        let pointer = self.pointer(name);
        let before = errors.len();
        let value = self.text(name, most, errors, parse).value();
        if value.is_none() && errors.len() == before {
            errors.push(FieldError::text(pointer, TextError::Required, most));
        }
        value
    }

    /// A member that must be one of a closed list of names.
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
                        "validation_failed",
                        format!("Allowed: {}.", names.join(", ")),
                    ));
                    Patch::Absent
                }
            },
        }
    }

    /// A whole number within bounds.
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
            Patch::Value(value) => match value.as_i64().filter(|number| bounds.contains(number)) {
                Some(number) => Patch::Value(number),
                None => {
                    errors.push(FieldError::new(
                        pointer,
                        "validation_failed",
                        format!(
                            "A whole number from {} to {} is required.",
                            bounds.start(),
                            bounds.end()
                        ),
                    ));
                    Patch::Absent
                }
            },
        }
    }

    /// True or false.
    pub fn boolean(&mut self, name: &'static str, errors: &mut Vec<FieldError>) -> Patch<bool> {
        let pointer = self.pointer(name);
        match self.raw(name) {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(Value::Bool(value)) => Patch::Value(*value),
            Patch::Value(_) => {
                errors.push(FieldError::new(
                    pointer,
                    "validation_failed",
                    "true or false is required.",
                ));
                Patch::Absent
            }
        }
    }

    /// Notes every member that nobody asked for.
    pub fn finish(self, errors: &mut Vec<FieldError>) {
        for name in self.members.keys() {
            if !self.known.contains(&name.as_str()) {
                errors.push(FieldError::new(
                    self.pointer(name),
                    "unknown_field",
                    "This field is not known here.",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_mistake_is_reported_with_its_pointer() {
        let value = json!({"a": 5, "b/c": 1, "n": 99});
        let mut errors = Vec::new();
        let mut reader = ObjectReader::new(&value, "/customer", &mut errors).expect("an object");
        assert_eq!(
            reader.text("a", 10, &mut errors, |text| text::line(text, 10)),
            Patch::Absent
        );
        assert_eq!(reader.integer("n", 0..=5, &mut errors), Patch::Absent);
        reader.finish(&mut errors);
        let found: Vec<_> = errors
            .iter()
            .map(|error| (error.pointer.as_str(), error.code.as_str()))
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
    fn bodies_are_bounded() {
        let mut deep = json!(1);
        for _ in 0..17 {
            deep = json!([deep]);
        }
        assert_eq!(check_body(&deep).expect_err("too deep").code, "validation_failed");
        assert_eq!(check_body(&json!({"a": ["x\u{0}"]})).expect_err("NUL").pointer, "/a/0");
        assert_eq!(check_body(&json!({"a": ["line\nline"]})), Ok(()));
    }
}
