//! Workbooks (`.xlsx`, `.ods`): the first sheet with content, its cells as the texts that a CSV file would have.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use calamine::{Data, Dimensions, Ods, Reader as _, Xlsx, open_workbook_from_rs};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use domain::fields::CsvError;

use super::ods;
use super::table::{Row, Table, TableSource, invalid_file};
use crate::CoreResult;

/// The size of an unpacked workbook (64 MiB); more is no list of 500 jobs.
pub(super) const MAX_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;
/// More rows or cells of a row are no list of jobs. They bound the memory that a small file can take.
pub(super) const MAX_ROWS: usize = 20_000;
pub(super) const MAX_CELLS_OF_ROW: usize = 200;
/// More cells of merged areas are no list of jobs either; areas of a hostile file overlap.
const MAX_MERGED_CELLS: usize = 200_000;
/// Numbers from this one on have lost digits in the spreadsheet, which keeps 15.
const FIRST_SHORTENED: f64 = 1e15;

/// Returns whether a file is a ZIP archive, as workbooks are.
pub(super) fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

pub(super) fn unreadable() -> crate::CoreError {
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

/// A row of cells up to its last one with content.
fn row_of(line: usize, mut cells: Vec<String>) -> Row {
    while cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    Row { line, cells }
}

/// Gives each row of a merged area the value that the area shows. Only the first cell has it in the file, and the jobs of the other
/// rows would silently lose it.
fn fill_merged(rows: &mut BTreeMap<usize, Vec<String>>, merged: &[Dimensions]) -> CoreResult<()> {
    let mut left = MAX_MERGED_CELLS;
    for area in merged {
        let (first, last, column) = (area.start.0 as usize, area.end.0 as usize, area.start.1 as usize);
        let Some(value) = rows.get(&first).and_then(|cells| cells.get(column)).cloned() else {
            continue;
        };
        if first >= last || value.is_empty() || column >= MAX_CELLS_OF_ROW {
            continue;
        }
        for cells in rows.range_mut(first + 1..=last).map(|(_, cells)| cells) {
            left = left.checked_sub(1).ok_or_else(unreadable)?;
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            if cells[column].is_empty() {
                cells[column].clone_from(&value);
            }
        }
    }
    Ok(())
}

/// Reads a sheet of an `.xlsx` file cell by cell: a sheet whose only cells are its first and its last must not take the memory of
/// all cells between them.
fn xlsx_rows(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> CoreResult<Vec<Row>> {
    let is_1904 = workbook.has_1904_epoch();
    let mut reader = workbook.worksheet_cells_reader(name).map_err(|_| unreadable())?;
    let mut rows: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    while let Some(cell) = reader.next_cell().map_err(|_| unreadable())? {
        let (row, column) = cell.get_position();
        let (row, column) = (row as usize, column as usize);
        let text = cell_text(&Data::from(cell.get_value().clone()), is_1904);
        if text.is_empty() {
            continue;
        }
        if row >= MAX_ROWS || column >= MAX_CELLS_OF_ROW {
            return Err(unreadable());
        }
        let cells = rows.entry(row).or_default();
        if cells.len() <= column {
            cells.resize(column + 1, String::new());
        }
        cells[column] = text;
    }
    drop(reader);
    let merged = workbook.merge_cells_by_sheet_name(name).map_err(|_| unreadable())?;
    fill_merged(&mut rows, &merged)?;
    let last = rows.last_key_value().map_or(0, |(row, _)| row + 1);
    let first = rows.first_key_value().map_or(last, |(row, _)| *row);
    Ok((first..last)
        .map(|row| row_of(row + 1, rows.remove(&row).unwrap_or_default()))
        .collect())
}

/// Reads the first sheet with content of an `.xlsx` file; returns its name, its rows and the number of other sheets with content.
fn read_xlsx(mut workbook: Xlsx<Cursor<&[u8]>>) -> CoreResult<Option<(String, Vec<Row>, usize)>> {
    let mut found: Option<(String, Vec<Row>)> = None;
    let mut others = 0;
    for name in workbook.sheet_names() {
        if found.is_some() {
            let mut reader = workbook.worksheet_cells_reader(&name).map_err(|_| unreadable())?;
            others += usize::from(reader.next_cell().map_err(|_| unreadable())?.is_some());
            continue;
        }
        let rows = xlsx_rows(&mut workbook, &name)?;
        if !rows.is_empty() {
            found = Some((name, rows));
        }
    }
    Ok(found.map(|(name, rows)| (name, rows, others)))
}

/// Reads the first sheet with content of an `.ods` file, as [`read_xlsx`].
fn read_ods(bytes: &[u8]) -> CoreResult<Option<(String, Vec<Row>, usize)>> {
    ods::check(bytes)?;
    let mut workbook: Ods<_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let mut sheets = workbook.worksheets().into_iter().filter(|(_, range)| !range.is_empty());
    Ok(sheets.next().map(|(name, range)| {
        let first = range.start().map_or(0, |(row, _)| row as usize);
        let rows = range
            .rows()
            .enumerate()
            .map(|(index, cells)| {
                let cells = cells.iter().map(|cell| cell_text(cell, false)).collect();
                row_of(first + index + 1, cells)
            })
            .collect();
        (name, rows, sheets.count())
    }))
}

/// Reads the first sheet with content.
///
/// # Errors
/// Field `file`.
pub(super) fn read(bytes: &[u8], max_rows: usize) -> CoreResult<Table> {
    check_size(bytes)?;
    let found = match open_workbook_from_rs::<Xlsx<_>, _>(Cursor::new(bytes)) {
        Ok(workbook) => read_xlsx(workbook)?,
        Err(_) => read_ods(bytes)?,
    };
    let Some((name, rows, others)) = found else {
        return Err(invalid_file(CsvError::NoHeaders));
    };
    let lines = rows.last().map_or(0, |row| row.line);
    Table::of_rows(rows.into_iter(), lines, TableSource::Sheet { name, others }, max_rows)
}
