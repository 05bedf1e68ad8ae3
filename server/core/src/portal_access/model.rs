//! Return types of the portal access use cases.
#![allow(missing_docs, reason = "the fields are the columns of the same names")]

use crate::db::{Key, OptionalKey};
use chrono::{DateTime, Utc};
use domain::ids::{
    ContactId, ContactKind, CustomerId, CustomerKind, GrantId, GrantKind, LocationId, LocationKind, PortalUserId,
    PortalUserKind,
};
use domain::portal_access::{AccessStatus, Capabilities};
use sqlx::FromRow;

/// A portal account with its status.
#[derive(Debug, Clone, FromRow)]
pub struct AccessSummary {
    #[sqlx(try_from = "Key<PortalUserKind>")]
    pub id: PortalUserId,
    pub email: String,
    #[sqlx(try_from = "Key<ContactKind>")]
    pub contact_id: ContactId,
    pub display_name: String,
    /// The contact's customer; the account may have grants for others.
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub home_customer_id: CustomerId,
    pub is_blocked: bool,
    pub is_active: bool,
    /// Whether two-factor authentication is on.
    pub has_second_factor: bool,
    /// The language of the account, if one was chosen.
    pub locale: Option<String>,
    pub last_sign_in_at: Option<DateTime<Utc>>,
    pub invitation_ends: Option<DateTime<Utc>>,
}

impl AccessSummary {
    /// Returns the status of the account's access.
    pub fn status(&self, now: DateTime<Utc>) -> AccessStatus {
        AccessStatus::of(self.is_blocked, self.is_active, self.invitation_ends, now)
    }
}

/// The actions on a portal account that are open to the viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountActions {
    /// Whether the viewer can manage portal access at all.
    pub can_manage: bool,
    pub can_view_as: bool,
    pub can_resend_invitation: bool,
    pub can_revoke_invitation: bool,
    /// Unblock the account; an account that is not blocked can be blocked instead.
    pub can_unblock: bool,
    pub can_turn_off_two_factor: bool,
}

/// An account with its grants for a customer.
#[derive(Debug, Clone)]
pub struct AccountGrants {
    pub account: AccessSummary,
    pub status: AccessStatus,
    pub grants: Vec<GrantSummary>,
}

/// An account on the page of a customer's portal access.
#[derive(Debug, Clone)]
pub struct AccountAccess {
    pub account: AccessSummary,
    pub status: AccessStatus,
    /// Its grants for the customer.
    pub grants: Vec<GrantSummary>,
    pub actions: AccountActions,
}

/// A grant that was not revoked.
#[derive(Debug, Clone, FromRow)]
pub struct GrantSummary {
    #[sqlx(try_from = "Key<GrantKind>")]
    pub id: GrantId,
    #[sqlx(try_from = "Key<PortalUserKind>")]
    pub account_id: PortalUserId,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    pub location_name: Option<String>,
    pub customer_name: String,
    #[sqlx(flatten)]
    pub may: CapabilityColumns,
    pub valid_from: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
    /// When the offer ends, if it was not accepted yet: the grant is not in force.
    pub offered_until: Option<DateTime<Utc>>,
    pub reason: String,
    pub granted_by: Option<String>,
}

/// The capability columns of a grant.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct CapabilityColumns {
    may_submit: bool,
    may_see_appointments: bool,
    may_see_reports: bool,
    may_download: bool,
    sees_all_requests: bool,
    may_manage: bool,
}

impl CapabilityColumns {
    /// Returns the capabilities.
    pub const fn all(self) -> Capabilities {
        Capabilities {
            submit: self.may_submit,
            appointments: self.may_see_appointments,
            reports: self.may_see_reports,
            downloads: self.may_download,
            all_requests: self.sees_all_requests,
            manage: self.may_manage,
        }
    }
}

/// A colleague's grant, as shown to portal users.
#[derive(Debug, Clone, FromRow)]
pub struct ColleagueSummary {
    #[sqlx(try_from = "Key<GrantKind>")]
    pub id: GrantId,
    #[sqlx(try_from = "Key<PortalUserKind>")]
    pub account_id: PortalUserId,
    pub display_name: Option<String>,
    pub email: String,
    pub customer_name: String,
    pub location_name: Option<String>,
    #[sqlx(flatten)]
    pub may: CapabilityColumns,
    pub valid_from: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
    pub is_active: bool,
    pub is_blocked: bool,
    pub invitation_ends: Option<DateTime<Utc>>,
}

/// A grant that ends soon or is unused.
#[derive(Debug, Clone, FromRow)]
pub struct ReviewSummary {
    #[sqlx(try_from = "Key<GrantKind>")]
    pub id: GrantId,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    pub customer_name: String,
    pub location_name: Option<String>,
    pub display_name: String,
    pub email: String,
    pub valid_until: Option<DateTime<Utc>>,
    pub last_sign_in_at: Option<DateTime<Utc>>,
    pub ends_soon: bool,
    pub is_unused: bool,
    /// Whether a portal user granted it who no longer manages access to the customer.
    pub has_lost_granter: bool,
}
