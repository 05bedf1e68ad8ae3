//! Steps that a technician records on a mobile device, possibly offline, with the time of recording and the appointment
//! shown at that time; and the rules for applying them.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use serde::{Deserialize, Serialize};

use crate::jobs::targets::TargetStatus;
use crate::lifecycle::Lifecycle as _;

crate::stored_names! {
    /// A step of a visit.
    DayStep {
        /// Travel started.
        StartTravel = "start_travel",
        /// Arrived on site.
        Arrive = "arrive",
        /// Visit ended, with a report.
        Report = "report",
    }
}

crate::lifecycle! {
    /// Status of a recorded step.
    DayEntryState {
        /// Sync conflict that the technician has to resolve.
        Waiting = "waiting",
        /// Applied.
        Done = "done",
        /// Handed over to dispatch with all entered data.
        Forwarded = "handed_over",
        /// Kept by dispatch as a note on the job.
        Resolved = "settled",
        /// Discarded by the technician.
        Discarded = "discarded",
    }
    steps {
        Waiting -> Done,
        Waiting -> Forwarded,
        Waiting -> Discarded,
        Forwarded -> Resolved,
        Forwarded -> Done,
    }
}

crate::stored_names! {
    /// What dispatch makes of the entries that a technician has sent to it.
    Filing {
        /// The report of the job's planned visit, which ends with it.
        PlannedVisit = "planned_visit",
        /// The report of an additional visit; the job does not change.
        AdditionalVisit = "additional_visit",
        /// A note on the job.
        Note = "note",
    }
}

crate::stored_names! {
    /// Reason of a sync conflict.
    ConflictReason {
        /// The appointment was rescheduled.
        Moved = "moved",
        /// The visit is assigned to another technician or unassigned.
        NotYours = "not_yours",
        /// The job was cancelled.
        Cancelled = "cancelled",
        /// The job has already ended or has a report.
        Ended = "ended",
        /// The job has a status that does not allow the step.
        OtherState = "other_state",
        /// An earlier entry of the same visit has an unresolved conflict.
        AfterAnother = "after_another",
        /// The technician is on the way to another visit, or at work there.
        AnotherUnderWay = "another_under_way",
    }
}

/// Form data of a visit report recorded on a mobile device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrittenReport {
    /// Whether the work was completed.
    pub completed: bool,
    /// Work performed; internal until a manager releases a customer version.
    pub summary: String,
    /// Internal notes.
    pub internal_notes: String,
    /// Work time in minutes, as entered.
    pub work_minutes: String,
    /// Material used, one item per line.
    pub material: String,
    /// Name of the signer.
    pub signed_by: String,
    /// Signature as an SVG path.
    pub signature: String,
    /// Whether the work is billable.
    pub billable: bool,
    /// Remaining work; empty if none.
    pub follow_up: String,
}

/// The appointment shown when a step was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenAppointment {
    /// Start.
    pub starts_at: DateTime<Utc>,
    /// End.
    pub ends_at: DateTime<Utc>,
}

impl SeenAppointment {
    /// Formats the value for a form field.
    pub fn text(self) -> String {
        let format_time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        format!("{}/{}", format_time(self.starts_at), format_time(self.ends_at))
    }

    /// Returns whether both are equal to the millisecond, the precision of form fields.
    pub fn is_same(self, other: Self) -> bool {
        let millis = |seen: Self| (seen.starts_at.timestamp_millis(), seen.ends_at.timestamp_millis());
        millis(self) == millis(other)
    }

    /// Parses the value of a form field.
    pub fn read(text: &str) -> Option<Self> {
        let (starts_at, ends_at) = text.split_once('/')?;
        Some(Self {
            starts_at: starts_at.parse().ok()?,
            ends_at: ends_at.parse().ok()?,
        })
    }
}

/// Maximum age of a recorded time; older values are clamped.
pub const MAX_OFFLINE_AGE: TimeDelta = TimeDelta::days(30);

