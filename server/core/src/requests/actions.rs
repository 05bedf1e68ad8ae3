//! Which actions on requests are open to a viewer. The rules are those that the actions themselves enforce.

use domain::requests::{Channel, RequestStatus};

use crate::requests::model::{Conversion, InboxActions, RequestActions, RequestView};

/// What the actions of a request depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestState {
    pub status: RequestStatus,
    pub channel: Channel,
    /// Whether it was converted to a job.
    pub is_job: bool,
    pub has_customer: bool,
    pub has_unread_answer: bool,
}

impl From<&RequestView> for RequestState {
    fn from(request: &RequestView) -> Self {
        Self {
            status: request.status,
            channel: request.channel,
            is_job: request.target_id.is_some(),
            has_customer: request.customer_id.is_some(),
            has_unread_answer: request.answered_at.is_some(),
        }
    }
}

impl RequestState {
    /// Returns whether it can be accepted or rejected.
    pub(super) const fn is_undecided(self) -> bool {
        self.status.is_undecided()
    }

    /// Returns whether priority, service type, assignee and snoozing can be changed.
    pub(super) const fn is_waiting(self) -> bool {
        !self.is_job && self.status.is_waiting()
    }

    pub(super) fn conversion(self) -> Conversion {
        if self.is_job || self.status != RequestStatus::Accepted {
            Conversion::Unavailable
        } else if self.has_customer {
            Conversion::Available
        } else {
            Conversion::NeedsCustomer
        }
    }

    /// Returns whether staff assign the customer; the customer of a job is final.
    const fn allows_customer_assignment(self) -> bool {
        !self.is_job && self.channel.allows_customer_assignment(self.has_customer)
    }

    /// Returns whether a message reaches the requester and there is still something to write about.
    fn is_messageable(self) -> bool {
        self.channel.notifies_requester() && self.status != RequestStatus::Cancelled
    }
}

impl RequestActions {
    pub(super) fn of(state: RequestState, may_review: bool) -> Self {
        Self {
            can_review: may_review,
            can_start_review: may_review && state.status == RequestStatus::Submitted,
            can_decide: may_review && state.is_undecided(),
            conversion: if may_review {
                state.conversion()
            } else {
                Conversion::Unavailable
            },
            can_triage: may_review && state.is_waiting(),
            can_assign_customer: may_review && state.allows_customer_assignment(),
            can_send_message: may_review && state.is_messageable(),
            can_mark_answer_read: may_review && state.has_unread_answer,
            can_add_note: may_review,
        }
    }
}

impl InboxActions {
    pub(super) const fn of(may_review: bool) -> Self {
        Self {
            can_decide: may_review,
            can_log_call: may_review,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: RequestState = RequestState {
        status: RequestStatus::Submitted,
        channel: Channel::WebForm,
        is_job: false,
        has_customer: true,
        has_unread_answer: false,
    };

    fn open_actions(state: RequestState) -> Vec<&'static str> {
        let actions = RequestActions::of(state, true);
        [
            (actions.can_start_review, "start"),
            (actions.can_decide, "decide"),
            (actions.conversion == Conversion::Available, "convert"),
            (actions.can_triage, "triage"),
            (actions.can_assign_customer, "assign"),
            (actions.can_send_message, "message"),
            (actions.can_mark_answer_read, "read"),
            (actions.can_add_note, "note"),
        ]
        .into_iter()
        .filter_map(|(is_open, name)| is_open.then_some(name))
        .collect()
    }

    #[test]
    fn request_actions_follow_status() {
        use RequestStatus::{Accepted, Cancelled, InReview, Planned, Rejected, Submitted};
        let table: [(RequestStatus, bool, &[&str]); 7] = [
            (
                Submitted,
                false,
                &["start", "decide", "triage", "assign", "message", "note"],
            ),
            (InReview, false, &["decide", "triage", "assign", "message", "note"]),
            (Accepted, false, &["convert", "triage", "assign", "message", "note"]),
            (Accepted, true, &["message", "note"]),
            (Planned, true, &["message", "note"]),
            (Rejected, false, &["assign", "message", "note"]),
            (Cancelled, false, &["assign", "note"]),
        ];
        for status in <RequestStatus as domain::lifecycle::Lifecycle>::ALL {
            assert!(table.iter().any(|(one, ..)| one == status), "{status:?}");
        }
        for (status, is_job, expected) in table {
            let state = RequestState {
                status,
                is_job,
                ..STATE
            };
            assert_eq!(open_actions(state), expected, "{status:?}, job: {is_job}");
        }
    }

    #[test]
    fn request_actions_follow_channel() {
        let table: [(Channel, &[&str]); 5] = [
            (
                Channel::WebForm,
                &["start", "decide", "triage", "assign", "message", "note"],
            ),
            (
                Channel::Staff,
                &["start", "decide", "triage", "assign", "message", "note"],
            ),
            (
                Channel::Terminal,
                &["start", "decide", "triage", "assign", "message", "note"],
            ),
            (Channel::Portal, &["start", "decide", "triage", "message", "note"]),
            (Channel::Api, &["start", "decide", "triage", "note"]),
        ];
        for (channel, expected) in table {
            assert_eq!(open_actions(RequestState { channel, ..STATE }), expected, "{channel:?}");
        }
    }

    #[test]
    fn accepted_request_without_customer_needs_one() {
        let state = RequestState {
            status: RequestStatus::Accepted,
            has_customer: false,
            ..STATE
        };
        assert_eq!(RequestActions::of(state, true).conversion, Conversion::NeedsCustomer);
    }

    #[test]
    fn viewer_without_permission_has_no_actions() {
        let closed = RequestActions {
            can_review: false,
            can_start_review: false,
            can_decide: false,
            conversion: Conversion::Unavailable,
            can_triage: false,
            can_assign_customer: false,
            can_send_message: false,
            can_mark_answer_read: false,
            can_add_note: false,
        };
        for status in [RequestStatus::Submitted, RequestStatus::Accepted] {
            let state = RequestState {
                status,
                has_unread_answer: true,
                ..STATE
            };
            assert_eq!(RequestActions::of(state, false), closed, "{status:?}");
        }
    }
}
