//! Which actions on a portal account are open to staff. The rules are those that the actions themselves enforce.

use domain::portal_access::AccessStatus;

use crate::portal_access::model::AccountActions;

/// Returns whether an invitation can be sent again: it was not accepted, and the account is not blocked.
pub(super) const fn is_invitable(status: AccessStatus) -> bool {
    matches!(
        status,
        AccessStatus::NotInvited | AccessStatus::InvitationExpired | AccessStatus::Invited
    )
}

/// Returns whether staff can view the portal as the account.
pub(super) const fn is_viewable(status: AccessStatus) -> bool {
    matches!(status, AccessStatus::Active)
}

impl AccountActions {
    pub(super) const fn of(status: AccessStatus, has_second_factor: bool, may_manage: bool) -> Self {
        Self {
            can_manage: may_manage,
            can_view_as: may_manage && is_viewable(status),
            can_resend_invitation: may_manage && is_invitable(status),
            can_revoke_invitation: may_manage && matches!(status, AccessStatus::Invited),
            can_unblock: may_manage && matches!(status, AccessStatus::Blocked),
            can_turn_off_two_factor: may_manage && has_second_factor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_actions_follow_status_and_permission() {
        use AccessStatus::{Active, Blocked, InvitationExpired, Invited, NotInvited};
        let table: [(AccessStatus, &[&str]); 5] = [
            (NotInvited, &["resend", "two-factor"]),
            (InvitationExpired, &["resend", "two-factor"]),
            (Invited, &["resend", "revoke", "two-factor"]),
            (Active, &["view-as", "two-factor"]),
            (Blocked, &["unblock", "two-factor"]),
        ];
        for (status, expected) in table {
            for may_manage in [true, false] {
                let actions = AccountActions::of(status, true, may_manage);
                let found: Vec<_> = [
                    (actions.can_view_as, "view-as"),
                    (actions.can_resend_invitation, "resend"),
                    (actions.can_revoke_invitation, "revoke"),
                    (actions.can_unblock, "unblock"),
                    (actions.can_turn_off_two_factor, "two-factor"),
                ]
                .into_iter()
                .filter_map(|(is_open, name)| is_open.then_some(name))
                .collect();
                let expected = if may_manage { expected } else { &[] };
                assert_eq!(found, expected, "{status:?}, {may_manage}");
                assert_eq!(actions.can_manage, may_manage);
            }
        }
        assert!(!AccountActions::of(Active, false, true).can_turn_off_two_factor);
    }
}
