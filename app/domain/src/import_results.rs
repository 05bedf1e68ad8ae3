//! What a partner is told about an import.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{ImportItemId, TargetId};
use crate::imports::ItemOutcome;
use crate::mapping::MappingStatus;

crate::stored_names! {
    /// Whether an item was worked on to its end.
    ItemStatus {
        /// It waits for the worker.
        Pending = "pending",
        /// It has an outcome that is no failure.
        Completed = "completed",
        /// It failed.
        Failed = "failed",
        /// Its job was stopped before its turn.
        Cancelled = "cancelled",
    }
}

/// One part of the customer context: what became of it and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MappingEntry {
    /// What became of it.
    pub status: MappingStatus,
    /// How it was found: `external_id`, `customer_number`, `location` or `created`; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The row of the mapping tables that decided.
    pub rule: String,
    /// The linked record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The external id that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// The whole customer context of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MappingEntries {
    /// The customer.
    pub customer: MappingEntry,
    /// The location.
    pub location: MappingEntry,
    /// The contact.
    pub contact: MappingEntry,
}

/// The decision about a context, with nothing written.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MappingDecision {
    /// What would become of customer, location and contact; what would be created has no id yet.
    pub mapping: MappingEntries,
    /// What would be noticed.
    pub warnings: Vec<ItemNote>,
    /// Whether a target with this context could be planned at once.
    pub resolved: bool,
}

/// A warning or an error of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ItemNote {
    /// The stable code.
    pub code: String,
    /// Where in the import.
    pub pointer: String,
    /// What it means, in a sentence; only with the scope `customers.read`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl ItemNote {
    /// A note with a code and a place.
    pub fn new(code: &str, pointer: &str) -> Self {
        Self {
            code: code.to_owned(),
            pointer: pointer.to_owned(),
            detail: None,
        }
    }

    /// The same note with its sentence.
    #[must_use]
    pub fn explained(mut self) -> Self {
        self.detail = crate::mapping::table::meaning(&self.code).map(str::to_owned);
        self
    }
}

/// One item with its outcome.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportItemResult {
    /// The item.
    #[schema(value_type = String)]
    pub id: ImportItemId,
    /// Its place in the job.
    pub index: i64,
    /// The natural key.
    pub external_id: String,
    /// Whether it was worked on to its end.
    pub status: ItemStatus,
    /// What became of it; null while it waits.
    pub outcome: Option<ItemOutcome>,
    /// The target.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub target_id: Option<TargetId>,
    /// Only with the scope `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingEntries>,
    /// What was noticed.
    pub warnings: Vec<ItemNote>,
    /// Why it failed.
    pub errors: Vec<ItemNote>,
}

/// The canonical form of a payload: members sorted, nothing that only tells when it was sent.
pub fn canonical(payload: &Value) -> String {
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
    use super::canonical;
    use serde_json::json;

    #[test]
    fn order_and_time_of_sending_do_not_matter() {
        let one = json!({"externalId": "a", "customer": {"name": "x", "externalId": "y"}, "sourceUpdatedAt": "2026-01-01T00:00:00Z"});
        let other = json!({"customer": {"externalId": "y", "name": "x"}, "externalId": "a"});
        assert_eq!(canonical(&one), canonical(&other));
        assert_ne!(canonical(&one), canonical(&json!({"externalId": "b"})));
    }
}
