//! Text files: detects the character encoding and the delimiter, and reads CSV strictly enough to name broken lines.

use chardetng::EncodingDetector;
use csv::ReaderBuilder;
use domain::fields::CsvError;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::table::{Row, Table, TableSource, invalid_file};
use crate::CoreResult;

/// The encodings that can be chosen: those of common office programs.
pub const ENCODINGS: [&str; 10] = [
    "UTF-8",
    "windows-1252",
    "ISO-8859-15",
    "macintosh",
    "windows-1250",
    "windows-1251",
    "windows-1254",
    "windows-1256",
    "UTF-16LE",
    "UTF-16BE",
];

/// Returns the encoding of a text, and whether the text itself proves it.
fn detect(bytes: &[u8]) -> (&'static Encoding, bool) {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return (encoding, true);
    }
    // Text without a byte order mark has no NUL, except in UTF-16, where every other byte of Latin text is one.
    let nul_at = |parity: usize| bytes.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let half = bytes.len() / 2;
    if half > 0 && nul_at(1) * 2 > half && nul_at(0) == 0 {
        return (UTF_16LE, false);
    }
    if half > 0 && nul_at(0) * 2 > half && nul_at(1) == 0 {
        return (UTF_16BE, false);
    }
    if std::str::from_utf8(bytes).is_ok() {
        return (UTF_8, true);
    }
    let mut detector = EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, chardetng::Utf8Detection::Deny);
    let is_offered = ENCODINGS.contains(&guess.name());
    (if is_offered { guess } else { WINDOWS_1252 }, false)
}

/// Decodes a text; `chosen` names an encoding of [`ENCODINGS`] to use instead of the detected one.
fn decode(bytes: &[u8], chosen: Option<&str>) -> CoreResult<(String, TableSource)> {
    let (detected, is_certain) = detect(bytes);
    let chosen = chosen
        .filter(|name| ENCODINGS.contains(name))
        .and_then(|name| Encoding::for_label(name.as_bytes()))
        .filter(|encoding| !is_certain && *encoding != detected);
    let encoding = chosen.unwrap_or(detected);
    let (text, _, has_errors) = encoding.decode(bytes);
    if has_errors {
        return Err(invalid_file(CsvError::NotDecodable {
            encoding: encoding.name().to_owned(),
        }));
    }
    let source = TableSource::Text {
        encoding: encoding.name(),
        is_certain,
    };
    Ok((text.trim_start_matches('\u{feff}').to_owned(), source))
}

/// Returns the delimiter that the line `sep=;` of a spreadsheet program names.
fn named_delimiter(line: &str) -> Option<u8> {
    let line = line.trim().trim_matches('"');
    match line.to_ascii_lowercase().strip_prefix("sep=")?.as_bytes() {
        [delimiter] if delimiter.is_ascii_punctuation() => Some(*delimiter),
        [] | [b'\t'] => Some(b'\t'),
        _ => None,
    }
}

/// Returns the candidate that occurs most often outside quotation marks in the first line.
fn likely_delimiter(text: &str) -> u8 {
    let mut counts = [(b';', 0_usize), (b',', 0), (b'\t', 0), (b'|', 0)];
    let mut is_quoted = false;
    for byte in text.trim_start().bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => break,
            byte if !is_quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(candidate, _)| *candidate == byte) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    counts
        .into_iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(b',', |(delimiter, _)| delimiter)
}

/// Checks the quotation marks of a text: each that opens a cell must be closed, and nothing may follow it in the cell.
/// A lenient reader would put the following lines into the cell.
fn check_quotes(text: &str, delimiter: u8, first_line: usize) -> Result<(), CsvError> {
    enum Place {
        CellStart,
        Plain,
        Quoted { opened: usize },
        Closed { opened: usize },
    }
    let mut place = Place::CellStart;
    let mut line = first_line;
    for byte in text.bytes() {
        place = match (place, byte) {
            (Place::CellStart, b'"') => Place::Quoted { opened: line },
            (Place::Quoted { opened }, b'"') => Place::Closed { opened },
            // A doubled quotation mark is one inside the cell.
            (Place::Closed { opened }, b'"') => Place::Quoted { opened },
            (Place::Quoted { opened }, _) => Place::Quoted { opened },
            (_, byte) if byte == delimiter || byte == b'\n' => Place::CellStart,
            (Place::Closed { opened }, b' ') => Place::Closed { opened },
            (Place::Closed { opened }, _) => return Err(CsvError::UnclosedQuote { line: opened }),
            (Place::CellStart | Place::Plain, _) => Place::Plain,
        };
        if byte == b'\n' {
            line += 1;
        }
    }
    match place {
        Place::Quoted { opened } => Err(CsvError::UnclosedQuote { line: opened }),
        _ => Ok(()),
    }
}

/// Returns a cell without the spelling by which exports force text, such as `="00123"` or `'+49 30 1234`.
fn plain(cell: &str) -> String {
    let cell = cell.trim_matches([' ', '\t', '\n']);
    let quoted = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    let escaped = cell
        .strip_prefix('\'')
        .filter(|rest| rest.starts_with(['=', '+', '-', '@']));
    quoted.or(escaped).unwrap_or(cell).to_owned()
}

/// Reads a text file.
///
/// # Errors
/// Field `file`.
pub(super) fn read(bytes: &[u8], encoding: Option<&str>, max_rows: usize) -> CoreResult<Table> {
    let (text, source) = decode(bytes, encoding)?;
    // Lines end alike, so that they are counted alike; old programs end them with a carriage return only.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let is_allowed = |character: char| !character.is_control() || matches!(character, '\n' | '\t');
    if let Some((line, _)) = text.lines().enumerate().find(|(_, line)| !line.chars().all(is_allowed)) {
        return Err(invalid_file(CsvError::ControlCharacter { line: line + 1 }));
    }
    let lines = text.lines().count();
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    let (content, skipped, delimiter) = match named_delimiter(first.trim_end_matches('\n')) {
        Some(delimiter) => (&text[first.len()..], 1, delimiter),
        None => (text.as_str(), 0, likely_delimiter(&text)),
    };
    check_quotes(content, delimiter, skipped + 1).map_err(invalid_file)?;
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(content.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            invalid_file(CsvError::InvalidLine {
                line: error.position().map(csv::Position::line),
            })
        })?;
        let start = record.position().map_or(1, csv::Position::line);
        rows.push(Row {
            line: usize::try_from(start).unwrap_or(usize::MAX).saturating_add(skipped),
            cells: record.iter().map(plain).collect(),
        });
    }
    Table::of_rows(rows.into_iter(), lines, source, max_rows)
}
