//! Rows that services hand to pages and handlers.
#![allow(
    missing_docs,
    reason = "the fields are the columns of the same names; the domain page explains the words"
)]

use chrono::{DateTime, Utc};
use domain::customers::Place;
use domain::day_entries::{SeenAppointment, WrittenReport};
use domain::follow_ups::FollowUpStatus;
use domain::ids::{
    AppointmentKind, AttachmentKind, ClientKind, ContactKind, CustomerKind, FollowUpKind, ImportItemKind,
    ImportJobKind, LocationKind, PartnerKind, ProposalKind, ReleaseKind, RequestKind, SourceSystemKind, StaffKind,
    TargetKind, VisitReportKind,
};
use domain::import_jobs::{ImportChannel, ImportJob, ImportMode, JobCounts};
use domain::import_results::ItemStatus;
use domain::imports::{ImportJobStatus, ItemOutcome};
use domain::mapping::{DuplicateNamePolicy, ProblemPolicy};
use domain::proposals::Proposal;
use domain::requests::Priority;
use domain::targets::{AppointmentStatus, TargetStatus};
use domain::visit_reports::{ReleaseStatus, ReportStatus};
use sqlx::FromRow;
use sqlx::types::Json;

use super::Key;
pub use super::board::{BoardJob, BoardVisit};
pub use super::client_views::*;
pub use super::day_entries::{DayEntryView, DayPhoto};
pub use super::intake_views::*;
pub use super::mapping_views::*;
pub use super::portal_views::*;
pub use super::suggestions::{SuggestionLine, SuggestionView};
pub use super::technicians::{AbsenceView, TechnicianView};
pub use super::webhook_views::*;

#[derive(Debug, Clone, FromRow)]
pub struct TechnicianChoice {
    pub id: Key<StaffKind>,
    pub display_name: String,
}

#[derive(Debug, Clone, FromRow)]
pub struct ProposalView {
    pub id: Key<ProposalKind>,
    pub target_id: Key<TargetKind>,
    pub proposed: Json<Proposal>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, FromRow)]
pub struct FollowUpView {
    pub id: Key<FollowUpKind>,
    #[sqlx(try_from = "String")]
    pub status: FollowUpStatus,
    pub title: String,
    /// The target whose visit left it.
    pub target_id: Key<TargetKind>,
    /// The target that is to do the work.
    pub planned_target_id: Option<Key<TargetKind>>,
    pub planned_number: Option<i64>,
}

#[derive(Debug, Clone, FromRow)]
pub struct CustomerLine {
    pub id: Key<CustomerKind>,
    pub customer_number: Option<String>,
    pub name: String,
    pub is_archived: bool,
    pub locations: i64,
    pub open_targets: i64,
}

#[derive(Debug, Clone, FromRow)]
pub struct LocationLine {
    pub id: Key<LocationKind>,
    pub name: String,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub zone: String,
    pub access_notes: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ContactLine {
    pub id: Key<ContactKind>,
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub location_name: Option<String>,
    pub has_portal_access: bool,
}

#[derive(Debug, Clone, FromRow)]
pub struct ReferenceLine {
    pub source_key: String,
    pub entity_type: String,
    pub external_id: String,
}

#[derive(Debug, Clone, FromRow)]
pub struct MappingLine {
    pub entity_type: String,
    pub external_id: String,
    pub entity_id: uuid::Uuid,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, FromRow)]
pub struct TimelineLine {
    pub kind: String,
    pub at: DateTime<Utc>,
    pub target_id: Option<Key<TargetKind>>,
    pub request_id: Option<Key<RequestKind>>,
}

#[derive(Debug, Clone, FromRow)]
pub struct TargetLine {
    pub id: Key<TargetKind>,
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub service_type: Option<String>,
    pub needs_mapping: bool,
    pub external_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub customer_id: Option<Key<CustomerKind>>,
    pub location_id: Option<Key<LocationKind>>,
    pub customer_name: Option<String>,
    pub location_name: Option<String>,
    pub location_city: Option<String>,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub appointment_zone: Option<String>,
    pub technician: Option<String>,
}

#[derive(Debug, Clone, FromRow)]
pub struct TargetView {
    pub id: Key<TargetKind>,
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub service_type: Option<String>,
    pub needs_mapping: bool,
    pub external_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub customer_id: Option<Key<CustomerKind>>,
    pub location_id: Option<Key<LocationKind>>,
    pub duration_minutes: i64,
    pub window_start: Option<DateTime<Utc>>,
    pub window_end: Option<DateTime<Utc>>,
    pub window_zone: Option<String>,
    pub required_skills: Json<Vec<String>>,
    pub notes: Option<String>,
    pub place: Json<Place>,
    pub customer_name: Option<String>,
    pub customer_number: Option<String>,
    pub location_name: Option<String>,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub location_zone: Option<String>,
    pub access_notes: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub contact_name: Option<String>,
    pub contact_phone: Option<String>,
    pub source_key: Option<String>,
    pub request_id: Option<Key<RequestKind>>,
}

