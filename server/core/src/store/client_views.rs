//! Rows of an integration client's own source system, as the handlers of the API get them.
#![allow(
    missing_docs,
    reason = "the fields are the columns of the same names; the domain page explains the words"
)]

use chrono::{DateTime, Utc};
use domain::follow_ups::FollowUpStatus;
use domain::ids::{
    BillingTriggerKind, ContactKind, CustomerKind, FollowUpKind, LocationKind, RequestKind, TargetKind, VisitReportKind,
};
use domain::requests::{Priority, RequestStatus, ServiceType};
use domain::targets::TargetStatus;
use sqlx::FromRow;
use sqlx::types::Json;

use super::Key;

/// A target as its own source system sees it.
#[derive(Debug, Clone, FromRow)]
pub struct ClientTarget {
    pub id: Key<TargetKind>,
    pub external_id: Option<String>,
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub service_type: Option<String>,
    pub needs_mapping: bool,
    pub duration_minutes: i64,
    pub window_start: Option<DateTime<Utc>>,
    pub window_end: Option<DateTime<Utc>>,
    pub window_zone: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub appointment_zone: Option<String>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientCustomer {
    pub id: Key<CustomerKind>,
    pub external_id: String,
    pub customer_number: Option<String>,
    pub name: String,
    pub is_archived: bool,
    pub merged_into: Option<Key<CustomerKind>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientLocation {
    pub id: Key<LocationKind>,
    pub external_id: String,
    pub customer_id: Key<CustomerKind>,
    pub name: String,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub zone: String,
    pub is_archived: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientContact {
    pub id: Key<ContactKind>,
    pub external_id: String,
    pub customer_id: Key<CustomerKind>,
    pub location_id: Option<Key<LocationKind>>,
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientRequest {
    pub id: Key<RequestKind>,
    pub number: i64,
    pub external_id: Option<String>,
    #[sqlx(try_from = "String")]
    pub status: RequestStatus,
    #[sqlx(try_from = "String")]
    pub service_type: ServiceType,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub description: String,
    pub preferred: Option<String>,
    pub preferred_windows: Json<Vec<domain::intake::PreferredWindow>>,
    pub rejection_reason: Option<String>,
    pub target_id: Option<Key<TargetKind>>,
    pub customer_id: Key<CustomerKind>,
    pub location_id: Option<Key<LocationKind>>,
    pub contact_id: Option<Key<ContactKind>>,
    pub submitted_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientReport {
    pub id: Key<VisitReportKind>,
    pub target_id: Key<TargetKind>,
    pub target_external_id: Option<String>,
    pub summary: String,
    pub work_minutes: i64,
    pub billable: bool,
    pub submitted_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    pub follow_up_id: Option<Key<FollowUpKind>>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientFollowUp {
    pub id: Key<FollowUpKind>,
    pub target_id: Key<TargetKind>,
    pub target_external_id: Option<String>,
    pub visit_report_id: Key<VisitReportKind>,
    #[sqlx(try_from = "String")]
    pub status: FollowUpStatus,
    pub title: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

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
