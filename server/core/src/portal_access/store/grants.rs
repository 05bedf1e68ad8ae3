//! Statements for portal accounts and grants. Those of portal users who manage colleagues are in `colleagues`.

use chrono::{DateTime, Utc};
use domain::ids::{ContactId, CustomerId, CustomerKind, GrantId, LocationId, PortalUserId, PortalUserKind};
use domain::locale::Locale;
use domain::portal_access::Capabilities;
use uuid::Uuid;

use crate::customers::INSERT_CONTACT;
use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::Realm;
use crate::identity::access::end_access;
use crate::identity::actors::{Actor as _, Contact, Inviter, Staff};
use crate::portal_access::model::{AccessSummary, GrantSummary};

/// A grant to create.
pub(crate) struct NewPortalGrant<'a> {
    pub account: PortalUserId,
    pub customer: CustomerId,
    pub location: Option<LocationId>,
    pub capabilities: Capabilities,
    /// `None` means now.
    pub valid_from: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
    pub reason: &'a str,
}

/// The account with a given email address.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct AddressedAccount {
    pub id: Key<PortalUserKind>,
    pub is_active: bool,
    pub is_blocked: bool,
    /// The customer of the account's contact.
    pub home_customer_id: Key<CustomerKind>,
    pub locale: Option<String>,
}

const SELECT_ACCOUNT_BY_EMAIL: &str = r"
    SELECT
        account.id, account.activated_at IS NOT NULL AS is_active, account.locked_at IS NOT NULL AS is_blocked,
        contact.customer_id AS home_customer_id, account.locale
    FROM portal_account AS account
    JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
    WHERE account.tenant_id = $1
      AND account.email = $2
";
const INSERT_ACCOUNT: &str = r"
    INSERT INTO portal_account (tenant_id, id, contact_id, email, password_hash, locale, created_at)
    VALUES ($1, $2, $3, $4, '', $5, $6)
";
/// What was assigned to the contact before the contact had an account. Requests of partners are their own system's.
const ADOPT_REQUESTS: &str = r"
    UPDATE request
    SET portal_account_id = $2
    WHERE tenant_id = $1
      AND contact_id = $3
      AND portal_account_id IS NULL
      AND channel IN ('web_form', 'staff', 'terminal')
";
/// Grants of an account for the same customer and location: $1 tenant, $2 account, $3 customer, $4 location.
macro_rules! where_same_coverage {
    () => {
        r"
            WHERE tenant_id = $1
              AND portal_account_id = $2
              AND customer_id = $3
              AND revoked_at IS NULL
              AND ((location_id IS NULL AND $4 IS NULL) OR location_id = $4)
        "
    };
}
/// A new grant replaces the one for the same customer and location.
const REVOKE_SAME_COVERAGE: &str = concat!("UPDATE portal_grant SET revoked_at = $5", where_same_coverage!());
/// The current grant stays valid until the new one starts.
const END_EARLIER_GRANT: &str = concat!(
    "UPDATE portal_grant SET valid_until = $5",
    where_same_coverage!(),
    r"
          AND valid_from < $5
          AND (valid_until IS NULL OR valid_until > $5)
    "
);
/// Replaces grants that would start at or after the new one.
const REVOKE_LATER_GRANTS: &str = concat!(
    "UPDATE portal_grant SET revoked_at = $6",
    where_same_coverage!(),
    " AND valid_from >= $5"
);
pub(super) const INSERT_INTO_GRANT: &str = r"
    INSERT INTO portal_grant (
        tenant_id, id, portal_account_id, customer_id, location_id, may_submit, may_see_appointments,
        may_see_reports, may_download, sees_all_requests, may_manage, valid_from, valid_until, granted_by,
        reason, granted_by_staff, granted_by_account
    )
