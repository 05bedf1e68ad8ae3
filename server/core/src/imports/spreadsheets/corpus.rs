//! A corpus of spreadsheets as office programs in three languages write them: the same jobs in every combination of
//! language, format and spelling of dates must give the same imports.

use std::io::{Cursor, Write as _};

use domain::imports::jobs::{BatchItem, MAX_ITEMS};
use proptest::prelude::*;
use serde_json::{Value, json};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::fields::guess;
use super::{payload, table};

/// A cell of a generated file.
#[derive(Clone)]
enum Cell {
    Text(&'static str),
    Number(f64),
    /// A serial number that a workbook shows as date and time, and how a text file writes it.
    Moment(f64, &'static str),
}

/// How a text file is written.
struct TextFormat {
    name: &'static str,
    delimiter: char,
    line_end: &'static str,
    first_line: Option<&'static str>,
    encoding: Encoding,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf8Bom,
    Utf16Le,
    Utf16Be,
    Utf16LeNoBom,
    Windows,
}

const fn format(name: &'static str, delimiter: char, encoding: Encoding) -> TextFormat {
    TextFormat {
        name,
        delimiter,
        line_end: "\r\n",
        first_line: None,
        encoding,
    }
}

fn text_formats() -> Vec<TextFormat> {
    vec![
        format("csv", ';', Encoding::Utf8),
        format("csv with mark", ';', Encoding::Utf8Bom),
        format("comma", ',', Encoding::Utf8),
        format("pipe", '|', Encoding::Utf8),
        format("tab", '\t', Encoding::Utf8),
        format("ansi", ';', Encoding::Windows),
        format("Unicode text", '\t', Encoding::Utf16Le),
        format("UTF-16 big endian", ';', Encoding::Utf16Be),
        format("UTF-16 without mark", ';', Encoding::Utf16LeNoBom),
        TextFormat {
            first_line: Some("sep=;"),
            ..format("sep line", ';', Encoding::Utf8Bom)
        },
        TextFormat {
            line_end: "\r",
            ..format("old Mac", ';', Encoding::Utf8)
        },
        TextFormat {
            line_end: "\n",
            ..format("Unix", ';', Encoding::Windows)
        },
    ]
}

struct Language {
    name: &'static str,
    headers: [&'static str; 6],
    windows: &'static encoding_rs::Encoding,
    customer: &'static str,
}

const LANGUAGES: [Language; 3] = [
    Language {
        name: "en",
        headers: ["Job number", "Customer number", "Customer", "Note", "Start", "End"],
        windows: encoding_rs::WINDOWS_1252,
        customer: "Café O’Neill, Ltd",
    },
    Language {
        name: "de",
        headers: ["Auftragsnr.", "Kundennummer", "Kunde", "Bemerkung", "Von", "Bis"],
        windows: encoding_rs::WINDOWS_1252,
        customer: "Müller & Söhne; Straße",
    },
    Language {
        name: "ar",
        headers: ["رقم المهمة", "رقم العميل", "العميل", "ملاحظات", "from", "to"],
        windows: encoding_rs::WINDOWS_1256,
        customer: "شركة النور",
    },
];

/// The ways to write the start and the end of the window, each with its name.
const DATES: [(&str, &str, &str); 4] = [
    ("iso", "2026-11-24 09:00", "2026-11-24 11:30"),
    ("german", "24.11.2026 09:00", "24.11.2026 11:30"),
    ("short", "24.11.26 9:00", "24.11.26 11:30"),
    ("serial", "46350.375", "46350.479166667"),
];

fn rows(language: &Language, dates: (&'static str, &'static str)) -> Vec<Vec<Cell>> {
    let moment = |text: &'static str, serial: f64| Cell::Moment(serial, text);
    let mut rows = vec![language.headers.iter().map(|header| Cell::Text(header)).collect()];
    rows.push(vec![
        Cell::Text("A-1"),
        Cell::Number(4711.0),
        Cell::Text(language.customer),
        Cell::Text("two words"),
        moment(dates.0, 46_350.375),
        moment(dates.1, 46_350.479_166_667),
    ]);
    rows.push(vec![
        Cell::Text("A-2"),
        Cell::Number(4712.0),
        Cell::Text("B"),
        Cell::Text("say \"when\""),
        Cell::Text(""),
        Cell::Text(""),
    ]);
    rows
}

fn expected(language: &Language) -> Vec<Value> {
    vec![
        json!({"externalId": "A-1", "customer": {"customerNumber": "4711", "name": language.customer}, "notes": "two words",
            "timeWindow": {"start": "2026-11-24T09:00:00+01:00", "end": "2026-11-24T11:30:00+01:00", "zone": "Europe/Berlin"}}),
        json!({"externalId": "A-2", "customer": {"customerNumber": "4712", "name": "B"}, "notes": "say \"when\""}),
    ]
}

fn text_file(format: &TextFormat, language: &Language, rows: &[Vec<Cell>]) -> Vec<u8> {
    let mut text = String::new();
    if let Some(first) = format.first_line {
        text.push_str(first);
        text.push_str(format.line_end);
    }
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| match cell {
                Cell::Text(text) => (*text).to_owned(),
                Cell::Number(number) => number.to_string(),
                Cell::Moment(_, text) => (*text).to_owned(),
            })
            .map(|cell| {
                if cell.contains(['"', format.delimiter, '\n']) {
                    format!("\"{}\"", cell.replace('"', "\"\""))
                } else {
                    cell
                }
            })
            .collect();
        text.push_str(&cells.join(&format.delimiter.to_string()));
        text.push_str(format.line_end);
    }
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    match format.encoding {
        Encoding::Utf8 => text.into_bytes(),
        Encoding::Utf8Bom => format!("\u{feff}{text}").into_bytes(),
        Encoding::Utf16Le => utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
        Encoding::Utf16Be => utf16(&format!("\u{feff}{text}"), u16::to_be_bytes),
        Encoding::Utf16LeNoBom => utf16(&text, u16::to_le_bytes),
        Encoding::Windows => language.windows.encode(&text).0.into_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn archive(files: &[(&str, String)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .expect("entry starts");
        writer.write_all(content.as_bytes()).expect("entry is written");
    }
    writer.finish().expect("archive is complete").into_inner()
}

/// Writes a workbook of Office Open XML whose table starts in the given row and column.
fn xlsx(rows: &[Vec<SheetCell>], first_row: usize) -> Vec<u8> {
    let mut sheet = String::new();
    for (row_index, row) in rows.iter().enumerate() {
        let number = row_index + first_row;
        sheet.push_str(&format!("<row r=\"{number}\">"));
        for (column, cell) in row.iter().enumerate() {
            let reference = format!("{}{number}", char::from(b'A' + u8::try_from(column).unwrap_or(25)));
            match cell {
                SheetCell::Empty => {}
                SheetCell::Text(text) => sheet.push_str(&format!(
                    "<c r=\"{reference}\" t=\"inlineStr\"><is><t>{}</t></is></c>",
                    escaped(text)
                )),
                SheetCell::Number(number) => sheet.push_str(&format!("<c r=\"{reference}\"><v>{number}</v></c>")),
                SheetCell::Moment(serial) => {
                    sheet.push_str(&format!("<c r=\"{reference}\" s=\"1\"><v>{serial}</v></c>"))
                }
            }
        }
        sheet.push_str("</row>");
    }
    xlsx_of(&sheet, "")
}

/// Writes a workbook of Office Open XML from the rows of its sheet and its properties.
fn xlsx_of(sheet: &str, properties: &str) -> Vec<u8> {
    archive(&[
        (
            "[Content_Types].xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#.to_owned(),
        ),
        (
            "_rels/.rels",
            r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_owned(),
        ),
        (
            "xl/workbook.xml",
            format!(r#"<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">{properties}<sheets><sheet name="Jobs" sheetId="1" r:id="rId1"/></sheets></workbook>"#),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#.to_owned(),
        ),
        (
            "xl/styles.xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>"#.to_owned(),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{sheet}</sheetData></worksheet>"#),
        ),
    ])
}

/// A cell of a workbook.
#[derive(Clone)]
enum SheetCell {
    Empty,
    Text(String),
    Number(f64),
    Moment(f64),
}

/// Writes an OpenDocument spreadsheet.
fn ods(rows: &[Vec<SheetCell>]) -> Vec<u8> {
    let mut table = String::new();
    for row in rows {
        table.push_str("<table:table-row>");
        for cell in row {
            table.push_str(&match cell {
                SheetCell::Empty => "<table:table-cell/>".to_owned(),
                SheetCell::Text(text) => format!(
                    "<table:table-cell office:value-type=\"string\"><text:p>{}</text:p></table:table-cell>",
                    escaped(text)
                ),
                SheetCell::Number(number) => format!(
                    "<table:table-cell office:value-type=\"float\" office:value=\"{number}\"><text:p>{number}</text:p></table:table-cell>"
                ),
                SheetCell::Moment(serial) => {
                    let moment = super::workbook::moment_of_serial(*serial, false).expect("serial is a moment");
                    let text = moment.format("%Y-%m-%dT%H:%M:%S");
                    format!("<table:table-cell office:value-type=\"date\" office:date-value=\"{text}\"><text:p>{text}</text:p></table:table-cell>")
                }
            });
        }
        table.push_str("</table:table-row>");
    }
    ods_of(&table)
}

/// Writes an OpenDocument spreadsheet from the rows of its table.
fn ods_of(table: &str) -> Vec<u8> {
    archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet".to_owned()),
        (
            "META-INF/manifest.xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>"#.to_owned(),
        ),
        (
            "content.xml",
            format!(r#"<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="Jobs">{table}</table:table></office:spreadsheet></office:body></office:document-content>"#),
        ),
    ])
}

fn workbook_rows(rows: &[Vec<Cell>]) -> Vec<Vec<SheetCell>> {
    let cell = |cell: &Cell| match cell {
        Cell::Text("") => SheetCell::Empty,
        Cell::Text(text) => SheetCell::Text((*text).to_owned()),
        Cell::Number(number) => SheetCell::Number(*number),
        Cell::Moment(serial, _) => SheetCell::Moment(*serial),
    };
    rows.iter().map(|row| row.iter().map(cell).collect()).collect()
}

fn read(name: &str, bytes: &[u8], encoding: Option<&str>) -> Vec<BatchItem> {
    let table = table::read(bytes, encoding, MAX_ITEMS).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let fields: Vec<_> = table.headers.iter().map(|header| guess(header)).collect();
    assert!(fields.iter().all(Option::is_some), "{name}: {:?}", table.headers);
    payload::items(&table, &fields, "Europe/Berlin")
}

#[test]
fn corpus_every_file_gives_the_same_jobs() {
    let mut files = 0;
    for language in &LANGUAGES {
        let check = |name: String, bytes: &[u8], encoding: Option<&str>| {
            let items = read(&name, bytes, encoding);
            let payloads: Vec<Value> = items.iter().map(|item| item.payload.clone()).collect();
            assert_eq!(payloads, expected(language), "{name}");
            assert!(items.iter().all(|item| item.import.is_ok()), "{name}");
        };
        for (dates, start, end) in DATES {
            let rows = rows(language, (start, end));
            for format in text_formats() {
                let name = format!("{} {} {dates}", language.name, format.name);
                // The person confirms the encoding that the page shows.
                let chosen = (format.encoding == Encoding::Windows).then(|| language.windows.name());
                check(name, &text_file(&format, language, &rows), chosen);
                files += 1;
            }
        }
        let rows = workbook_rows(&rows(language, (DATES[0].1, DATES[0].2)));
        check(format!("{} xlsx", language.name), &xlsx(&rows, 1), None);
        check(format!("{} xlsx below a gap", language.name), &xlsx(&rows, 4), None);
        check(format!("{} ods", language.name), &ods(&rows), None);
        files += 3;
    }
    assert!(files >= 60, "{files}");
}

#[test]
fn corpus_german_encoding_is_detected() {
    let language = &LANGUAGES[1];
    let format = format("ansi", ';', Encoding::Windows);
    let rows = rows(language, (DATES[1].1, DATES[1].2));
    let items = read("detected", &text_file(&format, language, &rows), None);
    assert_eq!(items[0].payload, expected(language)[0]);
}

#[test]
fn workbook_numbers_dates_and_lines_are_kept() {
    let text = |text: &str| SheetCell::Text(text.to_owned());
    let bytes = xlsx(
        &[
            vec![text("Auftrag"), text("Kunde-Id"), text("Datum")],
            vec![
                SheetCell::Number(4_006_120_000_123.0),
                text("C"),
                SheetCell::Moment(46_350.0),
            ],
            vec![],
            vec![
                SheetCell::Number(4_006_120_000_123_456_789.0),
                text("C"),
                SheetCell::Empty,
            ],
            vec![text("#N/A"), text("C"), SheetCell::Empty, text("shifted")],
        ],
        1,
    );
    let table = table::read(&bytes, None, MAX_ITEMS).expect("workbook is a table");
    let fields: Vec<_> = table.headers.iter().map(|header| guess(header)).collect();
    let items = payload::items(&table, &fields, "Europe/Berlin");
    assert_eq!(items[0].external_id, "4006120000123");
    assert_eq!(items[0].payload["timeWindow"]["start"], "2026-11-24T00:00:00+01:00");
    let codes: Vec<_> = items
        .iter()
        .map(|item| item.import.as_ref().err().map(|notes| notes[0].code.clone()))
        .collect();
    assert_eq!(
        codes,
        [
            None,
            Some("number_shortened".to_owned()),
            Some("too_many_cells".to_owned())
        ]
    );
    assert_eq!(
        items.iter().map(|item| item.line).collect::<Vec<_>>(),
        [Some(2), Some(4), Some(5)]
    );
}

#[test]
fn workbook_with_merged_cells_gives_each_row_what_it_shows() {
    let cell = |reference: &str, text: &str| format!("<c r=\"{reference}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let sheet = format!(
        "<row r=\"1\">{}{}{}</row><row r=\"2\">{}{}{}</row><row r=\"3\">{}</row><row r=\"4\">{}{}</row>",
        cell("A1", "Auftrag"),
        cell("B1", "Kunde-Id"),
        cell("C1", "Bemerkung"),
        cell("A2", "M-1"),
        cell("B2", "C-7"),
        cell("C2", "both"),
        cell("A3", "M-2"),
        cell("A4", "M-3"),
        cell("B4", "C-8"),
    );
    // The customer of two jobs, and an area below them without content.
    let merged = "<mergeCells count=\"3\"><mergeCell ref=\"B2:B3\"/><mergeCell ref=\"C2:C3\"/><mergeCell ref=\"A7:C90000\"/></mergeCells>";
    let bytes = xlsx_of(&format!("{sheet}</sheetData>{merged}<sheetData>"), "");
    let items = read("merged", &bytes, None);
    let customers: Vec<_> = items
        .iter()
        .map(|item| {
            (
                item.payload["customer"]["externalId"].clone(),
                item.payload["notes"].clone(),
            )
        })
        .collect();
    assert_eq!(
        customers,
        [
            (json!("C-7"), json!("both")),
            (json!("C-7"), json!("both")),
            (json!("C-8"), Value::Null)
        ]
    );
}

#[test]
fn workbook_with_formulas_gives_their_values() {
    let cell = |reference: &str, text: &str| format!("<c r=\"{reference}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let sheet = format!(
        "<row r=\"1\">{}{}</row><row r=\"2\"><c r=\"A2\" t=\"str\"><f>CONCATENATE(\"F-\",1)</f><v>F-1</v></c><c r=\"B2\"><f>40+2</f><v>42</v></c></row>",
        cell("A1", "Auftrag"),
        cell("B1", "Kunde-Id"),
    );
    let items = read("formulas", &xlsx_of(&sheet, ""), None);
    assert_eq!(items[0].external_id, "F-1");
    assert_eq!(items[0].payload["customer"]["externalId"], "42");
}

#[test]
fn workbook_with_far_or_repeated_cells_is_refused_without_reading_all_between() {
    let first = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>";
    let cell = "<table:table-cell office:value-type=\"float\" office:value=\"1\"";
    let files = [
        xlsx_of(
            &format!("{first}<row r=\"1048576\"><c r=\"A1048576\"><v>1</v></c></row>"),
            "",
        ),
        xlsx_of(&format!("{first}<row r=\"2\"><c r=\"XFD2\"><v>1</v></c></row>"), ""),
        ods_of(&format!(
            "<table:table-row>{cell} table:number-columns-repeated=\"16384\"/></table:table-row>"
        )),
        ods_of(&format!(
            "<table:table-row table:number-rows-repeated=\"1048576\">{cell} table:number-columns-repeated=\"150\"/></table:table-row>"
        )),
        ods_of(&format!(
            "<table:table-row table:number-rows-repeated=\"8000000\"><table:table-cell/></table:table-row><table:table-row>{cell}/></table:table-row>"
        )),
    ];
    for (index, file) in files.iter().enumerate() {
        let error = table::read(file, None, MAX_ITEMS)
            .err()
            .unwrap_or_else(|| panic!("file {index} is read"));
        assert_eq!(error.fields[0].pointer, "file", "file {index}");
    }
    // Editors repeat the empty cells after the table up to the end of the sheet.
    let usual = ods_of(&format!(
        "<table:table-row>{cell}/><table:table-cell table:number-columns-repeated=\"16383\"/></table:table-row>\
         <table:table-row>{cell}/></table:table-row>\
         <table:table-row table:number-rows-repeated=\"1048574\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>"
    ));
    assert!(table::read(&usual, None, MAX_ITEMS).is_ok());
}

#[test]
fn workbook_of_1904_keeps_its_dates() {
    let cell = |reference: &str, text: &str| format!("<c r=\"{reference}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let sheet = format!(
        "<row r=\"1\">{}{}{}</row><row r=\"2\">{}{}<c r=\"C2\" s=\"1\"><v>44888</v></c></row>",
        cell("A1", "Auftrag"),
        cell("B1", "Kunde-Id"),
        cell("C1", "Datum"),
        cell("A2", "J-1"),
        cell("B2", "C")
    );
    let bytes = xlsx_of(&sheet, "<workbookPr date1904=\"1\"/>");
    let table = table::read(&bytes, None, MAX_ITEMS).expect("workbook is a table");
    let fields: Vec<_> = table.headers.iter().map(|header| guess(header)).collect();
    let items = payload::items(&table, &fields, "Europe/Berlin");
    assert_eq!(items[0].payload["timeWindow"]["start"], "2026-11-24T00:00:00+01:00");
}

/// Rows of a sheet of a workbook, and of an OpenDocument table.
const SHEETS: &[&str] = &[
    r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Auftrag</t></is></c><c r="B1" t="inlineStr"><is><t>Von</t></is></c></row><row r="2"><c r="A2"><v>4711</v></c><c r="B2" s="1"><v>46357.375</v></c></row>"#,
    r#"<row r="7"><c r="C7" t="str"><f>A1&amp;"x"</f><v>Kunde</v></c><c r="D7" t="b"><v>1</v></c><c r="E7" t="e"><v>#N/A</v></c></row><mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>"#,
];
const TABLES: &[&str] = &[
    r#"<table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="string"><text:p>Auftrag</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="45"><text:p>45</text:p></table:table-cell></table:table-row>"#,
    r#"<table:table-row><table:table-cell table:number-columns-repeated="3" office:value-type="date" office:date-value="2026-12-01T09:00:00"><text:p>01.12.2026</text:p></table:table-cell></table:table-row>"#,
];

proptest! {
    /// A broken workbook is refused, or read as rows of which each has a payload or a problem.
    #[test]
    fn fuzz_workbook_any_content_is_answered(
        sheet in crate::fuzz::mutation::text(SHEETS),
        table in crate::fuzz::mutation::text(TABLES),
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
    ) {
        for mut file in [xlsx_of(&sheet, ""), ods_of(&table)] {
            for (index, byte) in &flips {
                let at = index.index(file.len());
                file[at] = *byte;
            }
            let Ok(table) = table::read(&file, None, MAX_ITEMS) else { continue };
            prop_assert!(!table.rows.is_empty() && table.rows.len() <= MAX_ITEMS);
            let fields: Vec<_> = table.headers.iter().map(|header| guess(header)).collect();
            prop_assert_eq!(payload::items(&table, &fields, "Europe/Berlin").len(), table.rows.len());
        }
    }
}

#[test]
fn ods_that_would_not_end_or_fill_the_memory_is_refused() {
    let cell = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let row = |attributes: &str, cells: &str| format!("<table:table-row {attributes}>{cells}</table:table-row>");
    for table in [
        // Elements that do not close.
        format!("<table:table-row>{}", cell("a")),
        "<table:table-row><table:table-cell office:value-type=\"string\"><office:annotation>a".to_owned(),
        "<!-- ".to_owned(),
        // Rows, cells and spaces that are repeated.
        row("table:number-rows-repeated='1048576'", &cell("a")),
        row("table:number-rows-repeated = \"99999999999999999999\"", &cell("a")),
        row(
            "",
            "<table:table-cell table:number-columns-repeated='16384' table:formula=\"of:=1\" office:value-type=\"float\" office:value=\"1\"/>",
        ),
        row("table:number-rows-repeated=\"900000\"", "<table:table-cell/>") + &row("", &cell("a")),
        row("", &cell("a<text:s text:c=\"4000000000\"/>")),
        row("table:number-rows-repeated=\"20000\"", &cell(&"long ".repeat(2_000))),
        // A table inside of a cell.
        row(
            "",
            &format!(
                "<table:table-cell><table:table>{}</table:table></table:table-cell>",
                row("", &cell("a"))
            ),
        ),
    ] {
        assert!(
            table::read(&ods_of(&table), None, MAX_ITEMS).is_err(),
            "{}",
            &table[..table.len().min(200)]
        );
    }
    // Empty rows down to the last one of the sheet, as programs write them, are no rows.
    let end = row(
        "table:number-rows-repeated=\"1048570\"",
        "<table:table-cell table:number-columns-repeated=\"16384\"/>",
    );
    let table = row("", &cell("Auftrag")) + &row("", &cell("A-1")) + &end;
    assert_eq!(
        table::read(&ods_of(&table), None, MAX_ITEMS)
            .expect("file is read")
            .rows
            .len(),
        1
    );
}
