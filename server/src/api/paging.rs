//! Queries of lists, and places in them that are opaque to clients.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::fields::FieldError;
use domain::problems::Problem;
use ordinavo_core::page::Page;
use ordinavo_core::{CoreError, CoreResult};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::problem::ApiError;

/// The parameters of a query, by name; one that is not known, or that stands twice, is refused like an unknown field.
pub struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut members = Map::new();
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            if value.chars().chain(name.chars()).any(char::is_control) {
                return Err(CoreError::field(&name, "invalid_character", "Control characters are not allowed.").into());
            }
            if members
                .insert(name.to_string(), Value::String(value.into_owned()))
                .is_some()
            {
                return Err(CoreError::field(&name, "validation_failed", "This parameter stands twice.").into());
            }
        }
        serde_json::from_value(Value::Object(members))
            .map(Self)
            .map_err(|error| {
                let text = error.to_string();
                let name = text.split('`').nth(1).unwrap_or_default().to_owned();
                CoreError::invalid(vec![FieldError::new(
                    name,
                    "unknown_field",
                    "This parameter is not known here.",
                )])
                .into()
            })
    }
}

/// The query of a list that is not narrowed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many rows a page has; 50 when absent, more than 200 is cut to 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

impl PageQuery {
    /// Where the page begins and how long it is.
    ///
    /// # Errors
    /// Field `limit`.
    pub fn paging(&self) -> CoreResult<Paging<'_>> {
        Paging::new(self.limit.as_deref(), self.cursor.as_deref(), &[])
    }
}

/// A parameter of one name of a closed list.
///
/// # Errors
/// Field of that name.
pub fn one_of<T>(
    name: &str,
    value: Option<&str>,
    allowed: &[&str],
    read: impl Fn(&str) -> Option<T>,
) -> CoreResult<Option<T>> {
    match value {
        None => Ok(None),
        Some(text) => read(text)
            .map(Some)
            .ok_or_else(|| CoreError::field(name, "validation_failed", format!("Allowed: {}.", allowed.join(", ")))),
    }
}

/// A row's place, with what the list was narrowed to.
#[derive(Serialize, Deserialize)]
struct Place {
    f: String,
    p: Vec<String>,
}

/// Where a page begins and how long it is.
pub struct Paging<'a> {
    limit: i64,
    cursor: Option<&'a str>,
    filter: String,
}

impl<'a> Paging<'a> {
    /// Reads `limit` and `cursor` of a list; `filter` is what else decides which rows it has.
    ///
    /// # Errors
    /// Field `limit`.
    pub fn new(limit: Option<&str>, cursor: Option<&'a str>, filter: &[Option<&str>]) -> CoreResult<Self> {
        let limit = match limit {
            None => 50,
            Some(text) => match text.parse::<i64>() {
                Ok(limit) if limit >= 1 => limit.min(200),
                _ => {
                    return Err(CoreError::field(
                        "limit",
                        "validation_failed",
                        "A whole number of at least 1 is required; more than 200 is cut to 200.",
                    ));
                }
            },
        };
        let filter = serde_json::to_string(filter)?;
        Ok(Self { limit, cursor, filter })
    }

    /// How many rows a page has.
    pub fn limit(&self) -> i64 {
        self.limit
    }

    /// The parts of the place after which the page begins.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn parts(&self, count: usize) -> CoreResult<Option<Vec<String>>> {
        let Some(cursor) = self.cursor else { return Ok(None) };
        let place: Option<Place> = URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let invalid = || CoreError::new(Problem::InvalidCursor, "The cursor is not valid.");
        let place = place.filter(|place| place.p.len() == count).ok_or_else(invalid)?;
        if place.p.iter().any(|part| part.chars().any(char::is_control)) {
            return Err(invalid());
        }
        if place.f != self.filter {
            return Err(CoreError::new(
                Problem::CursorFilterMismatch,
                "The cursor belongs to a list with other filters.",
            ));
        }
        Ok(Some(place.p))
    }

    /// The moment and id after which the page begins.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn after<T: std::str::FromStr>(&self) -> CoreResult<Option<(DateTime<Utc>, T)>> {
        let Some(parts) = self.parts(2)? else { return Ok(None) };
        let read = || {
            Some((
                DateTime::from_timestamp_micros(parts.first()?.parse().ok()?)?,
                parts.get(1)?.parse().ok()?,
            ))
        };
        read()
            .map(Some)
            .ok_or_else(|| CoreError::new(Problem::InvalidCursor, "The cursor is not valid."))
    }

    /// The text after which the page begins.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn after_text(&self) -> CoreResult<String> {
        Ok(self.parts(1)?.and_then(|mut parts| parts.pop()).unwrap_or_default())
    }

    /// The number after which the page begins.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn after_number(&self) -> CoreResult<Option<i64>> {
        let Some(parts) = self.parts(1)? else { return Ok(None) };
        let number = parts
            .first()
            .and_then(|text| text.parse().ok())
            .filter(|number| *number >= 0);
        number
            .map(Some)
            .ok_or_else(|| CoreError::new(Problem::InvalidCursor, "The cursor is not valid."))
    }

    /// The cursor for the page behind this one, if rows follow.
    pub fn next<R>(&self, page: &Page<R>, place: impl Fn(&R) -> Vec<String>) -> Option<String> {
        let last = page.rows.last().filter(|_| page.has_more)?;
        Some(self.place(&place(last)))
    }

    /// The cursor for what stands behind a place.
    pub fn place(&self, parts: &[String]) -> String {
        let place = Place {
            f: self.filter.clone(),
            p: parts.to_vec(),
        };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&place).unwrap_or_default())
    }
}

/// The place of a row that is ordered by a moment and an id.
pub fn moment(at: DateTime<Utc>, id: impl std::fmt::Display) -> Vec<String> {
    vec![at.timestamp_micros().to_string(), id.to_string()]
}
