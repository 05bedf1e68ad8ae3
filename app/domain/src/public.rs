//! Portal views. These types have no fields for internal data, so internal data cannot leak to customers.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::follow_ups::FollowUpStatus;
use crate::ids::{AppointmentId, AttachmentId, FollowUpId, LocationId, ReleaseId, RequestId};
use crate::public_language::{Milestone, PublicVisit};
use crate::requests::{Channel, RequestStatus, ServiceType};
use crate::story::{RequestState, Story, StoryFacts};

/// A location that the portal user may select.
#[derive(Debug, Clone)]
pub struct PublicLocation {
    /// Identifier.
    pub id: LocationId,
    /// Display name.
    pub name: String,
    /// Street and house number.
    pub street: Option<String>,
    /// City of the address.
    pub city: Option<String>,
    /// IANA time zone.
    pub zone: String,
}

/// A request as shown to the customer.
#[derive(Debug, Clone)]
pub struct PublicRequest {
    /// Identifier.
    pub id: RequestId,
    /// Human-readable number.
    pub number: i64,
    /// Current status.
    pub status: RequestStatus,
    /// The state of its visit, if this user sees the appointment.
    pub visit: Option<PublicVisit>,
    /// Requested service type.
    pub service_type: ServiceType,
    /// The need in the customer's words.
    pub description: String,
    /// Who wrote the description, and how it arrived.
    pub source: RequestSource,
    /// Preferred time as free text.
    pub preferred: Option<String>,
    /// Preferred days.
    pub windows: Vec<crate::intake::PreferredWindow>,
    /// Whether a question from dispatch is unanswered.
    pub waits_for_answer: bool,
    /// Whether this user can choose one of the offered times.
    pub has_offer: bool,
    /// Whether this user can withdraw it: it is their own request and not yet a job.
    pub may_withdraw: bool,
    /// Whether this user can request cancellation: it is their own request, a job, and travel has not started.
    pub may_ask_to_cancel: bool,
    /// Whether this user can ask for another time: it is their own request, and its visit is ahead.
    pub may_ask_for_another_time: bool,
    /// When cancellation was requested.
    pub cancellation_requested_at: Option<DateTime<Utc>>,
    /// When another time was requested, while dispatch has not answered.
    pub reschedule_requested_at: Option<DateTime<Utc>>,
    /// When its job was completed, if this user sees its visit or a report of it.
    pub completed_at: Option<DateTime<Utc>>,
    /// Whether this user sees reports of its job.
    pub sees_reports: bool,
    /// Whether a report of its job is shared with this user.
    pub has_report: bool,
    /// The location.
    pub location_id: Option<LocationId>,
    /// Name of the location.
    pub location: Option<String>,
    /// Rejection reason, written for the customer.
    pub rejection_reason: Option<String>,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
}

/// Maximum length of the subject of a request, in characters.
pub const MAX_SUBJECT_CHARS: usize = 60;

impl PublicRequest {
    /// Returns what the story of the request is derived from.
    pub const fn facts(&self) -> StoryFacts {
        StoryFacts {
            status: self.status,
            visit: self.visit,
            completed_at: self.completed_at,
            sees_reports: self.sees_reports,
            has_report: self.has_report,
            is_change_requested: self.reschedule_requested_at.is_some(),
        }
    }

    /// Returns the state that the request shows.
    pub fn state(&self, now: DateTime<Utc>) -> RequestState {
        self.facts().state(now)
    }

    /// Returns the steps of the request.
    pub fn story(&self, now: DateTime<Utc>) -> Story {
        self.facts().story(now)
    }

    /// Returns whether this user has to act: choose an offered time, or answer the question about their own request.
    pub fn needs_action(&self) -> bool {
        self.has_offer || (self.waits_for_answer && self.source == RequestSource::Own)
    }

    /// Returns the beginning of the description, if a customer wrote it; notes of staff and data of systems are no subject.
    pub fn subject(&self) -> Option<String> {
        match self.source {
            RequestSource::Call | RequestSource::System => None,
            RequestSource::Own | RequestSource::Colleague | RequestSource::WebForm | RequestSource::Terminal => {
                crate::text::beginning(&self.description, MAX_SUBJECT_CHARS)
            }
        }
    }
}

crate::stored_names! {
    /// Who wrote the description of a request, as the reader sees it.
    RequestSource {
        /// The reader, in the portal.
        Own = "own",
        /// Another portal user of the customer.
        Colleague = "colleague",
        /// A visitor of a public form.
        WebForm = "web_form",
        /// A visitor at a terminal.
        Terminal = "terminal",
        /// The organization's staff, during a call.
        Call = "call",
        /// A system that submits requests for the customer.
        System = "system",
    }
}

impl RequestSource {
    /// Returns the source of a request of a channel; `is_own` is whether the reader's account submitted it.
    pub const fn of(channel: Channel, is_own: bool) -> Self {
        match channel {
            Channel::Portal if is_own => Self::Own,
            Channel::Portal => Self::Colleague,
            Channel::WebForm => Self::WebForm,
            Channel::Terminal => Self::Terminal,
            Channel::Staff => Self::Call,
            Channel::Api => Self::System,
        }
    }
}

