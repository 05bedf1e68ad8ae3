//! What became of an import, as it is recorded and as it is told.

use std::collections::HashSet;

use domain::ids::{ImportItemId, TargetId};
use domain::import_jobs::JobCounts;
use domain::import_results::{ImportItemResult, ItemNote, ItemStatus, MappingEntries};
use domain::imports::{ItemOutcome, TargetImport};
use serde_json::{Value, json};

use crate::CoreResult;
use crate::db::TenantTx;
use crate::identity::actors::ApiClient;
use crate::imports::model::ImportItemView;
use crate::imports::store::items::ItemRow;
use crate::integrations::idempotency::Answer;

/// What became of one import inside its transaction.
pub(crate) struct Outcome {
    pub outcome: ItemOutcome,
    pub target: Option<TargetId>,
    pub mapping: MappingEntries,
    pub warnings: Vec<ItemNote>,
    pub errors: Vec<ItemNote>,
    pub decision: Value,
}

impl Outcome {
    pub(crate) fn into_row(
        self,
        id: ImportItemId,
        position: i64,
        payload: &Value,
        import: &TargetImport,
    ) -> CoreResult<ItemRow> {
        let reference = |id: Option<&domain::text::ExternalId>| {
            id.filter(|id| !id.is_blank_like()).map(|id| id.as_str().to_owned())
        };
        Ok(ItemRow {
            id,
            position,
            external_id: import.external_id.as_str().to_owned(),
            status: if self.outcome == ItemOutcome::Failed {
                ItemStatus::Failed
            } else {
                ItemStatus::Completed
            },
            outcome: Some(self.outcome),
            target: self.target,
            payload: payload.clone(),
            references: [
                reference(import.customer.as_ref().and_then(|part| part.external_id.as_ref())),
                reference(import.location.as_ref().and_then(|part| part.external_id.as_ref())),
                reference(import.contact.as_ref().and_then(|part| part.external_id.as_ref())),
            ],
            mapping: serde_json::to_value(&self.mapping)?,
            warnings: serde_json::to_value(&self.warnings)?,
            errors: serde_json::to_value(&self.errors)?,
            decision: self.decision,
        })
    }

    /// What a dry run tells: the same, without the ids of the records that it `made` and that were not kept.
    pub(crate) fn predicted(mut self, made: &HashSet<String>) -> Self {
        if self.outcome == ItemOutcome::Created {
            self.target = None;
        }
        for entry in [
            &mut self.mapping.customer,
            &mut self.mapping.location,
            &mut self.mapping.contact,
        ] {
            entry.id = entry.id.take().filter(|id| !made.contains(id));
        }
        self
    }
}

/// An answer that was kept under an idempotency key, as somebody without `customers.read` gets it.
pub(crate) fn without_mapping(answer: Answer) -> Answer {
    fn strip(value: &mut Value) {
        let Value::Object(members) = value else { return };
        if members.remove("mapping").is_some() {
            let notes = ["warnings", "errors"].map(|name| members.remove(name).unwrap_or(json!([])));
            let [warnings, errors] = notes.map(|mut notes| {
                for note in notes.as_array_mut().into_iter().flatten() {
                    if let Value::Object(note) = note {
                        note.remove("detail");
                    }
                }
                notes
            });
            members.insert("warnings".to_owned(), warnings);
            members.insert("errors".to_owned(), errors);
        }
        // A problem carries the item as a member.
        members.values_mut().for_each(strip);
    }
    let Ok(mut body) = serde_json::from_str::<Value>(&answer.body) else {
        return answer;
    };
    strip(&mut body);
    Answer {
        body: body.to_string(),
        ..answer
    }
}

pub(crate) fn audit_item(tx: &mut TenantTx<'_, ApiClient>, row: &ItemRow) {
    tx.audit(
        "import.item_processed",
        row.id,
        json!({ "outcome": row.outcome.map(ItemOutcome::name), "externalId": row.external_id }),
    );
}

/// Adds an ended item to the counts.
pub(crate) fn count(counts: &mut JobCounts, row: &ItemRow) {
    match row.outcome {
        Some(ItemOutcome::Created) => counts.created += 1,
        Some(ItemOutcome::Updated) => counts.updated += 1,
        Some(ItemOutcome::Unchanged) => counts.unchanged += 1,
        Some(ItemOutcome::Skipped) => counts.skipped += 1,
        Some(ItemOutcome::Failed) => counts.failed += 1,
        None => {}
    }
    if row.warnings.as_array().is_some_and(|warnings| !warnings.is_empty()) {
        counts.warnings += 1;
    }
}

/// An item as its client sees it. Without the scope `customers.read` there is no mapping, and notes carry only code and
/// pointer.
pub(crate) fn result(row: &ItemRow, sees_mapping: bool) -> ImportItemResult {
    item_result(
        (row.id, row.position, &row.external_id),
        (row.status, row.outcome, row.target),
        [&row.mapping, &row.warnings, &row.errors],
        sees_mapping,
    )
}

/// A stored item as its client sees it; as [`result`].
pub(crate) fn item_of_view(row: &ImportItemView, sees_mapping: bool) -> ImportItemResult {
    item_result(
        (row.id.0, row.position, &row.external_id),
        (row.status, row.outcome(), row.target_id.map(|key| key.0)),
        [&row.mapping.0, &row.warnings.0, &row.errors.0],
        sees_mapping,
    )
}

fn item_result(
    (id, index, external_id): (ImportItemId, i64, &str),
    (status, outcome, target_id): (ItemStatus, Option<ItemOutcome>, Option<TargetId>),
    [mapping, warnings, errors]: [&Value; 3],
    sees_mapping: bool,
) -> ImportItemResult {
    let notes = |value: &Value| {
        let notes: Vec<ItemNote> = serde_json::from_value(value.clone()).unwrap_or_default();
        if sees_mapping {
            notes.into_iter().map(ItemNote::explained).collect()
        } else {
            notes
        }
    };
    ImportItemResult {
        id,
        index,
        external_id: external_id.to_owned(),
        status,
        outcome,
        target_id,
        mapping: sees_mapping
            .then(|| serde_json::from_value(mapping.clone()).ok())
            .flatten(),
        warnings: notes(warnings),
        errors: notes(errors),
    }
}
