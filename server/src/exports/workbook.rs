//! Workbooks (`.xlsx`): texts stay texts, and moments are dates that a spreadsheet program can sort and add.

use chrono_tz::Tz;
use dispatch::exports::{Cell, Sheet};
use domain::locale::Locale;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// The longest text of a cell (specification of the format).
const MAX_CELL_CHARS: usize = 32_767;
/// The longest name of a sheet.
const MAX_SHEET_NAME_CHARS: usize = 31;
/// The widest column in pixels; longer texts are cut off on screen only.
const MAX_COLUMN_PIXELS: u32 = 360;

/// Writes a table with a frozen header and a filter for each column.
pub(super) fn write(table: &Sheet, locale: Locale) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let header = Format::new().set_bold();
    let moment = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let sheet = workbook.add_worksheet();
    let name: String = table
        .title
        .chars()
        .filter(|character| !"[]:*?/\\'".contains(*character))
        .collect();
    sheet.set_name(name.chars().take(MAX_SHEET_NAME_CHARS).collect::<String>())?;
    sheet.set_right_to_left(locale.direction() == "rtl");
    sheet.set_freeze_panes(1, 0)?;
    for (column, text) in (0_u16..).zip(&table.headers) {
        sheet.write_string_with_format(0, column, text, &header)?;
    }
    for (row, cells) in (1_u32..).zip(&table.rows) {
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Empty => continue,
                Cell::Text(text) => {
                    let text: String = text.chars().take(MAX_CELL_CHARS).collect();
                    sheet.write_string(row, column, text)?
                }
                #[expect(clippy::cast_precision_loss, reason = "spreadsheets have no other numbers")]
                Cell::Integer(number) => sheet.write_number(row, column, *number as f64)?,
                Cell::Decimal(number) => sheet.write_number(row, column, *number)?,
                Cell::Moment(at, zone) => {
                    let zone: Tz = zone.parse().unwrap_or(chrono_tz::UTC);
                    let local = at.with_timezone(&zone).naive_local();
                    sheet.write_datetime_with_format(row, column, local, &moment)?
                }
            };
        }
    }
    let last = |count: usize| u32::try_from(count.saturating_sub(1)).unwrap_or_default();
    let last_column = u16::try_from(last(table.headers.len())).unwrap_or_default();
    sheet.autofilter(0, 0, last(table.rows.len() + 1), last_column)?;
    sheet.set_autofit_max_width(MAX_COLUMN_PIXELS);
    sheet.autofit();
    workbook.save_to_buffer()
}
