//! Billing triggers: signals that an approved, billable report may be relevant for billing elsewhere.

pub mod acknowledge;
pub mod get;
pub mod list;

use chrono::{DateTime, Utc};
use domain::scopes::Scope;
use ordinavo_core::billing::model::ClientBillingTrigger;
use ordinavo_core::identity::actors::ApiClient;
use serde::Serialize;

use super::targets::LinkedCustomer;

/// A signal that an approved visit report may be billed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BillingTrigger {
    /// Unique identifier.
    pub id: String,
    /// ID of the visit report.
    pub visit_report_id: String,
    /// ID of the target.
    pub target_id: String,
    /// ID of the target in its source system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Customer of the target; only with the scope `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<LinkedCustomer>,
    /// Duration of the work, in minutes.
    pub work_minutes: i64,
    /// When the trigger was raised.
    pub raised_at: DateTime<Utc>,
    /// When the trigger was acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Reference that was given with the acknowledgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A page of billing triggers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BillingTriggerPage {
    /// The items of this page.
    pub data: Vec<BillingTrigger>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl BillingTrigger {
    /// Renders a billing trigger for a client. The customer requires the scope `customers.read`.
    pub fn of(row: ClientBillingTrigger, client: &ApiClient) -> Self {
        let sees_customers = client.has(Scope::CustomersRead);
        Self {
            id: row.id.to_string(),
            visit_report_id: row.visit_report_id.to_string(),
            target_id: row.target_id.to_string(),
            external_id: row.target_external_id,
            customer: row.customer_id.filter(|_| sees_customers).map(|id| LinkedCustomer {
                id: id.to_string(),
                external_id: row.customer_external_id,
                customer_number: row.customer_number,
                name: row.customer_name,
            }),
            work_minutes: row.work_minutes,
            raised_at: row.raised_at,
            acknowledged_at: row.acknowledged_at,
            reference: row.reference,
        }
    }
}
