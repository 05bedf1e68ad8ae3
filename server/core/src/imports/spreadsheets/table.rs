//! An uploaded file as a table of texts: CSV in any common encoding, or a sheet of a workbook.

use domain::fields::{CsvError, FieldCode};

use super::{text, workbook};
use crate::{CoreError, CoreResult};

pub(super) const MAX_COLUMNS: usize = 60;

/// A row with the number of its line, from 1, in the file or sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub line: usize,
    pub cells: Vec<String>,
}

/// What kind of file a table was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableSource {
    /// Text with a character encoding; `is_certain` if the file itself says which.
    Text {
        /// Name of the encoding, such as `windows-1252`.
        encoding: &'static str,
        is_certain: bool,
    },
    /// A sheet of a workbook.
    Sheet {
        name: String,
        /// How many other sheets have content.
        others: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub headers: Vec<String>,
    pub rows: Vec<Row>,
    /// Number of lines of the file or sheet.
    pub lines: usize,
    pub source: TableSource,
}

pub(super) fn invalid_file(error: CsvError) -> CoreError {
    CoreError::field("file", FieldCode::InvalidCsv(error))
}

/// Reads a file of at most `max_rows` rows. `encoding` is the name of the encoding of a text file that was chosen instead of the detected one.
///
/// # Errors
/// Field `file`.
pub(crate) fn read(bytes: &[u8], encoding: Option<&str>, max_rows: usize) -> CoreResult<Table> {
    if workbook::is_workbook(bytes) {
        workbook::read(bytes, max_rows)
    } else {
        text::read(bytes, encoding, max_rows)
    }
}

impl Table {
    /// Builds a table from rows, of which the first that is not empty names the columns.
    ///
    /// # Errors
    /// Field `file` without columns or rows, or with too many.
    pub(super) fn of_rows(
        rows: impl Iterator<Item = Row>,
        lines: usize,
        source: TableSource,
        max_rows: usize,
    ) -> CoreResult<Self> {
        let mut rows = rows.filter(|row| row.cells.iter().any(|cell| !cell.is_empty()));
        let Some(first) = rows.next() else {
            return Err(invalid_file(CsvError::NoHeaders));
        };
        let headers: Vec<String> = first.cells.iter().map(|cell| cell.trim().to_owned()).collect();
        if headers.len() > MAX_COLUMNS {
            return Err(invalid_file(CsvError::TooManyColumns { max: MAX_COLUMNS }));
        }
        let rows: Vec<Row> = rows.take(max_rows + 1).collect();
        if rows.len() > max_rows {
            return Err(invalid_file(CsvError::TooManyRows { max: max_rows }));
        }
        if rows.is_empty() {
            return Err(invalid_file(CsvError::Empty));
        }
        let mut table = Self {
            headers,
            rows,
            lines,
            source,
        };
        table.drop_common_trailing_cells();
        Ok(table)
    }

    /// Removes empty cells at the end of all rows, which programs write that end every row with a delimiter.
    fn drop_common_trailing_cells(&mut self) {
        let width = self.headers.len();
        let is_common = self
            .rows
            .iter()
            .all(|row| row.cells.len() > width && row.cells[width..].iter().all(String::is_empty));
        if is_common {
            for row in &mut self.rows {
                row.cells.truncate(width);
            }
        }
    }

    /// Returns whether a row has more cells than the table has columns, so that its values may be shifted.
    pub(crate) fn is_shifted(&self, row: &Row) -> bool {
        row.cells.len() > self.headers.len()
    }

    /// Returns the cells of a column that are not empty.
    pub(crate) fn column(&self, index: usize) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .filter(|row| !self.is_shifted(row))
            .filter_map(move |row| row.cells.get(index))
            .map(String::as_str)
            .filter(|cell| !cell.is_empty())
    }
}