/// Clamps the time reported by a device: never in the future and at most 30 days ago.
pub fn clamp_noted_at(reported: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    reported.clamp(now - MAX_OFFLINE_AGE, now)
}

/// State of a visit when a step is received.
#[derive(Debug, Clone, Copy)]
pub struct VisitState {
    /// Status of the job.
    pub status: TargetStatus,
    /// Whether the technician's appointment is still planned; otherwise the visit may be assigned to another technician.
    pub is_planned: bool,
    /// When the technician's report was returned for correction.
    pub returned_at: Option<DateTime<Utc>>,
    /// The technician's appointment.
    pub appointment: SeenAppointment,
}

/// Result of checking a step against a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepCheck {
    /// The step can be applied.
    Applicable,
    /// The step was already applied; applying it again has no effect.
    AlreadyApplied,
}

/// Checks whether a step with the resulting status `to` can be applied to a visit. An absent `seen` or `noted_at`
/// counts as current. A report recorded before the report was returned is not a correction.
///
/// # Errors
/// The reason of the sync conflict.
pub fn check_step(
    visit: &VisitState,
    step: DayStep,
    to: TargetStatus,
    seen: Option<SeenAppointment>,
    noted_at: Option<DateTime<Utc>>,
) -> Result<StepCheck, ConflictReason> {
    let is_after = |returned_at| noted_at.is_none_or(|noted_at| noted_at >= returned_at);
    let corrects = step == DayStep::Report && visit.returned_at.is_some_and(is_after);
    if !visit.is_planned && !corrects {
        return Err(match reason_for(visit.status) {
            ConflictReason::OtherState => ConflictReason::NotYours,
            reason => reason,
        });
    }
    if corrects {
        return Ok(StepCheck::Applicable);
    }
    if step != DayStep::Report && visit.status == to {
        return Ok(StepCheck::AlreadyApplied);
    }
    // Starting travel implies that the technician has received the job.
    let starts_travel = step == DayStep::StartTravel && visit.status == TargetStatus::Scheduled;
    if !starts_travel && visit.status.step(to).is_err() {
        return Err(reason_for(visit.status));
    }
    if seen.is_none_or(|seen| seen.is_same(visit.appointment)) {
        Ok(StepCheck::Applicable)
    } else {
        Err(ConflictReason::Moved)
    }
}

