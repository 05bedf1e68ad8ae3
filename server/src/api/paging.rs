//! Pages of list operations and their opaque cursors.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::fields::FieldCode;
use domain::problems::Cause;
use ordinavo_core::page::{Page, cursor_time};
use ordinavo_core::{CoreError, CoreResult};
use serde::{Deserialize, Serialize};

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
    /// Parses `limit` and `cursor`.
    ///
    /// # Errors
    /// `validation_failed` for the parameter `limit`.
    pub fn paging(&self) -> CoreResult<Paging<'_>> {
        Paging::new(self.limit.as_deref(), self.cursor.as_deref(), &[])
    }
}

/// Number of items of a page that names no limit.
const DEFAULT_LIMIT: i64 = 50;
/// Larger limits are treated as this one.
const MAX_LIMIT: u16 = 200;

/// The decoded form of a cursor: the filters of the list and the sort key of the last item.
#[derive(Serialize, Deserialize)]
struct Cursor {
    #[serde(rename = "f")]
    filter: String,
    #[serde(rename = "p")]
    sort_key: Vec<String>,
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
    /// `validation_failed` for the parameter `limit`.
    pub fn new(limit: Option<&str>, cursor: Option<&'a str>, filter: &[Option<&str>]) -> CoreResult<Self> {
        let limit = match limit {
            None => DEFAULT_LIMIT,
            Some(text) => match text.parse::<i64>() {
                Ok(limit) if limit >= 1 => limit.min(i64::from(MAX_LIMIT)),
                _ => {
                    return Err(CoreError::field(
                        "limit",
                        FieldCode::InvalidLimit {
                            max: usize::from(MAX_LIMIT),
                        },
                    ));
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

    /// Returns the sort key after which the page starts, with `count` parts.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn sort_key(&self, count: usize) -> CoreResult<Option<Vec<String>>> {
        let Some(cursor) = self.cursor else { return Ok(None) };
        let cursor: Option<Cursor> = URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let invalid = || CoreError::new(Cause::InvalidCursor);
        let cursor = cursor
            .filter(|cursor| cursor.sort_key.len() == count)
            .ok_or_else(invalid)?;
        if cursor.sort_key.iter().any(|part| part.chars().any(char::is_control)) {
            return Err(invalid());
        }
        if cursor.filter != self.filter {
            return Err(CoreError::new(Cause::CursorFilterMismatch));
        }
        Ok(Some(cursor.sort_key))
    }

    /// Returns the timestamp and ID after which the page starts.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn after<T: std::str::FromStr>(&self) -> CoreResult<Option<(DateTime<Utc>, T)>> {
        let Some(parts) = self.sort_key(2)? else {
            return Ok(None);
        };
        let read = || Some((cursor_time(parts.first()?.parse().ok()?), parts.get(1)?.parse().ok()?));
        read().map(Some).ok_or_else(|| CoreError::new(Cause::InvalidCursor))
    }

    /// Returns the text after which the page starts.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn after_text(&self) -> CoreResult<String> {
        Ok(self.sort_key(1)?.and_then(|mut parts| parts.pop()).unwrap_or_default())
    }

    /// Returns the number after which the page starts.
    ///
    /// # Errors
    /// `invalid_cursor`, `cursor_filter_mismatch`.
    pub fn after_number(&self) -> CoreResult<Option<i64>> {
        let Some(parts) = self.sort_key(1)? else {
            return Ok(None);
        };
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
    pub fn encode_cursor(&self, sort_key: &[String]) -> String {
        let cursor = Cursor {
            filter: self.filter.clone(),
            sort_key: sort_key.to_vec(),
        };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
    }
}

/// Returns the sort key of a row that is ordered by a timestamp and an ID.
pub fn timestamp_key(at: DateTime<Utc>, id: impl std::fmt::Display) -> Vec<String> {
    vec![at.timestamp_micros().to_string(), id.to_string()]
}
