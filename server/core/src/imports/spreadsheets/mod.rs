//! Imports from spreadsheets: CSV in any common encoding, `.xlsx` and `.ods`. Upload, column mapping, dry run, and an import
//! that runs like a batch of the API with the scopes of a client.

mod fields;
mod moments;
mod ods;
mod payload;
pub(crate) mod table;
mod text;
mod workbook;

pub use self::fields::FIELDS;
pub use self::table::TableSource;
pub use self::text::ENCODINGS;

use domain::fields::{CsvError, FieldCode};
use domain::files::FileOwner;
use domain::identity::permissions::ResolveMappings;
use domain::ids::{ClientId, ImportJobId};
use domain::imports::jobs::{BatchItem, ImportChannel, ImportMode, MAX_ITEMS, TargetBatch, is_rejected_line};
use domain::problems::Cause;

pub(crate) use self::payload::is_shortened;
pub(crate) use self::table::Table;
use self::table::invalid_file;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::files::{self, NewBlob};
use crate::identity::actors::{Actor as _, Permit, Staff};
use crate::imports::model::ImportJobView;
use crate::imports::{is_zone, jobs, settings_of};
use crate::secrets::{hex, parse_digest, sha256};
use crate::{Core, CoreError, CoreResult};

/// The maximum size of a file (2 MiB).
pub const MAX_FILE_BYTES: usize = 2 * 1024 * 1024;
/// The number of example values shown for a column.
const MAX_EXAMPLES: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub header: String,
    /// Its first non-empty values.
    pub examples: Vec<String>,
    /// The field that the header suggests.
    pub guess: Option<&'static str>,
}

/// A file with its columns, to be checked and mapped by a person.
#[derive(Debug, Clone)]
pub struct Preview {
    pub columns: Vec<Column>,
    /// Lines of the file or sheet.
    pub lines: usize,
    /// Rows that are read as jobs.
    pub jobs: usize,
    /// Lines with more cells than columns, which are not imported.
    pub shifted: Vec<usize>,
    pub source: TableSource,
}

/// Stores an uploaded file and returns its name for the next step.
///
/// # Errors
/// Field `file` if the file is too large, cannot be read as a table, or has no or too many jobs.
pub async fn store_file(core: &Core, by: Permit<'_, ResolveMappings>, bytes: Vec<u8>) -> CoreResult<String> {
    store_table(core, by.staff(), bytes, MAX_ITEMS).await
}

/// Stores a file of at most `max_rows` rows and returns its name.
pub(crate) async fn store_table(core: &Core, staff: &Staff, bytes: Vec<u8>, max_rows: usize) -> CoreResult<String> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(invalid_file(CsvError::TooLarge { max_megabytes: 2 }));
    }
    table::read(&bytes, None, max_rows)?;
    let hash = sha256(&bytes);
    let blob = NewBlob {
        digest: hash.clone(),
        media_type: "application/octet-stream",
        bytes: bytes.into(),
    };
    files::store(core, staff, FileOwner::Import, vec![blob]).await?;
    Ok(hex(&hash))
}

/// Reads a stored file.
///
/// # Errors
/// `not_found`; field `file` if the encoding does not fit.
pub(crate) async fn load_table(
    core: &Core,
    staff: &Staff,
    name: &str,
    encoding: Option<&str>,
    max_rows: usize,
) -> CoreResult<Table> {
    let hash = parse_digest(name).ok_or_else(CoreError::not_found)?;
    let bytes = files::content(core, staff, &hash).await?;
    table::read(&bytes, encoding, max_rows)
}

/// Returns the columns of a table with the field that `guess` finds for each header.
pub(crate) fn columns_of(table: &Table, guess: impl Fn(&str) -> Option<&'static str>) -> Vec<Column> {
    let columns = table.headers.iter().enumerate();
    columns
        .map(|(index, header)| Column {
            header: header.clone(),
            examples: table.column(index).take(MAX_EXAMPLES).map(str::to_owned).collect(),
            guess: guess(header),
        })
        .collect()
}

/// Returns the columns of a stored file with a suggested field for each. `encoding` replaces the detected one.
///
/// # Errors
/// `not_found`; field `file` if the encoding does not fit.
pub async fn preview(
    core: &Core,
    by: Permit<'_, ResolveMappings>,
    name: &str,
    encoding: Option<&str>,
) -> CoreResult<Preview> {
    let table = load_table(core, by.staff(), name, encoding, MAX_ITEMS).await?;
    let columns = columns_of(&table, fields::guess);
    let shifted = table
        .rows
        .iter()
        .filter(|row| table.is_shifted(row))
        .map(|row| row.line)
        .collect();
    Ok(Preview {
        columns,
        lines: table.lines,
        jobs: table.rows.len(),
        shifted,
        source: table.source,
    })
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
    encoding: Option<&str>,
    client: ClientId,
    chosen: &[String],
) -> CoreResult<ImportJobId> {
    let table = load_table(core, by.staff(), name, encoding, MAX_ITEMS).await?;
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
    let items = payload::items(&table, &fields, by.staff().zone());
    let batch = TargetBatch::of_items(ImportMode::Partial, true, items);
    let mut tx = core.store.begin(by.staff()).await?;
    let id = enqueue_for_client(&mut tx, &by.staff().label(), client, None, true, &batch).await?;
    finish(core, tx).await?;
    core.wake_importer.notify_one();
    Ok(id)
}

async fn enqueue_for_client(
    tx: &mut TenantTx<'_, Staff>,
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
    // A line that could not be read stays rejected; its values may be shifted or shortened.
    let items = tx
        .list_lines_of_job(dry_run_id)
        .await?
        .into_iter()
        .map(|item| {
            let line = item.line.unwrap_or(item.position + 1);
            if is_rejected_line(&item.errors.0) {
                BatchItem::rejected_line(item.payload.0, line, item.errors.0)
            } else {
                BatchItem::of_line(item.payload.0, line, is_zone)
            }
        })
        .collect();
    let batch = TargetBatch::of_items(ImportMode::Partial, false, items);
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
mod corpus;
#[cfg(test)]
mod tests;
