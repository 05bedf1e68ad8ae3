//! Portal accounts and their grants: as the staff give and review them, and as a customer's own people give them to
//! colleagues. What a customer's people may not give away is no row.

use chrono::{DateTime, Utc};
use domain::ids::{ContactId, CustomerId, GrantId, LocationId, PortalUserId, PortalUserKind};
use domain::locale::Locale;
use domain::portal_access::Capabilities;
use uuid::Uuid;

use crate::customers::INSERT_CONTACT;
use crate::db::Key;
use crate::db::TenantTx;
use crate::db::{StoreError, all, maybe, one, run};
use crate::identity::actors::{Actor as _, Contact, Inviter, Staff};
use crate::identity::{Door, end_all};
use crate::portal_access::model::{AccessLine, ColleagueLine, GrantLine, ReviewLine};

/// A grant to give.
pub(crate) struct GrantToGive<'a> {
    pub account: PortalUserId,
    pub customer: CustomerId,
    pub location: Option<LocationId>,
    pub capabilities: Capabilities,
    /// `None` stands for now.
    pub valid_from: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
    pub reason: &'a str,
}

/// An account that has an address.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct AddressedAccount {
    pub id: Key<PortalUserKind>,
    pub is_active: bool,
    pub is_blocked: bool,
}

const BY_EMAIL: &str = "SELECT id, activated_at IS NOT NULL AS is_active, locked_at IS NOT NULL AS is_blocked FROM portal_account WHERE tenant_id = $1 AND email = $2";
const INSERT_ACCOUNT: &str = "INSERT INTO portal_account (tenant_id, id, contact_id, email, password_hash, locale, created_at) VALUES ($1, $2, $3, $4, '', $5, $6)";
/// The grants of an account for one place: $1 tenant, $2 account, $3 customer, $4 location.
macro_rules! for_place {
    () => {
        " WHERE tenant_id = $1 AND portal_account_id = $2 AND customer_id = $3 AND revoked_at IS NULL AND ((location_id IS NULL AND $4 IS NULL) OR location_id = $4)"
    };
}
/// A grant for the same place gives way to the new one.
const REPLACE: &str = concat!("UPDATE portal_grant SET revoked_at = $5", for_place!());
/// Until a grant that begins later begins, the one before stays.
const END_BEFORE: &str = concat!(
    "UPDATE portal_grant SET valid_until = $5",
    for_place!(),
    " AND valid_from < $5 AND (valid_until IS NULL OR valid_until > $5)"
);
/// What would begin at or after the new one's beginning gives way.
const REPLACE_LATER: &str = concat!(
    "UPDATE portal_grant SET revoked_at = $6",
    for_place!(),
    " AND valid_from >= $5"
);
/// The same by a customer's own people: a right to give access stays.
const REPLACE_WITHIN: &str = const_format::concatcp!(REPLACE, " AND NOT may_manage");
const END_BEFORE_WITHIN: &str = const_format::concatcp!(END_BEFORE, " AND NOT may_manage");
const REPLACE_LATER_WITHIN: &str = const_format::concatcp!(REPLACE_LATER, " AND NOT may_manage");
const GRANT_COLUMNS: &str = "INSERT INTO portal_grant (tenant_id, id, portal_account_id, customer_id, location_id, may_submit, may_see_appointments, may_see_reports, may_download, sees_all_requests, may_manage, valid_from, valid_until, granted_by, reason, granted_by_staff, granted_by_account) ";
const GIVE: &str = const_format::concatcp!(
    GRANT_COLUMNS,
    "SELECT $1, $2, $3, c.id, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17 FROM customer c WHERE c.tenant_id = $1 AND c.id = $4 AND c.archived_at IS NULL \
     AND ($5 IS NULL OR EXISTS (SELECT 1 FROM location l WHERE l.tenant_id = $1 AND l.customer_id = c.id AND l.id = $5 AND l.archived_at IS NULL))"
);
/// The own grants with which a customer's person may give access: $1 tenant, $2 own account, $3 now.
macro_rules! managing {
    () => {
        "portal_grant m WHERE m.tenant_id = $1 AND m.portal_account_id = $2 AND m.may_manage AND m.revoked_at IS NULL AND m.valid_from <= $3 AND (m.valid_until IS NULL OR m.valid_until > $3)"
    };
}
/// Within one own grant that allows it, in place, in kind and in time; the right to give access is not given on.
const GIVE_WITHIN: &str = const_format::concatcp!(
    GRANT_COLUMNS,
    "SELECT $1, $4, $5, m.customer_id, $7, $8, $9, $10, $11, $12, $18, $19, $13, $14, $15, $16, $17 FROM ",
    managing!(),
    " AND m.customer_id = $6 AND (m.location_id IS NULL OR m.location_id = $7) AND (NOT $8 OR m.may_submit) AND (NOT $9 OR m.may_see_appointments) AND (NOT $10 OR m.may_see_reports) \
     AND (NOT $11 OR m.may_download) AND (NOT $12 OR m.sees_all_requests) AND (m.valid_until IS NULL OR ($13 IS NOT NULL AND $13 <= m.valid_until)) \
     AND ($7 IS NULL OR EXISTS (SELECT 1 FROM location l WHERE l.tenant_id = $1 AND l.customer_id = m.customer_id AND l.id = $7 AND l.archived_at IS NULL)) LIMIT 1"
);

