//! Authentication with API keys and access tokens in the `Authorization` header (RFC 6750).

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use domain::network::Network;
use domain::problems::{Cause, Problem};
use ordinavo_core::CoreError;
use ordinavo_core::identity::actors::ApiClient;
use ordinavo_core::identity::authentication;

use crate::api::limits::RateLimitMeter;
use crate::api::problem::ApiError;
use crate::serve::AppState;

/// The authenticated integration client.
pub struct Bearer(pub ApiClient);

impl FromRequestParts<AppState> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .ok_or_else(|| CoreError::new(Cause::CredentialsMissing))?;
        let key = header
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, key)| key.trim())
            .ok_or_else(|| CoreError::new(Cause::CredentialsMalformed))?;
        let found = authentication::client(&state.core, key).await;
        if let Err(error) = &found
            && error.problem == Problem::InvalidCredentials
        {
            let network = parts.extensions.get().copied().unwrap_or(Network::UNKNOWN);
            state.limits.check_failure(network)?;
        }
        let client = found?;
        if let Some(meter) = parts.extensions.get::<RateLimitMeter>() {
            meter.consume(&state.limits, &client)?;
        }
        Ok(Self(client))
    }
}
