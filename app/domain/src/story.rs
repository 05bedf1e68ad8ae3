//! The story of a request as the customer reads it: from its submission to its end. The states of the API do not say when a
//! request is completed; this is derived from what the reader may see of its visit and report.

use chrono::{DateTime, TimeDelta, Utc};

use crate::public_language::PublicVisit;
use crate::requests::RequestStatus;

/// How long after a completed visit its report is still expected. Not every report is shared, and whether one is being reviewed
/// is not disclosed, so the wait ends by time.
pub const REPORT_EXPECTED_FOR: TimeDelta = TimeDelta::days(14);

/// A step of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The request was submitted.
    Submitted,
    /// Dispatch is reviewing it.
    InReview,
    /// Dispatch accepted it.
    Accepted,
    /// A visit is scheduled.
    Planned,
    /// The technician is on the way or on site.
    Visit,
    /// The report is shared.
    Report,
    /// The visit is completed, and its report is shared or not expected. Follow-ups may remain.
    Done,
    /// Dispatch rejected it.
    Rejected,
    /// It was withdrawn or cancelled.
    Cancelled,
}

impl Step {
    /// Returns the name used in style sheets and texts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::InReview => "in-review",
            Self::Accepted => "accepted",
            Self::Planned => "planned",
            Self::Visit => "visit",
            Self::Report => "report",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The state of a request on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestState {
    /// The status of the request itself.
    Status(RequestStatus),
    /// The customer asked for another time.
    ChangeRequested,
    /// The state of its visit, which says more than that it is planned.
    Visit(PublicVisit),
    /// The visit is completed, and its report is shared or not expected.
    Done,
}

/// What a reader may know about the progress of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoryFacts {
    /// Status of the request.
    pub status: RequestStatus,
    /// The state of its visit, if the reader sees the appointment.
    pub visit: Option<PublicVisit>,
    /// When its job was completed, if the reader sees its visit or a report of it.
    pub completed_at: Option<DateTime<Utc>>,
    /// Whether the reader sees reports of its job.
    pub sees_reports: bool,
    /// Whether a report of its job is shared.
    pub has_report: bool,
    /// Whether the customer's request for another time is unanswered.
    pub is_change_requested: bool,
}

/// The steps of a request, in order, and the one that it has reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// All steps, those to come included.
    pub steps: Vec<Step>,
    /// Index of the step that the request has reached.
    pub current: usize,
}

impl StoryFacts {
    /// Returns whether the visit is completed and its report shared or not expected.
    fn is_done(&self, now: DateTime<Utc>) -> bool {
        self.completed_at.is_some_and(|completed_at| {
            !self.sees_reports || self.has_report || completed_at + REPORT_EXPECTED_FOR <= now
        })
    }

    /// Returns the state that the request shows.
    pub fn state(&self, now: DateTime<Utc>) -> RequestState {
        use PublicVisit::{Completed, InProgress, NotCompleted, OnTheWay};
        if matches!(self.status, RequestStatus::Rejected | RequestStatus::Cancelled) {
            return RequestState::Status(self.status);
        }
        if self.is_done(now) {
            return RequestState::Done;
        }
        match self.visit {
            Some(visit @ (OnTheWay | InProgress | Completed | NotCompleted)) => RequestState::Visit(visit),
            _ if self.is_change_requested => RequestState::ChangeRequested,
            _ => RequestState::Status(self.status),
        }
    }

    /// Returns the steps of the request.
    pub fn story(&self, now: DateTime<Utc>) -> Story {
        let mut steps = vec![Step::Submitted, Step::InReview];
        match self.status {
            RequestStatus::Rejected => steps.push(Step::Rejected),
            // How far it had come is told by the entries of the story.
            RequestStatus::Cancelled => steps = vec![Step::Submitted, Step::Cancelled],
            _ => {
                steps.extend([Step::Accepted, Step::Planned, Step::Visit]);
                if self.sees_reports {
                    steps.push(Step::Report);
                }
                steps.push(Step::Done);
            }
        }
        let reached = match self.state(now) {
            RequestState::Status(status) => match status {
                RequestStatus::Submitted => Step::Submitted,
                RequestStatus::InReview => Step::InReview,
                RequestStatus::Accepted => Step::Accepted,
                RequestStatus::Planned => Step::Planned,
                RequestStatus::Rejected => Step::Rejected,
                RequestStatus::Cancelled => Step::Cancelled,
            },
            RequestState::ChangeRequested => Step::Planned,
            RequestState::Visit(PublicVisit::Completed) if self.sees_reports => Step::Report,
            RequestState::Visit(_) => Step::Visit,
            RequestState::Done => Step::Done,
        };
        let current = steps.iter().position(|step| *step == reached).unwrap_or_default();
        Story { steps, current }
    }
}

