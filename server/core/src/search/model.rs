//! What a search returns.

use chrono::{DateTime, Utc};
use domain::ids::ImportJobId;
use domain::jobs::targets::TargetStatus;
use domain::requests::RequestStatus;
use domain::search::Kind;
use domain::visits::reports::ReportStatus;
use uuid::Uuid;

/// The results of a search.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The kinds with hits, in their order.
    pub groups: Vec<Group>,
    /// The import job whose ID was searched.
    pub import: Option<ImportJobId>,
}

/// The hits of a kind.
#[derive(Debug, Clone)]
pub struct Group {
    pub kind: Kind,
    pub hits: Vec<Hit>,
    pub has_more: bool,
    /// Where the next page begins.
    pub next: Option<i64>,
}

impl Group {
    pub(crate) const fn empty(kind: Kind) -> Self {
        Self {
            kind,
            hits: Vec::new(),
            has_more: false,
            next: None,
        }
    }
}

/// A found record.
#[derive(Debug, Clone)]
pub struct Hit {
    pub kind: Kind,
    pub id: Uuid,
    /// The number of a job or request.
    pub number: Option<i64>,
    /// A name, or the beginning of a description.
    pub title: Option<String>,
    pub service_type: Option<String>,
    /// What tells it from others with the same title: number of the customer, address, phone number.
    pub details: Vec<String>,
    pub state: State,
}

/// The state of a found record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A customer, location or contact.
    Record {
        is_archived: bool,
    },
    Job {
        status: TargetStatus,
        /// The end of the appointment, for marking late visits.
        ends_at: Option<DateTime<Utc>>,
    },
    Request(RequestStatus),
    Report(ReportStatus),
}

impl State {
    /// Returns whether the work on it has ended.
    pub const fn is_closed(self) -> bool {
        match self {
            Self::Record { is_archived } => is_archived,
            Self::Job { status, .. } => status.is_over(),
            Self::Request(status) => matches!(status, RequestStatus::Rejected | RequestStatus::Cancelled),
            Self::Report(_) => false,
        }
    }
}
