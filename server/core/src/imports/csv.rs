//! Imports from a CSV file: kept, its columns matched by a person, tried out as a dry run, and then imported like any batch
//! of the API, with the rights of a client.

use chrono::{NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;
use csv::ReaderBuilder;
use domain::ids::{ClientId, ImportJobId};
use domain::import_jobs::{ImportChannel, ImportMode, MOST_ITEMS, TargetBatch};
use domain::imports::ImportJobStatus;
use domain::permissions::ResolveMappings;
use domain::problems::Problem;
use serde_json::{Map, Value};

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, Permit};
use crate::imports::{is_zone, jobs, settings_of};
use crate::secrets::{fingerprint, hex};
use crate::{Core, CoreError, CoreResult};

/// The largest file, in bytes.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;
/// The most columns of a file.
const MOST_COLUMNS: usize = 60;
/// How many values of a column are shown to tell what it is.
const EXAMPLES: usize = 3;

/// What a column can be: the members of an import, with `_` between an object and its member.
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

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its header.
    pub header: String,
    /// Its first values.
    pub examples: Vec<String>,
    /// What it probably is, by its header.
    pub guess: Option<&'static str>,
}

struct Table {
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn wrong(detail: impl Into<String>) -> CoreError {
    CoreError::field("file", "invalid_csv", detail)
}

/// Reads a whole file: UTF-8 with or without a mark, separated by the sign that its first line has most of.
fn read(bytes: &[u8]) -> CoreResult<Table> {
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("The file is not UTF-8; save it as “CSV UTF-8”."))?;
    let text = text.trim_start_matches('\u{feff}');
    let is_allowed = |character: char| !character.is_control() || matches!(character, '\n' | '\r' | '\t');
    if let Some((line, _)) = text.lines().enumerate().find(|(_, line)| !line.chars().all(is_allowed)) {
        return Err(wrong(format!("Line {} has a control character.", line + 1)));
    }
    let first = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|sign| first.bytes().filter(|byte| byte == sign).count())
        .unwrap_or(b',');
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let headers: Vec<String> = reader
        .headers()
        .map_err(|error| wrong(error.to_string()))?
        .iter()
        .map(|header| header.trim().to_owned())
        .collect();
    if headers.is_empty() || headers.iter().all(String::is_empty) {
        return Err(wrong("The first line must name the columns."));
    }
    if headers.len() > MOST_COLUMNS {
        return Err(wrong(format!("A file may have {MOST_COLUMNS} columns.")));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let row: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
        if row.iter().all(String::is_empty) {
            continue;
        }
        if rows.len() == MOST_ITEMS {
            return Err(wrong(format!("A file may have {MOST_ITEMS} jobs; split it.")));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(wrong("The file has no jobs."));
    }
    Ok(Table { headers, rows })
}

/// What a header probably means: the same letters as a field, or as its last part where that is telling.
fn guess(header: &str) -> Option<&'static str> {
    let plain = |text: &str| {
        text.chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    let wanted = plain(header);
    let also = match wanted.as_str() {
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
    FIELDS.into_iter().find(|field| plain(field) == wanted).or(also)
}

/// Keeps a file for the next step; the answer names it.
///
/// # Errors
/// Field `file`: too large, not UTF-8, not CSV, no jobs or too many.
pub async fn keep(core: &Core, by: Permit<'_, ResolveMappings>, bytes: Vec<u8>) -> CoreResult<String> {
    if bytes.len() > MOST_BYTES {
        return Err(wrong("A file may have 2 MB."));
    }
    read(&bytes)?;
    let hash = fingerprint(&bytes);
    core.files.put(by.staff().tenant(), &hash, bytes).await?;
    Ok(hex(&hash))
}

async fn load(core: &Core, by: Permit<'_, ResolveMappings>, name: &str) -> CoreResult<Table> {
    let is_hex = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hash: Option<Vec<u8>> = (0..name.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(name.get(at..at + 2)?, 16).ok())
        .collect();
    let hash = hash.filter(|_| is_hex).ok_or_else(CoreError::not_found)?;
    let bytes = core.files.get(by.staff().tenant(), &hash).await?;
    read(&bytes)
}

/// The columns of a kept file, with a guess for each.
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
                .take(EXAMPLES)
                .cloned()
                .collect(),
            guess: guess(header),
        })
        .collect())
}

/// A moment as people write it in tables, in a zone, as the API takes it. What is no such moment, or one that the change of
/// the clock leaves out or has twice, stays as it is: the import refuses it by name.
fn moment(cell: &str, zone: Option<Tz>) -> String {
    const WAYS: [&str; 5] = [
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%d.%m.%Y %H:%M",
    ];
    let local = WAYS
        .iter()
        .find_map(|way| NaiveDateTime::parse_from_str(cell, way).ok());
    local
        .zip(zone)
        .and_then(|(local, zone)| zone.from_local_datetime(&local).single())
        .map_or_else(|| cell.to_owned(), |moment| moment.to_rfc3339())
}