#[derive(Debug, Clone, FromRow)]
pub struct AppointmentLine {
    pub id: Key<AppointmentKind>,
    #[sqlx(try_from = "String")]
    pub status: AppointmentStatus,
    pub is_shared: bool,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: String,
    pub technician_id: Key<StaffKind>,
    pub technician: String,
}

#[derive(Debug, Clone, FromRow)]
pub struct DayStop {
    pub appointment_id: Key<AppointmentKind>,
    pub is_shared: bool,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: String,
    #[sqlx(try_from = "String")]
    pub appointment_status: AppointmentStatus,
    pub target_id: Key<TargetKind>,
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub service_type: Option<String>,
    pub notes: Option<String>,
    pub customer_name: Option<String>,
    pub location_name: Option<String>,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub access_notes: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub contact_name: Option<String>,
    pub contact_phone: Option<String>,
    pub report_id: Option<Key<VisitReportKind>>,
    pub report_status: Option<String>,
    pub return_reason: Option<String>,
    pub report_decided_at: Option<DateTime<Utc>>,
}

impl DayStop {
    /// The appointment, as a form carries it.
    pub fn appointment(&self) -> SeenAppointment {
        SeenAppointment {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        }
    }

    /// When the manager has sent the report back, if that is how it stands.
    pub fn returned_at(&self) -> Option<DateTime<Utc>> {
        self.report_decided_at.filter(|_| self.is_returned())
    }

    /// Whether the manager has sent the report back.
    pub fn is_returned(&self) -> bool {
        self.report_status.as_deref() == Some(ReportStatus::Returned.name())
    }
}

/// What a technician has written in a report.
#[derive(Debug, Clone, Default, FromRow)]
pub struct ReportText {
    pub summary: String,
    pub internal_notes: Option<String>,
    pub work_minutes: Option<i64>,
    pub billable: bool,
    pub follow_up: Option<String>,
    pub material: Option<String>,
    pub signed_by: Option<String>,
    pub signature: Option<String>,
}

impl ReportText {
    /// As it was written. Whether the work was done is not among it: that became the state of the job.
    pub fn written(self) -> WrittenReport {
        WrittenReport {
            completed: false,
            summary: self.summary,
            internal_notes: self.internal_notes.unwrap_or_default(),
            work_minutes: self.work_minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
            material: self.material.unwrap_or_default(),
            signed_by: self.signed_by.unwrap_or_default(),
            signature: self.signature.unwrap_or_default(),
            billable: self.billable,
            follow_up: self.follow_up.unwrap_or_default(),
        }
    }
}

#[derive(Debug, Clone, FromRow)]
pub struct ReportLine {
    pub id: Key<VisitReportKind>,
    #[sqlx(try_from = "String")]
    pub status: ReportStatus,
    pub summary: String,
    pub billable: bool,
    pub submitted_at: DateTime<Utc>,
    pub number: i64,
    pub customer_name: Option<String>,
    pub location_name: Option<String>,
    pub technician: String,
    pub released_revision: Option<i64>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ReportView {
    pub id: Key<VisitReportKind>,
    #[sqlx(try_from = "String")]
    pub status: ReportStatus,
    pub summary: String,
    pub internal_notes: Option<String>,
    pub work_minutes: i64,
    pub billable: bool,
    pub follow_up: Option<String>,
    pub return_reason: Option<String>,
    pub material: Option<String>,
    pub signed_by: Option<String>,
    pub signature: Option<String>,
    pub written_at: Option<DateTime<Utc>>,
    pub submitted_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    pub target_id: Key<TargetKind>,
    pub number: i64,
    pub customer_id: Option<Key<CustomerKind>>,
    pub location_id: Option<Key<LocationKind>>,
    pub contact_id: Option<Key<ContactKind>>,
    pub customer_name: Option<String>,
    pub location_name: Option<String>,
    pub location_zone: Option<String>,
    pub technician: String,
    pub billing_raised_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, FromRow)]
pub struct AttachmentLine {
    pub id: Key<AttachmentKind>,
    pub file_name: String,
    pub media_type: String,
    pub size_bytes: i64,
    pub is_released: bool,
}

