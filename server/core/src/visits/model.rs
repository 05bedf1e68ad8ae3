//! Rows that the `visits` module returns.

use crate::db::{Key, OptionalKey, OptionalName};
use chrono::{DateTime, Utc};
use domain::customers::Place;
use domain::files::FileScan;
use domain::ids::{
    AppointmentId, AppointmentKind, AttachmentId, AttachmentKind, ContactId, ContactKind, CustomerId, CustomerKind,
    FollowUpId, FollowUpKind, LocationId, LocationKind, TargetId, TargetKind, VisitReportId, VisitReportKind,
};
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::requests::Priority;
use domain::visits::day_entries::{SeenAppointment, WrittenReport};
use domain::visits::figures::PastVisit;
use domain::visits::reports::{PhotoMark, ReportStatus};
use sqlx::FromRow;

use crate::visits::REVERT_WINDOW;

#[derive(Debug, Clone, FromRow)]
pub struct DayStop {
    #[sqlx(try_from = "Key<AppointmentKind>")]
    pub appointment_id: AppointmentId,
    pub is_shared: bool,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: String,
    #[sqlx(try_from = "String")]
    pub appointment_status: AppointmentStatus,
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
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
    #[sqlx(try_from = "OptionalKey<VisitReportKind>")]
    pub report_id: Option<VisitReportId>,
    #[sqlx(try_from = "OptionalName<ReportStatus>")]
    pub report_status: Option<ReportStatus>,
    pub return_reason: Option<String>,
    pub report_decided_at: Option<DateTime<Utc>>,
    /// When travel started last.
    pub travel_started_at: Option<DateTime<Utc>>,
    /// The address of the job where it has no location.
    #[sqlx(json)]
    pub place: Place,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    /// Two-letter code of the location's country.
    pub country: Option<String>,
    /// Whether it has reached the technician's device before.
    pub is_shown: bool,
    /// The status that the technician has confirmed; see [`DayStop::change`].
    pub seen_status: String,
    /// Whether it was at another time in the technician's day before.
    pub was_moved: bool,
    /// When the customer wrote last since the technician has confirmed the visit.
    pub new_message_at: Option<DateTime<Utc>>,
}

/// What is new about a visit for its technician.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopChange {
    New,
    Moved,
    /// The customer has written.
    Message,
}

impl StopChange {
    /// Returns the name that texts and tests use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Moved => "moved",
            Self::Message => "message",
        }
    }
}

impl DayStop {
    /// Returns what is new about the visit, until the technician confirms it.
    pub fn change(&self) -> Option<StopChange> {
        let is_ahead = matches!(self.status, TargetStatus::Scheduled | TargetStatus::Dispatched);
        if self.seen_status == "none" && self.appointment_status == AppointmentStatus::Planned && is_ahead {
            return Some(if self.was_moved {
                StopChange::Moved
            } else {
                StopChange::New
            });
        }
        self.new_message_at.map(|_| StopChange::Message)
    }

    /// Returns street, postal code and city: of the location, or else those that came with the job.
    pub fn address(&self) -> [Option<&str>; 3] {
        let own = [&self.street, &self.postal_code, &self.city];
        let address = &self.place.address;
        let sent = [&address.street, &address.postal_code, &address.city];
        let known = if self.location_name.is_some() || own.iter().any(|part| part.is_some()) {
            own
        } else {
            sent
        };
        known.map(|part| part.as_deref())
    }

    /// Returns latitude and longitude: of the location, or else those that came with the job.
    pub fn coordinates(&self) -> Option<(f64, f64)> {
        let sent = || self.place.coordinates.map(|sent| (sent.lat, sent.lon));
        let has_location = self.location_name.is_some();
        self.latitude
            .zip(self.longitude)
            .or_else(|| if has_location { None } else { sent() })
    }

    /// Returns the country for phone numbers without a country code.
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref().or(self.place.address.country.as_deref())
    }

    /// Returns whether the technician can still revert that travel has started.
    pub fn is_travel_revertible(&self, now: DateTime<Utc>) -> bool {
        self.status == TargetStatus::EnRoute && self.travel_started_at.is_some_and(|at| now < at + REVERT_WINDOW)
    }

    /// Returns the appointment in the form that is submitted with each step.
    pub fn appointment(&self) -> SeenAppointment {
        SeenAppointment {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        }
    }

    /// Returns when the report was returned for correction, if that is its status.
    pub fn returned_at(&self) -> Option<DateTime<Utc>> {
        self.report_decided_at.filter(|_| self.is_returned())
    }

    /// Returns whether nothing is left to do for the technician.
    pub fn is_finished(&self) -> bool {
        let is_over = self.appointment_status == AppointmentStatus::Done || self.status.is_over();
        is_over && !self.is_returned()
    }

    pub fn is_returned(&self) -> bool {
        self.report_status == Some(ReportStatus::Returned)
    }
}

