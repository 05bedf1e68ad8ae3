//! Imports from a CSV file: upload, column mapping, dry run, and an import that runs like a batch of the API with the
//! scopes of a client.

use chrono::{NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;
use csv::ReaderBuilder;
use domain::fields::{CsvError, FieldCode};
use domain::files::FileOwner;
use domain::identity::permissions::ResolveMappings;
use domain::ids::{ClientId, ImportJobId};
use domain::imports::jobs::{ImportChannel, ImportMode, MAX_ITEMS, TargetBatch};
use domain::problems::Cause;
use serde_json::{Map, Value};

use crate::commit::finish;
use crate::db::TenantTx;
use crate::files::{self, NewBlob};
use crate::identity::actors::{Actor as _, Permit};
use crate::imports::model::ImportJobView;
use crate::imports::{is_zone, jobs, settings_of};
use crate::secrets::{hex, parse_digest, sha256};
use crate::{Core, CoreError, CoreResult};

/// The maximum size of a file (2 MiB).
pub const MAX_FILE_BYTES: usize = 2 * 1024 * 1024;
const MAX_COLUMNS: usize = 60;
/// The number of example values shown for a column.
const MAX_EXAMPLES: usize = 3;

/// The import fields that a column can be mapped to. `_` separates an object from its member.
pub const FIELDS: [&str; 26] = [
    "externalId",
    "action",
    "sourceUpdatedAt",
    "serviceType",
    "priority",
    "durationMinutes",
    "timeWindow_start",
    "timeWindow_end",
    "timeWindow_zone",
    "requiredSkills",
    "notes",
    "coordinates_lat",
    "coordinates_lon",
    "customer_externalId",
    "customer_customerNumber",
    "customer_name",
    "location_externalId",
    "location_name",
    "location_street",
    "location_postalCode",
    "location_city",
    "location_country",
    "contact_externalId",
    "contact_displayName",
    "contact_email",
    "contact_phone",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub header: String,
    /// Its first non-empty values.
    pub examples: Vec<String>,
    /// The field that the header suggests.
    pub guess: Option<&'static str>,
}

struct Table {
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn invalid_file(error: CsvError) -> CoreError {
    CoreError::field("file", FieldCode::InvalidCsv(error))
}

fn invalid_line(error: &csv::Error) -> CoreError {
    invalid_file(CsvError::InvalidLine {
        line: error.position().map(csv::Position::line),
    })
}

/// Parses a whole file: UTF-8 with or without a byte order mark. The delimiter is the candidate that occurs most often
/// in the first line.
fn read(bytes: &[u8]) -> CoreResult<Table> {
    let text = std::str::from_utf8(bytes).map_err(|_| invalid_file(CsvError::NotUtf8))?;
    let text = text.trim_start_matches('\u{feff}');
    let is_allowed = |character: char| !character.is_control() || matches!(character, '\n' | '\r' | '\t');
    if let Some((line, _)) = text.lines().enumerate().find(|(_, line)| !line.chars().all(is_allowed)) {
        return Err(invalid_file(CsvError::ControlCharacter { line: line + 1 }));
    }
    let first = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|candidate| first.bytes().filter(|byte| byte == candidate).count())
        .unwrap_or(b',');
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let headers: Vec<String> = reader
        .headers()
        .map_err(|error| invalid_line(&error))?
        .iter()
        .map(|header| header.trim().to_owned())
        .collect();
    if headers.is_empty() || headers.iter().all(String::is_empty) {
        return Err(invalid_file(CsvError::NoHeaders));
    }
    if headers.len() > MAX_COLUMNS {
        return Err(invalid_file(CsvError::TooManyColumns { max: MAX_COLUMNS }));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| invalid_line(&error))?;
        let row: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
        if row.iter().all(String::is_empty) {
            continue;
        }
        if rows.len() == MAX_ITEMS {
            return Err(invalid_file(CsvError::TooManyRows { max: MAX_ITEMS }));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(invalid_file(CsvError::Empty));
    }
    Ok(Table { headers, rows })
}

/// Returns the field that a header suggests: an exact field name, or a known English or German synonym.
fn guess(header: &str) -> Option<&'static str> {
    let normalize = |text: &str| {
        text.chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    let normalized_header = normalize(header);
    let synonym = match normalized_header.as_str() {
        "id" | "jobid" | "job" | "auftrag" | "auftragsnummer" => Some("externalId"),
        "customerid" | "kundeid" | "kundenid" => Some("customer_externalId"),
        "customernumber" | "kundennummer" => Some("customer_customerNumber"),
        "customer" | "kunde" => Some("customer_name"),
        "locationid" | "standortid" | "ortid" => Some("location_externalId"),
        "location" | "standort" => Some("location_name"),
        "street" | "strasse" | "straße" => Some("location_street"),
        "zip" | "plz" | "postcode" | "postalcode" => Some("location_postalCode"),
        "city" | "ort" | "stadt" => Some("location_city"),
        "country" | "land" => Some("location_country"),
        "contact" | "kontakt" => Some("contact_displayName"),
        "email" | "mail" => Some("contact_email"),
        "phone" | "telefon" => Some("contact_phone"),
        "minutes" | "minuten" | "duration" | "dauer" => Some("durationMinutes"),
        "start" | "from" | "von" | "beginn" => Some("timeWindow_start"),
        "end" | "until" | "to" | "bis" | "ende" => Some("timeWindow_end"),
        "timezone" | "zone" | "zeitzone" => Some("timeWindow_zone"),
        "skills" | "requiredskill" | "qualifikationen" => Some("requiredSkills"),
        "lat" | "latitude" | "breitengrad" => Some("coordinates_lat"),
        "lon" | "lng" | "longitude" | "längengrad" => Some("coordinates_lon"),
        "updatedat" | "changedat" | "geändertam" => Some("sourceUpdatedAt"),
        "aktion" => Some("action"),
        "service" | "leistung" => Some("serviceType"),
        "notizen" | "bemerkung" => Some("notes"),
        _ => None,
    };
    FIELDS
        .into_iter()
        .find(|field| normalize(field) == normalized_header)
        .or(synonym)
}

/// Stores an uploaded file and returns its name for the next step.
///
/// # Errors
/// Field `file` if the file is too large, not UTF-8, not CSV, or has no or too many jobs.
pub async fn store_file(core: &Core, by: Permit<'_, ResolveMappings>, bytes: Vec<u8>) -> CoreResult<String> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(invalid_file(CsvError::TooLarge { max_megabytes: 2 }));
    }
    read(&bytes)?;
    let hash = sha256(&bytes);
    let blob = NewBlob {
        digest: hash.clone(),
        media_type: "text/csv",
        bytes: bytes.into(),
    };
    files::store(core, by.staff(), FileOwner::Import, vec![blob]).await?;
    Ok(hex(&hash))
}