/// Returns the conflict reason for a job whose status does not allow a step.
const fn reason_for(status: TargetStatus) -> ConflictReason {
    match status {
        TargetStatus::Cancelled => ConflictReason::Cancelled,
        TargetStatus::Completed | TargetStatus::NotCompleted => ConflictReason::Ended,
        _ => ConflictReason::OtherState,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;
    use proptest::prelude::*;

    #[test]
    fn noted_at_clamps_reported_time_to_last_30_days() {
        let now = Utc
            .with_ymd_and_hms(2026, 11, 23, 12, 0, 0)
            .single()
            .expect("time is valid");
        for (reported, expected) in [
            (now - TimeDelta::hours(3), now - TimeDelta::hours(3)),
            (now + TimeDelta::hours(3), now),
            (now - TimeDelta::days(400), now - TimeDelta::days(30)),
        ] {
            assert_eq!(clamp_noted_at(reported, now), expected);
        }
    }

    #[test]
    fn fit_returns_expected_result_for_each_status() {
        use DayStep::{Arrive, Report, StartTravel};
        use TargetStatus::{Cancelled, Completed, Dispatched, EnRoute, NotCompleted, OnSite, Open, Scheduled};
        let at = |hour| {
            Utc.with_ymd_and_hms(2026, 11, 23, hour, 0, 0)
                .single()
                .expect("time is valid")
        };
        let span = |from| SeenAppointment {
            starts_at: at(from),
            ends_at: at(from + 1),
        };
        let visit = |status| VisitState {
            status,
            is_planned: true,
            returned_at: None,
            appointment: span(9),
        };
        for (step, to, status, expected) in [
            (StartTravel, EnRoute, Scheduled, Ok(StepCheck::Applicable)),
            (StartTravel, EnRoute, Dispatched, Ok(StepCheck::Applicable)),
            (StartTravel, EnRoute, EnRoute, Ok(StepCheck::AlreadyApplied)),
            (StartTravel, EnRoute, OnSite, Err(ConflictReason::OtherState)),
            (StartTravel, EnRoute, Cancelled, Err(ConflictReason::Cancelled)),
            (Arrive, OnSite, Scheduled, Err(ConflictReason::OtherState)),
            (Arrive, OnSite, EnRoute, Ok(StepCheck::Applicable)),
            (Arrive, OnSite, OnSite, Ok(StepCheck::AlreadyApplied)),
            (Report, Completed, OnSite, Ok(StepCheck::Applicable)),
            (Report, NotCompleted, OnSite, Ok(StepCheck::Applicable)),
            (Report, Completed, EnRoute, Err(ConflictReason::OtherState)),
            (Report, Completed, Completed, Err(ConflictReason::Ended)),
            (Report, NotCompleted, NotCompleted, Err(ConflictReason::Ended)),
        ] {
            let found = check_step(&visit(status), step, to, Some(span(9)), None);
            assert_eq!(found, expected, "{step:?} {status:?}");
        }
        assert_eq!(
            check_step(&visit(Scheduled), StartTravel, EnRoute, Some(span(13)), None),
            Err(ConflictReason::Moved)
        );
        assert_eq!(
            check_step(&visit(Scheduled), StartTravel, EnRoute, None, None),
            Ok(StepCheck::Applicable)
        );
        // Without a planned appointment the visit is not the technician's, even if the status would allow the step.
        for (status, expected) in [
            (Scheduled, ConflictReason::NotYours),
            (EnRoute, ConflictReason::NotYours),
            (Open, ConflictReason::NotYours),
            (Completed, ConflictReason::Ended),
            (Cancelled, ConflictReason::Cancelled),
        ] {
            let unassigned = VisitState {
                is_planned: false,
                ..visit(status)
            };
            assert_eq!(
                check_step(&unassigned, StartTravel, EnRoute, Some(span(9)), None),
                Err(expected),
                "{status:?}"
            );
        }
        // A returned report can be corrected at any time, but no other step is accepted.
        let returned = VisitState {
            is_planned: false,
            returned_at: Some(at(12)),
            ..visit(Completed)
        };
        assert_eq!(
            check_step(&returned, Report, Completed, Some(span(13)), None),
            Ok(StepCheck::Applicable)
        );
        assert_eq!(
            check_step(&returned, Report, Completed, None, Some(at(12))),
            Ok(StepCheck::Applicable)
        );
        assert_eq!(
            check_step(&returned, StartTravel, EnRoute, None, None),
            Err(ConflictReason::Ended)
        );
        // A report recorded before the return is not a correction.
        assert_eq!(
            check_step(&returned, Report, Completed, Some(span(9)), Some(at(11))),
            Err(ConflictReason::Ended)
        );
    }

    proptest! {
        #[test]
        fn seen_appointment_round_trips(starts in 0_i64..4_000_000_000_000, minutes in 0_i64..2_000) {
            let starts_at = DateTime::from_timestamp_millis(starts).unwrap_or_default();
            let seen = SeenAppointment { starts_at, ends_at: starts_at + TimeDelta::minutes(minutes) };
            prop_assert_eq!(SeenAppointment::read(&seen.text()), Some(seen));
        }

        #[test]
        fn seen_appointment_arbitrary_text_is_parsed_or_rejected(text in "\\PC{0,60}") {
            if let Some(seen) = SeenAppointment::read(&text) {
                prop_assert_eq!(SeenAppointment::read(&seen.text()).map(|again| again.starts_at.timestamp_millis()), Some(seen.starts_at.timestamp_millis()));
            }
        }
    }
}
