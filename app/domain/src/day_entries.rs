//! What a technician notes on the phone during the day, with or without a network: steps with the time at which they were
//! noted and the appointment that was on the screen then.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use serde::{Deserialize, Serialize};

use crate::lifecycle::Lifecycle as _;
use crate::targets::TargetStatus;

crate::stored_names! {
    /// What was noted.
    DayStep {
        /// On the way.
        SetOut = "set_out",
        /// Arrived.
        Arrive = "arrive",
        /// Done or not done, with a report.
        Report = "report",
    }
}

crate::lifecycle! {
    /// What became of what a phone has sent.
    DayEntryState {
        /// It did not fit what had happened meanwhile; its technician decides.
        Waiting = "waiting",
        /// It holds.
        Done = "done",
        /// Dispatch has it, with everything that was written.
        HandedOver = "handed_over",
        /// Dispatch has dealt with it.
        Settled = "settled",
        /// Its technician did not want it any more.
        Discarded = "discarded",
    }
    steps {
        Waiting -> Done,
        Waiting -> HandedOver,
        Waiting -> Discarded,
        HandedOver -> Settled,
    }
}

crate::stored_names! {
    /// Why an entry did not fit.
    Misfit {
        /// Another time was agreed since.
        Moved = "moved",
        /// It is somebody else's visit now, or nobody's.
        NotYours = "not_yours",
        /// The job was cancelled.
        Cancelled = "cancelled",
        /// The job already has an end, or a report.
        Ended = "ended",
        /// The job is in another state.
        OtherState = "other_state",
        /// An earlier entry of the same visit waits.
        AfterAnother = "after_another",
    }
}

/// What was written into a report's form on a phone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrittenReport {
    /// Whether the work was done.
    pub completed: bool,
    /// What was done; internal until a manager writes the customer's version.
    pub summary: String,
    /// For the own team only.
    pub internal_notes: String,
    /// Minutes, as text.
    pub work_minutes: String,
    /// What was used up, one line each.
    pub material: String,
    /// Who signed, in letters.
    pub signed_by: String,
    /// The drawing of the signature.
    pub signature: String,
    /// Whether it may be billed.
    pub billable: bool,
    /// What is still needed; empty for nothing.
    pub follow_up: String,
}

/// The appointment that was on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenAppointment {
    /// When it began.
    pub starts_at: DateTime<Utc>,
    /// When it ended.
    pub ends_at: DateTime<Utc>,
}

impl SeenAppointment {
    /// As a form carries it.
    pub fn text(self) -> String {
        let part = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        format!("{}/{}", part(self.starts_at), part(self.ends_at))
    }

    /// Whether both are the same to the millisecond, which is what a form carries.
    pub fn is_same(self, other: Self) -> bool {
        let of = |seen: Self| (seen.starts_at.timestamp_millis(), seen.ends_at.timestamp_millis());
        of(self) == of(other)
    }

    /// Reads what a form carried.
    pub fn read(text: &str) -> Option<Self> {
        let (starts_at, ends_at) = text.split_once('/')?;
        Some(Self {
            starts_at: starts_at.parse().ok()?,
            ends_at: ends_at.parse().ok()?,
        })
    }
}

/// How long a phone may have been without a network for its clock to be believed.
pub const LONGEST_WITHOUT_NETWORK: TimeDelta = TimeDelta::days(30);

/// When something was noted: what the phone says, but never later than now and never more than a month ago.
pub fn noted_at(told: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    told.clamp(now - LONGEST_WITHOUT_NETWORK, now)
}

/// What is known of a visit when a step of it comes in.
#[derive(Debug, Clone, Copy)]
pub struct VisitNow {
    /// The state of the job.
    pub status: TargetStatus,
    /// Whether the technician's appointment still holds; what is over may be somebody else's visit by now.
    pub is_planned: bool,
    /// When the technician's report was sent back, so that it is open again.
    pub returned_at: Option<DateTime<Utc>>,
    /// The technician's appointment.
    pub appointment: SeenAppointment,
}

/// How a step fits a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It can be taken.
    Now,
    /// It has been taken; taking it again changes nothing.
    Already,
}

/// Whether a step that leads to a state fits a visit, seen as it was on the screen and noted at a moment; what is not told is
/// as it is now. A report that was noted before an earlier one came back corrects nothing.
///
/// # Errors
/// Why it does not.
pub fn fit(
    visit: &VisitNow,
    step: DayStep,
    to: TargetStatus,
    seen: Option<SeenAppointment>,
    noted_at: Option<DateTime<Utc>>,
) -> Result<Fit, Misfit> {
    let is_after = |returned_at| noted_at.is_none_or(|noted_at| noted_at >= returned_at);
    let corrects = step == DayStep::Report && visit.returned_at.is_some_and(is_after);
    if !visit.is_planned && !corrects {
        return Err(match misfit(visit.status) {
            Misfit::OtherState => Misfit::NotYours,
            over => over,
        });
    }
    if corrects {
        return Ok(Fit::Now);
    }
    if step != DayStep::Report && visit.status == to {
        return Ok(Fit::Already);
    }
    // Whoever sets out has evidently got the job.
    let sets_out = step == DayStep::SetOut && visit.status == TargetStatus::Scheduled;
    if !sets_out && visit.status.step(to).is_err() {
        return Err(misfit(visit.status));
    }
    if seen.is_none_or(|seen| seen.is_same(visit.appointment)) {
        Ok(Fit::Now)
    } else {
        Err(Misfit::Moved)
    }
}