/// The number in a cell, with a point or a comma; the text if it is none.
fn decimal(cell: &str) -> Value {
    cell.replace(',', ".")
        .parse::<f64>()
        .ok()
        .and_then(serde_json::Number::from_f64)
        .map_or_else(|| Value::from(cell), Value::Number)
}

/// Makes the payload of one line. Moments without an offset are those of the line's zone, else of the organisation's.
fn payload(row: &[String], fields: &[Option<&'static str>], own_zone: &str) -> Value {
    let zone = row
        .iter()
        .zip(fields)
        .find(|(cell, field)| **field == Some("timeWindow_zone") && !cell.is_empty())
        .map_or(own_zone, |(cell, _)| cell.as_str());
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
            "sourceUpdatedAt" => Value::from(moment(cell, own_zone.parse().ok())),
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

/// Tries a file out: a dry run of the import, with the rights of a client. `chosen` has a field for each column, empty for
/// a column that is left out.
///
/// # Errors
/// `not_found`; field `columns` if the id of the job has no column or a field has two; `too_many_concurrent_jobs`.
pub async fn try_out(
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
            return Err(CoreError::field(
                "columns",
                "column_twice",
                "Two columns have the same meaning.",
            ));
        }
    }
    if !fields.contains(&Some("externalId")) {
        return Err(CoreError::field(
            "columns",
            "external_id_required",
            "One column must be the id of the job.",
        ));
    }
    let payloads = table
        .rows
        .iter()
        .map(|row| payload(row, &fields, by.staff().zone()))
        .collect();
    let batch = TargetBatch::lenient(ImportMode::Partial, true, payloads, is_zone);
    let mut tx = core.store.begin(by.staff()).await?;
    let id = take_in(&mut tx, &by.staff().label(), client, None, true, &batch).await?;
    finish(core, tx).await?;
    core.wake_importer.notify_one();
    Ok(id)
}

async fn take_in(
    tx: &mut TenantTx<'_, crate::identity::actors::Staff>,
    label: &str,
    client: ClientId,
    tried: Option<ImportJobId>,
    dry_run: bool,
    batch: &TargetBatch,
) -> CoreResult<ImportJobId> {
    let line = tx
        .client(client)
        .await?
        .filter(|line| line.revoked_at.is_none())
        .ok_or_else(|| CoreError::field("client", "required", "Choose a client."))?;
    let source = line.source_system_id.0;
    let holds = |scope: &str| line.scopes.0.iter().any(|held| held == scope);
    if !holds("targets.write") {
        return Err(CoreError::field(
            "client",
            "insufficient_scope",
            "This client may not import jobs.",
        ));
    }
    let settings = settings_of(
        &tx.settings_of_source(source).await?,
        &tx.gates().await?,
        holds("customers.map"),
        holds("customers.write"),
    );
    let taking = jobs::Taking {
        client,
        source_system: source,
        mode: ImportMode::Partial,
        dry_run,
        channel: ImportChannel::Csv,
        settings: &settings,
        created_by: label,
        retried_from: tried,
    };
    Ok(jobs::take_in(tx, &taking, batch).await?)
}

/// Imports for real what was tried out.
///
/// # Errors
/// `not_found` unless the job is a dry run of a file that has ended; `too_many_concurrent_jobs`.
pub async fn import_tried(core: &Core, by: Permit<'_, ResolveMappings>, tried: ImportJobId) -> CoreResult<ImportJobId> {
    let mut tx = core.store.begin(by.staff()).await?;
    let job = tx
        .import_job(tried)
        .await?
        .filter(|job| job.dry_run && job.channel == ImportChannel::Csv)
        .ok_or_else(CoreError::not_found)?;
    if job.status != ImportJobStatus::Completed {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "The trial has not ended yet.",
        ));
    }
    let payloads = tx.payloads_of_job(tried).await?;
    let batch = TargetBatch::lenient(ImportMode::Partial, false, payloads, is_zone);
    let id = take_in(
        &mut tx,
        &by.staff().label(),
        job.client_id.0,
        Some(tried),
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
    fn a_file_becomes_imports() {
        let table = read("\u{feff}Auftrag;Kunde-Id;Kunde;Ort;Minuten;Egal\nA-1;C-1;\"Müller; Söhne\";Essen;45;x\n\n;;;;;\nA-2;;;;viele;".as_bytes())
            .expect("a table");
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
            "a wrong value is left for the import to refuse"
        );
    }

    #[test]
    fn times_places_and_skills_are_read_as_people_write_them() {
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
            "the zone of the line"
        );
        // The hour that the change of the clock leaves out, the one that it has twice, and no moment at all: as written.
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
    fn what_is_no_table_is_refused() {
        for bytes in [&b""[..], b"\xff\xfe", b"a,b", b"\n\n", b",,\n1,2,3", b"id\na\0b"] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
        let many = format!("id\n{}", "x\n".repeat(MOST_ITEMS + 1));
        assert!(read(many.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(table) = read(&bytes) {
                prop_assert!(!table.rows.is_empty() && table.rows.len() <= MOST_ITEMS);
            }
        }
    }
}
