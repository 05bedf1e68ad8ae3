//! Query parameters.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::fields::FieldCode;
use ordinavo_core::{CoreError, CoreResult};
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde_json::{Map, Value};

use super::problem::ApiError;

/// Query parameters, parsed strictly: an unknown or repeated parameter is an error.
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut members = Map::new();
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            if value.chars().chain(name.chars()).any(char::is_control) {
                return Err(CoreError::field(&name, FieldCode::InvalidCharacter).into());
            }
            if members
                .insert(name.to_string(), Value::String(value.into_owned()))
                .is_some()
            {
                return Err(CoreError::field(&name, FieldCode::RepeatedParameter).into());
            }
        }
        let mut unknown = None;
        T::deserialize(Parameters {
            members,
            unknown: &mut unknown,
        })
        .map(Self)
        .map_err(|error| match unknown {
            Some(name) => CoreError::field(&name, FieldCode::UnknownParameter).into(),
            None => CoreError::from(error).into(),
        })
    }
}

/// Compares the parameters with the fields of the struct that is read, since the errors of serde name no field.
struct Parameters<'a> {
    members: Map<String, Value>,
    unknown: &'a mut Option<String>,
}

impl<'de> Deserializer<'de> for Parameters<'_> {
    type Error = serde_json::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if let Some(unknown) = self.members.keys().find(|key| !fields.contains(&key.as_str())) {
            *self.unknown = Some(unknown.clone());
            return Err(Self::Error::custom("unknown parameter"));
        }
        Value::Object(self.members).deserialize_struct(name, fields, visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        Value::Object(self.members).deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Parses a query parameter that accepts only the `allowed` names.
///
/// # Errors
/// `validation_failed` for the parameter `name`.
pub fn one_of<T>(
    name: &str,
    value: Option<&str>,
    allowed: &[&str],
    parse: impl Fn(&str) -> Option<T>,
) -> CoreResult<Option<T>> {
    match value {
        None => Ok(None),
        Some(text) => parse(text).map(Some).ok_or_else(|| {
            CoreError::field(
                name,
                FieldCode::NotAllowed {
                    allowed: allowed.iter().map(ToString::to_string).collect(),
                },
            )
        }),
    }
}
