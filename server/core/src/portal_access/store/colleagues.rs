//! Statements with which portal users manage the access of colleagues. They join the user's managing grants, so a grant that
//! the user may not give or revoke affects no row.

use domain::ids::{ContactId, CustomerId, GrantId, LocationId, PortalUserId};
use uuid::Uuid;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::Realm;
use crate::identity::access::end_access;
use crate::identity::actors::{Actor as _, Contact};
use crate::portal_access::model::ColleagueSummary;
use crate::portal_access::store::granted::{in_force, manages_grant, managing_grants, reaches};
use crate::portal_access::store::grants::{INSERT_INTO_GRANT, InvitedContactWriter, NewPortalGrant};

/// Grants that a portal user replaces with a new one for the same customer and location: $4 account, $5 customer,
/// $6 location. Grants that allow managing access cannot be replaced.
macro_rules! where_same_coverage_within {
    () => {
        concat!(
            r"
                WHERE tenant_id = $1
                  AND portal_account_id = $4
                  AND customer_id = $5
                  AND revoked_at IS NULL
                  AND ((location_id IS NULL AND $6 IS NULL) OR location_id = $6)
                  AND NOT may_manage
                  AND
            ",
            manages_grant!()
        )
    };
}
const REVOKE_SAME_COVERAGE_WITHIN: &str =
    concat!("UPDATE portal_grant SET revoked_at = $3", where_same_coverage_within!());
const END_EARLIER_GRANT_WITHIN: &str = concat!(
    "UPDATE portal_grant SET valid_until = $7",
    where_same_coverage_within!(),
    r"
          AND valid_from < $7
          AND (valid_until IS NULL OR valid_until > $7)
    "
);
const REVOKE_LATER_GRANTS_WITHIN: &str = concat!(
    "UPDATE portal_grant SET revoked_at = $3",
    where_same_coverage_within!(),
    " AND valid_from >= $7"
);
/// Inserts a grant only if one of the user's managing grants covers its location, capabilities and end. The right to manage
/// access cannot be passed on.
const INSERT_GRANT_WITHIN: &str = const_format::concatcp!(
    INSERT_INTO_GRANT,
    r"
        SELECT
            $1, $4, $5, own_grant.customer_id, $7, $8, $9, $10, $11, $12, $18, $19, $13, $14, $15, $16, $17
        FROM
    ",
    managing_grants!(),
    r"
          AND
    ",
    reaches!("own_grant", "$6", "$7"),
    r"
          AND (NOT $8 OR own_grant.may_submit)
          AND (NOT $9 OR own_grant.may_see_appointments)
          AND (NOT $10 OR own_grant.may_see_reports)
          AND (NOT $11 OR own_grant.may_download)
          AND (NOT $12 OR own_grant.sees_all_requests)
          AND (own_grant.valid_until IS NULL OR ($13 IS NOT NULL AND $13 <= own_grant.valid_until))
          AND (
              $7 IS NULL
              OR EXISTS (
                  SELECT 1
                  FROM location
                  WHERE location.tenant_id = $1
                    AND location.customer_id = own_grant.customer_id
                    AND location.id = $7
                    AND location.archived_at IS NULL
              )
          )
        LIMIT 1
    "
);

