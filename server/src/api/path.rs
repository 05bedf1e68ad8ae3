//! Path parameters. A malformed ID returns `not_found`, like an unknown one.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use ordinavo_core::CoreError;

use super::problem::ApiError;

/// A path with one parameter.
pub struct Segment(pub String);

/// A path with two parameters.
pub struct Segments(pub String, pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) if !text.chars().any(char::is_control) => Ok(Self(text)),
            _ => Err(CoreError::not_found().into()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Segments {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<(String, String)>::from_request_parts(parts, state).await {
            Ok(Path((first, second))) if !first.chars().chain(second.chars()).any(char::is_control) => {
                Ok(Self(first, second))
            }
            _ => Err(CoreError::not_found().into()),
        }
    }
}

impl Segment {
    /// Parses the parameter as an ID.
    ///
    /// # Errors
    /// `not_found`.
    pub fn id<T: std::str::FromStr>(&self) -> Result<T, ApiError> {
        self.0.parse().map_err(|_| CoreError::not_found().into())
    }
}
