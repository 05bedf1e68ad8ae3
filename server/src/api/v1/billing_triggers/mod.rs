//! Billing triggers: signals that an approved, billable report may be relevant for billing elsewhere.

pub mod acknowledge;
pub mod get;
pub mod list;

use chrono::{DateTime, Utc};
use ordinavo_core::billing::model::ClientBillingTrigger;
use serde::Serialize;

/// An approved report is billable.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BillingTrigger {
    /// Its id.
    pub id: String,
    /// The report.
    pub visit_report_id: String,
    /// The target that was visited.
    pub target_id: String,
    /// The id that the source gave the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// How long the work took, in minutes.
    pub work_minutes: i64,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
    /// When it was taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Under which reference it was taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BillingTriggerPage {
    /// The rows.
    pub data: Vec<BillingTrigger>,
    /// Where the next page begins; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<ClientBillingTrigger> for BillingTrigger {
    fn from(row: ClientBillingTrigger) -> Self {
        Self {
            id: row.id.to_string(),
            visit_report_id: row.visit_report_id.to_string(),
            target_id: row.target_id.to_string(),
            external_id: row.target_external_id,
            work_minutes: row.work_minutes,
            raised_at: row.raised_at,
            acknowledged_at: row.acknowledged_at,
            reference: row.reference,
        }
    }
}
