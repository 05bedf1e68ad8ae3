//! When a request or a visit is late. Lateness is computed, never stored: it is true from the moment the time has passed.

use chrono::{DateTime, TimeDelta, Utc};

use crate::jobs::targets::TargetStatus;
use crate::requests::{Priority, RequestStatus};

/// How long a request of a priority may wait for a decision of dispatch.
pub const fn review_allowance(priority: Priority) -> TimeDelta {
    match priority {
        Priority::Urgent => TimeDelta::hours(4),
        Priority::High => TimeDelta::hours(24),
        Priority::Normal => TimeDelta::hours(3 * 24),
        Priority::Low => TimeDelta::hours(7 * 24),
    }
}

/// The urgency of a request in the inbox, which lists the most urgent first and within one urgency the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It has waited for longer than its priority allows.
    Late,
    /// Its priority is urgent.
    Urgent,
    /// Everything else.
    Other,
}

impl Urgency {
    /// Every urgency, in the order of the inbox.
    pub const ALL: [Self; 3] = [Self::Late, Self::Urgent, Self::Other];

    /// Returns the urgency of a request. One that is decided, or that waits for an answer of its requester, is never late.
    pub fn of_request(
        status: RequestStatus,
        priority: Priority,
        submitted_at: DateTime<Utc>,
        waits_for_requester: bool,
        now: DateTime<Utc>,
    ) -> Self {
        let is_open = matches!(
            status,
            RequestStatus::Submitted | RequestStatus::InReview | RequestStatus::Accepted
        );
        if !is_open {
            Self::Other
        } else if !waits_for_requester && submitted_at < now - review_allowance(priority) {
            Self::Late
        } else if priority == Priority::Urgent {
            Self::Urgent
        } else {
            Self::Other
        }
    }

    /// Returns its position in the order of the inbox.
    pub const fn rank(self) -> i64 {
        match self {
            Self::Late => 0,
            Self::Urgent => 1,
            Self::Other => 2,
        }
    }

    /// Returns the urgency at a position.
    pub fn of_rank(rank: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|urgency| urgency.rank() == rank)
    }
}

/// Returns whether a job is scheduled and no technician has arrived.
pub const fn awaits_arrival(status: TargetStatus) -> bool {
    matches!(
        status,
        TargetStatus::Scheduled | TargetStatus::Dispatched | TargetStatus::EnRoute
    )
}

/// Returns whether a visit should have taken place: its time is over and no technician has arrived.
pub fn is_visit_late(status: TargetStatus, ends_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    ends_at < now && awaits_arrival(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_urgency_depends_on_priority_age_and_who_is_waited_for() {
        let now = DateTime::from_timestamp(1_795_687_200, 0).unwrap_or_default();
        let open = RequestStatus::InReview;
        for (status, priority, hours, waits, expected) in [
            (open, Priority::Urgent, 3, false, Urgency::Urgent),
            (open, Priority::Urgent, 5, false, Urgency::Late),
            (open, Priority::Urgent, 5, true, Urgency::Urgent),
            (open, Priority::High, 23, false, Urgency::Other),
            (open, Priority::High, 25, false, Urgency::Late),
            (open, Priority::Normal, 71, false, Urgency::Other),
            (open, Priority::Normal, 28 * 24, false, Urgency::Late),
            (open, Priority::Low, 6 * 24, false, Urgency::Other),
            (open, Priority::Low, 8 * 24, false, Urgency::Late),
            (RequestStatus::Rejected, Priority::Urgent, 500, false, Urgency::Other),
        ] {
            let submitted_at = now - TimeDelta::hours(hours);
            let found = Urgency::of_request(status, priority, submitted_at, waits, now);
            assert_eq!(found, expected, "{status:?} {priority:?} {hours}");
            assert_eq!(Urgency::of_rank(found.rank()), Some(found));
        }
    }

    #[test]
    fn visit_is_late_after_its_end_until_arrival() {
        let end = DateTime::from_timestamp(1_795_687_200, 0).unwrap_or_default();
        for (status, minutes, expected) in [
            (TargetStatus::Scheduled, -1, false),
            (TargetStatus::Scheduled, 1, true),
            (TargetStatus::EnRoute, 1, true),
            (TargetStatus::OnSite, 1, false),
            (TargetStatus::Completed, 60, false),
        ] {
            assert_eq!(
                is_visit_late(status, end, end + TimeDelta::minutes(minutes)),
                expected,
                "{status:?} {minutes}"
            );
        }
    }
}
