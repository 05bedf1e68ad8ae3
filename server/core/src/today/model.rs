//! What the home page of dispatch shows.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::scheduling::technicians::AbsenceKind;
use sqlx::FromRow;
use uuid::Uuid;

use crate::visits::notices::TechnicianNews;

/// What needs attention today.
#[derive(Debug, Clone)]
pub struct Today {
    /// The day in the organization's zone.
    pub date: NaiveDate,
    /// The sequence number of the audit log that it shows.
    pub revision: i64,
    /// Visits that should have taken place, those that are late for longest first.
    pub late: Attention,
    /// Urgent jobs without an appointment.
    pub urgent: Attention,
    /// Requests without a decision, the oldest first.
    pub new_requests: Attention,
    /// Requests with a question or with offered times, without an answer.
    pub waiting: Attention,
    /// Jobs whose offered times ended without a choice, or were all taken.
    pub ended_offers: Attention,
    /// Reports to approve; `None` without the permission to view reports.
    pub reports: Option<Attention>,
    /// Jobs that wait for mapping review; `None` without the permission to view imports.
    pub mapping: Option<Attention>,
    /// What technicians have told dispatch.
    pub technician_news: TechnicianNews,
    pub load: Vec<Load>,
    /// Whether the viewer can schedule jobs.
    pub can_plan: bool,
}

/// A list of what needs attention.
#[derive(Debug, Clone)]
pub struct Attention {
    /// All of them, up to [`super::MAX_COUNTED`].
    pub count: i64,
    /// The first ones.
    pub rows: Vec<TodayRow>,
}

/// An entry of a list.
#[derive(Debug, Clone, FromRow)]
pub struct TodayRow {
    pub id: Uuid,
    pub number: i64,
    pub customer: Option<String>,
    pub service_type: Option<String>,
    /// The beginning of a description or summary.
    pub text: Option<String>,
    /// The technician or the person who is assigned.
    pub person: Option<String>,
    pub phone: Option<String>,
    /// Since when it waits, or until when it is due.
    pub at: DateTime<Utc>,
    pub starts_at: Option<DateTime<Utc>>,
    pub zone: Option<String>,
}

/// The load of a technician on a day.
#[derive(Debug, Clone)]
pub struct Load {
    pub technician: String,
    pub visits: usize,
    pub work: TimeDelta,
    pub travel: TimeDelta,
    /// The shift without its breaks; zero without a shift.
    pub shift: TimeDelta,
    pub away: Option<AbsenceKind>,
}

impl Load {
    /// Returns the time of work and travel.
    pub fn used(&self) -> TimeDelta {
        self.work + self.travel
    }

    /// Returns by how much work and travel exceed the shift of a technician who is there.
    pub fn excess(&self) -> Option<TimeDelta> {
        let excess = self.used() - self.shift;
        (excess > TimeDelta::zero() && self.away.is_none()).then_some(excess)
    }
}
