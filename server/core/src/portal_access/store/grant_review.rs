//! Statements for grants that managers of the organization review.

use chrono::{DateTime, Utc};
use domain::ids::GrantId;
use uuid::Uuid;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::Staff;
use crate::portal_access::model::ReviewSummary;
use crate::portal_access::store::granted::reaches;

/// A portal user granted it whose own grant that allows managing access has ended, or whose account is locked.
macro_rules! has_lost_granter {
    () => {
        concat!(
            r"
                portal_grant.granted_by_account IS NOT NULL
                AND NOT EXISTS (
                    SELECT 1
                    FROM portal_grant AS managing
                    JOIN portal_account AS granter ON granter.tenant_id = managing.tenant_id
                        AND granter.id = managing.portal_account_id
                    WHERE managing.tenant_id = portal_grant.tenant_id
                      AND managing.portal_account_id = portal_grant.granted_by_account
                      AND managing.may_manage
                      AND managing.revoked_at IS NULL
                      AND managing.offered_until IS NULL
                      AND (managing.valid_until IS NULL OR managing.valid_until > $3)
                      AND granter.locked_at IS NULL
                      AND
            ",
            reaches!("managing", "portal_grant.customer_id", "portal_grant.location_id"),
            ")"
        )
    };
}
/// Grants that end soon, are unused, or come from a person who no longer manages access.
const SELECT_GRANTS_TO_REVIEW: &str = concat!(
    r"
    SELECT
        portal_grant.id, portal_grant.customer_id, customer.name AS customer_name,
        location.name AS location_name, contact.display_name, account.email, portal_grant.valid_until,
        account.last_sign_in_at,
        (portal_grant.valid_until IS NOT NULL AND portal_grant.valid_until <= $4) AS ends_soon,
        coalesce(account.last_sign_in_at, account.activated_at, account.created_at) <= $5 AS is_unused,
        (",
    has_lost_granter!(),
    r") AS has_lost_granter
    FROM portal_grant
    JOIN portal_account AS account ON account.tenant_id = portal_grant.tenant_id
        AND account.id = portal_grant.portal_account_id
    JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
    JOIN customer ON customer.tenant_id = portal_grant.tenant_id AND customer.id = portal_grant.customer_id
    LEFT JOIN location ON location.tenant_id = portal_grant.tenant_id
        AND location.id = portal_grant.location_id
    WHERE portal_grant.tenant_id = $1
      AND portal_grant.revoked_at IS NULL
      AND portal_grant.offered_until IS NULL
      AND (portal_grant.valid_until IS NULL OR portal_grant.valid_until > $3)
      AND portal_grant.id > $2
      AND (
          (portal_grant.valid_until IS NOT NULL AND portal_grant.valid_until <= $4)
          OR coalesce(account.last_sign_in_at, account.activated_at, account.created_at) <= $5
          OR (",
    has_lost_granter!(),
    r")
      )
    ORDER BY portal_grant.id
    LIMIT $6
"
);

impl TenantTx<'_, Staff> {
    /// Returns a page of grants that end soon or are unused.
    pub(crate) async fn grants_to_review(
        &mut self,
        after: Option<GrantId>,
        ends_until: DateTime<Utc>,
        unused_since: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<ReviewSummary>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let after = after.map_or(Uuid::nil(), GrantId::uuid);
        self.tx
            .fetch_all::<ReviewSummary>(
                SELECT_GRANTS_TO_REVIEW,
                (tenant, after, now, ends_until, unused_since, limit),
            )
            .await
    }
}
