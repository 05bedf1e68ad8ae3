//! Import jobs: batch bodies and job status.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::fields::{FieldCode, FieldError, ObjectReader, Patch};
use crate::ids::ImportJobId;
use crate::imports::results::{ItemNote, canonical_json};
use crate::imports::{ImportJobStatus, TargetImport, TargetImportBody};

crate::stored_names! {
    /// Processing mode of an import job.
    ImportMode {
        /// A single import with a synchronous response.
        Single = "single",
        /// Each item is processed independently.
        Partial = "partial",
        /// All items are applied, or none.
        Atomic = "atomic",
    }
}

crate::stored_names! {
    /// Origin of an import job.
    ImportChannel {
        /// The Connect API.
        Api = "api",
        /// Retried from the mapping review.
        MappingReview = "mapping_review",
        /// A CSV file uploaded by staff.
        Csv = "csv",
    }
}

/// Maximum number of items per batch.
pub const MAX_ITEMS: usize = 500;
/// Maximum number of items per atomic batch, which runs in one transaction.
pub const MAX_ATOMIC_ITEMS: usize = 100;
/// Maximum number of errors in a response.
const MAX_ERRORS: usize = 100;
/// Maximum number of queued and running jobs per client.
pub const MAX_ACTIVE_JOBS: i64 = 5;

/// Number of items by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct JobCounts {
    /// All items.
    pub total: i64,
    /// Created targets.
    pub created: i64,
    /// Updated targets.
    pub updated: i64,
    /// Unchanged targets.
    pub unchanged: i64,
    /// Skipped items.
    pub skipped: i64,
    /// Failed items.
    pub failed: i64,
    /// Items with at least one warning.
    pub warnings: i64,
}

/// An import job as returned by the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportJob {
    /// ID of the job.
    #[schema(value_type = String)]
    pub id: ImportJobId,
    /// Status. `completed`: finished, possibly with failed items; `failed`: the job could not be processed.
    pub status: ImportJobStatus,
    /// Processing mode.
    pub mode: ImportMode,
    /// Whether the job is a dry run, which writes nothing.
    pub dry_run: bool,
    /// Number of items by outcome so far.
    pub counts: JobCounts,
    /// When the job was accepted.
    pub created_at: DateTime<Utc>,
    /// When processing started.
    pub started_at: Option<DateTime<Utc>>,
    /// When processing finished.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Body of `POST /targets/batch`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TargetBatch)]
pub struct TargetBatchBody {
    /// `partial` (default) processes each item independently; `atomic` applies all items or none and allows at most 100
    /// items.
    #[schema(required = false, inline)]
    pub mode: Option<BatchMode>,
    /// Validate and report the results without writing anything.
    #[schema(required = false)]
    pub dry_run: Option<bool>,
    /// Import items, at most 500.
    #[schema(min_items = 1, max_items = 500)]
    pub items: Vec<TargetImportBody>,
}

crate::stored_names! {
    /// Modes available for batches.
    BatchMode {
        /// Each item is processed independently.
        Partial = "partial",
        /// All items are applied, or none.
        Atomic = "atomic",
    }
}

/// A batch item: parsed, or rejected with item-level codes.
#[derive(Debug, Clone)]
pub struct BatchItem {
    /// Payload as sent.
    pub payload: Value,
    /// External id as sent, truncated if too long; empty if missing.
    pub external_id: String,
    /// Parsed import, or the reasons for rejection.
    pub import: Result<TargetImport, Vec<ItemNote>>,
}

/// A parsed and validated batch.
#[derive(Debug, Clone)]
pub struct TargetBatch {
    /// Processing mode.
    pub mode: ImportMode,
    /// Whether to write nothing.
    pub dry_run: bool,
    /// Items in the order sent.
    pub items: Vec<BatchItem>,
}

