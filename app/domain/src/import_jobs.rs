//! Batches of imports: what a partner sends, and how a job reports what became of it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::fields::{FieldError, ObjectReader, Patch};
use crate::ids::ImportJobId;
use crate::import_results::{ItemNote, canonical};
use crate::imports::{ImportJobStatus, TargetImport, TargetImportBody};

crate::stored_names! {
    /// How the items of a job depend on each other.
    ImportMode {
        /// One import, answered at once.
        Single = "single",
        /// Each item for itself.
        Partial = "partial",
        /// All or none.
        Atomic = "atomic",
    }
}

crate::stored_names! {
    /// How a job came in.
    ImportChannel {
        /// By the API.
        Api = "api",
        /// Repeated from the warning desk.
        Desk = "desk",
        /// By a CSV file that a member of the staff uploaded.
        Csv = "csv",
    }
}

/// The most items of a batch.
pub const MOST_ITEMS: usize = 500;
/// The most items of an atomic batch, which is one transaction.
pub const MOST_ATOMIC_ITEMS: usize = 100;
/// The most mistakes that an answer tells of.
const MOST_ERRORS: usize = 100;
/// The most jobs of one client that may wait or run at a time.
pub const MOST_JOBS: i64 = 5;

/// How many items ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct JobCounts {
    /// All items.
    pub total: i64,
    /// New targets.
    pub created: i64,
    /// Changed targets.
    pub updated: i64,
    /// Nothing new.
    pub unchanged: i64,
    /// Left alone on purpose.
    pub skipped: i64,
    /// Refused.
    pub failed: i64,
    /// Items with at least one warning.
    pub warnings: i64,
}

/// A job as its client sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportJob {
    /// The job.
    #[schema(value_type = String)]
    pub id: ImportJobId,
    /// Where it stands. `completed`: it ran to its end, even with failed items; `failed`: it could not run.
    pub status: ImportJobStatus,
    /// How its items depend on each other.
    pub mode: ImportMode,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// How many items ended in which way so far.
    pub counts: JobCounts,
    /// When it was taken in.
    pub created_at: DateTime<Utc>,
    /// When its first item was taken up.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The body of `POST /targets/batch`, for the description of the API.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TargetBatch)]
pub struct TargetBatchBody {
    /// `partial` (each item for itself) when absent; `atomic` (all or none) takes at most 100 items.
    #[schema(required = false, inline)]
    pub mode: Option<BatchMode>,
    /// Decide and report everything, write nothing.
    #[schema(required = false)]
    pub dry_run: Option<bool>,
    /// The imports, at most 500.
    #[schema(min_items = 1, max_items = 500)]
    pub items: Vec<TargetImportBody>,
}

crate::stored_names! {
    /// The modes that a batch may ask for.
    BatchMode {
        /// Each item for itself.
        Partial = "partial",
        /// All or none.
        Atomic = "atomic",
    }
}

/// One item of a batch: understood, or refused with the codes that belong to an item.
#[derive(Debug, Clone)]
pub struct BatchItem {
    /// What was sent.
    pub payload: Value,
    /// The external id as far as it could be read.
    pub external_id: String,
    /// What was understood.
    pub import: Result<TargetImport, Vec<ItemNote>>,
}

/// A batch, read and checked.
#[derive(Debug, Clone)]
pub struct TargetBatch {
    /// How the items depend on each other.
    pub mode: ImportMode,
    /// Whether nothing is to be written.
    pub dry_run: bool,
    /// In the order in which they were sent.
    pub items: Vec<BatchItem>,
}

/// Why a batch is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchRefusal {
    /// Its shape or values are wrong; nothing of it is stored.
    Fields(Vec<FieldError>),
    /// More than [`MOST_ITEMS`].
    TooManyItems,
    /// More than [`MOST_ATOMIC_ITEMS`] in an atomic batch.
    TooManyAtomicItems,
}

/// The mistakes that fail one item and leave the others alone. Every other mistake refuses the batch.
const ITEM_CODES: [&str; 3] = ["external_id_required", "invalid_time_window", "invalid_coordinates"];

