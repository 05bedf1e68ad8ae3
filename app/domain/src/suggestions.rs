//! Route suggestions: options, the proposed plan with its reasons, and the outcome of each stop. Stored as plain data,
//! because a suggestion is shown as it was computed even if jobs change afterwards.

use crate::fields::ScheduleConflict;
use std::collections::BTreeMap;

use crate::ids::{StaffId, TargetId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

crate::stored_names! {
    /// Status of a suggestion.
    SuggestionStatus {
        /// Waits for the worker.
        Queued = "queued",
        /// Being computed.
        Running = "running",
        /// Ready.
        Completed = "completed",
        /// Could not be computed.
        Failed = "failed",
        /// Cancelled before it was ready.
        Cancelled = "cancelled",
        /// Discarded by dispatch.
        Discarded = "discarded",
    }
}

impl SuggestionStatus {
    /// Returns whether its stops can be committed or discarded.
    pub const fn is_decidable(self) -> bool {
        matches!(self, Self::Completed)
    }

    /// Returns whether it is being computed or waits for it.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

/// Options of a suggestion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// Jobs to plan; `None` for all unscheduled jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<TargetId>>,
    /// Number of days, including the first.
    pub days: u32,
}

/// Totals of a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Travel time in seconds.
    pub travel: i64,
    /// Travel distance in meters.
    pub metres: i64,
    /// Number of visits.
    pub stops: i64,
    /// Lateness after the end of time windows, in minutes.
    pub late: i64,
}

/// A stop as another technician would perform it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlternativeStop {
    /// Name of the technician.
    pub name: String,
    /// Day of the route.
    pub day: NaiveDate,
    /// Additional travel time compared with the plan, in seconds; negative if shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costs: Option<i64>,
    /// First rule that prevents it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cannot: Option<RuleViolation>,
}

/// A violated rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleViolation {
    /// `skill`, `pinned`, `window`, `shift`, `break`, `kept`, `higher_priority`, `full`, or `instead` as a relaxation.
    pub code: String,
    /// Extent of the violation in seconds.
    pub by: i64,
    /// Missing skills.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// Number of the other job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<i64>,
}

/// Reason why a job cannot be assigned to a technician.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExclusionReason {
    /// Name of the technician.
    pub name: String,
    /// Day of the route.
    pub day: NaiveDate,
    /// First violated rule.
    pub rule: RuleViolation,
    /// Whether the rule cannot be met regardless of priorities.
    pub impossible: bool,
    /// Smallest relaxation that would make it possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relaxation: Option<RuleViolation>,
}

/// A planned stop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStop {
    /// The job.
    pub target: TargetId,
    /// Number of the job.
    pub number: i64,
    /// Name of the customer.
    pub customer: Option<String>,
    /// Start of the work.
    pub begin: DateTime<Utc>,
    /// End of the work.
    pub end: DateTime<Utc>,
    /// Whether it is proposed rather than already scheduled.
    pub is_new: bool,
    /// Alternatives with other technicians, cheapest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<AlternativeStop>,
}

impl PlannedStop {
    /// Returns whether the stop can still be committed: it is proposed and was not committed before. A stale stop stays
    /// open, because its conflict may be gone.
    pub fn is_open(&self, decided: &StopOutcomes) -> bool {
        self.is_new && decided.0.get(&self.target) != Some(&StopOutcome::Committed)
    }
}

/// Route of one technician on one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedRoute {
    /// The technician.
    pub technician: StaffId,
    /// Name of the technician at the time.
    pub name: String,
    /// Day of the route.
    pub day: NaiveDate,
    /// Stops in order.
    pub stops: Vec<PlannedStop>,
}

/// A job that is not part of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExcludedJob {
    /// The job.
    pub target: TargetId,
    /// Number of the job.
    pub number: i64,
    /// Name of the customer.
    pub customer: Option<String>,
    /// Exclusion reason that applies to every technician: `location_unknown`, `not_open`, `needs_mapping`,
    /// `no_technician`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Exclusion reason for each technician.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hindrances: Vec<ExclusionReason>,
}

/// The proposed plan with its reasons.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Totals of the current schedule.
    pub before: Totals,
    /// Totals of the proposed plan.
    pub after: Totals,
    /// Routes with at least one stop.
    pub routes: Vec<PlannedRoute>,
    /// Jobs that are not part of the plan.
    pub left: Vec<ExcludedJob>,
    /// Number of unscheduled jobs whose time windows are on other days.
    pub other_days: i64,
    /// Whether some travel times are estimates because the configured road service did not return them.
    #[serde(default)]
    pub is_estimated: bool,
}

/// Outcome of a proposed stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopOutcome {
    /// An appointment was created.
    Committed,
    /// The stop could not be committed because the schedule changed in the meantime.
    Stale {
        /// What changed.
        reason: ScheduleConflict,
    },
}

/// Outcomes of proposed stops by job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StopOutcomes(pub BTreeMap<TargetId, StopOutcome>);
