//! The grants that portal statements join. Binds of all of them: $1 tenant, $2 account, $3 now.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, Contact};

/// The user's valid grants: $1 tenant, $2 account, $3 now.
macro_rules! granted {
    ($capability:literal) => {
        concat!(
            r"
                portal_grant
                WHERE portal_grant.tenant_id = $1
                  AND portal_grant.portal_account_id = $2
                  AND portal_grant.revoked_at IS NULL
                  AND portal_grant.valid_from <= $3
                  AND (portal_grant.valid_until IS NULL OR portal_grant.valid_until > $3)
                  AND portal_grant.",
            $capability
        )
    };
}
pub(crate) use granted;

/// Whether one of the user's grants covers `request`.
macro_rules! covers_request {
    () => {
        covers_request!("")
    };
    ($condition:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM",
            granted!("customer_id"),
            r"
                  = request.customer_id
                  AND (
                      portal_grant.location_id IS NULL
                      OR request.location_id IS NULL
                      OR portal_grant.location_id = request.location_id
                  )
            ",
            $condition,
            ")"
        )
    };
}
pub(crate) use covers_request;

/// Whether the user may read `request`: it is their own, or a grant includes the requests of others.
macro_rules! may_read_request {
    () => {
        covers_request!("AND (request.portal_account_id = $2 OR portal_grant.sees_all_requests)")
    };
}
pub(crate) use may_read_request;

/// Grants that let a portal user manage access: $1 tenant, $2 account, $3 now.
macro_rules! managing_grants {
    () => {
        r"
            portal_grant AS own_grant
            WHERE own_grant.tenant_id = $1
              AND own_grant.portal_account_id = $2
              AND own_grant.may_manage
              AND own_grant.revoked_at IS NULL
              AND own_grant.valid_from <= $3
              AND (own_grant.valid_until IS NULL OR own_grant.valid_until > $3)
        "
    };
}
pub(crate) use managing_grants;

/// Whether one of the user's managing grants covers `portal_grant`.
macro_rules! manages_grant {
    () => {
        concat!(
            "EXISTS (SELECT 1 FROM",
            managing_grants!(),
            r"
                  AND own_grant.customer_id = portal_grant.customer_id
                  AND (own_grant.location_id IS NULL OR own_grant.location_id = portal_grant.location_id))
            "
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
