//! Pages of lists.

/// How many rows a page of a list has.
pub const PAGE: i64 = 50;

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether more rows follow.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// Cuts a result that was read with one row more than a page has.
    pub(crate) fn cut(mut rows: Vec<T>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, has_more }
    }
}
