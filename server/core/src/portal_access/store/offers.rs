//! Statements for offers: grants that a portal user gives to a person who has an account already. They are not in force until
//! that person accepts.

use chrono::{DateTime, Utc};
use domain::ids::{CustomerId, GrantId, PortalUserId};
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::purpose::LinkRequests;
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Contact, TenantId};
use crate::portal_access::model::GrantSummary;
use crate::portal_access::store::granted::{in_force, manages_grant, managing_grants, reaches};
use crate::portal_access::store::grants::select_grants;

/// Whether a managing grant of the user covers a grant of the account for the customer: $4 account, $5 customer.
const COUNT_GRANTS_OF_COLLEAGUE: &str = concat!(
    r"
        SELECT count(*)
        FROM portal_grant
        WHERE portal_grant.tenant_id = $1
          AND portal_grant.portal_account_id = $4
          AND portal_grant.customer_id = $5
          AND portal_grant.revoked_at IS NULL
          AND portal_grant.offered_until IS NULL
          AND (portal_grant.valid_until IS NULL OR portal_grant.valid_until > $3)
          AND
    ",
    manages_grant!()
);
const UPDATE_OFFERED: &str = r"
    UPDATE portal_grant
    SET offered_until = $4, offered_name = $5, offered_email = $6
    WHERE tenant_id = $1
      AND granted_by_account = $2
      AND id = $3
      AND revoked_at IS NULL
";
/// An offer to the user that can be accepted: the person who made it may still manage what it covers.
macro_rules! is_open_offer {
    () => {
        concat!(
            r"
                portal_grant.portal_account_id = $2
                AND portal_grant.revoked_at IS NULL
                AND portal_grant.declined_at IS NULL
                AND portal_grant.offered_until > $3
                AND (portal_grant.valid_until IS NULL OR portal_grant.valid_until > $3)
                AND EXISTS (
                    SELECT 1
                    FROM portal_grant AS managing
                    JOIN portal_account AS granter ON granter.tenant_id = managing.tenant_id
                        AND granter.id = managing.portal_account_id
                    WHERE managing.tenant_id = portal_grant.tenant_id
                      AND managing.portal_account_id = portal_grant.granted_by_account
                      AND managing.may_manage
                      AND granter.locked_at IS NULL
                      AND
            ",
            in_force!("managing", "$3"),
            " AND ",
            reaches!("managing", "portal_grant.customer_id", "portal_grant.location_id"),
            ")"
        )
    };
}
const SELECT_OWN_OFFERS: &str = concat!(
    select_grants!(),
    " AND ",
    is_open_offer!(),
    r"
        ORDER BY portal_grant.id
        LIMIT 20
    "
);
const ACCEPT_OFFER: &str = concat!(
    r"
        UPDATE portal_grant
        SET offered_until = NULL
        WHERE tenant_id = $1
          AND id = $4
          AND
    ",
    is_open_offer!()
);
/// The person who made the offer does not learn that it was declined, because this would say that the account exists.
const DECLINE_OFFER: &str = concat!(
    r"
        UPDATE portal_grant
        SET declined_at = $3
        WHERE tenant_id = $1
          AND id = $4
          AND
    ",
    is_open_offer!()
);
/// Asking for a link renews offers, as it renews invitations.
const RENEW_OFFERS: &str = r"
    UPDATE portal_grant
    SET offered_until = $3
    WHERE tenant_id = $1
      AND portal_account_id = $2
      AND revoked_at IS NULL
      AND offered_until < $3
";

impl TenantTx<'_, Contact> {
    /// Returns whether the account is that of a colleague: the user manages access of it to the customer.
    pub(crate) async fn is_colleague(
        &mut self,
        account: PortalUserId,
        customer: CustomerId,
    ) -> Result<bool, StoreError> {
        let (tenant, own, now) = self.scope();
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(
                COUNT_GRANTS_OF_COLLEAGUE,
                (tenant, own, now, account.uuid(), customer.uuid()),
            )
            .await?;
        Ok(count > 0)
    }

    /// Makes an offer of a grant that the user has just created.
    pub(crate) async fn mark_offered(
        &mut self,
        grant: GrantId,
        until: DateTime<Utc>,
        name: &str,
        email: &str,
    ) -> Result<(), StoreError> {
        let (tenant, own, _) = self.scope();
        self.tx
            .execute(UPDATE_OFFERED, (tenant, own, grant.uuid(), until, name, email))
            .await
            .map(drop)
    }

    /// Returns the offers to the user that can be accepted.
    pub(crate) async fn own_offers(&mut self) -> Result<Vec<GrantSummary>, StoreError> {
        let (tenant, account, now) = self.scope();
        self.tx
            .fetch_all::<GrantSummary>(SELECT_OWN_OFFERS, (tenant, account, now))
            .await
    }

    /// Accepts or declines an offer to the user; false if it is not open.
    pub(crate) async fn answer_offer(&mut self, grant: GrantId, accept: bool) -> Result<bool, StoreError> {
        let (tenant, account, now) = self.scope();
        let sql = if accept { ACCEPT_OFFER } else { DECLINE_OFFER };
        Ok(self.tx.execute(sql, (tenant, account, now, grant.uuid())).await? == 1)
    }
}

impl SystemTx<'_, LinkRequests> {
    /// Renews the offers to an account.
    pub(crate) async fn renew_offers(
        &mut self,
        tenant: TenantId,
        account: Uuid,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.tx
            .execute(RENEW_OFFERS, (tenant.uuid(), account, until))
            .await
            .map(drop)
    }
}
