//! Places in a list, opaque to clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::problems::Problem;
use ordinavo_core::{CoreError, CoreResult};
use serde::Deserialize;

/// The query of every list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many rows a page has: 1 to 200, 50 when absent; a larger number is cut to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<String>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// The number of rows.
    ///
    /// # Errors
    /// Field `limit`.
    pub fn limit(&self) -> CoreResult<i64> {
        match &self.limit {
            None => Ok(50),
            Some(text) => match text.parse::<i64>() {
                Ok(limit) if limit >= 1 => Ok(limit.min(200)),
                _ => Err(CoreError::field(
                    "limit",
                    "validation_failed",
                    "A whole number from 1 to 200 is required.",
                )),
            },
        }
    }

    /// The place after which the page begins.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub fn after<T: std::str::FromStr>(&self) -> CoreResult<Option<(DateTime<Utc>, T)>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let read = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
            let (micros, id) = text.split_once('.')?;
            Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
        };
        read()
            .map(Some)
            .ok_or_else(|| CoreError::new(Problem::InvalidCursor, "The cursor is not valid."))
    }
}

/// Writes a row's place.
pub fn cursor(at: DateTime<Utc>, id: impl std::fmt::Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}.{id}", at.timestamp_micros()))
}
