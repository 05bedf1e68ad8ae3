//! Which actions on a visit report are open to a viewer. The rules are those that the actions themselves enforce.

use domain::lifecycle::Lifecycle as _;
use domain::visits::reports::ReportStatus;

use crate::releases;
use crate::visits::model::ReportActions;

/// What the actions of a report depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportState {
    pub status: ReportStatus,
    pub has_published_release: bool,
    /// Whether it has a follow-up that was neither planned nor dismissed.
    pub has_undecided_follow_up: bool,
}

/// The permissions of the viewer that matter for a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportPermissions {
    pub may_approve: bool,
    pub may_release: bool,
    pub may_plan: bool,
}

impl ReportActions {
    pub(super) fn of(state: ReportState, permissions: ReportPermissions) -> Self {
        let ReportPermissions {
            may_approve,
            may_release,
            may_plan,
        } = permissions;
        // A report that can be approved can also be returned.
        let can_decide = may_approve && state.status.step(ReportStatus::Approved).is_ok();
        let can_release = may_release && releases::is_releasable(state.status);
        Self {
            can_decide,
            can_release,
            can_approve_and_release: can_decide && may_release,
            can_withdraw_release: can_release && state.has_published_release,
            can_decide_follow_up: may_plan && state.has_undecided_follow_up,
            must_await_approval: !can_decide && state.status != ReportStatus::Approved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: ReportPermissions = ReportPermissions {
        may_approve: true,
        may_release: true,
        may_plan: true,
    };
    const NONE: ReportPermissions = ReportPermissions {
        may_approve: false,
        may_release: false,
        may_plan: false,
    };

    fn actions(status: ReportStatus, permissions: ReportPermissions) -> Vec<&'static str> {
        let state = ReportState {
            status,
            has_published_release: true,
            has_undecided_follow_up: true,
        };
        let actions = ReportActions::of(state, permissions);
        [
            (actions.can_decide, "decide"),
            (actions.can_release, "release"),
            (actions.can_approve_and_release, "approve and release"),
            (actions.can_withdraw_release, "withdraw"),
            (actions.can_decide_follow_up, "follow-up"),
            (actions.must_await_approval, "wait"),
        ]
        .into_iter()
        .filter_map(|(is_open, name)| is_open.then_some(name))
        .collect()
    }

    #[test]
    fn report_actions_follow_status_and_permissions() {
        use ReportStatus::{Approved, Draft, Returned, Submitted};
        let approver = ReportPermissions {
            may_approve: true,
            ..NONE
        };
        let publisher = ReportPermissions {
            may_release: true,
            ..NONE
        };
        let table: [(ReportStatus, ReportPermissions, &[&str]); 12] = [
            (Draft, ALL, &["follow-up", "wait"]),
            (Submitted, ALL, &["decide", "approve and release", "follow-up"]),
            (Approved, ALL, &["release", "withdraw", "follow-up"]),
            (Returned, ALL, &["follow-up", "wait"]),
            (Submitted, approver, &["decide"]),
            (Approved, approver, &[]),
            (Submitted, publisher, &["wait"]),
            (Approved, publisher, &["release", "withdraw"]),
            (Draft, NONE, &["wait"]),
            (Submitted, NONE, &["wait"]),
            (Approved, NONE, &[]),
            (Returned, NONE, &["wait"]),
        ];
        for (status, permissions, expected) in table {
            assert_eq!(actions(status, permissions), expected, "{status:?}, {permissions:?}");
        }
    }

    #[test]
    fn decidable_report_can_also_be_returned() {
        for status in ReportStatus::ALL {
            assert_eq!(
                status.step(ReportStatus::Approved).is_ok(),
                status.step(ReportStatus::Returned).is_ok(),
                "{status:?}"
            );
        }
    }

    #[test]
    fn report_without_release_or_follow_up_offers_neither() {
        let state = ReportState {
            status: ReportStatus::Approved,
            has_published_release: false,
            has_undecided_follow_up: false,
        };
        let actions = ReportActions::of(state, ALL);
        assert!(actions.can_release && !actions.can_withdraw_release && !actions.can_decide_follow_up);
    }
}
