//! Rows and views that the use cases of `jobs` return.

use crate::db::{Key, OptionalKey};
use chrono::{DateTime, Utc};
use domain::customers::Place;
use domain::ids::{
    ContactId, ContactKind, CustomerId, CustomerKind, LocationId, LocationKind, ProposalId, ProposalKind, RequestId,
    RequestKind, TargetId, TargetKind,
};
use domain::jobs::change_proposals::Proposal;
use domain::jobs::targets::TargetStatus;
use domain::requests::Priority;
use sqlx::FromRow;
use sqlx::types::Json;

/// The actions on a job that are open to the viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobActions {
    /// Change the fields of the job.
    pub can_edit: bool,
    /// Create another job with the same fields.
    pub can_copy: bool,
    /// Create or replace the planned appointment.
    pub can_schedule: bool,
    /// Offer time slots to the requester.
    pub can_offer_slots: bool,
    pub can_reopen: bool,
    /// Revert that the technician is on the way.
    pub can_revert_travel: bool,
    pub can_cancel: bool,
    /// Accept or dismiss a change that the source system proposes.
    pub can_decide_proposal: bool,
    /// File the entries that technicians have sent to dispatch, or keep them as notes.
    pub can_resolve_entries: bool,
    /// File them as the report of the planned visit, which ends with it.
    pub can_end_visit: bool,
}

#[derive(Debug, Clone, FromRow)]
pub struct ProposalView {
    #[sqlx(try_from = "Key<ProposalKind>")]
    pub id: ProposalId,
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
    #[sqlx(json)]
    pub proposed: Proposal,
    pub created_at: DateTime<Utc>,
}

/// The names of the records in a proposal.
#[derive(Debug, Clone, Default, FromRow)]
pub struct ProposalNames {
    pub customer: Option<String>,
    pub location: Option<String>,
    pub contact: Option<String>,
    /// The present name of the customer for which another name is proposed.
    pub current_name: Option<String>,
}

#[derive(Debug, Clone, FromRow)]
pub struct TargetSummary {
    #[sqlx(try_from = "Key<TargetKind>")]
    pub id: TargetId,
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub service_type: Option<String>,
    pub notes: Option<String>,
    pub needs_mapping: bool,
    pub external_id: Option<String>,
    pub created_at: DateTime<Utc>,
    #[sqlx(try_from = "OptionalKey<CustomerKind>")]
    pub customer_id: Option<CustomerId>,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
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
    #[sqlx(try_from = "Key<TargetKind>")]
    pub id: TargetId,
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub service_type: Option<String>,
    pub needs_mapping: bool,
    pub external_id: Option<String>,
    pub created_at: DateTime<Utc>,
    #[sqlx(try_from = "OptionalKey<CustomerKind>")]
    pub customer_id: Option<CustomerId>,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    pub duration_minutes: i64,
    pub window_start: Option<DateTime<Utc>>,
    pub window_end: Option<DateTime<Utc>>,
    pub window_zone: Option<String>,
    #[sqlx(json)]
    pub required_skills: Vec<String>,
    pub notes: Option<String>,
    #[sqlx(json)]
    pub place: Place,
    pub customer_name: Option<String>,
    pub customer_number: Option<String>,
    pub location_name: Option<String>,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    /// Two-letter code of the location's country.
    pub country: Option<String>,
    pub location_zone: Option<String>,
    pub access_notes: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub contact_name: Option<String>,
    pub contact_phone: Option<String>,
    pub source_key: Option<String>,
    #[sqlx(try_from = "OptionalKey<RequestKind>")]
    pub request_id: Option<RequestId>,
}

impl TargetView {
    /// Returns whether the customer is known, which scheduling requires.
    pub fn is_mapped(&self) -> bool {
        !self.needs_mapping && self.customer_id.is_some()
    }
}

/// The filters of a client's list of targets; absent ones do not apply.
#[derive(Debug, Clone, Default)]
pub struct TargetFilter {
    pub status: Option<TargetStatus>,
    /// Targets that changed at this time or later.
    pub updated_since: Option<DateTime<Utc>>,
    pub needs_mapping: Option<bool>,
    /// Targets whose external ID starts with this text.
    pub external_id_prefix: Option<String>,
}

/// A target as the client of its source sees it.
#[derive(Debug, Clone, FromRow)]
pub struct ClientTarget {
    #[sqlx(try_from = "Key<TargetKind>")]
    pub id: TargetId,
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
    #[sqlx(json)]
    pub required_skills: Vec<String>,
    pub notes: Option<String>,
    #[sqlx(json)]
    pub place: Place,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Changes of the source that wait for a decision by dispatch.
    pub proposed: Option<Json<Proposal>>,
    pub proposed_at: Option<DateTime<Utc>>,
    /// Changes that dispatch has declined.
    #[sqlx(json)]
    pub declined_changes: Proposal,
    #[sqlx(try_from = "OptionalKey<CustomerKind>")]
    pub customer_id: Option<CustomerId>,
    pub customer_external_id: Option<String>,
    pub customer_name: Option<String>,
    pub customer_number: Option<String>,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    pub location_external_id: Option<String>,
    pub location_name: Option<String>,
    #[sqlx(try_from = "OptionalKey<ContactKind>")]
    pub contact_id: Option<ContactId>,
    pub contact_external_id: Option<String>,
    pub contact_name: Option<String>,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub appointment_zone: Option<String>,
}
