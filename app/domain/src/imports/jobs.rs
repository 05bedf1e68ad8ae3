//! Import jobs: batch bodies and job status.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::fields::{FieldCode, FieldError, ObjectReader, Patch, check_body};
use crate::ids::ImportJobId;
use crate::imports::results::{ItemNote, canonical_json};
use crate::imports::{ImportJobStatus, TargetImport, TargetImportBody};
use crate::text::is_text_character;

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
    /// Number of the line in an uploaded file, from 1.
    pub line: Option<i64>,
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

/// Errors that fail only their item in an atomic batch; any other error rejects the whole batch.
const ITEM_CODES: [&str; 4] = [
    "external_id_required",
    "external_id_blocked_value",
    "invalid_time_window",
    "invalid_coordinates",
];

impl TargetBatch {
    /// Parses a body. In a partial batch every fault of an item fails only that item; its pointers are those of a single
    /// import. An atomic batch with a fault in the shape of an item is rejected as a whole.
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
        errors.extend(check_shell(body).err());
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
            let item = BatchItem::parse(payload.clone(), is_zone);
            match &item.import {
                Err(found) if mode == ImportMode::Atomic && !is_item_fault(payload, found) => {
                    errors.extend(found.iter().map(|error| FieldError {
                        pointer: format!("/items/{index}{}", error.pointer),
                        ..error.clone()
                    }));
                }
                _ => batch.items.push(item.noted()),
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

    /// Builds a batch from stored or generated payloads. Any error fails only its item.
    pub fn lenient(mode: ImportMode, dry_run: bool, payloads: Vec<Value>, is_zone: fn(&str) -> bool) -> Self {
        let items = payloads
            .into_iter()
            .map(|payload| BatchItem::parse(payload, is_zone).noted())
            .collect();
        Self::of_items(mode, dry_run, items)
    }

    /// Builds a batch from parsed items.
    pub fn of_items(mode: ImportMode, dry_run: bool, items: Vec<BatchItem>) -> Self {
        let mut batch = Self { mode, dry_run, items };
        batch.mark_duplicates();
        batch
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

/// An item whose errors are still those of its fields.
struct ParsedItem {
    payload: Value,
    import: Result<TargetImport, Vec<FieldError>>,
}

impl ParsedItem {
    /// Turns the errors into notes of the item.
    fn noted(self) -> BatchItem {
        BatchItem {
            external_id: external_id_of(&self.payload),
            payload: self.payload,
            import: self.import.map_err(|found| notes(&found)),
            line: None,
        }
    }
}

impl BatchItem {
    fn parse(payload: Value, is_zone: fn(&str) -> bool) -> ParsedItem {
        let import = match check_body(&payload) {
            Ok(()) => TargetImport::read(&payload, is_zone),
            Err(error) => Err(vec![error]),
        };
        ParsedItem {
            payload: if import.is_ok() { payload } else { printable(payload) },
            import,
        }
    }

    /// Parses a payload that was built from a line of a file.
    pub fn of_line(payload: Value, line: i64, is_zone: fn(&str) -> bool) -> Self {
        Self {
            line: Some(line),
            ..Self::parse(payload, is_zone).noted()
        }
    }

    /// Creates the item of a line that cannot be imported.
    pub fn rejected_line(payload: Value, line: i64, errors: Vec<ItemNote>) -> Self {
        Self {
            external_id: external_id_of(&payload),
            payload: printable(payload),
            import: Err(errors),
            line: Some(line),
        }
    }
}

/// Returns whether the errors of an item fail only the item, even in an atomic batch.
fn is_item_fault(payload: &Value, errors: &[FieldError]) -> bool {
    payload.is_object() && errors.iter().all(|error| ITEM_CODES.contains(&error.code.code()))
}

/// Checks the characters of everything but the items.
fn check_shell(body: &Value) -> Result<(), FieldError> {
    let mut shell = body.clone();
    if let Value::Object(members) = &mut shell {
        members.remove("items");
    }
    check_body(&shell)
}

/// Replaces control characters, which cannot be stored.
fn printable(value: Value) -> Value {
    fn text(text: String) -> String {
        if text.chars().all(is_text_character) {
            return text;
        }
        let replaced = |character| {
            if is_text_character(character) {
                character
            } else {
                '\u{fffd}'
            }
        };
        text.chars().map(replaced).collect()
    }
    match value {
        Value::String(content) => Value::String(text(content)),
        Value::Array(items) => Value::Array(items.into_iter().map(printable).collect()),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (text(name), printable(member)))
            .collect(),
        other => other,
    }
}

/// Codes of lines of a file that cannot be imported, since their values may be shifted, shortened or misread.
const LINE_CODES: [&str; 3] = ["too_many_cells", "number_shortened", "ambiguous_date"];

/// Returns whether a line of a file was rejected before its values were read.
pub fn is_rejected_line(errors: &[ItemNote]) -> bool {
    errors.iter().any(|error| LINE_CODES.contains(&error.code.as_str()))
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
        let rejected =
            read(&json!({"mode": "atomic", "items": [{"externalId": "a"}, {"externalId": "b", "colour": 1}]}));
        let Err(BatchRefusal::Fields(errors)) = rejected else {
            panic!("batch must be rejected as a whole")
        };
        assert_eq!(
            (errors[0].pointer.as_str(), errors[0].code.code()),
            ("/items/1/colour", "unknown_field")
        );
    }

    #[test]
    fn partial_batch_keeps_every_fault_with_its_item() {
        let batch = read(&json!({"items": [
            {"externalId": "a"}, {"externalId": "b", "priority": "asap"}, {"externalId": "c", "priority": ""},
            {"externalId": "d", "notes": "x".repeat(4001)}, {"externalId": "e "}, {"externalId": "f", "colour": 1}, 5, "x", [],
            {"externalId": "g", "notes": "a\u{0}b"}, {"externalId": "h", "durationMinutes": 90.0},
            {"externalId": "i", "customer": "K1"}, {"externalId": "j\u{200b}"}, {"externalId": "None"}, {"externalId": ""}]}))
        .expect("the other items are imported");
        let codes = codes(&batch);
        let codes: Vec<Option<&str>> = codes.iter().map(Option::as_deref).collect();
        assert_eq!(
            codes,
            [
                None,
                Some("validation_failed"),
                None,
                Some("value_too_long"),
                Some("surrounding_space"),
                Some("unknown_field"),
                Some("validation_failed"),
                Some("validation_failed"),
                Some("validation_failed"),
                Some("invalid_character"),
                None,
                Some("validation_failed"),
                Some("invalid_character"),
                Some("external_id_required"),
                Some("external_id_required"),
            ]
        );
        assert!(
            batch.items.iter().all(|item| check_body(&item.payload).is_ok()),
            "payloads can be stored"
        );
        let control = read(&json!({"mode": "a\u{0}", "items": [{"externalId": "a"}]}));
        assert!(matches!(control, Err(BatchRefusal::Fields(_))));
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
