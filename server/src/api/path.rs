//! Parts of the address. One that cannot be an id of anything leads to nothing, like the id of something that is not there.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use ordinavo_core::CoreError;

use super::problem::ApiError;

/// The one parameter of the path, as text.
pub struct Segment(pub String);

/// The two parameters of the path, as texts.
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
            Ok(Path((one, other))) if !one.chars().chain(other.chars()).any(char::is_control) => Ok(Self(one, other)),
            _ => Err(CoreError::not_found().into()),
        }
    }
}

impl Segment {
    /// The id in the address.
    ///
    /// # Errors
    /// `not_found`.
    pub fn id<T: std::str::FromStr>(&self) -> Result<T, ApiError> {
        self.0.parse().map_err(|_| CoreError::not_found().into())
    }
}