/// Grants covered by a managing grant of the user. The name is included only if the contact belongs to that customer. An offer
/// shows what the user typed, and looks like the invitation of an unknown address, whatever account the address has.
const SELECT_COLLEAGUES: &str = concat!(
    r"
        SELECT
            portal_grant.id, portal_grant.portal_account_id AS account_id,
            CASE
                WHEN portal_grant.offered_name IS NOT NULL THEN portal_grant.offered_name
                WHEN contact.customer_id = portal_grant.customer_id THEN contact.display_name
            END AS display_name,
            CASE
                WHEN portal_grant.offered_until IS NOT NULL THEN portal_grant.offered_email
                ELSE account.email
            END AS email, customer.name AS customer_name, location.name AS location_name,
            portal_grant.may_submit, portal_grant.may_see_appointments, portal_grant.may_see_reports,
            portal_grant.may_download, portal_grant.sees_all_requests, portal_grant.may_manage,
            portal_grant.valid_from, portal_grant.valid_until,
            (account.activated_at IS NOT NULL AND portal_grant.offered_until IS NULL) AS is_active,
            (account.locked_at IS NOT NULL AND portal_grant.offered_until IS NULL) AS is_blocked,
            CASE
                WHEN portal_grant.offered_until IS NOT NULL THEN portal_grant.offered_until
                ELSE (
                    SELECT max(link.expires_at)
                    FROM portal_link AS link
                    WHERE link.tenant_id = account.tenant_id
                      AND link.portal_account_id = account.id
                      AND link.purpose = 'invitation'
                      AND link.used_at IS NULL
                )
            END AS invitation_ends
        FROM portal_grant
        JOIN portal_account AS account ON account.tenant_id = portal_grant.tenant_id
            AND account.id = portal_grant.portal_account_id
        JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
        JOIN customer ON customer.tenant_id = portal_grant.tenant_id
            AND customer.id = portal_grant.customer_id
        LEFT JOIN location ON location.tenant_id = portal_grant.tenant_id
            AND location.id = portal_grant.location_id
        WHERE portal_grant.tenant_id = $1
          AND portal_grant.portal_account_id <> $2
          AND portal_grant.revoked_at IS NULL
          AND (portal_grant.valid_until IS NULL OR portal_grant.valid_until > $3)
          AND
    ",
    manages_grant!(),
    r"
        ORDER BY email, portal_grant.id
        LIMIT 500
    "
);
/// Locations covered by a managing grant of the user.
const SELECT_MANAGED_LOCATIONS: &str = concat!(
    r"
        SELECT location.id, location.customer_id, location.name
        FROM location
        WHERE location.tenant_id = $1
          AND location.archived_at IS NULL
          AND EXISTS (SELECT 1 FROM
    ",
    managing_grants!(),
    " AND ",
    reaches!("own_grant", "location.customer_id", "location.id"),
    r"
          )
        ORDER BY location.name, location.id
        LIMIT 500
    "
);
/// The contact of an invited colleague, for a customer that a managing grant of the user covers.
const INSERT_CONTACT_WITHIN: &str = concat!(
    r"
        INSERT INTO contact (tenant_id, id, customer_id, display_name, email, created_at, updated_at)
        SELECT own_grant.tenant_id, $4, own_grant.customer_id, $6, $7, $3, $3
        FROM
    ",
    managing_grants!(),
    r"
          AND own_grant.customer_id = $5
        LIMIT 1
    "
);
const SELECT_ACCOUNT_OF_MANAGED_GRANT: &str = concat!(
    r"
        SELECT portal_grant.portal_account_id
        FROM portal_grant
        WHERE portal_grant.tenant_id = $1
          AND portal_grant.id = $4
          AND
    ",
    manages_grant!()
);
const SELECT_ACCOUNT_WITHOUT_GRANTS: &str = concat!(
    r"
        SELECT portal_grant.portal_account_id
        FROM portal_grant
        WHERE portal_grant.tenant_id = $1
          AND portal_grant.id = $4
          AND portal_grant.offered_until IS NULL
          AND NOT EXISTS (
              SELECT 1
              FROM portal_grant AS remaining
              WHERE remaining.tenant_id = portal_grant.tenant_id
                AND remaining.portal_account_id = portal_grant.portal_account_id
                AND remaining.revoked_at IS NULL
                AND remaining.offered_until IS NULL
                AND (remaining.valid_until IS NULL OR remaining.valid_until > $3)
          )
          AND
    ",
    manages_grant!()
);
/// Grants that allow managing access can be revoked by staff only.
const REVOKE_GRANT_WITHIN: &str = concat!(
    r"
        UPDATE portal_grant
        SET revoked_at = $3
        WHERE tenant_id = $1
          AND id = $4
          AND portal_account_id <> $2
          AND revoked_at IS NULL
          AND NOT may_manage
          AND
    ",
    manages_grant!()
);

impl InvitedContactWriter for TenantTx<'_, Contact> {
    /// Fails with a conflict unless a managing grant covers the customer.
    async fn insert_invited_contact(
        &mut self,
        customer: CustomerId,
        display_name: &str,
        email: &str,
    ) -> Result<ContactId, StoreError> {
        let (tenant, account, now) = self.scope();
        let id: ContactId = self.new_id();
        let written = self
            .tx
            .execute(
                INSERT_CONTACT_WITHIN,
                (tenant, account, now, id.uuid(), customer.uuid(), display_name, email),
            )
            .await?;
        if written == 1 {
            Ok(id)
        } else {
            Err(StoreError::Conflict("no managing grant covers the customer".to_owned()))
        }
    }
}