async fn load(core: &Core, by: Permit<'_, ResolveMappings>, name: &str) -> CoreResult<Table> {
    let hash = parse_digest(name).ok_or_else(CoreError::not_found)?;
    let bytes = files::content(core, by.staff(), &hash).await?;
    read(&bytes)
}

/// Returns the columns of a stored file with a suggested field for each.
///
/// # Errors
/// `not_found`.
pub async fn columns(core: &Core, by: Permit<'_, ResolveMappings>, name: &str) -> CoreResult<Vec<Column>> {
    let table = load(core, by, name).await?;
    Ok(table
        .headers
        .iter()
        .enumerate()
        .map(|(index, header)| Column {
            header: header.clone(),
            examples: table
                .rows
                .iter()
                .filter_map(|row| row.get(index))
                .filter(|cell| !cell.is_empty())
                .take(MAX_EXAMPLES)
                .cloned()
                .collect(),
            guess: guess(header),
        })
        .collect())
}

/// Converts a local date and time of a spreadsheet to RFC 3339. Any other text, and a local time that is skipped or
/// ambiguous at a clock change, is returned unchanged; the import then rejects it.
fn moment(cell: &str, zone: Option<Tz>) -> String {
    const FORMATS: [&str; 5] = [
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%d.%m.%Y %H:%M",
    ];
    let local = FORMATS
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(cell, format).ok());
    local
        .zip(zone)
        .and_then(|(local, zone)| zone.from_local_datetime(&local).single())
        .map_or_else(|| cell.to_owned(), |moment| moment.to_rfc3339())
}

