//! Pagination of lists.

use chrono::{DateTime, Utc};

/// The number of rows on a page.
pub const PAGE_SIZE: i64 = 50;

/// 2100-01-01, in microseconds.
const MAX_MICROS: i64 = 4_102_444_800_000_000;

/// Returns the time in a cursor, clamped to 1970 to 2100. Other times mean the same page, and databases know fewer of them.
pub fn cursor_time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros.clamp(0, MAX_MICROS)).unwrap_or_default()
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub has_more: bool,
}

impl<T> Page<T> {
    /// Builds a page from a result that was read with one row more than `limit`.
    pub(crate) fn from_rows(mut rows: Vec<T>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, has_more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_time_out_of_range_is_clamped() {
        for (micros, expected) in [
            (i64::MIN, "1970-01-01T00:00:00+00:00"),
            (-1, "1970-01-01T00:00:00+00:00"),
            (1_764_000_000_000_000, "2025-11-24T16:00:00+00:00"),
            (i64::MAX, "2100-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(cursor_time(micros).to_rfc3339(), expected, "{micros}");
        }
    }
}