impl TargetBatch {
    /// Reads a body whose characters and depth were already checked.
    ///
    /// # Errors
    /// [`BatchRefusal`]; mistakes of items carry the pointer `/items/{index}/…`.
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
                    "validation_failed",
                    format!("A list of 1 to {MOST_ITEMS} imports is required."),
                ));
                &[]
            }
        };
        reader.finish(&mut errors);
        if items.len() > MOST_ITEMS {
            return Err(BatchRefusal::TooManyItems);
        }
        if mode == ImportMode::Atomic && items.len() > MOST_ATOMIC_ITEMS {
            return Err(BatchRefusal::TooManyAtomicItems);
        }
        let mut batch = Self {
            mode,
            dry_run,
            items: Vec::with_capacity(items.len()),
        };
        for (index, payload) in items.iter().enumerate() {
            match Self::item(index, payload, is_zone) {
                Ok(item) => batch.items.push(item),
                Err(found) => errors.extend(found),
            }
            if errors.len() >= MOST_ERRORS {
                errors.truncate(MOST_ERRORS);
                break;
            }
        }
        if !errors.is_empty() {
            return Err(BatchRefusal::Fields(errors));
        }
        batch.mark_duplicates();
        Ok(batch)
    }

    /// Puts a batch together from payloads that were made on our side, such as the rows of a CSV file: a mistake of any
    /// kind fails its own item only.
    pub fn lenient(mode: ImportMode, dry_run: bool, payloads: Vec<Value>, is_zone: fn(&str) -> bool) -> Self {
        let items = payloads
            .into_iter()
            .map(|payload| {
                let import = TargetImport::read(&payload, is_zone).map_err(|found| notes(&found));
                BatchItem {
                    external_id: sent_id(&payload),
                    payload,
                    import,
                }
            })
            .collect();
        let mut batch = Self { mode, dry_run, items };
        batch.mark_duplicates();
        batch
    }

    fn item(index: usize, payload: &Value, is_zone: fn(&str) -> bool) -> Result<BatchItem, Vec<FieldError>> {
        let import = match TargetImport::read(payload, is_zone) {
            Ok(import) => Ok(import),
            Err(found)
                if payload.is_object() && found.iter().all(|error| ITEM_CODES.contains(&error.code.as_str())) =>
            {
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
            external_id: sent_id(payload),
            import,
        })
    }

    /// Rows T9 and T10: of several items with one external id the first counts; an equal one is skipped when its turn
    /// comes, another one fails.
    fn mark_duplicates(&mut self) {
        let mut first: std::collections::HashMap<String, String> = std::collections::HashMap::new();
        for item in &mut self.items {
            let Ok(import) = &item.import else { continue };
            let sent = canonical(&item.payload);
            match first.get(import.external_id.as_str()) {
                None => {
                    first.insert(import.external_id.as_str().to_owned(), sent);
                }
                Some(earlier) if *earlier == sent => item.import = Err(vec![ItemNote::new(DUPLICATE, "/externalId")]),
                Some(_) => {
                    item.import = Err(vec![ItemNote::new(CONTRADICTION, "/externalId")]);
                }
            }
        }
    }
}

/// The code of row T9, the only one of a refused item that skips instead of failing it.
pub const DUPLICATE: &str = "duplicate_in_batch";
/// The code of row T10.
pub const CONTRADICTION: &str = "duplicate_external_id_in_batch";

fn notes(errors: &[FieldError]) -> Vec<ItemNote> {
    errors
        .iter()
        .map(|error| ItemNote::new(&error.code, &error.pointer))
        .collect()
}

fn sent_id(payload: &Value) -> String {
    payload["externalId"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .take(crate::text::ExternalId::MOST)
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
    fn mistakes_of_an_item_are_told_apart_from_mistakes_of_the_batch() {
        let window = json!({"start": "2026-11-24T09:00:00Z", "end": "2026-11-24T08:00:00Z", "zone": "Europe/Berlin"});
        let batch = read(&json!({"items": [
            {"externalId": "a"}, {}, {"externalId": "b", "timeWindow": window},
            {"externalId": "c", "coordinates": {"lat": 100, "lon": 0}}]}))
        .expect("a batch");
        assert_eq!(
            codes(&batch),
            [
                None,
                Some("external_id_required".to_owned()),
                Some("invalid_time_window".to_owned()),
                Some("invalid_coordinates".to_owned())
            ]
        );
        let refused = read(&json!({"items": [{"externalId": "a"}, {"externalId": "b", "colour": 1}]}));
        let Err(BatchRefusal::Fields(errors)) = refused else {
            panic!("refused as a whole")
        };
        assert_eq!(
            (errors[0].pointer.as_str(), errors[0].code.as_str()),
            ("/items/1/colour", "unknown_field")
        );
    }

    #[test]
    fn rows_t9_and_t10_let_the_first_win() {
        let batch = read(&json!({"items": [
            {"externalId": "a", "notes": "x"}, {"notes": "x", "externalId": "a"}, {"externalId": "a", "notes": "y"}]}))
        .expect("a batch");
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
    fn sizes_are_bounded() {
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