/// Why a step does not fit a job in a state in which the step is not allowed.
const fn misfit(status: TargetStatus) -> Misfit {
    match status {
        TargetStatus::Cancelled => Misfit::Cancelled,
        TargetStatus::Completed | TargetStatus::NotCompleted => Misfit::Ended,
        _ => Misfit::OtherState,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;
    use proptest::prelude::*;

    #[test]
    fn a_phone_is_believed_within_a_month() {
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).single().expect("valid");
        for (told, expected) in [
            (now - TimeDelta::hours(3), now - TimeDelta::hours(3)),
            (now + TimeDelta::hours(3), now),
            (now - TimeDelta::days(400), now - TimeDelta::days(30)),
        ] {
            assert_eq!(noted_at(told, now), expected);
        }
    }

    #[test]
    fn what_fits_and_what_does_not() {
        use DayStep::{Arrive, Report, SetOut};
        use TargetStatus::{Cancelled, Completed, Dispatched, EnRoute, NotCompleted, OnSite, Open, Scheduled};
        let at = |hour| Utc.with_ymd_and_hms(2026, 11, 23, hour, 0, 0).single().expect("valid");
        let span = |from| SeenAppointment {
            starts_at: at(from),
            ends_at: at(from + 1),
        };
        let visit = |status| VisitNow {
            status,
            is_planned: true,
            returned_at: None,
            appointment: span(9),
        };
        for (step, to, status, expected) in [
            (SetOut, EnRoute, Scheduled, Ok(Fit::Now)),
            (SetOut, EnRoute, Dispatched, Ok(Fit::Now)),
            (SetOut, EnRoute, EnRoute, Ok(Fit::Already)),
            (SetOut, EnRoute, OnSite, Err(Misfit::OtherState)),
            (SetOut, EnRoute, Cancelled, Err(Misfit::Cancelled)),
            (Arrive, OnSite, Scheduled, Err(Misfit::OtherState)),
            (Arrive, OnSite, EnRoute, Ok(Fit::Now)),
            (Arrive, OnSite, OnSite, Ok(Fit::Already)),
            (Report, Completed, OnSite, Ok(Fit::Now)),
            (Report, NotCompleted, OnSite, Ok(Fit::Now)),
            (Report, Completed, EnRoute, Err(Misfit::OtherState)),
            (Report, Completed, Completed, Err(Misfit::Ended)),
            (Report, NotCompleted, NotCompleted, Err(Misfit::Ended)),
        ] {
            let found = fit(&visit(status), step, to, Some(span(9)), None);
            assert_eq!(found, expected, "{step:?} {status:?}");
        }
        assert_eq!(
            fit(&visit(Scheduled), SetOut, EnRoute, Some(span(13)), None),
            Err(Misfit::Moved)
        );
        assert_eq!(fit(&visit(Scheduled), SetOut, EnRoute, None, None), Ok(Fit::Now));
        // What is over for this technician is somebody else's, whatever its state would allow.
        for (status, expected) in [
            (Scheduled, Misfit::NotYours),
            (EnRoute, Misfit::NotYours),
            (Open, Misfit::NotYours),
            (Completed, Misfit::Ended),
            (Cancelled, Misfit::Cancelled),
        ] {
            let over = VisitNow {
                is_planned: false,
                ..visit(status)
            };
            assert_eq!(
                fit(&over, SetOut, EnRoute, Some(span(9)), None),
                Err(expected),
                "{status:?}"
            );
        }
        // A report that came back is corrected whenever that is, and nothing but the report.
        let returned = VisitNow {
            is_planned: false,
            returned_at: Some(at(12)),
            ..visit(Completed)
        };
        assert_eq!(fit(&returned, Report, Completed, Some(span(13)), None), Ok(Fit::Now));
        assert_eq!(fit(&returned, Report, Completed, None, Some(at(12))), Ok(Fit::Now));
        assert_eq!(fit(&returned, SetOut, EnRoute, None, None), Err(Misfit::Ended));
        // What was written before it came back is no answer to why.
        assert_eq!(
            fit(&returned, Report, Completed, Some(span(9)), Some(at(11))),
            Err(Misfit::Ended)
        );
    }

    proptest! {
        #[test]
        fn what_was_seen_is_read_again(starts in 0_i64..4_000_000_000_000, minutes in 0_i64..2_000) {
            let starts_at = DateTime::from_timestamp_millis(starts).unwrap_or_default();
            let seen = SeenAppointment { starts_at, ends_at: starts_at + TimeDelta::minutes(minutes) };
            prop_assert_eq!(SeenAppointment::read(&seen.text()), Some(seen));
        }

        #[test]
        fn whatever_a_form_carries_is_read_or_refused(text in "\\PC{0,60}") {
            if let Some(seen) = SeenAppointment::read(&text) {
                prop_assert_eq!(SeenAppointment::read(&seen.text()).map(|again| again.starts_at.timestamp_millis()), Some(seen.starts_at.timestamp_millis()));
            }
        }
    }
}