impl Story {
    /// Returns the step that the request has reached.
    pub fn step(&self) -> Step {
        self.steps.get(self.current).copied().unwrap_or(Step::Submitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;

    fn facts(status: RequestStatus) -> StoryFacts {
        StoryFacts {
            status,
            visit: None,
            completed_at: None,
            sees_reports: true,
            has_report: false,
            is_change_requested: false,
        }
    }

    #[test]
    fn story_follows_request_visit_and_report() {
        use PublicVisit::{Completed, InProgress, NotCompleted, OnTheWay, Planned};
        let planned = facts(RequestStatus::Planned);
        let visit = |visit| StoryFacts {
            visit: Some(visit),
            ..planned
        };
        let completed = StoryFacts {
            completed_at: Some(NOW),
            ..visit(Completed)
        };
        let waited_for_long = StoryFacts {
            completed_at: Some(NOW - REPORT_EXPECTED_FOR),
            ..completed
        };
        let cases = [
            (
                facts(RequestStatus::Submitted),
                Step::Submitted,
                RequestState::Status(RequestStatus::Submitted),
            ),
            (
                facts(RequestStatus::InReview),
                Step::InReview,
                RequestState::Status(RequestStatus::InReview),
            ),
            (
                facts(RequestStatus::Accepted),
                Step::Accepted,
                RequestState::Status(RequestStatus::Accepted),
            ),
            (planned, Step::Planned, RequestState::Status(RequestStatus::Planned)),
            (
                visit(Planned),
                Step::Planned,
                RequestState::Status(RequestStatus::Planned),
            ),
            (visit(OnTheWay), Step::Visit, RequestState::Visit(OnTheWay)),
            (visit(InProgress), Step::Visit, RequestState::Visit(InProgress)),
            (visit(NotCompleted), Step::Visit, RequestState::Visit(NotCompleted)),
            (completed, Step::Report, RequestState::Visit(Completed)),
            (waited_for_long, Step::Done, RequestState::Done),
            (
                StoryFacts {
                    has_report: true,
                    ..completed
                },
                Step::Done,
                RequestState::Done,
            ),
            (
                StoryFacts {
                    sees_reports: false,
                    ..completed
                },
                Step::Done,
                RequestState::Done,
            ),
            (
                StoryFacts {
                    visit: None,
                    sees_reports: false,
                    ..completed
                },
                Step::Done,
                RequestState::Done,
            ),
            (
                StoryFacts {
                    is_change_requested: true,
                    ..visit(Planned)
                },
                Step::Planned,
                RequestState::ChangeRequested,
            ),
            (
                StoryFacts {
                    is_change_requested: true,
                    ..visit(OnTheWay)
                },
                Step::Visit,
                RequestState::Visit(OnTheWay),
            ),
            (
                facts(RequestStatus::Rejected),
                Step::Rejected,
                RequestState::Status(RequestStatus::Rejected),
            ),
            (
                facts(RequestStatus::Cancelled),
                Step::Cancelled,
                RequestState::Status(RequestStatus::Cancelled),
            ),
        ];
        for (facts, step, state) in cases {
            assert_eq!(facts.story(NOW).step(), step, "{facts:?}");
            assert_eq!(facts.state(NOW), state, "{facts:?}");
        }
    }

    #[test]
    fn story_has_seven_steps_six_without_reports_and_ends_with_its_last_one() {
        for status in RequestStatus::ALL {
            let story = facts(*status).story(NOW);
            let (count, is_last) = match status {
                RequestStatus::Rejected => (3, true),
                RequestStatus::Cancelled => (2, true),
                _ => (7, false),
            };
            assert_eq!(story.steps.len(), count, "{status:?}");
            assert_eq!(story.current == story.steps.len() - 1, is_last, "{status:?}");
        }
        let without = StoryFacts {
            sees_reports: false,
            ..facts(RequestStatus::Planned)
        };
        assert_eq!(without.story(NOW).steps.len(), 6);
    }
}
