//! Workbooks (`.xlsx`, `.ods`): the first sheet with content, its cells as the texts that a CSV file would have.

use std::io::{Cursor, Read as _};

use calamine::{Data, Range, Reader as _, Sheets, open_workbook_auto_from_rs};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use domain::fields::CsvError;

use super::table::{Row, Table, TableSource, invalid_file};
use crate::CoreResult;

/// The size of an unpacked workbook (64 MiB); more is no list of 500 jobs.
const MAX_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;
/// Numbers from this one on have lost digits in the spreadsheet, which keeps 15.
const FIRST_SHORTENED: f64 = 1e15;

/// Returns whether a file is a ZIP archive, as workbooks are.
pub(super) fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

fn unreadable() -> crate::CoreError {
    invalid_file(CsvError::UnreadableWorkbook)
}

/// Unpacks the archive up to a limit, which protects against archives that unpack to gigabytes.
fn check_size(bytes: &[u8]) -> CoreResult<()> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let mut left = MAX_UNPACKED_BYTES;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| unreadable())?;
        let unpacked = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink()).map_err(|_| unreadable())?;
        left = left.checked_sub(unpacked).ok_or_else(unreadable)?;
    }
    Ok(())
}

/// Returns a date and time of a serial number: days since 1899-12-30, or since 1904-01-01 in old workbooks of Macs.
pub(super) fn moment_of_serial(serial: f64, is_1904: bool) -> Option<NaiveDateTime> {
    let epoch = if is_1904 {
        NaiveDate::from_ymd_opt(1904, 1, 1)?
    } else {
        NaiveDate::from_ymd_opt(1899, 12, 30)?
    };
    let seconds = (serial * 86_400.0).round();
    if !(0.0..1e10).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    epoch
        .and_hms_opt(0, 0, 0)?
        .checked_add_signed(TimeDelta::seconds(seconds as i64))
}

/// Returns a date and time as text: a time without a date, a date without a time, or both.
fn moment_text(serial: f64, is_1904: bool) -> Option<String> {
    let moment = moment_of_serial(serial, is_1904)?;
    let format = if serial < 1.0 {
        "%H:%M:%S"
    } else if serial.fract() == 0.0 {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    Some(moment.format(format).to_string())
}

/// Returns a number as text, without an exponent unless its digits are lost.
fn number_text(number: f64) -> String {
    if number.abs() >= FIRST_SHORTENED {
        format!("{number:.5E}").replace('E', "E+")
    } else {
        number.to_string()
    }
}

fn cell_text(cell: &Data, is_1904: bool) -> String {
    let text = match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Float(number) => number_text(*number),
        Data::Int(number) => number.to_string(),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(moment) => moment_text(moment.as_f64(), is_1904).unwrap_or_else(|| number_text(moment.as_f64())),
        Data::DateTimeIso(text) => text.replacen('T', " ", 1).trim_end_matches(" 00:00:00").to_owned(),
        Data::DurationIso(text) => duration_text(text).unwrap_or_else(|| text.clone()),
        Data::Error(error) => error.to_string(),
    };
    let printable = |character: char| if character.is_control() { ' ' } else { character };
    text.chars()
        .map(printable)
        .collect::<String>()
        .trim_matches([' ', '\t'])
        .to_owned()
}

/// Returns a time of day such as `PT09H30M00S` as text.
fn duration_text(text: &str) -> Option<String> {
    let rest = text.strip_prefix("PT")?;
    let (hours, rest) = rest.split_once('H')?;
    let (minutes, _) = rest.split_once('M')?;
    Some(format!(
        "{:02}:{:02}",
        hours.parse::<u32>().ok()?,
        minutes.parse::<u32>().ok()?
    ))
}

/// Returns the rows of a sheet with their numbers in it.
fn rows(range: &Range<Data>, is_1904: bool) -> Vec<Row> {
    let first_row = range.start().map_or(0, |(row, _)| row);
    range
        .rows()
        .enumerate()
        .map(|(index, cells)| {
            let mut cells: Vec<String> = cells.iter().map(|cell| cell_text(cell, is_1904)).collect();
            while cells.last().is_some_and(String::is_empty) {
                cells.pop();
            }
            Row {
                line: usize::try_from(first_row).unwrap_or_default() + index + 1,
                cells,
            }
        })
        .collect()
}

/// Reads the first sheet with content.
///
/// # Errors
/// Field `file`.
pub(super) fn read(bytes: &[u8]) -> CoreResult<Table> {
    check_size(bytes)?;
    let mut workbook: Sheets<_> = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let names = workbook.sheet_names().clone();
    let mut sheets = Vec::new();
    for name in names {
        let range = workbook.worksheet_range(&name).map_err(|_| unreadable())?;
        if !range.is_empty() {
            sheets.push((name, range));
        }
    }
    let others = sheets.len().saturating_sub(1);
    let Some((name, range)) = sheets.into_iter().next() else {
        return Err(invalid_file(CsvError::NoHeaders));
    };
    let rows = rows(&range, false);
    let lines = rows.last().map_or(0, |row| row.line);
    Table::of_rows(rows.into_iter(), lines, TableSource::Sheet { name, others })
}
