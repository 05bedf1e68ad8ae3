//! Reasons of field codes that carry data of their own: scheduling conflicts, CSV files, webhook URLs.

use serde::{Deserialize, Serialize};

/// A scheduling conflict with the data that its sentence names; [`crate::scheduling::conflicts::Conflict`] has the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScheduleConflict {
    /// The technician is absent.
    Absent,
    /// The technician has no shift at that time.
    NoShift,
    /// The technician has no working hours, and the visit is on a Sunday or at night.
    UnusualTime,
    /// The appointment is shorter than the work.
    TooShort {
        /// The missing time in minutes.
        minutes: i64,
    },
    /// Part of the visit lies outside the shift.
    OutsideShift {
        /// Length of that part in minutes.
        minutes: i64,
    },
    /// The technician lacks skills.
    SkillsMissing {
        /// The missing skills.
        skills: Vec<String>,
    },
    /// The visit starts outside the requested window.
    OutsideWindow {
        /// Distance from the window in minutes.
        minutes: i64,
    },
    /// The technician has another appointment at that time.
    Overlap {
        /// Number of the other job.
        job: i64,
    },
    /// The technician's time is offered to the requester of another job.
    Offered {
        /// Number of the other job.
        job: i64,
    },
    /// There is not enough time to travel.
    Travel {
        /// Travel time in minutes.
        needed: i64,
        /// Time between the appointments in minutes.
        available: i64,
    },
    /// The job is not open.
    JobNotOpen,
    /// The technician is not available.
    TechnicianGone,
    /// The time has passed.
    InThePast,
}

impl ScheduleConflict {
    /// Returns the stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Absent => "technician_away",
            Self::NoShift => "no_shift",
            Self::UnusualTime => "unusual_time",
            Self::TooShort { .. } => "too_short",
            Self::OutsideShift { .. } => "outside_shift",
            Self::SkillsMissing { .. } => "skills_missing",
            Self::OutsideWindow { .. } => "outside_window",
            Self::Overlap { .. } => "technician_busy",
            Self::Offered { .. } => "technician_offered",
            Self::Travel { .. } => "travel_too_long",
            Self::JobNotOpen => "not_open",
            Self::TechnicianGone => "no_technician",
            Self::InThePast => "in_the_past",
        }
    }
}

/// Why a CSV file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CsvError {
    /// Not a text in this encoding.
    NotDecodable {
        /// Name of the encoding.
        encoding: String,
    },
    /// A quotation mark that is not closed, or is followed by text in its cell.
    UnclosedQuote {
        /// Number of the line in which it is opened, from 1.
        line: usize,
    },
    /// Not a workbook that can be read.
    UnreadableWorkbook,
    /// A line with a control character.
    ControlCharacter {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A line that is not CSV.
    InvalidLine {
        /// Number of the line, from 1, if known.
        line: Option<u64>,
    },
    /// No column names in the first line.
    NoHeaders,
    /// Too many columns.
    TooManyColumns {
        /// Maximum number of columns.
        max: usize,
    },
    /// Too many jobs.
    TooManyRows {
        /// Maximum number of jobs.
        max: usize,
    },
    /// No jobs.
    Empty,
    /// Too many bytes.
    TooLarge {
        /// Maximum size in megabytes.
        max_megabytes: usize,
    },
}

/// Why the URL of a webhook endpoint is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WebhookUrlError {
    /// Too many characters.
    TooLong {
        /// Maximum number of characters.
        max: usize,
    },
    /// Not an absolute URL.
    NotAbsolute,
    /// Another scheme than https.
    NotHttps,
    /// A user name or password.
    HasCredentials,
    /// A fragment.
    HasFragment,
    /// No host.
    NoHost,
}

/// The technical text of a failed delivery; forms and the API have sentences of their own.
impl std::fmt::Display for WebhookUrlError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong { max } => write!(formatter, "the URL has more than {max} characters"),
            Self::NotAbsolute => formatter.write_str("the URL is not absolute"),
            Self::NotHttps => formatter.write_str("the URL does not use https"),
            Self::HasCredentials => formatter.write_str("the URL contains credentials"),
            Self::HasFragment => formatter.write_str("the URL contains a fragment"),
            Self::NoHost => formatter.write_str("the URL has no host"),
        }
    }
}