macro_rules! accounts {
    () => {
        "SELECT a.id, a.email, c.id AS contact_id, c.display_name, c.customer_id AS home_customer_id, a.locked_at IS NOT NULL AS is_blocked, a.activated_at IS NOT NULL AS is_active, a.second_factor IS NOT NULL AS has_second_factor, a.locale, a.last_sign_in_at, \
         (SELECT max(k.expires_at) FROM portal_link k WHERE k.tenant_id = a.tenant_id AND k.portal_account_id = a.id AND k.purpose = 'invitation' AND k.used_at IS NULL) AS invitation_ends \
         FROM portal_account a JOIN contact c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id WHERE a.tenant_id = $1 "
    };
}
const ACCOUNTS_OF: &str = concat!(
    accounts!(),
    "AND (c.customer_id = $2 OR EXISTS (SELECT 1 FROM portal_grant g WHERE g.tenant_id = a.tenant_id AND g.portal_account_id = a.id AND g.customer_id = $2 AND g.revoked_at IS NULL)) ORDER BY c.display_name, a.id LIMIT 200"
);
const ACCOUNT: &str = concat!(accounts!(), "AND a.id = $2");
macro_rules! grants {
    () => {
        "SELECT g.id, g.portal_account_id AS account_id, g.customer_id, g.location_id, l.name AS location_name, u.name AS customer_name, g.may_submit, g.may_see_appointments, g.may_see_reports, g.may_download, g.sees_all_requests, g.may_manage, \
         g.valid_from, g.valid_until, g.reason, coalesce(s.display_name, k.display_name) AS granted_by \
         FROM portal_grant g JOIN customer u ON u.tenant_id = g.tenant_id AND u.id = g.customer_id \
         LEFT JOIN location l ON l.tenant_id = g.tenant_id AND l.id = g.location_id LEFT JOIN staff_account s ON s.tenant_id = g.tenant_id AND s.id = g.granted_by_staff \
         LEFT JOIN portal_account p ON p.tenant_id = g.tenant_id AND p.id = g.granted_by_account LEFT JOIN contact k ON k.tenant_id = p.tenant_id AND k.id = p.contact_id \
         WHERE g.tenant_id = $1 AND g.revoked_at IS NULL "
    };
}
const GRANTS_OF: &str = concat!(grants!(), "AND g.customer_id = $2 ORDER BY l.name, g.id LIMIT 1000");
const REVOKE: &str = "UPDATE portal_grant SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL";
const ACCOUNT_OF_GRANT: &str = "SELECT portal_account_id FROM portal_grant WHERE tenant_id = $1 AND id = $2";
const IN_FORCE: &str = "SELECT count(*) FROM portal_grant WHERE tenant_id = $1 AND portal_account_id = $2 AND revoked_at IS NULL AND (valid_until IS NULL OR valid_until > $3)";
const BLOCK: &str = "UPDATE portal_account SET locked_at = $3 WHERE tenant_id = $1 AND id = $2";
/// What is worth a look: access that ends soon, and access that nobody uses.
const REVIEW: &str = "SELECT g.id, g.customer_id, u.name AS customer_name, l.name AS location_name, c.display_name, a.email, g.valid_until, a.last_sign_in_at, \
    (g.valid_until IS NOT NULL AND g.valid_until <= $4) AS ends_soon, coalesce(a.last_sign_in_at, a.activated_at, a.created_at) <= $5 AS is_unused \
    FROM portal_grant g JOIN portal_account a ON a.tenant_id = g.tenant_id AND a.id = g.portal_account_id JOIN contact c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id \
    JOIN customer u ON u.tenant_id = g.tenant_id AND u.id = g.customer_id LEFT JOIN location l ON l.tenant_id = g.tenant_id AND l.id = g.location_id \
    WHERE g.tenant_id = $1 AND g.revoked_at IS NULL AND (g.valid_until IS NULL OR g.valid_until > $3) AND g.id > $2 \
    AND ((g.valid_until IS NOT NULL AND g.valid_until <= $4) OR coalesce(a.last_sign_in_at, a.activated_at, a.created_at) <= $5) ORDER BY g.id LIMIT $6";

