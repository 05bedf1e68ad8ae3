//! Rows that the `billing` module returns.

use crate::db::{Key, OptionalKey};
use chrono::{DateTime, Utc};
use domain::ids::{
    BillingTriggerId, BillingTriggerKind, CustomerId, CustomerKind, TargetId, TargetKind, VisitReportId,
    VisitReportKind,
};
use domain::webhooks::BillingStatus;
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct ClientBillingTrigger {
    #[sqlx(try_from = "Key<BillingTriggerKind>")]
    pub id: BillingTriggerId,
    #[sqlx(try_from = "Key<VisitReportKind>")]
    pub visit_report_id: VisitReportId,
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
    pub target_external_id: Option<String>,
    #[sqlx(try_from = "OptionalKey<CustomerKind>")]
    pub customer_id: Option<CustomerId>,
    pub customer_external_id: Option<String>,
    pub customer_number: Option<String>,
    pub customer_name: Option<String>,
    pub work_minutes: i64,
    pub raised_at: DateTime<Utc>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub reference: Option<String>,
}

#[derive(Debug, Clone, FromRow)]
pub struct BillingSummary {
    #[sqlx(try_from = "Key<BillingTriggerKind>")]
    pub id: BillingTriggerId,
    #[sqlx(try_from = "Key<VisitReportKind>")]
    pub visit_report_id: VisitReportId,
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
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

impl BillingSummary {
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
