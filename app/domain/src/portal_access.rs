//! Portal access: account status, links sent by email, and the capabilities of grants.

use chrono::{DateTime, TimeDelta, Utc};

/// Lifetime of an invitation.
pub const INVITATION_LIFETIME: TimeDelta = TimeDelta::days(14);
/// Lifetime of a link that signs in, sets a password or confirms an email address.
pub const LINK_LIFETIME: TimeDelta = TimeDelta::minutes(30);
/// Maximum length of a view-as session.
pub const VIEW_AS_LIFETIME: TimeDelta = TimeDelta::minutes(30);
/// Accounts unused for this long are listed for an access review.
pub const INACTIVE_AFTER: TimeDelta = TimeDelta::days(90);
/// Grants that end within this period are marked as expiring.
pub const EXPIRING_WITHIN: TimeDelta = TimeDelta::days(30);

crate::stored_names! {
    /// Purpose of an emailed single-use link.
    LinkPurpose {
        /// Accepts an invitation.
        Invitation = "invitation",
        /// Signs in.
        SignIn = "sign_in",
        /// Sets a new password.
        Password = "password",
        /// Confirms a new email address of the account.
        Email = "email",
        /// Starts a read-only view-as session for a staff member.
        ViewAs = "look",
    }
}

impl LinkPurpose {
    /// Returns whether earlier links stay valid until one is used. Anybody can request these links, and must not void those
    /// that are in the mailbox.
    pub const fn keeps_earlier_links(self) -> bool {
        matches!(self, Self::SignIn | Self::Password)
    }

    /// Returns the lifetime of a link.
    pub const fn lifetime(self) -> TimeDelta {
        match self {
            Self::Invitation => INVITATION_LIFETIME,
            Self::SignIn | Self::Password | Self::Email => LINK_LIFETIME,
            Self::ViewAs => TimeDelta::minutes(1),
        }
    }
}

crate::stored_names! {
    /// A capability that a grant gives within its customer or locations.
    Capability {
        /// May submit requests.
        Submit = "submit",
        /// May view appointments.
        Appointments = "appointments",
        /// May view released reports.
        Reports = "reports",
        /// May download released attachments.
        Downloads = "downloads",
        /// May view requests of other users.
        AllRequests = "all_requests",
        /// May invite other users within this grant.
        Manage = "manage",
    }
}

/// The capabilities of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// May submit requests.
    pub submit: bool,
    /// May view appointments.
    pub appointments: bool,
    /// May view released reports.
    pub reports: bool,
    /// May download released attachments.
    pub downloads: bool,
    /// May view requests of other users.
    pub all_requests: bool,
    /// May invite other users within this grant.
    pub manage: bool,
}

impl Capabilities {
    /// Returns whether a capability is included.
    pub const fn has(self, capability: Capability) -> bool {
        match capability {
            Capability::Submit => self.submit,
            Capability::Appointments => self.appointments,
            Capability::Reports => self.reports,
            Capability::Downloads => self.downloads,
            Capability::AllRequests => self.all_requests,
            Capability::Manage => self.manage,
        }
    }

    /// Builds the set from a list. Downloads imply reports, because files are reached through their report.
    pub fn of(list: &[Capability]) -> Self {
        let has = |capability| list.contains(&capability);
        Self {
            submit: has(Capability::Submit),
            appointments: has(Capability::Appointments),
            reports: has(Capability::Reports) || has(Capability::Downloads),
            downloads: has(Capability::Downloads),
            all_requests: has(Capability::AllRequests),
            manage: has(Capability::Manage),
        }
    }

    /// Returns the included capabilities.
    pub fn list(self) -> Vec<Capability> {
        Capability::ALL.iter().copied().filter(|one| self.has(*one)).collect()
    }

    /// Returns whether every capability is also included in `other`.
    pub fn within(self, other: Self) -> bool {
        Capability::ALL.iter().all(|one| !self.has(*one) || other.has(*one))
    }
}

crate::stored_names! {
    /// Portal access status of a contact.
    AccessStatus {
        /// Not invited.
        NotInvited = "blank",
        /// The invitation expired before it was accepted.
        InvitationExpired = "expired",
        /// An invitation is pending.
        Invited = "invited",
        /// The invitation was accepted.
        Active = "active",
        /// The account is blocked.
        Blocked = "blocked",
    }
}

impl AccessStatus {
    /// Returns the status of an account; blocked takes precedence.
    pub fn of(
        is_blocked: bool,
        is_activated: bool,
        invitation_ends: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Self {
        if is_blocked {
            Self::Blocked
        } else if is_activated {
            Self::Active
        } else if invitation_ends.is_some_and(|ends| ends > now) {
            Self::Invited
        } else if invitation_ends.is_some() {
            Self::InvitationExpired
        } else {
            Self::NotInvited
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn access_status_prefers_blocked_then_active_then_invited() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let (open, ended) = (Some(now + TimeDelta::seconds(1)), Some(now));
        for (blocked, activated, ends, expected) in [
            (true, true, open, AccessStatus::Blocked),
            (true, false, None, AccessStatus::Blocked),
            (false, true, open, AccessStatus::Active),
            (false, true, None, AccessStatus::Active),
            (false, false, open, AccessStatus::Invited),
            (false, false, ended, AccessStatus::InvitationExpired),
            (false, false, None, AccessStatus::NotInvited),
        ] {
            assert_eq!(AccessStatus::of(blocked, activated, ends, now), expected);
        }
    }

    fn any_capabilities() -> impl Strategy<Value = Capabilities> {
        proptest::collection::vec(0..Capability::ALL.len(), 0..6).prop_map(|picks| {
            Capabilities::of(&picks.into_iter().map(|pick| Capability::ALL[pick]).collect::<Vec<_>>())
        })
    }

    proptest! {
        #[test]
        fn downloads_always_include_reports(one in any_capabilities()) {
            prop_assert!(!one.downloads || one.reports);
        }

        #[test]
        fn within_is_a_partial_order(one in any_capabilities(), other in any_capabilities(), third in any_capabilities()) {
            prop_assert!(one.within(one));
            prop_assert!(!(one.within(other) && other.within(third)) || one.within(third));
            prop_assert_eq!(one.within(other) && other.within(one), one == other);
        }

        #[test]
        fn list_round_trips(one in any_capabilities()) {
            prop_assert_eq!(Capabilities::of(&one.list()), one);
        }
    }
}
