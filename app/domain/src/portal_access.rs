//! Who may enter the customer portal, and what a grant lets them do there.

use chrono::{DateTime, TimeDelta, Utc};

/// How long an invitation is open.
pub const INVITATION_LASTS: TimeDelta = TimeDelta::days(14);
/// How long a link that signs in or sets a password is open.
pub const LINK_LASTS: TimeDelta = TimeDelta::minutes(30);
/// How long a member of the staff may look at the portal as somebody else.
pub const LOOK_LASTS: TimeDelta = TimeDelta::minutes(30);
/// An account that was not used for so long is looked at again.
pub const UNUSED_AFTER: TimeDelta = TimeDelta::days(90);
/// A grant that ends within this time is shown as ending.
pub const ENDS_SOON: TimeDelta = TimeDelta::days(30);

crate::stored_names! {
    /// What a link in a mail is for. Each works once.
    LinkPurpose {
        /// Accepts an invitation.
        Invitation = "invitation",
        /// Signs in.
        SignIn = "sign_in",
        /// Sets a new password.
        Password = "password",
        /// Makes an address that was typed the address of the account.
        Email = "email",
        /// Opens the portal for a member of the staff as this account sees it, read-only.
        Look = "look",
    }
}

impl LinkPurpose {
    /// How long it is open.
    pub const fn lasts(self) -> TimeDelta {
        match self {
            Self::Invitation => INVITATION_LASTS,
            Self::SignIn | Self::Password | Self::Email => LINK_LASTS,
            Self::Look => TimeDelta::minutes(1),
        }
    }
}

crate::stored_names! {
    /// One thing that a grant allows within its customer or locations.
    Capability {
        /// Submit requests.
        Submit = "submit",
        /// See appointments.
        Appointments = "appointments",
        /// See released reports.
        Reports = "reports",
        /// Download released files.
        Downloads = "downloads",
        /// See colleagues' requests too.
        AllRequests = "all_requests",
        /// Invite colleagues within this grant.
        Manage = "manage",
    }
}

/// What a grant allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// Submit requests.
    pub submit: bool,
    /// See appointments.
    pub appointments: bool,
    /// See released reports.
    pub reports: bool,
    /// Download released files.
    pub downloads: bool,
    /// See colleagues' requests too.
    pub all_requests: bool,
    /// Invite colleagues within this grant.
    pub manage: bool,
}

impl Capabilities {
    /// Whether one of them is there.
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

    /// Those of a list. A file is reached through its report, so downloads bring reports along.
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

    /// Those that are there.
    pub fn list(self) -> Vec<Capability> {
        Capability::ALL.iter().copied().filter(|one| self.has(*one)).collect()
    }

    /// Whether everything here is also there.
    pub fn within(self, other: Self) -> bool {
        Capability::ALL.iter().all(|one| !self.has(*one) || other.has(*one))
    }
}

crate::stored_names! {
    /// Where somebody's access stands.
    AccessStatus {
        /// There is no open invitation, and none was accepted.
        Blank = "blank",
        /// An invitation is open.
        Invited = "invited",
        /// The invitation was accepted.
        Active = "active",
        /// The account was blocked.
        Blocked = "blocked",
    }
}

impl AccessStatus {
    /// The status of an account: being blocked counts before everything else.
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
        } else {
            Self::Blank
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_account_is_blocked_before_active_before_invited() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let (open, ended) = (Some(now + TimeDelta::seconds(1)), Some(now));
        for (blocked, activated, ends, expected) in [
            (true, true, open, AccessStatus::Blocked),
            (true, false, None, AccessStatus::Blocked),
            (false, true, open, AccessStatus::Active),
            (false, true, None, AccessStatus::Active),
            (false, false, open, AccessStatus::Invited),
            (false, false, ended, AccessStatus::Blank),
            (false, false, None, AccessStatus::Blank),
        ] {
            assert_eq!(AccessStatus::of(blocked, activated, ends, now), expected);
        }
    }

    fn some() -> impl Strategy<Value = Capabilities> {
        proptest::collection::vec(0..Capability::ALL.len(), 0..6).prop_map(|picks| {
            Capabilities::of(&picks.into_iter().map(|pick| Capability::ALL[pick]).collect::<Vec<_>>())
        })
    }

    proptest! {
        #[test]
        fn downloads_never_come_without_reports(one in some()) {
            prop_assert!(!one.downloads || one.reports);
        }

        #[test]
        fn within_is_an_order(one in some(), other in some(), third in some()) {
            prop_assert!(one.within(one));
            prop_assert!(!(one.within(other) && other.within(third)) || one.within(third));
            prop_assert_eq!(one.within(other) && other.within(one), one == other);
        }

        #[test]
        fn a_list_says_all(one in some()) {
            prop_assert_eq!(Capabilities::of(&one.list()), one);
        }
    }
}