/// Reason why a whole batch is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchRefusal {
    /// Invalid fields; nothing is stored.
    Fields(Vec<FieldError>),
    /// More than [`MAX_ITEMS`].
    TooManyItems,
    /// More than [`MAX_ATOMIC_ITEMS`] in an atomic batch.
    TooManyAtomicItems,
}

/// Errors that fail only their item; any other error rejects the whole batch.
const ITEM_CODES: [&str; 3] = ["external_id_required", "invalid_time_window", "invalid_coordinates"];

impl TargetBatch {
    /// Parses a body whose characters and depth were already checked.
    ///
    /// # Errors
    /// See [`BatchRefusal`]. Pointers of item errors start with `/items/{index}`.
    pub fn read(body: &Value, is_zone: fn(&str) -> bool) -> Result<Self, BatchRefusal> {
        let mut errors = Vec::new();
        let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
            return Err(BatchRefusal::Fields(errors));
        };
        let mode = reader
            .one_of("mode", &["partial", "atomic"], &mut errors, |name| {
                ImportMode::from_name(name).filter(|mode| *mode != ImportMode::Single)
            })
            .value()
            .unwrap_or(ImportMode::Partial);
        let dry_run = reader.boolean("dryRun", &mut errors).value().unwrap_or(false);
        let items = match reader.raw("items") {
            Patch::Value(Value::Array(items)) if !items.is_empty() => items.as_slice(),
            _ => {
                errors.push(FieldError::new(
                    "/items",
                    FieldCode::ItemCount { min: 1, max: MAX_ITEMS },
                ));
                &[]
            }
        };
        reader.finish(&mut errors);
        if items.len() > MAX_ITEMS {
            return Err(BatchRefusal::TooManyItems);
        }
        if mode == ImportMode::Atomic && items.len() > MAX_ATOMIC_ITEMS {
            return Err(BatchRefusal::TooManyAtomicItems);
        }
        let mut batch = Self {
            mode,
            dry_run,
            items: Vec::with_capacity(items.len()),
        };
        for (index, payload) in items.iter().enumerate() {
            match Self::parse_item(index, payload, is_zone) {
                Ok(item) => batch.items.push(item),
                Err(found) => errors.extend(found),
            }
            if errors.len() >= MAX_ERRORS {
                errors.truncate(MAX_ERRORS);
                break;
            }
        }
        if !errors.is_empty() {
            return Err(BatchRefusal::Fields(errors));
        }
        batch.mark_duplicates();
        Ok(batch)
    }

    /// Builds a batch from generated payloads, such as the rows of a CSV file. Any error fails only its item.
    pub fn lenient(mode: ImportMode, dry_run: bool, payloads: Vec<Value>, is_zone: fn(&str) -> bool) -> Self {
        let items = payloads
            .into_iter()
            .map(|payload| {
                let import = TargetImport::read(&payload, is_zone).map_err(|found| notes(&found));
                BatchItem {
                    external_id: external_id_of(&payload),
                    payload,
                    import,
                }
            })
            .collect();
        let mut batch = Self { mode, dry_run, items };
        batch.mark_duplicates();
        batch
    }

    fn parse_item(index: usize, payload: &Value, is_zone: fn(&str) -> bool) -> Result<BatchItem, Vec<FieldError>> {
        let import = match TargetImport::read(payload, is_zone) {
            Ok(import) => Ok(import),
            Err(found) if payload.is_object() && found.iter().all(|error| ITEM_CODES.contains(&error.code.code())) => {
                Err(notes(&found))
            }
            Err(found) => {
                return Err(found
                    .into_iter()
                    .map(|error| FieldError {
                        pointer: format!("/items/{index}{}", error.pointer),
                        ..error
                    })
                    .collect());
            }
        };
        Ok(BatchItem {
            payload: payload.clone(),
            external_id: external_id_of(payload),
            import,
        })
    }

    /// Applies rows T9 and T10: of several items with the same external id, the first is used; identical ones are
    /// skipped when they are processed, different ones fail.
    fn mark_duplicates(&mut self) {
        let mut seen: std::collections::HashMap<String, String> = std::collections::HashMap::new();
        for item in &mut self.items {
            let Ok(import) = &item.import else { continue };
            let sent = canonical_json(&item.payload);
            match seen.get(import.external_id.as_str()) {
                None => {
                    seen.insert(import.external_id.as_str().to_owned(), sent);
                }
                Some(earlier) if *earlier == sent => item.import = Err(vec![ItemNote::new(DUPLICATE, "/externalId")]),
                Some(_) => {
                    item.import = Err(vec![ItemNote::new(CONFLICTING_DUPLICATE, "/externalId")]);
                }
            }
        }
    }
}

