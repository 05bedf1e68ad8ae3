//! Import results as returned by the API.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{ImportItemId, TargetId};
use crate::imports::ItemOutcome;
use crate::mapping::MappingStatus;

crate::stored_names! {
    /// Processing status of an import item.
    ItemStatus {
        /// Waits to be processed.
        Pending = "pending",
        /// Processed successfully.
        Completed = "completed",
        /// Failed.
        Failed = "failed",
        /// The import job was cancelled before the item was processed.
        Cancelled = "cancelled",
    }
}

/// Mapping result of one part of the customer context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MappingEntry {
    /// Mapping status.
    pub status: MappingStatus,
    /// How the record was identified: `external_id`, `customer_number`, `location` or `created`; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Mapping rule that applied.
    pub rule: String,
    /// ID of the mapped record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// External ID that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// Mapping results of an import's customer context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MappingEntries {
    /// Result for the customer.
    pub customer: MappingEntry,
    /// Result for the location.
    pub location: MappingEntry,
    /// Result for the contact.
    pub contact: MappingEntry,
}

/// Mapping decision for a customer context, without side effects.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MappingDecision {
    /// Expected mapping results; records that would be created have no ID.
    pub mapping: MappingEntries,
    /// Expected warnings.
    pub warnings: Vec<ItemNote>,
    /// Whether a target with this context could be scheduled without a mapping review.
    pub resolved: bool,
}

/// A warning or error of an import item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ItemNote {
    /// Stable code.
    pub code: String,
    /// JSON pointer into the import.
    pub pointer: String,
    /// Description; only with the scope `customers.read`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl ItemNote {
    /// Creates a note without a description.
    pub fn new(code: &str, pointer: &str) -> Self {
        Self {
            code: code.to_owned(),
            pointer: pointer.to_owned(),
            detail: None,
        }
    }

    /// Returns the note as a client sees it: with a description only under the scope `customers.read`.
    #[must_use]
    pub fn seen_by(&self, sees_customers: bool) -> Self {
        Self {
            detail: self.detail.clone().filter(|_| sees_customers),
            ..self.clone()
        }
    }

    /// Adds the description of the code.
    #[must_use]
    pub fn explained(mut self) -> Self {
        self.detail = crate::mapping::table::meaning(&self.code).map(str::to_owned);
        self
    }
}

/// A field that an import changes, with its value before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// `customer`, `location`, `contact` or `job`.
    pub record: String,
    /// Name of the field in the import.
    pub field: String,
    /// Value before; absent if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// Value after; absent if it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// Whether the change is only proposed to dispatch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_proposed: bool,
}

impl FieldChange {
    /// Creates a change that is applied.
    pub fn new(record: &str, field: &str, old: Option<&str>, new: Option<&str>) -> Self {
        Self {
            record: record.to_owned(),
            field: field.to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
            is_proposed: false,
        }
    }

    /// Returns whether an existing record gets another name.
    pub fn is_rename(&self) -> bool {
        self.record != "job" && matches!(self.field.as_str(), "name" | "displayName") && self.old.is_some()
    }
}

/// An import item with its outcome.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportItemResult {
    /// ID of the item.
    #[schema(value_type = String)]
    pub id: ImportItemId,
    /// Zero-based position in the import job.
    pub index: i64,
    /// External ID of the target; the natural key.
    pub external_id: String,
    /// Processing status.
    pub status: ItemStatus,
    /// Outcome; null while the item is pending.
    pub outcome: Option<ItemOutcome>,
    /// ID of the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub target_id: Option<TargetId>,
    /// Mapping results; only with the scope `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingEntries>,
    /// Warnings.
    pub warnings: Vec<ItemNote>,
    /// Errors.
    pub errors: Vec<ItemNote>,
}

/// Returns the canonical form of a payload for comparison: members sorted, `sourceUpdatedAt` removed.
pub fn canonical_json(payload: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let ordered: std::collections::BTreeMap<_, _> = members
                    .iter()
                    .map(|(name, member)| (name.clone(), sorted(member)))
                    .collect();
                Value::Object(ordered.into_iter().collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    let mut payload = sorted(payload);
    if let Value::Object(members) = &mut payload {
        members.remove("sourceUpdatedAt");
    }
    payload.to_string()
}

#[cfg(test)]
mod tests {
    use super::canonical_json;
    use serde_json::json;

    #[test]
    fn canonical_ignores_member_order_and_source_updated_at() {
        let one = json!({"externalId": "a", "customer": {"name": "x", "externalId": "y"}, "sourceUpdatedAt": "2026-01-01T00:00:00Z"});
        let other = json!({"customer": {"externalId": "y", "name": "x"}, "externalId": "a"});
        assert_eq!(canonical_json(&one), canonical_json(&other));
        assert_ne!(canonical_json(&one), canonical_json(&json!({"externalId": "b"})));
    }
}