";
const INSERT_GRANT: &str = const_format::concatcp!(
    INSERT_INTO_GRANT,
    r"
        SELECT $1, $2, $3, customer.id, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17
        FROM customer
        WHERE customer.tenant_id = $1
          AND customer.id = $4
          AND customer.archived_at IS NULL
          AND (
              $5 IS NULL
              OR EXISTS (
                  SELECT 1
                  FROM location
                  WHERE location.tenant_id = $1
                    AND location.customer_id = customer.id
                    AND location.id = $5
                    AND location.archived_at IS NULL
              )
          )
    "
);
macro_rules! select_accounts {
    () => {
        r"
            SELECT
                account.id, account.email, contact.id AS contact_id, contact.display_name,
                contact.customer_id AS home_customer_id, account.locked_at IS NOT NULL AS is_blocked,
                account.activated_at IS NOT NULL AS is_active,
                account.second_factor IS NOT NULL AS has_second_factor, account.locale,
                account.last_sign_in_at,
                (
                    SELECT max(link.expires_at)
                    FROM portal_link AS link
                    WHERE link.tenant_id = account.tenant_id
                      AND link.portal_account_id = account.id
                      AND link.purpose = 'invitation'
                      AND link.used_at IS NULL
                ) AS invitation_ends
            FROM portal_account AS account
            JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
            WHERE account.tenant_id = $1
        "
    };
}
const SELECT_ACCOUNTS_OF_CUSTOMER: &str = concat!(
    select_accounts!(),
    r"
          AND (
              contact.customer_id = $2
              OR EXISTS (
                  SELECT 1
                  FROM portal_grant
                  WHERE portal_grant.tenant_id = account.tenant_id
                    AND portal_grant.portal_account_id = account.id
                    AND portal_grant.customer_id = $2
                    AND portal_grant.revoked_at IS NULL
              )
          )
        ORDER BY contact.display_name, account.id
        LIMIT 200
    "
);
const SELECT_ACCOUNT: &str = concat!(select_accounts!(), "AND account.id = $2");
/// Accounts whose invitation expired before it was accepted, and that still have something to access: $2 now.
const SELECT_EXPIRED_INVITATIONS: &str = concat!(
    select_accounts!(),
    r"
          AND account.activated_at IS NULL
          AND account.locked_at IS NULL
          AND EXISTS (
              SELECT 1
              FROM portal_grant
              WHERE portal_grant.tenant_id = account.tenant_id
                AND portal_grant.portal_account_id = account.id
                AND portal_grant.revoked_at IS NULL
                AND (portal_grant.valid_until IS NULL OR portal_grant.valid_until > $2)
          )
          AND EXISTS (
              SELECT 1
              FROM portal_link AS expired
              WHERE expired.tenant_id = account.tenant_id
                AND expired.portal_account_id = account.id
                AND expired.purpose = 'invitation'
                AND expired.used_at IS NULL
                AND expired.expires_at <= $2
          )
          AND NOT EXISTS (
              SELECT 1
              FROM portal_link AS pending
              WHERE pending.tenant_id = account.tenant_id
                AND pending.portal_account_id = account.id
                AND pending.purpose = 'invitation'
                AND pending.used_at IS NULL
                AND pending.expires_at > $2
          )
        ORDER BY account.created_at DESC, account.id
        LIMIT 20
    "
);
macro_rules! select_grants {
    () => {
        r"
            SELECT
                portal_grant.id, portal_grant.portal_account_id AS account_id, portal_grant.customer_id,
                portal_grant.location_id, location.name AS location_name, customer.name AS customer_name,
                portal_grant.may_submit, portal_grant.may_see_appointments, portal_grant.may_see_reports,
                portal_grant.may_download, portal_grant.sees_all_requests, portal_grant.may_manage,
                portal_grant.valid_from, portal_grant.valid_until, portal_grant.offered_until, portal_grant.reason,
                coalesce(staff.display_name, granting_contact.display_name) AS granted_by
            FROM portal_grant
            JOIN customer ON customer.tenant_id = portal_grant.tenant_id
                AND customer.id = portal_grant.customer_id
            LEFT JOIN location ON location.tenant_id = portal_grant.tenant_id
                AND location.id = portal_grant.location_id
            LEFT JOIN staff_account AS staff ON staff.tenant_id = portal_grant.tenant_id
                AND staff.id = portal_grant.granted_by_staff
            LEFT JOIN portal_account AS granting_account ON granting_account.tenant_id = portal_grant.tenant_id
                AND granting_account.id = portal_grant.granted_by_account
            LEFT JOIN contact AS granting_contact ON granting_contact.tenant_id = granting_account.tenant_id
                AND granting_contact.id = granting_account.contact_id
            WHERE portal_grant.tenant_id = $1
              AND portal_grant.revoked_at IS NULL
        "
    };
}
pub(crate) use select_grants;
const SELECT_GRANTS_OF_CUSTOMER: &str = concat!(
    select_grants!(),
    r"
          AND portal_grant.customer_id = $2
        ORDER BY location.name, portal_grant.id
        LIMIT 1000
    "
);
const REVOKE_GRANT: &str = r"
    UPDATE portal_grant
    SET revoked_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND revoked_at IS NULL
