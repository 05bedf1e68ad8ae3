//! Route suggestions: what is asked, the plan with its reasons, and what became of each stop. Plain data: a suggestion is shown
//! as it was made, whatever changes afterwards.

use std::collections::BTreeMap;

use crate::ids::{StaffId, TargetId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

crate::stored_names! {
    /// How far a suggestion is.
    SuggestionStatus {
        /// The worker has not begun.
        Queued = "queued",
        /// It is being made.
        Running = "running",
        /// It is there.
        Completed = "completed",
        /// It could not be made.
        Failed = "failed",
        /// Somebody stopped it.
        Cancelled = "cancelled",
        /// Somebody decided against it.
        Discarded = "discarded",
    }
}

/// What was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// Which jobs; `None` for what waits in the pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<TargetId>>,
    /// How many days, the first one included.
    pub days: u32,
}

/// How good a plan is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Seconds on the way.
    pub travel: i64,
    /// Metres on the way.
    pub metres: i64,
    /// Visits.
    pub stops: i64,
    /// Minutes after the ends of windows.
    pub late: i64,
}

/// What somebody else would make of a stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Other {
    /// Who.
    pub name: String,
    /// On which day.
    pub day: NaiveDate,
    /// So many seconds of travel more than the plan; less than none if fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costs: Option<i64>,
    /// The first rule that stands in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cannot: Option<Rule>,
}

/// A rule, and by how much it fails.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// `skill`, `pinned`, `window`, `shift`, `break`, `kept`, `higher_priority`, `full`, or `instead` as a relaxation.
    pub code: String,
    /// Seconds.
    pub by: i64,
    /// Skills that are missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// The number of the other job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<i64>,
}

/// What keeps a job from a technician.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hindrance {
    /// Who.
    pub name: String,
    /// On which day.
    pub day: NaiveDate,
    /// The first rule that fails.
    pub rule: Rule,
    /// Whether no order of priorities would help.
    pub impossible: bool,
    /// The least that would have to give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relaxation: Option<Rule>,
}

/// A stop of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStop {
    /// The job.
    pub target: TargetId,
    /// Its number.
    pub number: i64,
    /// Whose it is.
    pub customer: Option<String>,
    /// When the work begins.
    pub begin: DateTime<Utc>,
    /// When it is done.
    pub end: DateTime<Utc>,
    /// Whether it is proposed, and not planned already.
    pub is_new: bool,
    /// What others would make of it; the cheapest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Other>,
}

/// A technician's day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedRoute {
    /// Who.
    pub technician: StaffId,
    /// The name at the time.
    pub name: String,
    /// The day.
    pub day: NaiveDate,
    /// The stops in their order.
    pub stops: Vec<PlannedStop>,
}

/// A job that is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// The job.
    pub target: TargetId,
    /// Its number.
    pub number: i64,
    /// Whose it is.
    pub customer: Option<String>,
    /// Why no plan can have it, whoever goes: `location_unknown`, `not_open`, `needs_mapping`, `no_technician`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What keeps it from each technician.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hindrances: Vec<Hindrance>,
}

/// The plan with its reasons.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The days as they are planned.
    pub before: Totals,
    /// With the plan.
    pub after: Totals,
    /// Every technician's days with something to do.
    pub routes: Vec<PlannedRoute>,
    /// What is left out.
    pub left: Vec<LeftOut>,
    /// How many jobs of the pool have their windows on other days.
    pub other_days: i64,
    /// Whether a road service should have told the ways and did not tell all of them.
    #[serde(default)]
    pub is_estimated: bool,
}

/// What became of a proposed stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is an appointment now.
    Committed,
    /// Something has changed meanwhile, and it does not hold any more.
    Stale {
        /// What stands against it now.
        why: String,
        /// By how much, or which.
        detail: String,
    },
}

/// What became of proposed stops, by job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decided(pub BTreeMap<TargetId, Fate>);