/// Code of row T9; the only item code that skips the item instead of failing it.
pub const DUPLICATE: &str = "duplicate_in_batch";
/// Code of row T10.
pub const CONFLICTING_DUPLICATE: &str = "duplicate_external_id_in_batch";

fn notes(errors: &[FieldError]) -> Vec<ItemNote> {
    errors
        .iter()
        .map(|error| ItemNote::new(error.code.code(), &error.pointer))
        .collect()
}

fn external_id_of(payload: &Value) -> String {
    payload["externalId"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .take(crate::text::ExternalId::MAX_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &Value) -> Result<TargetBatch, BatchRefusal> {
        TargetBatch::read(body, |_| true)
    }

    fn codes(batch: &TargetBatch) -> Vec<Option<String>> {
        batch
            .items
            .iter()
            .map(|item| item.import.as_ref().err().map(|notes| notes[0].code.clone()))
            .collect()
    }

    #[test]
    fn batch_separates_item_errors_from_batch_errors() {
        let window = json!({"start": "2026-11-24T09:00:00Z", "end": "2026-11-24T08:00:00Z", "zone": "Europe/Berlin"});
        let batch = read(&json!({"items": [
            {"externalId": "a"}, {}, {"externalId": "b", "timeWindow": window},
            {"externalId": "c", "coordinates": {"lat": 100, "lon": 0}}]}))
        .expect("batch is valid");
        assert_eq!(
            codes(&batch),
            [
                None,
                Some("external_id_required".to_owned()),
                Some("invalid_time_window".to_owned()),
                Some("invalid_coordinates".to_owned())
            ]
        );
        let rejected = read(&json!({"items": [{"externalId": "a"}, {"externalId": "b", "colour": 1}]}));
        let Err(BatchRefusal::Fields(errors)) = rejected else {
            panic!("batch must be rejected as a whole")
        };
        assert_eq!(
            (errors[0].pointer.as_str(), errors[0].code.code()),
            ("/items/1/colour", "unknown_field")
        );
    }

    #[test]
    fn batch_duplicate_external_ids_keep_the_first_item() {
        let batch = read(&json!({"items": [
            {"externalId": "a", "notes": "x"}, {"notes": "x", "externalId": "a"}, {"externalId": "a", "notes": "y"}]}))
        .expect("batch is valid");
        assert_eq!(
            codes(&batch),
            [
                None,
                Some(DUPLICATE.to_owned()),
                Some("duplicate_external_id_in_batch".to_owned())
            ]
        );
    }

    #[test]
    fn batch_size_limits_are_enforced() {
        let items = |count: usize| {
            (0..count)
                .map(|index| json!({"externalId": format!("x{index}")}))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            read(&json!({"items": items(501)})).map(drop),
            Err(BatchRefusal::TooManyItems)
        );
        assert_eq!(
            read(&json!({"mode": "atomic", "items": items(101)})).map(drop),
            Err(BatchRefusal::TooManyAtomicItems)
        );
        assert!(read(&json!({"items": items(500)})).is_ok());
        for body in [
            json!({}),
            json!({"items": []}),
            json!({"items": 3}),
            json!({"mode": "single", "items": items(1)}),
        ] {
            assert!(matches!(read(&body), Err(BatchRefusal::Fields(_))), "{body}");
        }
    }
}