/// The texts of a visit report.
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
    /// Converts the texts to form fields. `completed` is always false, since it is stored as the status of the job.
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

/// The actions on a visit report that are open to the viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportActions {
    /// Approve the report or return it for correction.
    pub can_decide: bool,
    /// Publish the first or the next revision of the release.
    pub can_release: bool,
    /// Approve the report and publish its first release at once.
    pub can_approve_and_release: bool,
    pub can_withdraw_release: bool,
    /// Create a job for the follow-up or dismiss it.
    pub can_decide_follow_up: bool,
    /// Whether there is nothing to do before another user approves the report.
    pub must_await_approval: bool,
}

#[derive(Debug, Clone, FromRow)]
pub struct ReportSummary {
    #[sqlx(try_from = "Key<VisitReportKind>")]
    pub id: VisitReportId,
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
    #[sqlx(try_from = "Key<VisitReportKind>")]
    pub id: VisitReportId,
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
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
    pub number: i64,
    #[sqlx(try_from = "OptionalKey<CustomerKind>")]
    pub customer_id: Option<CustomerId>,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    #[sqlx(try_from = "OptionalKey<ContactKind>")]
    pub contact_id: Option<ContactId>,
    pub customer_name: Option<String>,
    pub location_name: Option<String>,
    pub location_zone: Option<String>,
    pub technician: String,
    pub billing_raised_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, FromRow)]
pub struct AttachmentSummary {
    #[sqlx(try_from = "Key<AttachmentKind>")]
    pub id: AttachmentId,
    pub file_name: String,
    pub media_type: String,
    pub size_bytes: i64,
    #[sqlx(try_from = "OptionalName<PhotoMark>")]
    pub mark: Option<PhotoMark>,
    pub is_released: bool,
    #[sqlx(try_from = "String")]
    pub scan: FileScan,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientReport {
    #[sqlx(try_from = "Key<VisitReportKind>")]
    pub id: VisitReportId,
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
    pub target_external_id: Option<String>,
    pub summary: String,
    pub work_minutes: i64,
    pub billable: bool,
    pub submitted_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    #[sqlx(try_from = "OptionalKey<FollowUpKind>")]
    pub follow_up_id: Option<FollowUpId>,
}

/// The report of a visit of a job.
#[derive(Debug, Clone, FromRow)]
pub struct JobReport {
    #[sqlx(try_from = "Key<VisitReportKind>")]
    pub id: VisitReportId,
    #[sqlx(try_from = "Key<AppointmentKind>")]
    pub appointment_id: AppointmentId,
    #[sqlx(try_from = "String")]
    pub status: ReportStatus,
    pub summary: String,
    pub work_minutes: i64,
    pub billable: bool,
    pub follow_up: Option<String>,
    pub submitted_at: DateTime<Utc>,
    pub released_revision: Option<i64>,
    /// Its files, the first ones first.
    #[sqlx(skip)]
    pub files: Vec<AttachmentSummary>,
}

/// A visit that took place at a customer.
#[derive(Debug, Clone, FromRow)]
pub struct CustomerVisit {
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
    pub number: i64,
    pub service_type: Option<String>,
    /// The notes of the job.
    pub notes: Option<String>,
    /// The current status of the job.
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    pub location_name: Option<String>,
    pub window_start: Option<DateTime<Utc>>,
    pub window_end: Option<DateTime<Utc>>,
    pub starts_at: DateTime<Utc>,
    pub zone: String,
    pub technician: String,
    #[sqlx(try_from = "OptionalKey<VisitReportKind>")]
    pub report_id: Option<VisitReportId>,
    #[sqlx(try_from = "OptionalName<ReportStatus>")]
    pub report_status: Option<ReportStatus>,
    /// Whether customers can read its report.
    pub is_released: bool,
    /// Whether no later visit of the job took place.
    pub is_last: bool,
}

impl CustomerVisit {
    /// Returns whether the visit completed its job: neither another one followed nor was the job reopened or cancelled.
    pub fn is_completed(&self) -> bool {
        self.is_last && self.status == TargetStatus::Completed
    }

    /// Returns what the figures need to know of it.
    pub fn past(&self) -> PastVisit {
        let window = self.window_start.zip(self.window_end);
        PastVisit {
            starts_at: self.starts_at,
            is_completed: self.is_completed(),
            is_in_window: window.map(|(start, end)| (start..end).contains(&self.starts_at)),
        }
    }
}