impl TenantTx<'_, Contact> {
    /// Ends or revokes the grants that the new one replaces, as far as the user may manage them.
    async fn replace_grant_within(&mut self, grant: &NewPortalGrant<'_>) -> Result<(), StoreError> {
        let (tenant, own, now) = self.scope();
        let (account, customer) = (grant.account.uuid(), grant.customer.uuid());
        let location = grant.location.map(LocationId::uuid);
        let tx = &mut self.tx;
        let Some(from) = grant.valid_from else {
            return tx
                .execute(
                    REVOKE_SAME_COVERAGE_WITHIN,
                    (tenant, own, now, account, customer, location),
                )
                .await
                .map(drop);
        };
        for sql in [END_EARLIER_GRANT_WITHIN, REVOKE_LATER_GRANTS_WITHIN] {
            tx.execute(sql, (tenant, own, now, account, customer, location, from))
                .await?;
        }
        Ok(())
    }

    /// Returns the account that holds a grant which a managing grant of the user covers.
    pub(crate) async fn account_of_managed_grant(
        &mut self,
        grant: GrantId,
    ) -> Result<Option<PortalUserId>, StoreError> {
        let (tenant, account, now) = self.scope();
        let row = self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_ACCOUNT_OF_MANAGED_GRANT, (tenant, account, now, grant.uuid()))
            .await?;
        Ok(row.map(|(id,)| PortalUserId::from_uuid(id)))
    }

    /// Ends the access of the account of a revoked grant that a managing grant of the user covers, if it has no other grant that is
    /// valid or will be.
    pub(crate) async fn end_access_without_grants(&mut self, grant: GrantId) -> Result<(), StoreError> {
        let (tenant, account, now) = self.scope();
        let row = self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_ACCOUNT_WITHOUT_GRANTS, (tenant, account, now, grant.uuid()))
            .await?;
        if let Some((colleague,)) = row {
            let tenant = self.tenant_id();
            end_access(&mut self.tx, Realm::Portal, tenant, colleague).await?;
        }
        Ok(())
    }

    pub(crate) async fn colleagues(&mut self) -> Result<Vec<ColleagueSummary>, StoreError> {
        let (tenant, account, now) = self.scope();
        self.tx
            .fetch_all::<ColleagueSummary>(SELECT_COLLEAGUES, (tenant, account, now))
            .await
    }

    pub(crate) async fn managed_locations(
        &mut self,
    ) -> Result<Vec<(Key<domain::ids::LocationKind>, Key<domain::ids::CustomerKind>, String)>, StoreError> {
        let (tenant, account, now) = self.scope();
        self.tx
            .fetch_all::<(Key<domain::ids::LocationKind>, Key<domain::ids::CustomerKind>, String)>(
                SELECT_MANAGED_LOCATIONS,
                (tenant, account, now),
            )
            .await
    }

    /// Creates a grant covered by a managing grant of the user; `None` if none covers it.
    pub(crate) async fn create_grant_within(
        &mut self,
        grant: &NewPortalGrant<'_>,
    ) -> Result<Option<GrantId>, StoreError> {
        self.replace_grant_within(grant).await?;
        let (tenant, account, now) = self.scope();
        let id: GrantId = self.new_id();
        let (label, may) = (self.actor.label(), grant.capabilities);
        let created = self
            .tx
            .execute(
                INSERT_GRANT_WITHIN,
                (
                    tenant,
                    account,
                    now,
                    id.uuid(),
                    grant.account.uuid(),
                    grant.customer.uuid(),
                    grant.location.map(LocationId::uuid),
                    may.submit,
                    may.appointments,
                    may.reports,
                    may.downloads,
                    may.all_requests,
                    grant.valid_until,
                    &label,
                    grant.reason,
                    None::<Uuid>,
                    Some(account),
                    false,
                    grant.valid_from.unwrap_or(now),
                ),
            )
            .await?;
        Ok((created == 1).then_some(id))
    }

    /// Revokes a colleague's grant covered by a managing grant of the user; false if none covers it.
    pub(crate) async fn revoke_grant_within(&mut self, grant: GrantId) -> Result<bool, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .execute(REVOKE_GRANT_WITHIN, (tenant, account, now, grant.uuid()))
            .await?
            == 1)
    }
}
