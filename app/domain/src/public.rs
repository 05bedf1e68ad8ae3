//! What a portal user may see. These types have no field for anything internal, so nothing internal can be sent.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::follow_ups::FollowUpStatus;
use crate::ids::{AppointmentId, AttachmentId, FollowUpId, LocationId, ReleaseId, RequestId};
use crate::public_language::{Milestone, PublicVisit};
use crate::requests::{RequestStatus, ServiceType};

/// A granted location, to choose from.
#[derive(Debug, Clone)]
pub struct PublicLocation {
    /// Its id.
    pub id: LocationId,
    /// Its name.
    pub name: String,
    /// Its city.
    pub city: Option<String>,
    /// Its IANA zone.
    pub zone: String,
}

/// A request as its customer sees it.
#[derive(Debug, Clone)]
pub struct PublicRequest {
    /// Its id.
    pub id: RequestId,
    /// The number that people quote.
    pub number: i64,
    /// Where it stands.
    pub status: RequestStatus,
    /// What kind of service.
    pub service_type: ServiceType,
    /// What the customer wrote.
    pub description: String,
    /// When the customer would like it, in their own words.
    pub preferred: Option<String>,
    /// Days that would suit.
    pub windows: Vec<crate::intake::PreferredWindow>,
    /// Whether dispatch has asked something.
    pub waits_for_answer: bool,
    /// Whether this person can choose one of the times that dispatch offers.
    pub has_offer: bool,
    /// Whether this person can take it back: it is their own and no job yet.
    pub may_withdraw: bool,
    /// Whether this person can ask to cancel it: it is their own, a job, and nobody has set out.
    pub may_ask_to_cancel: bool,
    /// When it was asked to cancel it.
    pub cancel_asked_at: Option<DateTime<Utc>>,
    /// The granted location's name.
    pub location: Option<String>,
    /// Why it was rejected, written for the customer.
    pub rejection_reason: Option<String>,
    /// When it arrived.
    pub submitted_at: DateTime<Utc>,
}

/// An appointment as its customer sees it.
#[derive(Debug, Clone)]
pub struct PublicAppointment {
    /// Its id.
    pub id: AppointmentId,
    /// Public state.
    pub status: PublicVisit,
    /// What kind of service.
    pub service_type: Option<ServiceType>,
    /// Window start.
    pub starts_at: DateTime<Utc>,
    /// Window end.
    pub ends_at: DateTime<Utc>,
    /// The location's zone.
    pub zone: String,
    /// The location's name.
    pub location: String,
    /// The location's address on one line.
    pub address: String,
    /// The technician's first name, if the tenant allows it.
    pub technician: Option<String>,
}

/// An appointment as a calendar keeps it: the same `uid` through every move, and a number that only grows.
#[derive(Debug, Clone)]
pub struct CalendarEntry {
    /// The same for as long as the job lives.
    pub uid: String,
    /// Greater after every change (RFC 5545, SEQUENCE).
    pub sequence: u32,
    /// The appointment.
    pub appointment: PublicAppointment,
}

impl CalendarEntry {
    /// The number of an appointment that so many of the same job came before. It grows with every move, and once more when
    /// it is cancelled.
    pub const fn sequence_after(earlier: u32, is_cancelled: bool) -> u32 {
        earlier.saturating_mul(2).saturating_add(is_cancelled as u32)
    }
}

/// A published report.
#[derive(Debug, Clone)]
pub struct PublicReport {
    /// The release's id.
    pub id: ReleaseId,
    /// 1 for the first, then one more for each correction.
    pub revision: i64,
    /// Title for the customer.
    pub title: String,
    /// Summary for the customer.
    pub summary: String,
    /// Personal message.
    pub message: Option<String>,
    /// What is still to be done, in words for the customer.
    pub follow_up: Option<String>,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// The location's name.
    pub location: String,
    /// The location's zone.
    pub zone: String,
    /// The released files; empty without the capability to download.
    pub attachments: Vec<PublicAttachment>,
}

/// A released file.
#[derive(Debug, Clone)]
pub struct PublicAttachment {
    /// Its id.
    pub id: AttachmentId,
    /// Its name.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: i64,
}

/// A follow-up as its customer sees it.
#[derive(Debug, Clone)]
pub struct PublicFollowUp {
    /// Its id.
    pub id: FollowUpId,
    /// Where it stands.
    pub status: FollowUpStatus,
    /// What will be done, written for the customer.
    pub title: String,
    /// The location's name.
    pub location: String,
    /// When it was noted.
    pub created_at: DateTime<Utc>,
    /// The report that tells of it.
    pub report: ReleaseId,
}

/// An entry of the portal's timeline.
#[derive(Debug, Clone)]
pub struct PublicMilestone {
    /// Where the list goes on after it.
    pub place: Uuid,
    /// What happened.
    pub milestone: Milestone,
    /// When.
    pub at: DateTime<Utc>,
    /// Where.
    pub location: Option<String>,
    /// The request's number, if it is about one.
    pub request_number: Option<i64>,
}
