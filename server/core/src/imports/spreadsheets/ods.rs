//! A check of `.ods` files before they are read: the reader writes out repeated cells and rows, and does not end at a file that is
//! cut off.

use std::io::{BufReader, Cursor};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader};

use super::workbook::{MAX_CELLS_OF_ROW, MAX_ROWS, MAX_UNPACKED_BYTES, unreadable};
use crate::CoreResult;

/// How much the reader would write out.
#[derive(Default)]
struct Extent {
    /// Rows up to the last one with content.
    rows: usize,
    /// Rows without content since then; they count once a row with content follows.
    empty_rows: usize,
    /// The texts of cells, as often as they are repeated.
    text_bytes: u64,
    row: Option<RowExtent>,
}

#[derive(Default)]
struct RowExtent {
    times: usize,
    /// Cells up to the last one with content.
    width: usize,
    empty_cells: usize,
    /// The repetitions of the last cell.
    cell_times: usize,
}

/// Returns the number in an attribute; one if there is none.
fn number(tag: &BytesStart, name: &str) -> CoreResult<usize> {
    match tag.try_get_attribute(name).map_err(|_| unreadable())? {
        Some(attribute) => attribute.value.trim().parse().map_err(|_| unreadable()),
        None => Ok(1),
    }
}

impl Extent {
    fn start(&mut self, tag: &BytesStart, is_empty: bool) -> CoreResult<()> {
        match (tag.name().as_ref(), &mut self.row) {
            // A table inside of a cell.
            ("table:table-row", Some(_)) => return Err(unreadable()),
            ("table:table-row", row) => {
                *row = Some(RowExtent {
                    times: number(tag, "table:number-rows-repeated")?,
                    ..RowExtent::default()
                });
            }
            ("table:table-cell" | "table:covered-table-cell", Some(row)) => {
                let count = number(tag, "table:number-columns-repeated")?;
                let has_value = ["office:value-type", "calcext:value-type", "table:formula"];
                let mut has_content = !is_empty;
                for name in has_value {
                    has_content |= tag.try_get_attribute(name).map_err(|_| unreadable())?.is_some();
                }
                if has_content {
                    row.width = row.width.saturating_add(row.empty_cells).saturating_add(count);
                    row.empty_cells = 0;
                    row.cell_times = count;
                    self.add_text(tag.len());
                } else {
                    row.empty_cells = row.empty_cells.saturating_add(count);
                }
            }
            ("text:s", Some(_)) => {
                let spaces = number(tag, "text:c")?;
                self.add_text(spaces);
            }
            _ => {}
        }
        if self.text_bytes > MAX_UNPACKED_BYTES {
            return Err(unreadable());
        }
        Ok(())
    }

    /// Counts a text of the last cell.
    fn add_text(&mut self, bytes: usize) {
        let times = self
            .row
            .as_ref()
            .map_or(1, |row| row.cell_times.saturating_mul(row.times));
        let all = u64::try_from(bytes.saturating_mul(times)).unwrap_or(u64::MAX);
        self.text_bytes = self.text_bytes.saturating_add(all);
    }

    fn end(&mut self, name: &str) -> CoreResult<()> {
        if name != "table:table-row" {
            return Ok(());
        }
        let row = self.row.take().ok_or_else(unreadable)?;
        if row.width == 0 {
            self.empty_rows = self.empty_rows.saturating_add(row.times);
            return Ok(());
        }
        self.rows = self.rows.saturating_add(self.empty_rows).saturating_add(row.times);
        self.empty_rows = 0;
        if row.width > MAX_CELLS_OF_ROW || self.rows > MAX_ROWS {
            return Err(unreadable());
        }
        Ok(())
    }
}

/// Refuses a file whose elements do not close, or whose rows, cells and spaces are repeated to more than a list of jobs has.
///
/// # Errors
/// Field `file`.
pub(super) fn check(bytes: &[u8]) -> CoreResult<()> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let Ok(content) = archive.by_name("content.xml") else {
        return Ok(());
    };
    let mut reader = Reader::from_reader(BufReader::new(content));
    let (mut extent, mut depth, mut buffer) = (Extent::default(), 0_usize, Vec::new());
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(|_: Error| unreadable())?;
        match event {
            Event::Start(tag) => {
                depth += 1;
                extent.start(&tag, false)?;
            }
            Event::Empty(tag) => {
                extent.start(&tag, true)?;
                extent.end(tag.name().as_ref())?;
            }
            Event::End(tag) => {
                depth = depth.checked_sub(1).ok_or_else(unreadable)?;
                extent.end(tag.name().as_ref())?;
            }
            Event::Text(text) => extent.add_text(text.len()),
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err(unreadable()),
            _ => {}
        }
        buffer.clear();
    }
}