/// Whoever shares a place with the own right to give access. The name is only told if it is the customer's own record.
const COLLEAGUES: &str = concat!(
    "SELECT g.id, g.portal_account_id AS account_id, CASE WHEN c.customer_id = g.customer_id THEN c.display_name END AS display_name, a.email, u.name AS customer_name, l.name AS location_name, \
     g.may_submit, g.may_see_appointments, g.may_see_reports, g.may_download, g.sees_all_requests, g.may_manage, g.valid_from, g.valid_until, a.activated_at IS NOT NULL AS is_active, a.locked_at IS NOT NULL AS is_blocked, \
     (SELECT max(k.expires_at) FROM portal_link k WHERE k.tenant_id = a.tenant_id AND k.portal_account_id = a.id AND k.purpose = 'invitation' AND k.used_at IS NULL) AS invitation_ends \
     FROM portal_grant g JOIN portal_account a ON a.tenant_id = g.tenant_id AND a.id = g.portal_account_id JOIN contact c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id \
     JOIN customer u ON u.tenant_id = g.tenant_id AND u.id = g.customer_id LEFT JOIN location l ON l.tenant_id = g.tenant_id AND l.id = g.location_id \
     WHERE g.tenant_id = $1 AND g.portal_account_id <> $2 AND g.revoked_at IS NULL AND (g.valid_until IS NULL OR g.valid_until > $3) AND EXISTS (SELECT 1 FROM ",
    managing!(),
    " AND m.customer_id = g.customer_id AND (m.location_id IS NULL OR m.location_id = g.location_id)) ORDER BY a.email, g.id LIMIT 500"
);
const OWN_GRANTS: &str = concat!(
    grants!(),
    "AND g.portal_account_id = $2 AND g.valid_from <= $3 AND (g.valid_until IS NULL OR g.valid_until > $3) ORDER BY u.name, l.name, g.id LIMIT 200"
);
/// Places that a managing grant reaches.
const MANAGED_LOCATIONS: &str = concat!(
    "SELECT l.id, l.customer_id, l.name FROM location l WHERE l.tenant_id = $1 AND l.archived_at IS NULL AND EXISTS (SELECT 1 FROM ",
    managing!(),
    " AND m.customer_id = l.customer_id AND (m.location_id IS NULL OR m.location_id = l.id)) ORDER BY l.name, l.id LIMIT 500"
);
/// Who may give access themselves is left to the staff.
const REVOKE_WITHIN: &str = concat!(
    "UPDATE portal_grant SET revoked_at = $3 WHERE tenant_id = $1 AND id = $4 AND portal_account_id <> $2 AND revoked_at IS NULL AND NOT may_manage AND EXISTS (SELECT 1 FROM ",
    managing!(),
    " AND m.customer_id = portal_grant.customer_id AND (m.location_id IS NULL OR m.location_id = portal_grant.location_id))"
);

