//! CSV files as spreadsheet programs of the reader's language open them.

use chrono_tz::Tz;
use csv::{Terminator, WriterBuilder};
use dispatch::exports::{Cell, Sheet};
use domain::locale::Locale;

/// By it, spreadsheet programs recognize UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The separator that spreadsheet programs of a language expect: where the comma is in numbers, it is the semicolon.
const fn delimiter(locale: Locale) -> u8 {
    match locale {
        Locale::De => b';',
        Locale::En | Locale::Ar => b',',
    }
}

/// Returns a text that no spreadsheet program takes for a formula.
fn neutral(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn cell_text(cell: &Cell, locale: Locale) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => neutral(text),
        Cell::Integer(number) => number.to_string(),
        Cell::Decimal(number) if locale == Locale::De => number.to_string().replace('.', ","),
        Cell::Decimal(number) => number.to_string(),
        Cell::Moment(at, zone) => {
            let zone: Tz = zone.parse().unwrap_or(chrono_tz::UTC);
            at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
        }
    }
}

/// Writes a table.
pub(super) fn write(sheet: &Sheet, locale: Locale) -> Result<Vec<u8>, csv::Error> {
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter(locale))
        .terminator(Terminator::CRLF)
        // A row of an uploaded file may have more cells than columns.
        .flexible(true)
        .from_writer(BYTE_ORDER_MARK.to_vec());
    writer.write_record(sheet.headers.iter().map(|header| neutral(header)))?;
    for row in &sheet.rows {
        writer.write_record(row.iter().map(|cell| cell_text(cell, locale)))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_text_that_is_no_formula() {
        let at = "2026-07-01T07:00:00Z".parse().expect("time is valid");
        for (cell, locale, expected) in [
            (Cell::Text("=1+1".to_owned()), Locale::En, "'=1+1"),
            (Cell::Text("+49 30 1".to_owned()), Locale::En, "'+49 30 1"),
            (Cell::Text("@SUM(A1)".to_owned()), Locale::En, "'@SUM(A1)"),
            (Cell::Text("Müller & Söhne".to_owned()), Locale::De, "Müller & Söhne"),
            (Cell::Integer(-3), Locale::En, "-3"),
            (Cell::Decimal(51.45), Locale::De, "51,45"),
            (Cell::Decimal(51.45), Locale::Ar, "51.45"),
            (
                Cell::Moment(at, "Europe/Berlin".to_owned()),
                Locale::De,
                "2026-07-01 09:00",
            ),
            (Cell::Empty, Locale::En, ""),
        ] {
            assert_eq!(cell_text(&cell, locale), expected, "{cell:?}");
        }
    }

    #[test]
    fn file_has_a_mark_its_separator_and_quotes() {
        let sheet = Sheet {
            title: "Kunden".to_owned(),
            headers: vec!["Kunde".to_owned(), "Ort".to_owned()],
            rows: vec![vec![Cell::Text("A; \"B\"".to_owned()), Cell::Text("Essen".to_owned())]],
        };
        let german = String::from_utf8(write(&sheet, Locale::De).expect("file is written")).expect("file is text");
        assert_eq!(german, "\u{feff}Kunde;Ort\r\n\"A; \"\"B\"\"\";Essen\r\n");
        let english = String::from_utf8(write(&sheet, Locale::En).expect("file is written")).expect("file is text");
        assert!(english.starts_with("\u{feff}Kunde,Ort\r\n"), "{english}");
    }
}
