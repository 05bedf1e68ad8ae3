//! Which actions on a job are open to a viewer. The rules are those that the actions themselves enforce.

use domain::jobs::targets::TargetStatus;
use domain::lifecycle::Lifecycle as _;

use crate::jobs::by_staff::is_editable;
use crate::jobs::model::JobActions;

/// What the actions of a job depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct JobState {
    pub status: TargetStatus,
    /// Whether the customer is known.
    pub is_mapped: bool,
    /// Whether the job has a requester who is notified and can choose a time slot.
    pub has_requester: bool,
    /// Whether its source system has a copy of it.
    pub is_imported: bool,
}

/// Returns whether time slots can be offered for a job, provided that it has a requester.
pub(crate) fn is_offerable(status: TargetStatus, is_mapped: bool) -> bool {
    status == TargetStatus::Open && is_mapped
}

impl JobActions {
    pub(super) fn of(state: JobState, may_plan: bool) -> Self {
        let JobState {
            status,
            is_mapped,
            has_requester,
            is_imported,
        } = state;
        Self {
            can_edit: may_plan && is_mapped && is_editable(status, is_imported),
            can_copy: may_plan && is_mapped,
            can_schedule: may_plan && is_mapped && status.is_schedulable(),
            can_offer_slots: may_plan && has_requester && is_offerable(status, is_mapped),
            // Only its source reopens a cancelled job (decision 0033).
            can_reopen: may_plan && status == TargetStatus::NotCompleted,
            can_revert_travel: may_plan && status == TargetStatus::EnRoute,
            can_cancel: may_plan && status.step(TargetStatus::Cancelled).is_ok(),
            can_decide_proposal: may_plan,
            can_resolve_entries: may_plan,
            can_end_visit: may_plan && status.steps_to_visit_end(TargetStatus::Completed).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_actions(state: JobState, may_plan: bool) -> Vec<&'static str> {
        let actions = JobActions::of(state, may_plan);
        [
            (actions.can_edit, "edit"),
            (actions.can_copy, "copy"),
            (actions.can_schedule, "schedule"),
            (actions.can_offer_slots, "offer"),
            (actions.can_reopen, "reopen"),
            (actions.can_revert_travel, "revert"),
            (actions.can_cancel, "cancel"),
            (actions.can_decide_proposal, "proposal"),
            (actions.can_resolve_entries, "entries"),
            (actions.can_end_visit, "end"),
        ]
        .into_iter()
        .filter_map(|(is_open, name)| is_open.then_some(name))
        .collect()
    }

    #[test]
    fn job_actions_follow_status() {
        let always = ["copy", "proposal", "entries"];
        let table: [(TargetStatus, &[&str]); 8] = [
            (TargetStatus::Open, &["edit", "schedule", "offer", "cancel", "end"]),
            (TargetStatus::Scheduled, &["edit", "schedule", "cancel", "end"]),
            (TargetStatus::Dispatched, &["edit", "schedule", "cancel", "end"]),
            (TargetStatus::EnRoute, &["revert", "end"]),
            (TargetStatus::OnSite, &["end"]),
            (TargetStatus::Completed, &[]),
            (TargetStatus::NotCompleted, &["reopen"]),
            (TargetStatus::Cancelled, &[]),
        ];
        assert_eq!(table.len(), TargetStatus::ALL.len());
        for (status, expected) in table {
            let state = JobState {
                status,
                is_mapped: true,
                has_requester: true,
                is_imported: false,
            };
            let mut expected = [expected, &always].concat();
            let mut found = open_actions(state, true);
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{status:?}");
            assert!(open_actions(state, false).is_empty(), "{status:?} without permission");
        }
    }

    #[test]
    fn job_without_customer_cannot_be_scheduled() {
        let state = JobState {
            status: TargetStatus::Open,
            is_mapped: false,
            has_requester: true,
            is_imported: false,
        };
        assert_eq!(open_actions(state, true), ["cancel", "proposal", "entries", "end"]);
    }

    #[test]
    fn imported_job_without_requester_is_not_edited_and_has_no_slot_offers() {
        let state = JobState {
            status: TargetStatus::Open,
            is_mapped: true,
            has_requester: false,
            is_imported: true,
        };
        assert_eq!(
            open_actions(state, true),
            ["copy", "schedule", "cancel", "proposal", "entries", "end"]
        );
    }
}
