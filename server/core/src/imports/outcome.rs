//! The outcome of an import, as it is stored and as it is reported to the client.

use std::collections::HashSet;

use domain::ids::{ImportItemId, TargetId};
use domain::imports::jobs::JobCounts;
use domain::imports::results::{ImportItemResult, ItemNote, ItemStatus, MappingEntries};
use domain::imports::{ItemOutcome, TargetImport};
use domain::mapping::MappingSettings;
use serde_json::{Value, json};

use crate::CoreResult;
use crate::db::TenantTx;
use crate::identity::actors::ApiClient;
use crate::imports::model::ImportItemView;
use crate::imports::store::items::ImportItemRow;
use crate::integrations::idempotency::ApiResponse;

/// The outcome of one import inside its transaction.
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
        settings: &MappingSettings,
    ) -> CoreResult<ImportItemRow> {
        let reference = |id: Option<&domain::text::ExternalId>| {
            id.filter(|id| !settings.is_placeholder(id))
                .map(|id| id.as_str().to_owned())
        };
        Ok(ImportItemRow {
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
            line: None,
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

    /// Returns the outcome as a dry run reports it: without the IDs of records that were `created` and rolled back.
    pub(crate) fn into_dry_run(mut self, created: &HashSet<String>) -> Self {
        if self.outcome == ItemOutcome::Created {
            self.target = None;
        }
        for entry in [
            &mut self.mapping.customer,
            &mut self.mapping.location,
            &mut self.mapping.contact,
        ] {
            entry.id = entry.id.take().filter(|id| !created.contains(id));
        }
        self
    }
}

/// Removes everything that requires `customers.read` from a stored response.
pub(crate) fn redact_mapping(answer: ApiResponse) -> ApiResponse {
    fn redact(value: &mut Value) {
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
        // A problem document carries the item as a member.
        members.values_mut().for_each(redact);
    }
    let Ok(mut body) = serde_json::from_str::<Value>(&answer.body) else {
        return answer;
    };
    redact(&mut body);
    ApiResponse {
        body: body.to_string(),
        ..answer
    }
}

pub(crate) fn audit_item(tx: &mut TenantTx<'_, ApiClient>, row: &ImportItemRow) {
    tx.audit(
        "import.item_processed",
        row.id,
        json!({ "outcome": row.outcome.map(ItemOutcome::name), "externalId": row.external_id }),
    );
}

/// Adds a processed item to the counts.
pub(crate) fn count(counts: &mut JobCounts, row: &ImportItemRow) {
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

/// Renders an item for its client. Without the scope `customers.read` there is no mapping, and notes carry only code
/// and pointer.
pub(crate) fn result(row: &ImportItemRow, sees_mapping: bool) -> ImportItemResult {
    item_result(
        (row.id, row.position, &row.external_id),
        (row.status, row.outcome, row.target),
        [&row.mapping, &row.warnings, &row.errors],
        sees_mapping,
    )
}

/// Renders a stored item for its client, with the same restrictions as [`result`].
pub(crate) fn item_from_view(row: &ImportItemView, sees_mapping: bool) -> ImportItemResult {
    item_result(
        (row.id, row.position, &row.external_id),
        (row.status, row.outcome, row.target_id),
        [&row.mapping, &row.warnings, &row.errors],
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
