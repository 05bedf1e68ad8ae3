//! Rows that the `requests` module returns.

use crate::db::{Key, OptionalKey, OptionalName};
use crate::version::Version;
use chrono::{DateTime, Utc};
use domain::customers::Address;
use domain::ids::{
    ContactId, ContactKind, CustomerId, CustomerKind, FormId, FormKind, LocationId, LocationKind, MessageId,
    MessageKind, NoteId, NoteKind, OfferId, OfferKind, RequestId, RequestKind, SourceSystemId, SourceSystemKind,
    StaffId, StaffKind, TargetId, TargetKind,
};
use domain::intake::classification::Classification;
use domain::intake::form::FormSettings;
use domain::intake::{PreferredWindow, Requester};
use domain::jobs::targets::TargetStatus;
use domain::lateness::Urgency;
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

/// The actions on the inbox that are open to the viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxActions {
    /// Select requests and decide about them at once.
    pub can_decide: bool,
    /// Enter a request for a caller.
    pub can_log_call: bool,
}

/// Whether a request can be converted to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// It is not accepted, or it is a job already.
    Unavailable,
    /// It is accepted, but has no customer.
    NeedsCustomer,
    Available,
}

/// The actions on a request that are open to the viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestActions {
    /// Whether the viewer can review requests at all.
    pub can_review: bool,
    pub can_start_review: bool,
    /// Accept or reject.
    pub can_decide: bool,
    pub conversion: Conversion,
    /// Set priority, service type and assignee, or snooze.
    pub can_triage: bool,
    pub can_assign_customer: bool,
    pub can_send_message: bool,
    pub can_mark_answer_read: bool,
    pub can_add_note: bool,
}

#[derive(Debug, Clone, FromRow)]
pub struct RequestSummary {
    #[sqlx(try_from = "Key<RequestKind>")]
    pub id: RequestId,
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub channel: Channel,
    #[sqlx(try_from = "String")]
    pub status: RequestStatus,
    #[sqlx(try_from = "String")]
    pub service_type: ServiceType,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub description: String,
    pub submitted_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[sqlx(json(nullable))]
    pub requester: Option<Requester>,
    #[sqlx(json(nullable))]
    pub place: Option<Address>,
    pub asked_at: Option<DateTime<Utc>>,
    pub answered_at: Option<DateTime<Utc>>,
    pub cancellation_requested_at: Option<DateTime<Utc>>,
    pub reschedule_requested_at: Option<DateTime<Utc>>,
    pub snoozed_until: Option<DateTime<Utc>>,
    pub customer_name: Option<String>,
    pub location_name: Option<String>,
    pub assignee_name: Option<String>,
    pub region: Option<String>,
}

impl RequestSummary {
    /// Returns its urgency, by which the inbox is sorted.
    pub fn urgency(&self, now: DateTime<Utc>) -> Urgency {
        let waits_for_requester = self.asked_at.is_some();
        Urgency::of_request(self.status, self.priority, self.submitted_at, waits_for_requester, now)
    }
}

/// Content that a source has sent for a request that is no longer in review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestChange {
    pub service_type: ServiceType,
    pub priority: Priority,
    pub description: String,
    #[serde(default)]
    pub internal_notes: Option<String>,
    pub preferred: Option<String>,
    pub windows: Vec<PreferredWindow>,
}

#[derive(Debug, Clone, FromRow)]
pub struct RequestView {
    #[sqlx(try_from = "Key<RequestKind>")]
    pub id: RequestId,
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub channel: Channel,
    #[sqlx(try_from = "String")]
    pub status: RequestStatus,
    #[sqlx(try_from = "String")]
    pub service_type: ServiceType,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    /// What the customer reads as their own words.
    pub description: String,
    /// Notes for the team that came with the request.
    pub internal_notes: Option<String>,
    pub preferred: Option<String>,
    #[sqlx(json)]
    pub preferred_windows: Vec<PreferredWindow>,
    pub rejection_reason: Option<String>,
    pub submitted_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[sqlx(try_from = "OptionalKey<TargetKind>")]
    pub target_id: Option<TargetId>,
    /// The source system, for a request from the API.
    #[sqlx(try_from = "OptionalKey<SourceSystemKind>")]
    pub source_system_id: Option<SourceSystemId>,
    #[sqlx(try_from = "OptionalKey<CustomerKind>")]
    pub customer_id: Option<CustomerId>,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    #[sqlx(try_from = "OptionalKey<ContactKind>")]
    pub contact_id: Option<ContactId>,
    #[sqlx(json(nullable))]
    pub requester: Option<Requester>,
    #[sqlx(json(nullable))]
    pub place: Option<Address>,
    /// Content that the source has sent since the review.
    #[sqlx(json(nullable))]
    pub proposed_change: Option<RequestChange>,
    pub asked_at: Option<DateTime<Utc>>,
    pub answered_at: Option<DateTime<Utc>>,
    pub cancellation_requested_at: Option<DateTime<Utc>>,
    pub reschedule_requested_at: Option<DateTime<Utc>>,
    pub snoozed_until: Option<DateTime<Utc>>,
    #[sqlx(try_from = "OptionalKey<StaffKind>")]
    pub assignee_id: Option<StaffId>,
    pub customer_name: Option<String>,
    pub customer_number: Option<String>,
    pub location_name: Option<String>,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub location_zone: Option<String>,
    pub contact_name: Option<String>,
    pub contact_phone: Option<String>,
    pub contact_email: Option<String>,
    pub assignee_name: Option<String>,
    #[sqlx(json(nullable))]
    pub classification: Option<Classification>,
    pub receipt_code: Option<String>,
}