/// Parses a number with a decimal point or comma; any other text is returned unchanged.
fn decimal(cell: &str) -> Value {
    cell.replace(',', ".")
        .parse::<f64>()
        .ok()
        .and_then(serde_json::Number::from_f64)
        .map_or_else(|| Value::from(cell), Value::Number)
}

/// Builds the payload of one row. Times without an offset are in the time zone of the row, or else of the tenant.
fn payload(row: &[String], fields: &[Option<&'static str>], tenant_zone: &str) -> Value {
    let zone = row
        .iter()
        .zip(fields)
        .find(|(cell, field)| **field == Some("timeWindow_zone") && !cell.is_empty())
        .map_or(tenant_zone, |(cell, _)| cell.as_str());
    let parsed: Option<Tz> = zone.parse().ok();
    let mut body = Map::new();
    for (cell, field) in row.iter().zip(fields) {
        let Some(field) = field else { continue };
        if cell.is_empty() {
            continue;
        }
        let value = match *field {
            "durationMinutes" => cell
                .parse::<i64>()
                .map_or_else(|_| Value::from(cell.as_str()), Value::from),
            "priority" | "action" => Value::from(cell.to_lowercase()),
            "timeWindow_start" | "timeWindow_end" => Value::from(moment(cell, parsed)),
            "sourceUpdatedAt" => Value::from(moment(cell, tenant_zone.parse().ok())),
            "coordinates_lat" | "coordinates_lon" => decimal(cell),
            "requiredSkills" => cell
                .split([',', ';', '|'])
                .map(str::trim)
                .filter(|skill| !skill.is_empty())
                .map(Value::from)
                .collect(),
            _ => Value::from(cell.as_str()),
        };
        match field.split_once('_') {
            None => {
                body.insert((*field).to_owned(), value);
            }
            Some((part, member)) => {
                let part = body.entry(part.to_owned()).or_insert_with(|| Value::Object(Map::new()));
                part[member] = value;
            }
        }
    }
    if let Some(window) = body.get_mut("timeWindow").and_then(Value::as_object_mut) {
        window.entry("zone").or_insert_with(|| Value::from(zone));
    }
    Value::Object(body)
}

/// Starts a dry run of a stored file with the scopes of a client. `chosen` has a field for each column; empty means
/// that the column is ignored.
///
/// # Errors
/// `not_found`; field `columns` if no column is the external ID or two columns have the same field;
/// `too_many_concurrent_jobs`.
pub async fn start_dry_run(
    core: &Core,
    by: Permit<'_, ResolveMappings>,
    name: &str,
    client: ClientId,
    chosen: &[String],
) -> CoreResult<ImportJobId> {
    let table = load(core, by, name).await?;
    let fields: Vec<Option<&'static str>> = chosen
        .iter()
        .map(|name| FIELDS.into_iter().find(|field| field == name))
        .collect();
    for (index, field) in fields.iter().enumerate() {
        if field.is_some() && fields[..index].contains(field) {
            return Err(CoreError::field("columns", FieldCode::ColumnTwice));
        }
    }
    if !fields.contains(&Some("externalId")) {
        return Err(CoreError::field("columns", FieldCode::ExternalIdColumnRequired));
    }
    let payloads = table
        .rows
        .iter()
        .map(|row| payload(row, &fields, by.staff().zone()))
        .collect();
    let batch = TargetBatch::lenient(ImportMode::Partial, true, payloads, is_zone);
    let mut tx = core.store.begin(by.staff()).await?;
    let id = enqueue_for_client(&mut tx, &by.staff().label(), client, None, true, &batch).await?;
    finish(core, tx).await?;
    core.wake_importer.notify_one();
    Ok(id)
}

async fn enqueue_for_client(
    tx: &mut TenantTx<'_, crate::identity::actors::Staff>,
    label: &str,
    client: ClientId,
    dry_run_id: Option<ImportJobId>,
    dry_run: bool,
    batch: &TargetBatch,
) -> CoreResult<ImportJobId> {
    let client_line = tx
        .client(client)
        .await?
        .filter(|client_line| client_line.revoked_at.is_none())
        .ok_or_else(|| CoreError::field("client", FieldCode::Required))?;
    let source = client_line.source_system_id;
    let has_scope = |scope: &str| client_line.scopes.iter().any(|granted| granted == scope);
    if !has_scope("targets.write") {
        return Err(CoreError::field("client", FieldCode::ImportScopeMissing));
    }
    let settings = settings_of(
        &tx.settings_of_source(source).await?,
        &tx.gates().await?,
        has_scope("customers.map"),
        has_scope("customers.write"),
    );
    let new_job = jobs::NewImportJob {
        client,
        source_system: source,
        mode: ImportMode::Partial,
        dry_run,
        channel: ImportChannel::Csv,
        settings: &settings,
        created_by: label,
        retried_from: dry_run_id,
    };
    Ok(jobs::enqueue(tx, &new_job, batch).await?)
}

/// Imports the rows of a completed dry run.
///
/// # Errors
/// `not_found` unless the job is a dry run of a file; `illegal_transition` until it has completed;
/// `too_many_concurrent_jobs`.
pub async fn import_after_dry_run(
    core: &Core,
    by: Permit<'_, ResolveMappings>,
    dry_run_id: ImportJobId,
) -> CoreResult<ImportJobId> {
    let mut tx = core.store.begin(by.staff()).await?;
    let job = tx
        .import_job(dry_run_id)
        .await?
        .filter(ImportJobView::is_file_dry_run)
        .ok_or_else(CoreError::not_found)?;
    if !job.is_completed() {
        return Err(CoreError::new(Cause::DryRunNotCompleted));
    }
    let payloads = tx.list_payloads_of_job(dry_run_id).await?;
    let batch = TargetBatch::lenient(ImportMode::Partial, false, payloads, is_zone);
    let id = enqueue_for_client(
        &mut tx,
        &by.staff().label(),
        job.client_id,
        Some(dry_run_id),
        false,
        &batch,
    )
    .await?;
    finish(core, tx).await?;
    core.wake_importer.notify_one();
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn csv_file_valid_yields_payloads() {
        let table = read("\u{feff}Auftrag;Kunde-Id;Kunde;Ort;Minuten;Egal\nA-1;C-1;\"Müller; Söhne\";Essen;45;x\n\n;;;;;\nA-2;;;;viele;".as_bytes())
            .expect("file is a valid CSV table");
        let fields: Vec<_> = table.headers.iter().map(|header| guess(header)).collect();
        assert_eq!(
            fields,
            [
                Some("externalId"),
                Some("customer_externalId"),
                Some("customer_name"),
                Some("location_city"),
                Some("durationMinutes"),
                None
            ]
        );
        assert_eq!(table.rows.len(), 2);
        assert_eq!(
            payload(&table.rows[0], &fields, "Europe/Berlin"),
            json!({"externalId": "A-1", "customer": {"externalId": "C-1", "name": "Müller; Söhne"}, "location": {"city": "Essen"}, "durationMinutes": 45})
        );
        assert_eq!(
            payload(&table.rows[1], &fields, "Europe/Berlin"),
            json!({"externalId": "A-2", "durationMinutes": "viele"}),
            "an invalid value is left for the import to reject"
        );
    }

    #[test]
    fn csv_cells_local_formats_are_converted() {
        let fields: Vec<_> = [
            "id",
            "von",
            "bis",
            "Zeitzone",
            "lat",
            "lon",
            "Skills",
            "Geändert am",
            "Aktion",
        ]
        .into_iter()
        .map(guess)
        .collect();
        assert!(fields.iter().all(Option::is_some), "{fields:?}");
        let row = |cells: [&str; 9]| payload(&cells.map(str::to_owned), &fields, "Europe/Berlin");
        assert_eq!(
            row([
                "A",
                "2026-12-01 09:00",
                "01.12.2026 11:30",
                "",
                "51,45",
                "7.01",
                "gas; electric",
                "2026-11-30T08:00",
                "Upsert"
            ]),
            json!({"externalId": "A", "action": "upsert", "sourceUpdatedAt": "2026-11-30T08:00:00+01:00", "requiredSkills": ["gas", "electric"],
                "coordinates": {"lat": 51.45, "lon": 7.01},
                "timeWindow": {"start": "2026-12-01T09:00:00+01:00", "end": "2026-12-01T11:30:00+01:00", "zone": "Europe/Berlin"}})
        );
        assert_eq!(
            row([
                "A",
                "2026-07-01T09:00",
                "2026-07-01T10:00:00+01:00",
                "Europe/London",
                "",
                "",
                "",
                "",
                ""
            ])["timeWindow"],
            json!({"start": "2026-07-01T09:00:00+01:00", "end": "2026-07-01T10:00:00+01:00", "zone": "Europe/London"}),
            "zone of the row"
        );
        // A skipped local time, an ambiguous one, and a text that is no time stay unchanged.
        for cell in ["2026-03-29 02:30", "2026-10-25 02:30", "tomorrow"] {
            assert_eq!(
                row(["A", cell, "", "", "", "", "", "", ""])["timeWindow"]["start"],
                cell
            );
        }
        assert_eq!(
            row(["A", "", "", "", "north", "", "", "", ""])["coordinates"]["lat"],
            "north"
        );
    }

    #[test]
    fn csv_file_invalid_is_rejected() {
        for bytes in [&b""[..], b"\xff\xfe", b"a,b", b"\n\n", b",,\n1,2,3", b"id\na\0b"] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
        let many = format!("id\n{}", "x\n".repeat(MAX_ITEMS + 1));
        assert!(read(many.as_bytes()).is_err());
    }

    const FILES: &[&str] = &[
        "\u{feff}Auftrag;Kunde-Id;Kunde;Ort;Minuten;Von;Bis;Zeitzone\nA-1;C-1;\"Müller; Söhne\";Essen;45;2026-12-01 09:00;01.12.2026 11:30;Europe/Berlin\n",
        "id,lat,lon,skills,Aktion\r\n1,51.45,\"7,01\",gas|electric,upsert\r\n2,,,,\r\n",
        "id\tnotes\nJ\t\"a \"\"quoted\"\" note\"\n",
    ];

    proptest! {
        #[test]
        fn fuzz_csv_file_any_bytes_yield_payloads(bytes in crate::fuzz::mutation::bytes(FILES)) {
            let Ok(table) = read(&bytes) else { return Ok(()) };
            prop_assert!(!table.rows.is_empty() && table.rows.len() <= MAX_ITEMS);
            prop_assert!(table.headers.len() <= MAX_COLUMNS);
            // Columns as guessed, and every column as every field.
            let guessed: Vec<_> = table.headers.iter().map(|header| guess(header)).collect();
            let shifted: Vec<_> = (0..table.headers.len()).map(|index| FIELDS.get(index).copied()).collect();
            for fields in [guessed, shifted] {
                let payloads: Vec<Value> = table.rows.iter().map(|row| payload(row, &fields, "Europe/Berlin")).collect();
                let batch = TargetBatch::lenient(ImportMode::Partial, true, payloads, is_zone);
                prop_assert_eq!(batch.items.len(), table.rows.len());
            }
        }
    }
}
