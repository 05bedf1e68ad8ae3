//! The grants that portal statements join. Binds of all of them: $1 tenant, $2 account, $3 now.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, Contact};

/// Whether a grant is in force at a time: the name of the grant, and the bind of the time. An offer that was not accepted is not.
macro_rules! in_force {
    ($grant:literal, $now:literal) => {
        concat!(
            $grant,
            ".revoked_at IS NULL AND ",
            $grant,
            ".offered_until IS NULL AND ",
            $grant,
            ".valid_from <= ",
            $now,
            " AND (",
            $grant,
            ".valid_until IS NULL OR ",
            $grant,
            ".valid_until > ",
            $now,
            ")"
        )
    };
}
pub(crate) use in_force;

/// Whether a grant reaches what belongs to a customer and a location. A grant for the whole customer reaches everything of
/// the customer; a grant for a location reaches what is at that location, and never what has no location. No other statement
/// compares the location of a grant; a test holds this.
macro_rules! reaches {
    ($grant:literal, $customer:literal, $location:literal) => {
        concat!(
            $grant,
            ".customer_id = ",
            $customer,
            " AND (",
            $grant,
            ".location_id IS NULL OR ",
            $grant,
            ".location_id = ",
            $location,
            ")"
        )
    };
}
pub(crate) use reaches;

/// Whether a grant reaches a request of its own account, or an entry about it. What has no location is reached by every grant
/// for the customer: the words are one's own, and no location is disclosed.
macro_rules! reaches_own {
    ($grant:literal, $customer:literal, $location:literal) => {
        concat!(
            $grant,
            ".customer_id = ",
            $customer,
            " AND (",
            $location,
            " IS NULL OR ",
            reaches!($grant, $customer, $location),
            ")"
        )
    };
}
pub(crate) use reaches_own;

/// Whether one of the user's grants fulfills a condition: $1 tenant, $2 account, $3 now.
macro_rules! has_grant {
    ($condition:expr) => {
        concat!(
            r"
                EXISTS (
                    SELECT 1
                    FROM portal_grant
                    WHERE portal_grant.tenant_id = $1
                      AND portal_grant.portal_account_id = $2
                      AND ",
            in_force!("portal_grant", "$3"),
            " AND ",
            $condition,
            ")"
        )
    };
}
pub(crate) use has_grant;

/// Whether one of the user's grants with a capability reaches what belongs to a customer and a location.
macro_rules! granted {
    ($capability:literal, $customer:literal, $location:literal) => {
        has_grant!(concat!(
            "portal_grant.",
            $capability,
            " AND ",
            reaches!("portal_grant", $customer, $location)
        ))
    };
}
pub(crate) use granted;

/// Whether `request` is the user's own, and one of their grants reaches it.
macro_rules! is_own_request {
    () => {
        concat!(
            "request.portal_account_id = $2 AND ",
            has_grant!(reaches_own!(
                "portal_grant",
                "request.customer_id",
                "request.location_id"
            ))
        )
    };
}
pub(crate) use is_own_request;

/// Whether the user may read `request`: it is their own, or a grant includes the requests of others.
macro_rules! may_read_request {
    () => {
        has_grant!(concat!(
            "portal_grant.customer_id = request.customer_id AND ((request.portal_account_id = $2 AND ",
            reaches_own!("portal_grant", "request.customer_id", "request.location_id"),
            ") OR (portal_grant.sees_all_requests AND ",
            reaches!("portal_grant", "request.customer_id", "request.location_id"),
            "))"
        ))
    };
}
pub(crate) use may_read_request;

/// The portal account of a contact that can read a request of its own, as soon as it is activated; `NULL` if there is none.
/// A request must not become the request of an account that a lock or a missing grant keeps from reading it. The names are of
/// the binds: contact, customer, location and now; $1 is the tenant.
macro_rules! reading_account {
    ($contact:literal, $customer:literal, $location:literal, $now:literal) => {
        concat!(
            r"
                (
                    SELECT account.id
                    FROM portal_account AS account
                    WHERE account.tenant_id = $1
                      AND account.contact_id = ",
            $contact,
            r"
                      AND account.locked_at IS NULL
                      AND EXISTS (
                          SELECT 1
                          FROM portal_grant
                          WHERE portal_grant.tenant_id = account.tenant_id
                            AND portal_grant.portal_account_id = account.id
                            AND ",
            in_force!("portal_grant", $now),
            " AND ",
            reaches_own!("portal_grant", $customer, $location),
            r"
                      )
                    ORDER BY account.created_at, account.id
                    LIMIT 1
                )
            "
        )
    };
}
pub(crate) use reading_account;

/// Whether the request is read with its tracking link: it has no portal account, or one that was invited and not used yet.
macro_rules! has_tracking_page {
    () => {
        r"
            (
                request.portal_account_id IS NULL
                OR EXISTS (
                    SELECT 1
                    FROM portal_account AS invited
                    WHERE invited.tenant_id = request.tenant_id
                      AND invited.id = request.portal_account_id
                      AND invited.activated_at IS NULL
                )
            )
        "
    };
}
pub(crate) use has_tracking_page;

/// Grants that let a portal user manage access: $1 tenant, $2 account, $3 now.
macro_rules! managing_grants {
    () => {
        concat!(
            r"
                portal_grant AS own_grant
                WHERE own_grant.tenant_id = $1
                  AND own_grant.portal_account_id = $2
                  AND own_grant.may_manage
                  AND
            ",
            in_force!("own_grant", "$3")
        )
    };
}
pub(crate) use managing_grants;

/// Whether one of the user's managing grants covers `portal_grant`.
macro_rules! manages_grant {
    () => {
        concat!(
            "EXISTS (SELECT 1 FROM",
            managing_grants!(),
            " AND ",
            reaches!("own_grant", "portal_grant.customer_id", "portal_grant.location_id"),
            ")"
        )
    };
}
pub(crate) use manages_grant;

impl TenantTx<'_, Contact> {
    /// Returns the binds of the grants: tenant, account, now.
    pub(crate) fn scope(&self) -> (Uuid, Uuid, DateTime<Utc>) {
        (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now)
    }
}