impl RequestView {
    /// Returns the version of what a decision is about: what was asked for, by whom and where, and what the requester has written
    /// since. Assignment, snooze and priority are not part of it.
    pub fn version(&self) -> Version {
        let record = [
            self.customer_id.map(|id| id.to_string()),
            self.location_id.map(|id| id.to_string()),
            self.contact_id.map(|id| id.to_string()),
        ];
        let asked = [
            self.answered_at,
            self.cancellation_requested_at,
            self.reschedule_requested_at,
        ];
        Version::of(&(
            self.status.name(),
            self.service_type.name(),
            &self.description,
            &self.preferred,
            &self.preferred_windows,
            record,
            asked,
            &self.proposed_change,
        ))
    }
}

/// A contact with the email address of a requester.
#[derive(Debug, Clone, FromRow)]
pub struct ContactHint {
    #[sqlx(try_from = "Key<ContactKind>")]
    pub contact_id: ContactId,
    pub display_name: String,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    pub customer_name: String,
    pub customer_number: Option<String>,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    pub location_name: Option<String>,
}

/// A note that only staff can read.
#[derive(Debug, Clone, FromRow)]
pub struct NoteEntry {
    #[sqlx(try_from = "Key<NoteKind>")]
    pub id: NoteId,
    pub text: String,
    pub created_at: DateTime<Utc>,
    pub author: String,
}

/// A message between dispatch and the requester; without an author it is from the requester.
#[derive(Debug, Clone, FromRow)]
pub struct MessageEntry {
    #[sqlx(try_from = "Key<MessageKind>")]
    pub id: MessageId,
    pub text: String,
    pub asks: bool,
    pub created_at: DateTime<Utc>,
    pub author: Option<String>,
}

/// A message as shown to the requester.
#[derive(Debug, Clone, FromRow)]
pub struct PublicMessage {
    #[sqlx(try_from = "Key<MessageKind>")]
    pub id: MessageId,
    pub text: String,
    pub asks: bool,
    pub created_at: DateTime<Utc>,
    pub is_own: bool,
}

/// A request opened by its tracking link. The IDs of customer and location are for the timeline and are never
/// displayed.
#[derive(Debug, Clone, FromRow)]
pub struct TrackedView {
    #[sqlx(try_from = "Key<RequestKind>")]
    pub id: RequestId,
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub channel: Channel,
    #[sqlx(try_from = "String")]
    pub status: RequestStatus,
    #[sqlx(try_from = "String")]
    pub service_type: ServiceType,
    pub description: String,
    #[sqlx(json)]
    pub preferred_windows: Vec<PreferredWindow>,
    pub rejection_reason: Option<String>,
    #[sqlx(json(nullable))]
    pub requester: Option<Requester>,
    #[sqlx(json(nullable))]
    pub place: Option<Address>,
    pub submitted_at: DateTime<Utc>,
    pub asked_at: Option<DateTime<Utc>>,
    #[sqlx(try_from = "OptionalKey<FormKind>")]
    pub form_id: Option<FormId>,
    #[sqlx(json(nullable))]
    pub form_settings: Option<FormSettings>,
    #[sqlx(try_from = "OptionalKey<CustomerKind>")]
    pub customer_id: Option<CustomerId>,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    pub cancellation_requested_at: Option<DateTime<Utc>>,
    pub reschedule_requested_at: Option<DateTime<Utc>>,
    #[sqlx(try_from = "OptionalName<TargetStatus>")]
    pub target_status: Option<TargetStatus>,
}

/// An offered time slot as shown to the requester, without the technician.
#[derive(Debug, Clone, FromRow)]
pub struct SlotOption {
    #[sqlx(try_from = "Key<OfferKind>")]
    pub offer_id: OfferId,
    pub position: i64,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: String,
    pub expires_at: DateTime<Utc>,
    pub is_gone: bool,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientRequest {
    #[sqlx(try_from = "Key<RequestKind>")]
    pub id: RequestId,
    pub number: i64,
    pub external_id: Option<String>,
    #[sqlx(try_from = "String")]
    pub status: RequestStatus,
    #[sqlx(try_from = "String")]
    pub service_type: ServiceType,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub description: String,
    pub internal_notes: Option<String>,
    pub preferred: Option<String>,
    #[sqlx(json)]
    pub preferred_windows: Vec<PreferredWindow>,
    pub rejection_reason: Option<String>,
    #[sqlx(try_from = "OptionalKey<TargetKind>")]
    pub target_id: Option<TargetId>,
    #[sqlx(try_from = "OptionalKey<CustomerKind>")]
    pub customer_id: Option<CustomerId>,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    #[sqlx(try_from = "OptionalKey<ContactKind>")]
    pub contact_id: Option<ContactId>,
    /// Hash of the content that was sent last.
    pub payload_hash: Option<Vec<u8>>,
    pub has_proposed_change: bool,
    pub submitted_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
