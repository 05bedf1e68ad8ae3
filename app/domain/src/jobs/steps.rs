//! The steps of a job, from its creation to the report that the customer can read.

use super::targets::TargetStatus;
use crate::visits::reports::ReportStatus;

/// What the steps depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobFacts {
    /// The current status of the job.
    pub status: TargetStatus,
    /// How many visits took place.
    pub past_visits: usize,
    /// The status of the latest visit's report, if there is one.
    pub report: Option<ReportStatus>,
    /// Whether customers can read the report.
    pub is_released: bool,
}

/// A step of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStep {
    /// The job was created.
    Created,
    /// The visit with this number, counted from 1.
    Visit(usize),
    /// The visit report is written and approved.
    Report,
    /// The report is shared with the customer.
    Release,
    /// The job was cancelled.
    Cancelled,
}

/// Where a job stands with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// It is over.
    Passed,
    /// It is over, without its aim.
    Failed,
    /// The job is at this step.
    Current,
    /// It comes later.
    Ahead,
}

impl StepState {
    /// Returns the name for style sheets and tests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Current => "current",
            Self::Ahead => "ahead",
        }
    }
}

/// Returns the steps of a job in order: at most one of them is current.
pub fn steps(facts: JobFacts) -> Vec<(JobStep, StepState)> {
    use StepState::{Ahead, Current, Failed, Passed};
    let is_over = matches!(facts.status, TargetStatus::Completed | TargetStatus::NotCompleted);
    let mut steps = vec![(JobStep::Created, Passed)];
    for number in 1..=facts.past_visits {
        // Another visit is only needed where this one did not complete the job.
        let is_last = number == facts.past_visits;
        let is_completed = is_last && facts.status == TargetStatus::Completed;
        steps.push((JobStep::Visit(number), if is_completed { Passed } else { Failed }));
    }
    if facts.status == TargetStatus::Cancelled {
        steps.push((JobStep::Cancelled, Current));
        return steps;
    }
    if !is_over {
        steps.push((JobStep::Visit(facts.past_visits + 1), Current));
        steps.extend([(JobStep::Report, Ahead), (JobStep::Release, Ahead)]);
        return steps;
    }
    let is_approved = facts.report == Some(ReportStatus::Approved);
    steps.push((JobStep::Report, if is_approved { Passed } else { Current }));
    let release = match (is_approved, facts.is_released) {
        (true, true) => Passed,
        (true, false) => Current,
        (false, _) => Ahead,
    };
    steps.push((JobStep::Release, release));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use StepState::{Ahead, Current, Failed, Passed};

    fn facts(status: TargetStatus, past_visits: usize, report: Option<ReportStatus>, is_released: bool) -> JobFacts {
        JobFacts {
            status,
            past_visits,
            report,
            is_released,
        }
    }

    #[test]
    fn steps_follow_visits_report_and_release() {
        use JobStep::{Cancelled, Created, Release, Report, Visit};
        let submitted = Some(ReportStatus::Submitted);
        let approved = Some(ReportStatus::Approved);
        for (facts, expected) in [
            (
                facts(TargetStatus::Open, 0, None, false),
                vec![
                    (Created, Passed),
                    (Visit(1), Current),
                    (Report, Ahead),
                    (Release, Ahead),
                ],
            ),
            (
                facts(TargetStatus::EnRoute, 1, submitted, false),
                vec![
                    (Created, Passed),
                    (Visit(1), Failed),
                    (Visit(2), Current),
                    (Report, Ahead),
                    (Release, Ahead),
                ],
            ),
            (
                facts(TargetStatus::NotCompleted, 1, submitted, false),
                vec![
                    (Created, Passed),
                    (Visit(1), Failed),
                    (Report, Current),
                    (Release, Ahead),
                ],
            ),
            (
                facts(TargetStatus::Completed, 2, None, false),
                vec![
                    (Created, Passed),
                    (Visit(1), Failed),
                    (Visit(2), Passed),
                    (Report, Current),
                    (Release, Ahead),
                ],
            ),
            (
                facts(TargetStatus::Completed, 1, approved, false),
                vec![
                    (Created, Passed),
                    (Visit(1), Passed),
                    (Report, Passed),
                    (Release, Current),
                ],
            ),
            (
                facts(TargetStatus::Completed, 1, approved, true),
                vec![
                    (Created, Passed),
                    (Visit(1), Passed),
                    (Report, Passed),
                    (Release, Passed),
                ],
            ),
            (
                facts(TargetStatus::Cancelled, 1, submitted, false),
                vec![(Created, Passed), (Visit(1), Failed), (Cancelled, Current)],
            ),
        ] {
            assert_eq!(steps(facts), expected, "{facts:?}");
        }
    }

    #[test]
    fn at_most_one_step_is_current_and_nothing_passed_follows_it() {
        for status in TargetStatus::ALL {
            for past_visits in 0..3 {
                for report in ReportStatus::ALL.iter().copied().map(Some).chain([None]) {
                    for is_released in [false, true] {
                        let steps = steps(facts(*status, past_visits, report, is_released));
                        let states: Vec<StepState> = steps.iter().map(|(_, state)| *state).collect();
                        let first = states.iter().position(|state| matches!(state, Current | Ahead));
                        let rest = first.map_or(&[][..], |at| &states[at..]);
                        assert!(
                            rest.iter().skip(1).all(|state| *state == Ahead),
                            "{status:?} {past_visits} {report:?} {is_released} {states:?}"
                        );
                        assert_eq!(states[0], Passed);
                        assert!(states.iter().filter(|state| **state == Failed).count() <= past_visits);
                    }
                }
            }
        }
    }
}
