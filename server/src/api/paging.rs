//! Query parameters and opaque cursors of list operations.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::fields::{FieldCode, FieldError};
use domain::problems::Cause;
use ordinavo_core::page::{Page, cursor_time};
use ordinavo_core::{CoreError, CoreResult};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
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
        serde_json::from_value(Value::Object(members))
            .map(Self)
            .map_err(|error| {
                let text = error.to_string();
                let name = text.split('`').nth(1).unwrap_or_default().to_owned();
                CoreError::invalid(vec![FieldError::new(name, FieldCode::UnknownParameter)]).into()
            })
    }
}

/// Query parameters of a list without filters.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Number of items per page. Defaults to 50; values above 200 are treated as 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// The `nextCursor` of the previous page.
    cursor: Option<String>,
}

impl PageQuery {
    /// Returns the requested page.
    ///
    /// # Errors
    /// Field `limit`.
    pub fn paging(&self) -> CoreResult<Paging<'_>> {
        Paging::new(self.limit.as_deref(), self.cursor.as_deref(), &[])
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
    read: impl Fn(&str) -> Option<T>,
) -> CoreResult<Option<T>> {
    match value {
        None => Ok(None),
        Some(text) => read(text).map(Some).ok_or_else(|| {
            CoreError::field(
                name,
                FieldCode::NotAllowed {
                    allowed: allowed.iter().map(ToString::to_string).collect(),
                },
            )
        }),
    }
}

/// The decoded form of a cursor: the filters of the list and the sort key of the last item.
#[derive(Serialize, Deserialize)]
struct Cursor {
    f: String,
    p: Vec<String>,
}

/// The requested page of a list: limit and cursor.
pub struct Paging<'a> {
    limit: i64,
    cursor: Option<&'a str>,
    filter: String,
}

impl<'a> Paging<'a> {
    /// Parses `limit` and `cursor`. A cursor is only valid for the same `filter` values it was issued for.
    ///
    /// # Errors
    /// Field `limit`.
    pub fn new(limit: Option<&str>, cursor: Option<&'a str>, filter: &[Option<&str>]) -> CoreResult<Self> {
        let limit = match limit {
            None => 50,
            Some(text) => match text.parse::<i64>() {
                Ok(limit) if limit >= 1 => limit.min(200),
                _ => {
                    return Err(CoreError::field("limit", FieldCode::InvalidLimit { max: 200 }));
                }
            },
        };
        let filter = serde_json::to_string(filter)?;
        Ok(Self { limit, cursor, filter })
    }

    /// Returns the maximum number of items of the page.
    pub fn limit(&self) -> i64 {
        self.limit
    }

    /// Returns the sort key after which the page starts, as `count` parts.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn parts(&self, count: usize) -> CoreResult<Option<Vec<String>>> {
        let Some(cursor) = self.cursor else { return Ok(None) };
        let cursor: Option<Cursor> = URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let invalid = || CoreError::new(Cause::InvalidCursor);
        let cursor = cursor.filter(|cursor| cursor.p.len() == count).ok_or_else(invalid)?;
        if cursor.p.iter().any(|part| part.chars().any(char::is_control)) {
            return Err(invalid());
        }
        if cursor.f != self.filter {
            return Err(CoreError::new(Cause::CursorFilterMismatch));
        }
        Ok(Some(cursor.p))
    }

    /// Returns the timestamp and ID after which the page starts.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn after<T: std::str::FromStr>(&self) -> CoreResult<Option<(DateTime<Utc>, T)>> {
        let Some(parts) = self.parts(2)? else { return Ok(None) };
        let read = || Some((cursor_time(parts.first()?.parse().ok()?), parts.get(1)?.parse().ok()?));
        read().map(Some).ok_or_else(|| CoreError::new(Cause::InvalidCursor))
    }

    /// Returns the text after which the page starts.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn after_text(&self) -> CoreResult<String> {
        Ok(self.parts(1)?.and_then(|mut parts| parts.pop()).unwrap_or_default())
    }

    /// Returns the number after which the page starts.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn after_number(&self) -> CoreResult<Option<i64>> {
        let Some(parts) = self.parts(1)? else { return Ok(None) };
        let number = parts
            .first()
            .and_then(|text| text.parse().ok())
            .filter(|number| *number >= 0);
        number.map(Some).ok_or_else(|| CoreError::new(Cause::InvalidCursor))
    }

    /// Returns the cursor of the next page if there is one.
    pub fn next<R>(&self, page: &Page<R>, sort_key: impl Fn(&R) -> Vec<String>) -> Option<String> {
        let last = page.rows.last().filter(|_| page.has_more)?;
        Some(self.encode_cursor(&sort_key(last)))
    }

    /// Encodes a sort key as a cursor.
    pub fn encode_cursor(&self, parts: &[String]) -> String {
        let cursor = Cursor {
            f: self.filter.clone(),
            p: parts.to_vec(),
        };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
    }
}

/// Returns the sort key of a row that is ordered by a timestamp and an ID.
pub fn timestamp_key(at: DateTime<Utc>, id: impl std::fmt::Display) -> Vec<String> {
    vec![at.timestamp_micros().to_string(), id.to_string()]
}