impl<A: Inviter> TenantTx<'_, A> {
    pub(crate) async fn account_by_email(&mut self, email: &str) -> Result<Option<AddressedAccount>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, AddressedAccount, BY_EMAIL, tenant, email)
    }

    /// An account without a password, for an invitation.
    pub(crate) async fn insert_invited_account(
        &mut self,
        contact: ContactId,
        email: &str,
        locale: Option<Locale>,
    ) -> Result<PortalUserId, StoreError> {
        let (tenant, now, id) = (self.tenant(), self.now, self.new_id());
        run!(
            &mut self.tx,
            INSERT_ACCOUNT,
            tenant,
            PortalUserId::uuid(id),
            contact.uuid(),
            email,
            locale.map(Locale::tag),
            now
        )?;
        Ok(id)
    }

    pub(crate) async fn insert_invited_contact(
        &mut self,
        customer: CustomerId,
        display_name: &str,
        email: &str,
    ) -> Result<ContactId, StoreError> {
        let (tenant, now, id) = (self.tenant(), self.now, self.new_id());
        run!(
            &mut self.tx,
            INSERT_CONTACT,
            tenant,
            ContactId::uuid(id),
            customer.uuid(),
            None::<Uuid>,
            display_name,
            email,
            None::<&str>,
            now
        )?;
        Ok(id)
    }

    /// Makes room for a grant; `within` leaves rights to give access alone.
    async fn replace_grant(&mut self, within: bool, grant: &GrantToGive<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        if let Some(from) = grant.valid_from {
            let (before, later) = if within {
                (END_BEFORE_WITHIN, REPLACE_LATER_WITHIN)
            } else {
                (END_BEFORE, REPLACE_LATER)
            };
            let location = grant.location.map(LocationId::uuid);
            let (account, customer) = (grant.account.uuid(), grant.customer.uuid());
            run!(&mut self.tx, before, tenant, account, customer, location, from)?;
            return run!(&mut self.tx, later, tenant, account, customer, location, from, now).map(drop);
        }
        let sql = if within { REPLACE_WITHIN } else { REPLACE };
        run!(
            &mut self.tx,
            sql,
            tenant,
            grant.account.uuid(),
            grant.customer.uuid(),
            grant.location.map(LocationId::uuid),
            now
        )
        .map(drop)
    }

    /// Whether an account has a grant that is in force or will be.
    pub(crate) async fn has_grants(&mut self, account: PortalUserId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (count,) = one!(&mut self.tx, (i64,), IN_FORCE, tenant, account.uuid(), now)?;
        Ok(count > 0)
    }

    /// Ends the sessions of an account.
    pub(crate) async fn end_sessions_of(&mut self, account: PortalUserId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        run!(&mut self.tx, end_all(Door::Portal), tenant, account.uuid()).map(drop)
    }

    /// Whose a grant is.
    pub(crate) async fn account_of_grant(&mut self, grant: GrantId) -> Result<Option<PortalUserId>, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (Uuid,), ACCOUNT_OF_GRANT, tenant, grant.uuid())?
            .map(|(id,)| PortalUserId::from_uuid(id)))
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn portal_accounts_of(&mut self, customer: CustomerId) -> Result<Vec<AccessLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, AccessLine, ACCOUNTS_OF, tenant, customer.uuid())
    }

    pub(crate) async fn portal_account(&mut self, id: PortalUserId) -> Result<Option<AccessLine>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, AccessLine, ACCOUNT, tenant, id.uuid())
    }

    pub(crate) async fn grants_of_customer(&mut self, customer: CustomerId) -> Result<Vec<GrantLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, GrantLine, GRANTS_OF, tenant, customer.uuid())
    }

    /// Gives a grant; false if customer or location are not there to be granted.
    pub(crate) async fn give_grant(&mut self, grant: &GrantToGive<'_>) -> Result<bool, StoreError> {
        self.replace_grant(false, grant).await?;
        let (tenant, now, id): (_, _, GrantId) = (self.tenant(), self.now, self.new_id());
        let (own, label, may) = (self.actor.id().uuid(), self.actor.label(), grant.capabilities);
        Ok(run!(
            &mut self.tx,
            GIVE,
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
            Some(own),
            None::<Uuid>
        )? == 1)
    }

    pub(crate) async fn revoke_grant(&mut self, grant: GrantId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, REVOKE, tenant, grant.uuid(), now)? == 1)
    }

    /// Blocks an account or lets it in again; blocking ends its sessions.
    pub(crate) async fn block_account(&mut self, account: PortalUserId, blocked: bool) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let found = run!(&mut self.tx, BLOCK, tenant, account.uuid(), blocked.then_some(now))? == 1;
        if found && blocked {
            self.end_sessions_of(account).await?;
        }
        Ok(found)
    }

    /// A page of grants that are worth a look.
    pub(crate) async fn grants_to_review(
        &mut self,
        after: Option<GrantId>,
        ends_until: DateTime<Utc>,
        unused_since: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<ReviewLine>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let after = after.map_or(Uuid::nil(), GrantId::uuid);
        all!(
            &mut self.tx,
            ReviewLine,
            REVIEW,
            tenant,
            after,
            now,
            ends_until,
            unused_since,
            limit
        )
    }
}