";
const SELECT_ACCOUNT_OF_GRANT: &str = r"
    SELECT portal_account_id
    FROM portal_grant
    WHERE tenant_id = $1
      AND id = $2
";
const COUNT_GRANTS: &str = r"
    SELECT count(*)
    FROM portal_grant
    WHERE tenant_id = $1
      AND portal_account_id = $2
      AND revoked_at IS NULL
      AND offered_until IS NULL
      AND (valid_until IS NULL OR valid_until > $3)
";
const UPDATE_ACCOUNT_LOCK: &str = "UPDATE portal_account SET locked_at = $3 WHERE tenant_id = $1 AND id = $2";
const SELECT_OWN_GRANTS: &str = concat!(
    select_grants!(),
    r"
          AND portal_grant.portal_account_id = $2
          AND portal_grant.offered_until IS NULL
          AND portal_grant.valid_from <= $3
          AND (portal_grant.valid_until IS NULL OR portal_grant.valid_until > $3)
        ORDER BY customer.name, location.name, portal_grant.id
        LIMIT 200
    "
);
/// A transaction that can add the contact of an invited person to a customer.
pub(crate) trait InvitedContactWriter: Send {
    fn insert_invited_contact(
        &mut self,
        customer: CustomerId,
        display_name: &str,
        email: &str,
    ) -> impl Future<Output = Result<ContactId, StoreError>> + Send;
}

impl InvitedContactWriter for TenantTx<'_, Staff> {
    async fn insert_invited_contact(
        &mut self,
        customer: CustomerId,
        display_name: &str,
        email: &str,
    ) -> Result<ContactId, StoreError> {
        let (tenant, now, id) = (self.tenant(), self.now, self.new_id());
        self.tx
            .execute(
                INSERT_CONTACT,
                (
                    tenant,
                    ContactId::uuid(id),
                    customer.uuid(),
                    None::<Uuid>,
                    display_name,
                    email,
                    None::<&str>,
                    now,
                ),
            )
            .await?;
        Ok(id)
    }
}

impl<A: Inviter> TenantTx<'_, A> {
    pub(crate) async fn account_by_email(&mut self, email: &str) -> Result<Option<AddressedAccount>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<AddressedAccount>(SELECT_ACCOUNT_BY_EMAIL, (tenant, email))
            .await
    }

    /// Inserts an account without a password, to be activated by an invitation.
    pub(crate) async fn insert_invited_account(
        &mut self,
        contact: ContactId,
        email: &str,
        locale: Option<Locale>,
    ) -> Result<PortalUserId, StoreError> {
        let (tenant, now, id) = (self.tenant(), self.now, self.new_id());
        self.tx
            .execute(
                INSERT_ACCOUNT,
                (
                    tenant,
                    PortalUserId::uuid(id),
                    contact.uuid(),
                    email,
                    locale.map(Locale::tag),
                    now,
                ),
            )
            .await?;
        self.tx
            .execute(ADOPT_REQUESTS, (tenant, PortalUserId::uuid(id), contact.uuid()))
            .await?;
        Ok(id)
    }
}

