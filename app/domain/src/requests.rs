//! Requests submitted by customers, partners or staff, to be reviewed by dispatch.

use chrono::{DateTime, TimeDelta, Utc};

use crate::jobs::targets::TargetStatus;

crate::lifecycle! {
    /// Status of a request.
    RequestStatus {
        /// Not yet reviewed.
        Submitted = "submitted",
        /// Being reviewed by dispatch.
        InReview = "in_review",
        /// Accepted; not yet scheduled.
        Accepted = "accepted",
        /// The target has an appointment.
        Planned = "planned",
        /// Rejected with a reason for the customer.
        Rejected = "rejected",
        /// Withdrawn by the customer or cancelled by dispatch.
        Cancelled = "cancelled",
    }
    steps {
        Submitted -> InReview,
        InReview -> Accepted,
        Accepted -> Planned,
        Submitted -> Rejected,
        InReview -> Rejected,
        Submitted -> Cancelled,
        InReview -> Cancelled,
        Accepted -> Cancelled,
        Planned -> Cancelled,
    }
}

crate::stored_names! {
    /// Channel through which a request was submitted.
    Channel {
        /// The Connect API.
        Api = "api",
        /// A public web form.
        WebForm = "web_form",
        /// The customer portal.
        Portal = "portal",
        /// A terminal on site.
        Terminal = "terminal",
        /// Entered by staff for a caller.
        Staff = "staff",
    }
}

crate::stored_names! {
    /// Priority.
    Priority {
        /// Can wait.
        Low = "low",
        /// Default.
        Normal = "normal",
        /// Before normal priority.
        High = "high",
        /// The same day if possible.
        Urgent = "urgent",
    }
}

impl Priority {
    /// Returns the sort rank; the most urgent is 0.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Urgent => 0,
            Self::High => 1,
            Self::Normal => 2,
            Self::Low => 3,
        }
    }
}

crate::stored_names! {
    /// Type of service that a customer can request.
    ServiceType {
        /// Fixes a fault.
        Repair = "repair",
        /// Regular servicing.
        Maintenance = "maintenance",
        /// A documented check.
        Inspection = "inspection",
        /// Installs new equipment.
        Installation = "installation",
        /// Help or advice.
        Support = "support",
    }
}

impl Channel {
    /// Returns whether the product itself notifies the requester. The users of a partner who sends requests through the
    /// API are notified by the partner's system.
    pub const fn notifies_requester(self) -> bool {
        !matches!(self, Self::Api)
    }

    /// Returns whether dispatch assigns the customer. The customer of a portal request comes from the grant, and that of an
    /// API request from the mapping, if the mapping found one; those cannot be reassigned.
    pub const fn allows_customer_assignment(self, has_customer: bool) -> bool {
        match self {
            Self::WebForm | Self::Staff | Self::Terminal => true,
            Self::Api => !has_customer,
            Self::Portal => false,
        }
    }
}

impl RequestStatus {
    /// Returns whether dispatch has not yet accepted or rejected it.
    pub const fn is_undecided(self) -> bool {
        matches!(self, Self::Submitted | Self::InReview)
    }

    /// Returns whether it waits for dispatch to decide on it or to convert it to a job.
    pub const fn is_waiting(self) -> bool {
        self.is_undecided() || matches!(self, Self::Accepted)
    }

    /// Returns whether the requester may withdraw it: only until it is converted to a job.
    pub const fn may_be_withdrawn(self, is_job: bool) -> bool {
        !is_job && self.is_waiting()
    }

    /// Returns whether the requester may request cancellation: it is a job, and travel has not started.
    pub const fn may_request_cancellation(self, job_has_not_started: bool) -> bool {
        job_has_not_started && !self.has_ended()
    }

    /// Returns whether it was rejected or cancelled; the conversation is then closed.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Rejected | Self::Cancelled)
    }
}

/// How long a tracking link works after the visit that completed the job.
pub const TRACKING_AFTER_VISIT: TimeDelta = TimeDelta::days(1);

/// Returns whether a tracking link still works: until a day after the visit that completed the job. A link to a request that
/// has led to no completed job goes on.
pub fn is_tracking_open(job: Option<TargetStatus>, visit_ended_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    let is_completed = job == Some(TargetStatus::Completed);
    !is_completed || visit_ended_at.is_none_or(|ended_at| now < ended_at + TRACKING_AFTER_VISIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Lifecycle as _;

    #[test]
    fn status_predicates_match_transitions() {
        for status in RequestStatus::ALL {
            // A planned request is cancelled only together with its job, by dispatch.
            assert_eq!(
                status.is_waiting() || *status == RequestStatus::Planned,
                status.next().contains(&RequestStatus::Cancelled),
                "{status:?}"
            );
            assert_eq!(
                status.is_undecided(),
                status.next().contains(&RequestStatus::Rejected),
                "{status:?}"
            );
            assert!(!status.has_ended() || status.next().is_empty(), "{status:?}");
        }
    }

    #[test]
    fn is_tracking_open_ends_a_day_after_the_completing_visit() {
        let ended = DateTime::from_timestamp(1_800_000_000, 0);
        let after = |hours| ended.unwrap_or_default() + TimeDelta::hours(hours);
        for (job, visit, now, expected) in [
            (None, None, after(1000), true),
            (Some(TargetStatus::Scheduled), ended, after(1000), true),
            (Some(TargetStatus::NotCompleted), ended, after(1000), true),
            (Some(TargetStatus::Completed), None, after(1000), true),
            (Some(TargetStatus::Completed), ended, after(23), true),
            (Some(TargetStatus::Completed), ended, after(24), false),
        ] {
            assert_eq!(is_tracking_open(job, visit, now), expected, "{job:?} {now}");
        }
    }
}
