//! Rows that the `billing` module returns.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{BillingTriggerKind, TargetKind, VisitReportKind};
use domain::webhooks::BillingStatus;
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct ClientBillingTrigger {
    pub id: Key<BillingTriggerKind>,
    pub visit_report_id: Key<VisitReportKind>,
    pub target_id: Key<TargetKind>,
    pub target_external_id: Option<String>,
    pub work_minutes: i64,
    pub raised_at: DateTime<Utc>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub reference: Option<String>,
}

#[derive(Debug, Clone, FromRow)]
pub struct BillingLine {
    pub id: Key<BillingTriggerKind>,
    pub visit_report_id: Key<VisitReportKind>,
    pub target_id: Key<TargetKind>,
    pub number: i64,
    pub target_external_id: Option<String>,
    pub customer_name: Option<String>,
    pub work_minutes: i64,
    pub raised_at: DateTime<Utc>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub reference: Option<String>,
    pub deliveries: i64,
    pub delivered: i64,
    pub stuck: i64,
}

impl BillingLine {
    /// Returns the delivery and acknowledgement status of the trigger.
    pub fn status(&self) -> BillingStatus {
        BillingStatus::of(
            self.acknowledged_at.is_some(),
            self.deliveries,
            self.delivered,
            self.stuck,
        )
    }
}