/// An appointment as shown to the customer.
#[derive(Debug, Clone)]
pub struct PublicAppointment {
    /// Identifier.
    pub id: AppointmentId,
    /// Public status.
    pub status: PublicVisit,
    /// Requested service type.
    pub service_type: Option<ServiceType>,
    /// Start of the time window.
    pub starts_at: DateTime<Utc>,
    /// End of the time window.
    pub ends_at: DateTime<Utc>,
    /// IANA time zone of the location.
    pub zone: String,
    /// The location, where the reader has access to it.
    pub location_id: Option<LocationId>,
    /// Name of the location.
    pub location: String,
    /// Address of the location on one line.
    pub address: String,
    /// First name of the technician, if the tenant shares it.
    pub technician: Option<String>,
    /// The delay that the technician has announced for a visit that is ahead, in minutes.
    pub delay_minutes: Option<i64>,
}

impl PublicAppointment {
    /// Returns the announced delay, until the technician is on site.
    pub fn delay_ahead(&self) -> Option<i64> {
        let is_ahead = matches!(self.status, PublicVisit::Planned | PublicVisit::OnTheWay);
        self.delay_minutes.filter(|_| is_ahead)
    }
}

/// An appointment as an iCalendar event: `uid` is stable across rescheduling and `sequence` only increases.
#[derive(Debug, Clone)]
pub struct CalendarEntry {
    /// Stable for the lifetime of the job.
    pub uid: String,
    /// Increases with every change (RFC 5545, SEQUENCE).
    pub sequence: u32,
    /// When it was scheduled, or its state changed last.
    pub changed_at: DateTime<Utc>,
    /// Address of its page.
    pub url: String,
    /// The appointment itself.
    pub appointment: PublicAppointment,
}

impl CalendarEntry {
    /// Returns the sequence number of an appointment with `earlier` previous appointments of the same job. It increases
    /// with every reschedule and once more on cancellation.
    pub const fn sequence_after(earlier: u32, is_cancelled: bool) -> u32 {
        earlier.saturating_mul(2).saturating_add(is_cancelled as u32)
    }
}

/// A published visit report.
#[derive(Debug, Clone)]
pub struct PublicReport {
    /// Identifier of the release.
    pub id: ReleaseId,
    /// Starts at 1 and increases with each correction.
    pub revision: i64,
    /// Title for the customer.
    pub title: String,
    /// Summary for the customer.
    pub summary: String,
    /// Personal message to the customer.
    pub message: Option<String>,
    /// Remaining work, described for the customer.
    pub follow_up: Option<String>,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// Name of the location.
    pub location: String,
    /// IANA time zone of the location.
    pub zone: String,
    /// The photo that stands for the report in lists, if one is released and the reader may see it.
    pub cover: Option<AttachmentId>,
    /// Released files; empty without the `downloads` capability.
    pub attachments: Vec<PublicAttachment>,
}

/// A released attachment.
#[derive(Debug, Clone)]
pub struct PublicAttachment {
    /// Identifier.
    pub id: AttachmentId,
    /// Display name.
    pub file_name: String,
    /// Media type.
    pub media_type: String,
    /// Size in bytes.
    pub bytes: i64,
    /// Whether it was checked for malware.
    pub scan: crate::files::FileScan,
}

/// A follow-up as shown to the customer.
#[derive(Debug, Clone)]
pub struct PublicFollowUp {
    /// Identifier.
    pub id: FollowUpId,
    /// Current status.
    pub status: FollowUpStatus,
    /// Planned work, described for the customer.
    pub title: String,
    /// Name of the location.
    pub location: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Report in which it was recorded.
    pub report: ReleaseId,
}

/// An entry of the portal timeline.
#[derive(Debug, Clone)]
pub struct PublicMilestone {
    /// Cursor that continues the list after this entry.
    pub place: Uuid,
    /// Kind of milestone.
    pub milestone: Milestone,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Name of the location.
    pub location: Option<String>,
    /// Number of the related request.
    pub request_number: Option<i64>,
    /// The related request, if this is a milestone of a request.
    pub request: Option<RequestId>,
    /// The latest shared appointment of the related job, if this is a milestone of its appointment or visit.
    pub appointment: Option<AppointmentId>,
    /// The latest published report of the related job, if this is a milestone of its report or follow-up.
    pub report: Option<ReleaseId>,
    /// The service of the related request or job.
    pub service_type: Option<ServiceType>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(source: RequestSource, waits_for_answer: bool, has_offer: bool) -> PublicRequest {
        PublicRequest {
            id: RequestId::from_uuid(Uuid::nil()),
            number: 1,
            status: RequestStatus::Submitted,
            visit: None,
            service_type: ServiceType::Repair,
            description: String::new(),
            source,
            preferred: None,
            windows: Vec::new(),
            waits_for_answer,
            has_offer,
            may_withdraw: false,
            may_ask_to_cancel: false,
            may_ask_for_another_time: false,
            cancellation_requested_at: None,
            reschedule_requested_at: None,
            completed_at: None,
            sees_reports: false,
            has_report: false,
            location_id: None,
            location: None,
            rejection_reason: None,
            submitted_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn action_is_needed_from_who_can_take_it() {
        use RequestSource::{Call, Colleague, Own};
        for (source, waits_for_answer, has_offer, expected) in [
            (Own, false, false, false),
            (Own, true, false, true),
            (Own, false, true, true),
            (Colleague, true, false, false),
            (Call, true, false, false),
        ] {
            let request = request(source, waits_for_answer, has_offer);
            assert_eq!(
                request.needs_action(),
                expected,
                "{source:?} {waits_for_answer} {has_offer}"
            );
        }
    }
}
