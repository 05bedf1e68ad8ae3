//! Reading of files that are broken, shifted or shortened.

use domain::fields::FieldCode;
use domain::imports::jobs::MAX_ITEMS;
use proptest::prelude::*;
use serde_json::json;

use super::fields::guess;
use super::table::MAX_COLUMNS;
use super::*;

fn read(text: &str) -> CoreResult<Table> {
    table::read(text.as_bytes(), None, MAX_ITEMS)
}

fn fields(table: &Table) -> Vec<Option<&'static str>> {
    table.headers.iter().map(|header| guess(header)).collect()
}

fn read_items(text: &str) -> Vec<BatchItem> {
    let table = read(text).expect("file is a table");
    payload::items(&table, &fields(&table), "Europe/Berlin")
}

fn codes(items: &[BatchItem]) -> Vec<Option<&str>> {
    items
        .iter()
        .map(|item| item.import.as_ref().err().map(|notes| notes[0].code.as_str()))
        .collect()
}

fn error(text: &str) -> CsvError {
    let error = read(text).expect_err("file is broken");
    match error.fields.into_iter().next().map(|field| field.code) {
        Some(FieldCode::InvalidCsv(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn csv_file_valid_yields_payloads() {
    let items = read_items(
        "\u{feff}Auftrag;Kunde-Id;Kunde;Stadt;Minuten;Egal\nA-1;C-1;\"Müller; Söhne\";Essen;45;x\n\n;;;;;\nA-2;;;;viele;",
    );
    assert_eq!(
        items[0].payload,
        json!({"externalId": "A-1", "customer": {"externalId": "C-1", "name": "Müller; Söhne"}, "location": {"city": "Essen"}, "durationMinutes": 45})
    );
    assert_eq!(
        items[1].payload,
        json!({"externalId": "A-2", "durationMinutes": "viele"}),
        "an invalid value is left for the import to reject"
    );
    assert_eq!(
        items.iter().map(|item| item.line).collect::<Vec<_>>(),
        [Some(2), Some(5)]
    );
}

#[test]
fn csv_year_of_two_digits_is_in_this_century() {
    let items = read_items("Auftrag;Kundennummer;Von;Bis\nYY-1;RRM-001;24.11.26 09:00;24.11.26 11:00");
    assert_eq!(
        items[0].payload["timeWindow"],
        json!({"start": "2026-11-24T09:00:00+01:00", "end": "2026-11-24T11:00:00+01:00", "zone": "Europe/Berlin"})
    );
    assert!(items[0].import.is_ok());
}

#[test]
fn csv_quote_that_never_ends_names_its_line() {
    let text = "Auftrag;Notiz\nQ-1;a\nQ-2;b\nQ-3;\"open\nQ-4;d\n";
    assert_eq!(error(text), CsvError::UnclosedQuote { line: 4 });
    assert_eq!(
        error("Auftrag;Notiz\nQ-1;\"a\" b;\"c\nQ-2;\"d\"\n"),
        CsvError::UnclosedQuote { line: 2 }
    );
    // Line breaks and doubled quotation marks inside a cell are fine, and the lines after them keep their numbers.
    let items = read_items("Auftrag;Notiz\nQ-1;\"two\nlines, \"\"quoted\"\"\"\nQ-2;x 5\" pipe\n");
    assert_eq!(items[0].payload["notes"], "two\nlines, \"quoted\"");
    assert_eq!(items[1].payload["notes"], "x 5\" pipe");
    assert_eq!(items[1].line, Some(4));
}

#[test]
fn csv_line_with_more_cells_than_columns_is_not_imported() {
    let items = read_items(
        "Auftrag,Kundennummer,Kunde,Stadt\nS-1,RRM-001,Rhein, Ruhr GmbH,Essen\nS-2,RRM-001,\"Rhein, Ruhr GmbH\",Essen\nS-3,RRM-001,Rhein, Ruhr GmbH,\n",
    );
    assert_eq!(codes(&items), [Some("too_many_cells"), None, Some("too_many_cells")]);
    // A delimiter at the end of every line adds no column.
    let items = read_items("Auftrag;Kunde\nS-1;A;\nS-2;B;\n");
    assert_eq!(codes(&items), [None, None]);
}

#[test]
fn csv_numbers_shortened_by_a_spreadsheet_are_refused() {
    let items =
        read_items("Auftrag;Kunde-Id\n4,00612E+12;9,91214E+15\nA-1;4.00612E+12\nA-2;1E5\n4E+02X;5E3\n=\"00123\";C\n");
    assert_eq!(
        codes(&items),
        [Some("number_shortened"), Some("number_shortened"), None, None, None]
    );
    assert_eq!(items[4].external_id, "00123");
}

#[test]
fn csv_days_and_times_form_windows() {
    let window = |header: &str, line: &str| {
        read_items(&format!("Auftrag;{header}\nA;{line}\n"))[0].payload["timeWindow"].clone()
    };
    let day =
        json!({"start": "2026-12-01T00:00:00+01:00", "end": "2026-12-02T00:00:00+01:00", "zone": "Europe/Berlin"});
    assert_eq!(window("Datum", "01.12.2026"), day);
    assert_eq!(window("Von", "2026-12-01"), day);
    assert_eq!(window("Von;Bis", "1.12.26;1.12.26"), day);
    let morning =
        json!({"start": "2026-12-01T09:00:00+01:00", "end": "2026-12-01T11:30:00+01:00", "zone": "Europe/Berlin"});
    assert_eq!(window("Datum;Von;Bis", "01.12.2026;09:00;11:30"), morning);
    assert_eq!(window("Von;Bis", "2026-12-01 09:00;01.12.2026 11:30"), morning);
    assert_eq!(window("Von;Bis", "46357,375;46357,479166667"), morning);
    assert_eq!(window("Von;Bis", "2026-12-01 09:00;11:30 Uhr"), morning);
    let london = window(
        "Von;Bis;Zeitzone",
        "2026-07-01T09:00;2026-07-01T10:00:00+01:00;Europe/London",
    );
    assert_eq!(london["start"], "2026-07-01T09:00:00+01:00");
    assert_eq!(london["end"], "2026-07-01T10:00:00+01:00");
    // A skipped local time, a repeated one, and a text that is no time stay unchanged and are rejected.
    for cell in ["2026-03-29 02:30", "2026-10-25 02:30", "tomorrow", "24.11.0026 09:00"] {
        let items = read_items(&format!("Auftrag;Von;Bis\nA;{cell};2026-12-01 10:00\n"));
        assert_eq!(items[0].payload["timeWindow"]["start"], cell);
        assert!(items[0].import.is_err(), "{cell}");
    }
}

#[test]
fn csv_days_that_can_be_read_in_two_ways_are_refused() {
    let items = read_items("Auftrag;Datum\nA;05/06/2026\nB;07/08/2026\n");
    assert_eq!(codes(&items), [Some("ambiguous_date"), Some("ambiguous_date")]);
    let items = read_items("Auftrag;Datum\nA;05/06/2026\nB;24/11/2026\n");
    assert_eq!(codes(&items), [None, None]);
    assert_eq!(items[0].payload["timeWindow"]["start"], "2026-06-05T00:00:00+02:00");
}

#[test]
fn csv_delimiter_line_and_encodings_are_read() {
    let text = "sep=;\r\nAuftrag;Kunde\r\nA-1;Müller\r\n";
    let table = read(text).expect("delimiter is named");
    assert_eq!(table.headers, ["Auftrag", "Kunde"]);
    assert_eq!((table.rows[0].line, table.lines), (3, 3));
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode("Auftrag;Kunde\nA-1;Müller & Söhne, Straße\n");
    let table = table::read(&windows, None, MAX_ITEMS).expect("text is Windows-1252");
    assert_eq!(table.rows[0].cells[1], "Müller & Söhne, Straße");
    assert_eq!(
        table.source,
        TableSource::Text {
            encoding: "windows-1252",
            is_certain: false
        }
    );
    // "Unicode text" of a spreadsheet program.
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(
        "Auftrag\tKunde\r\nA-1\tMüller\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes),
    );
    let table = table::read(&utf16, None, MAX_ITEMS).expect("text is UTF-16");
    assert_eq!(table.rows[0].cells, ["A-1", "Müller"]);
    assert_eq!(
        table::read(&utf16[2..], None, MAX_ITEMS)
            .expect("no mark is needed")
            .rows[0]
            .cells,
        ["A-1", "Müller"]
    );
    // A chosen encoding replaces a guess, but not what the file proves.
    let (arabic, _, _) = encoding_rs::WINDOWS_1256.encode("id;customer\nA-1;العميل\n");
    let table = table::read(&arabic, Some("windows-1256"), MAX_ITEMS).expect("encoding is chosen");
    assert_eq!(table.rows[0].cells[1], "العميل");
    let table =
        table::read("id;customer\nA-1;Müller\n".as_bytes(), Some("windows-1252"), MAX_ITEMS).expect("text is UTF-8");
    assert_eq!(table.rows[0].cells[1], "Müller");
}

#[test]
fn file_invalid_is_rejected() {
    for bytes in [
        &b""[..],
        b"\xff\xfe",
        b"a,b",
        b"\n\n",
        b",,\n,,",
        b"id\na\0b",
        b"PK\x03\x04broken",
    ] {
        assert!(table::read(bytes, None, MAX_ITEMS).is_err(), "{bytes:?}");
    }
    let many = format!("id\n{}", "x\n".repeat(MAX_ITEMS + 1));
    assert!(read(&many).is_err());
}

const FILES: &[&str] = &[
    "\u{feff}Auftrag;Kunde-Id;Kunde;Ort;Minuten;Von;Bis;Zeitzone\nA-1;C-1;\"Müller; Söhne\";Essen;45;2026-12-01 09:00;01.12.2026 11:30;Europe/Berlin\n",
    "id,lat,lon,skills,Aktion\r\n1,51.45,\"7,01\",gas|electric,upsert\r\n2,,,,\r\n",
    "id\tnotes\nJ\t\"a \"\"quoted\"\" note\"\n",
    "sep=,\nid,date,from,to\n1,24/11/2026,09:00,10:00\n2,05/06/2026,46350,46350.5\n",
];

proptest! {
    #[test]
    fn fuzz_file_any_bytes_yield_payloads(bytes in crate::fuzz::mutation::bytes(FILES)) {
        let Ok(table) = table::read(&bytes, None, MAX_ITEMS) else { return Ok(()) };
        prop_assert!(!table.rows.is_empty() && table.rows.len() <= MAX_ITEMS);
        prop_assert!(table.headers.len() <= MAX_COLUMNS);
        // Columns as guessed, and every column as every field.
        let guessed = fields(&table);
        let shifted: Vec<_> = (0..table.headers.len()).map(|index| FIELDS.get(index).copied()).collect();
        for fields in [guessed, shifted] {
            let items = payload::items(&table, &fields, "Europe/Berlin");
            prop_assert_eq!(items.len(), table.rows.len());
            prop_assert!(items.iter().all(|item| domain::fields::check_body(&item.payload).is_ok()));
        }
    }

    /// A file reads the same in every encoding that has its characters.
    #[test]
    fn file_reads_the_same_in_every_encoding(name in "[A-Za-zäöüßé ]{1,20}", encoding in proptest::sample::select(vec!["windows-1252", "ISO-8859-15", "macintosh", "UTF-16LE", "UTF-16BE"])) {
        let text = format!("Auftrag;Kunde\nA-1;x{name}x\n");
        let expected = read(&text).expect("text is a table").rows;
        let bytes: Vec<u8> = match encoding {
            "UTF-16LE" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "UTF-16BE" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            other => encoding_rs::Encoding::for_label(other.as_bytes()).expect("encoding is known").encode(&text).0.into_owned(),
        };
        let table = table::read(&bytes, Some(encoding), MAX_ITEMS).expect("bytes are a table");
        prop_assert_eq!(table.rows, expected);
    }
}

#[test]
fn values_are_json_of_their_kind() {
    let items = read_items(
        "id;Aktion;Skills;lat;lon;Minuten;Geändert am\nA;Upsert;gas; electric;51,45;7.01;90,0;2026-11-30T08:00\n",
    );
    assert_eq!(codes(&items), [Some("too_many_cells")], "an unquoted list is shifted");
    let items = read_items(
        "id;Aktion;Skills;lat;lon;Minuten;Geändert am\nA;Upsert;\"gas; electric\";51,45;7.01;90,0;2026-11-30T08:00\n",
    );
    let expected = json!({"externalId": "A", "action": "upsert", "requiredSkills": ["gas", "electric"], "coordinates": {"lat": 51.45, "lon": 7.01},
        "durationMinutes": 90.0, "sourceUpdatedAt": "2026-11-30T08:00:00+01:00"});
    assert_eq!(items[0].payload, expected);
    let duration = items[0]
        .import
        .as_ref()
        .expect("line is valid")
        .duration_minutes
        .clone();
    assert_eq!(duration, domain::fields::Patch::Value(90));
}