impl TenantTx<'_, Contact> {
    fn managing(&self) -> (Uuid, Uuid, DateTime<Utc>) {
        (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now)
    }

    /// The own grants that are in force.
    pub(crate) async fn own_grants(&mut self) -> Result<Vec<GrantLine>, StoreError> {
        let (tenant, own, now) = self.managing();
        all!(&mut self.tx, GrantLine, OWN_GRANTS, tenant, own, now)
    }

    pub(crate) async fn colleagues(&mut self) -> Result<Vec<ColleagueLine>, StoreError> {
        let (tenant, own, now) = self.managing();
        all!(&mut self.tx, ColleagueLine, COLLEAGUES, tenant, own, now)
    }

    pub(crate) async fn managed_locations(
        &mut self,
    ) -> Result<Vec<(Key<domain::ids::LocationKind>, Key<domain::ids::CustomerKind>, String)>, StoreError> {
        let (tenant, own, now) = self.managing();
        all!(
            &mut self.tx,
            (Key<domain::ids::LocationKind>, Key<domain::ids::CustomerKind>, String),
            MANAGED_LOCATIONS,
            tenant,
            own,
            now
        )
    }

    /// Gives a grant within an own one that allows it; false if there is none.
    pub(crate) async fn give_grant_within(&mut self, grant: &GrantToGive<'_>) -> Result<bool, StoreError> {
        self.replace_grant(true, grant).await?;
        let (tenant, own, now) = self.managing();
        let id: GrantId = self.new_id();
        let (label, may) = (self.actor.label(), grant.capabilities);
        Ok(run!(
            &mut self.tx,
            GIVE_WITHIN,
            tenant,
            own,
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
            Some(own),
            false,
            grant.valid_from.unwrap_or(now)
        )? == 1)
    }

    /// Takes a colleague's grant back, within an own one that allows it.
    pub(crate) async fn revoke_grant_within(&mut self, grant: GrantId) -> Result<bool, StoreError> {
        let (tenant, own, now) = self.managing();
        Ok(run!(&mut self.tx, REVOKE_WITHIN, tenant, own, now, grant.uuid())? == 1)
    }
}