impl TenantTx<'_, Staff> {
    /// Ends or revokes the grants that the new one replaces.
    async fn replace_grant(&mut self, grant: &NewPortalGrant<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (account, customer) = (grant.account.uuid(), grant.customer.uuid());
        let location = grant.location.map(LocationId::uuid);
        let tx = &mut self.tx;
        let Some(from) = grant.valid_from else {
            return tx
                .execute(REVOKE_SAME_COVERAGE, (tenant, account, customer, location, now))
                .await
                .map(drop);
        };
        tx.execute(END_EARLIER_GRANT, (tenant, account, customer, location, from))
            .await?;
        tx.execute(REVOKE_LATER_GRANTS, (tenant, account, customer, location, from, now))
            .await
            .map(drop)
    }

    /// Returns whether an account has a grant that is valid or will be.
    pub(crate) async fn has_grants(&mut self, account: PortalUserId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_GRANTS, (tenant, account.uuid(), now))
            .await?;
        Ok(count > 0)
    }

    /// Ends the access of an account.
    pub(crate) async fn end_access_of(&mut self, account: PortalUserId) -> Result<(), StoreError> {
        let tenant = self.tenant_id();
        end_access(&mut self.tx, Realm::Portal, tenant, account.uuid())
            .await
            .map(drop)
    }

    /// Returns the account that holds a grant.
    pub(crate) async fn account_of_grant(&mut self, grant: GrantId) -> Result<Option<PortalUserId>, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_ACCOUNT_OF_GRANT, (tenant, grant.uuid()))
            .await?
            .map(|(id,)| PortalUserId::from_uuid(id)))
    }

    pub(crate) async fn portal_accounts_of(&mut self, customer: CustomerId) -> Result<Vec<AccessSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<AccessSummary>(SELECT_ACCOUNTS_OF_CUSTOMER, (tenant, customer.uuid()))
            .await
    }

    /// Returns accounts whose invitation expired before it was accepted, latest first.
    pub(crate) async fn expired_invitations(&mut self) -> Result<Vec<AccessSummary>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_all::<AccessSummary>(SELECT_EXPIRED_INVITATIONS, (tenant, now))
            .await
    }

    pub(crate) async fn portal_account(&mut self, id: PortalUserId) -> Result<Option<AccessSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<AccessSummary>(SELECT_ACCOUNT, (tenant, id.uuid()))
            .await
    }

    pub(crate) async fn grants_of_customer(&mut self, customer: CustomerId) -> Result<Vec<GrantSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<GrantSummary>(SELECT_GRANTS_OF_CUSTOMER, (tenant, customer.uuid()))
            .await
    }

    /// Creates a grant; false if the customer or location does not exist or is archived.
    pub(crate) async fn create_grant(&mut self, grant: &NewPortalGrant<'_>) -> Result<bool, StoreError> {
        self.replace_grant(grant).await?;
        let (tenant, now, id): (_, _, GrantId) = (self.tenant(), self.now, self.new_id());
        let (staff, label, may) = (self.actor.id().uuid(), self.actor.label(), grant.capabilities);
        Ok(self
            .tx
            .execute(
                INSERT_GRANT,
                (
                    tenant,
                    id.uuid(),
                    grant.account.uuid(),
                    grant.customer.uuid(),
                    grant.location.map(LocationId::uuid),
                    may.submit,
                    may.appointments,
                    may.reports,
                    may.downloads,
                    may.all_requests,
                    may.manage,
                    grant.valid_from.unwrap_or(now),
                    grant.valid_until,
                    &label,
                    grant.reason,
                    Some(staff),
                    None::<Uuid>,
                ),
            )
            .await?
            == 1)
    }

    pub(crate) async fn revoke_grant(&mut self, grant: GrantId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self.tx.execute(REVOKE_GRANT, (tenant, grant.uuid(), now)).await? == 1)
    }

    /// Blocks or unblocks an account; blocking ends its access.
    pub(crate) async fn block_account(&mut self, account: PortalUserId, blocked: bool) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let found = self
            .tx
            .execute(UPDATE_ACCOUNT_LOCK, (tenant, account.uuid(), blocked.then_some(now)))
            .await?
            == 1;
        if found && blocked {
            self.end_access_of(account).await?;
        }
        Ok(found)
    }
}

impl TenantTx<'_, Contact> {
    /// Returns the portal user's own valid grants.
    pub(crate) async fn own_grants(&mut self) -> Result<Vec<GrantSummary>, StoreError> {
        let (tenant, account, now) = self.scope();
        self.tx
            .fetch_all::<GrantSummary>(SELECT_OWN_GRANTS, (tenant, account, now))
            .await
    }
}