#[derive(Debug, Clone, FromRow)]
pub struct ReleaseView {
    pub id: Key<ReleaseKind>,
    pub revision: i64,
    #[sqlx(try_from = "String")]
    pub status: ReleaseStatus,
    pub title: String,
    pub summary: String,
    pub message: Option<String>,
    pub follow_up: Option<String>,
    pub published_at: DateTime<Utc>,
    pub published_by: String,
    pub files: i64,
}

#[derive(Debug, Clone, FromRow)]
pub struct Recipient {
    pub display_name: String,
    pub email: String,
    /// The language in which they read.
    pub locale: String,
    /// Whether released files can be opened, too.
    pub may_download: bool,
}

#[derive(Debug, Clone, FromRow)]
pub struct ImportJobView {
    pub id: Key<ImportJobKind>,
    #[sqlx(try_from = "String")]
    pub status: ImportJobStatus,
    #[sqlx(try_from = "String")]
    pub mode: ImportMode,
    pub dry_run: bool,
    #[sqlx(try_from = "String")]
    pub channel: ImportChannel,
    pub created_by: String,
    pub retried_from: Option<Key<ImportJobKind>>,
    pub failure: Option<String>,
    pub item_count: i64,
    pub created_count: i64,
    pub updated_count: i64,
    pub unchanged_count: i64,
    pub skipped_count: i64,
    pub failed_count: i64,
    pub warned_count: i64,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub client_id: Key<ClientKind>,
    pub client_name: String,
    pub source_key: String,
}

impl ImportJobView {
    /// The job as its client sees it.
    pub fn public(&self) -> ImportJob {
        ImportJob {
            id: self.id.0,
            status: self.status,
            mode: self.mode,
            dry_run: self.dry_run,
            counts: JobCounts {
                total: self.item_count,
                created: self.created_count,
                updated: self.updated_count,
                unchanged: self.unchanged_count,
                skipped: self.skipped_count,
                failed: self.failed_count,
                warnings: self.warned_count,
            },
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        }
    }

    /// How many items have ended.
    pub fn ended_items(&self) -> i64 {
        self.created_count + self.updated_count + self.unchanged_count + self.skipped_count + self.failed_count
    }
}

#[derive(Debug, Clone, FromRow)]
pub struct ImportItemView {
    pub id: Key<ImportItemKind>,
    pub job_id: Key<ImportJobKind>,
    pub position: i64,
    pub external_id: String,
    #[sqlx(try_from = "String")]
    pub status: ItemStatus,
    pub outcome: Option<String>,
    pub target_id: Option<Key<TargetKind>>,
    pub mapping: Json<serde_json::Value>,
    pub warnings: Json<serde_json::Value>,
    pub errors: Json<serde_json::Value>,
    pub decision: Json<serde_json::Value>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub dry_run: bool,
    pub client_name: String,
    pub source_key: String,
}

impl ImportItemView {
    /// The outcome, once there is one.
    pub fn outcome(&self) -> Option<ItemOutcome> {
        self.outcome.as_deref().and_then(ItemOutcome::from_name)
    }
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientLine {
    pub id: Key<ClientKind>,
    pub name: String,
    pub source_system_id: Key<SourceSystemKind>,
    pub source_key: String,
    pub scopes: Json<Vec<String>>,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub keys: i64,
}

/// A key (`live` or `test`) or an OAuth secret (`secret`) of a client, without what is secret about it.
#[derive(Debug, Clone, FromRow)]
pub struct CredentialLine {
    pub id: String,
    pub kind: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A person of a partner, as administrators see the account.
#[derive(Debug, Clone, FromRow)]
pub struct PartnerLine {
    pub id: Key<PartnerKind>,
    pub email: String,
    pub display_name: String,
    pub has_password: bool,
    pub invitation_expires_at: Option<DateTime<Utc>>,
    pub locked_at: Option<DateTime<Utc>>,
    pub last_sign_in_at: Option<DateTime<Utc>>,
}

/// How often a client called on a day.
#[derive(Debug, Clone, FromRow)]
pub struct UseLine {
    pub day: String,
    pub answered: i64,
    pub refused: i64,
    pub limited: i64,
}

#[derive(Debug, Clone, FromRow)]
pub struct SourceLine {
    pub id: Key<SourceSystemKind>,
    pub key: String,
    pub create_customers: bool,
    pub create_locations: bool,
    pub create_contacts: bool,
    pub auto_update: bool,
    pub customer_required: bool,
    #[sqlx(try_from = "String")]
    pub problem_policy: ProblemPolicy,
    #[sqlx(try_from = "String")]
    pub duplicate_names: DuplicateNamePolicy,
    pub clients: i64,
}

#[derive(Debug, Clone, FromRow)]
pub struct AuditLine {
    pub sequence: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub details: Json<serde_json::Value>,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
}
