//! SQL statements for staff and portal accounts, for sign-in and administration.

use chrono::{DateTime, Utc};
use domain::ids::{Id, PortalUserId, PortalUserKind, StaffId, StaffKind};
use domain::locale::Locale;
use uuid::Uuid;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::purpose::{Administration, ChangesAccounts, SignIn};
use crate::db::{SystemTx, TenantTx};
use crate::identity::account::AccountKey;
use crate::identity::actors::{Actor as _, Contact, Staff, TenantId};
use crate::identity::store::access::{EndedAccess, end_access};
use crate::identity::store::sessions::Realm;
use crate::scheduling::model::TechnicianChoice;

/// The columns of a staff account that sign-in needs.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StaffIdentity {
    /// Whether the role must use two-factor authentication.
    pub is_factor_required: bool,
    /// Whether two-factor authentication is on.
    pub has_second_factor: bool,
    pub tenant_id: Uuid,
    pub epoch: i64,
    pub id: Key<StaffKind>,
    pub password_hash: String,
    pub role: String,
    pub tenant_name: String,
    pub locked_at: Option<DateTime<Utc>>,
}

/// The columns of a portal account that sign-in needs.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct PortalIdentity {
    pub is_active: bool,
    /// Whether two-factor authentication is on.
    pub has_second_factor: bool,
    pub tenant_id: Uuid,
    pub epoch: i64,
    pub id: Key<PortalUserKind>,
    pub password_hash: String,
    pub tenant_name: String,
    pub locked_at: Option<DateTime<Utc>>,
}

const SELECT_STAFF_BY_EMAIL: &str = r"
    SELECT
        EXISTS (
            SELECT 1
            FROM two_factor_requirement AS requirement
            WHERE requirement.tenant_id = staff.tenant_id AND requirement.role = staff.role
        ) AS is_factor_required,
        staff.second_factor IS NOT NULL AS has_second_factor, staff.tenant_id, staff.id, staff.epoch,
        staff.password_hash, staff.role, tenant.name AS tenant_name, staff.locked_at
    FROM staff_account AS staff
    JOIN tenant ON tenant.id = staff.tenant_id
    WHERE staff.email = $1
    ORDER BY tenant.name
    LIMIT 8
";
const SELECT_PORTAL_USERS_BY_EMAIL: &str = r"
    SELECT
        account.activated_at IS NOT NULL AS is_active,
        account.second_factor IS NOT NULL AS has_second_factor, account.tenant_id, account.id, account.epoch,
        account.password_hash, tenant.name AS tenant_name, account.locked_at
    FROM portal_account AS account
    JOIN tenant ON tenant.id = account.tenant_id
    WHERE account.email = $1
    ORDER BY tenant.name
    LIMIT 8
";
per_account!(
    update_last_sign_in_statement,
    "UPDATE ",
    "_account SET last_sign_in_at = $3 WHERE tenant_id = $1 AND id = $2"
);
const INSERT_STAFF: &str = r"
    INSERT INTO staff_account (
        tenant_id, id, email, display_name, role, password_hash, locale, skills, created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
";
const UPDATE_STAFF_PASSWORD: &str = "UPDATE staff_account SET password_hash = $3 WHERE tenant_id = $1 AND id = $2";
/// Setting a password also activates an invited account.
pub(crate) const SET_PORTAL_PASSWORD: &str = r"
    UPDATE portal_account
    SET password_hash = $3, activated_at = coalesce(activated_at, $4)
    WHERE tenant_id = $1
      AND id = $2
";
pub(super) const UPDATE_STAFF_LOCK: &str = "UPDATE staff_account SET locked_at = $3 WHERE tenant_id = $1 AND id = $2";
const UPDATE_PORTAL_LOCK: &str = "UPDATE portal_account SET locked_at = $3 WHERE tenant_id = $1 AND id = $2";
const UPDATE_STAFF_LOCALE: &str = "UPDATE staff_account SET locale = $3 WHERE tenant_id = $1 AND id = $2";
const UPDATE_STAFF_NAME: &str = "UPDATE staff_account SET display_name = $3 WHERE tenant_id = $1 AND id = $2";
const UPDATE_SHORTCUTS: &str = "UPDATE staff_account SET has_shortcuts = $3 WHERE tenant_id = $1 AND id = $2";
const UPDATE_PORTAL_LOCALE: &str = "UPDATE portal_account SET locale = $3 WHERE tenant_id = $1 AND id = $2";
const SELECT_TECHNICIANS: &str = r"
    SELECT id, display_name
    FROM staff_account
    WHERE tenant_id = $1
      AND role = 'technician'
      AND locked_at IS NULL
    ORDER BY display_name, id
";

/// A staff account to insert.
pub(crate) struct NewStaff<'a> {
    pub email: &'a str,
    pub display_name: &'a str,
    pub role: domain::identity::roles::Role,
    pub password_hash: &'a str,
    pub locale: Option<Locale>,
    pub skills: &'a [String],
}

impl<P> SystemTx<'_, P> {
    pub(crate) async fn staff_by_email(&mut self, email: &str) -> Result<Vec<StaffIdentity>, StoreError> {
        self.tx
            .fetch_all::<StaffIdentity>(SELECT_STAFF_BY_EMAIL, (email,))
            .await
    }

    pub(crate) async fn portal_users_by_email(&mut self, email: &str) -> Result<Vec<PortalIdentity>, StoreError> {
        self.tx
            .fetch_all::<PortalIdentity>(SELECT_PORTAL_USERS_BY_EMAIL, (email,))
            .await
    }
}

impl SystemTx<'_, SignIn> {
    pub(crate) async fn account_signed_in(&mut self, account: AccountKey) -> Result<(), StoreError> {
        self.tx
            .execute(
                update_last_sign_in_statement(account.realm),
                (account.tenant.uuid(), account.id, self.now),
            )
            .await
            .map(drop)
    }
}

impl SystemTx<'_, Administration> {
    pub(crate) async fn insert_staff(&mut self, tenant: TenantId, new: &NewStaff<'_>) -> Result<StaffId, StoreError> {
        let id: StaffId = Id::from_uuid(self.store.randomness.uuid_v7(self.now));
        self.tx
            .execute(
                INSERT_STAFF,
                (
                    tenant.uuid(),
                    id.uuid(),
                    new.email,
                    new.display_name,
                    new.role.name(),
                    new.password_hash,
                    new.locale.map(Locale::tag),
                    sqlx::types::Json(new.skills),
                    self.now,
                ),
            )
            .await?;
        Ok(id)
    }

    /// Locks or unlocks an account; locking ends its access.
    pub(crate) async fn lock_staff(&mut self, tenant: TenantId, id: StaffId, locked: bool) -> Result<(), StoreError> {
        self.tx
            .execute(
                UPDATE_STAFF_LOCK,
                (tenant.uuid(), id.uuid(), locked.then_some(self.now)),
            )
            .await?;
        if locked {
            end_access(&mut self.tx, Realm::Staff, tenant, id.uuid()).await?;
        }
        Ok(())
    }

    /// Locks or unlocks an account; locking ends its access.
    pub(crate) async fn lock_portal_user(
        &mut self,
        tenant: TenantId,
        id: PortalUserId,
        locked: bool,
    ) -> Result<(), StoreError> {
        self.tx
            .execute(
                UPDATE_PORTAL_LOCK,
                (tenant.uuid(), id.uuid(), locked.then_some(self.now)),
            )
            .await?;
        if locked {
            end_access(&mut self.tx, Realm::Portal, tenant, id.uuid()).await?;
        }
        Ok(())
    }
}

impl<P: ChangesAccounts> SystemTx<'_, P> {
    /// Sets a password and ends the access of the account.
    pub(crate) async fn set_staff_password(
        &mut self,
        tenant: TenantId,
        id: StaffId,
        password_hash: &str,
    ) -> Result<EndedAccess, StoreError> {
        self.tx
            .execute(UPDATE_STAFF_PASSWORD, (tenant.uuid(), id.uuid(), password_hash))
            .await?;
        end_access(&mut self.tx, Realm::Staff, tenant, id.uuid()).await
    }

    /// Sets a password and ends the access of the account.
    pub(crate) async fn set_portal_password(
        &mut self,
        tenant: TenantId,
        id: PortalUserId,
        password_hash: &str,
    ) -> Result<EndedAccess, StoreError> {
        self.tx
            .execute(SET_PORTAL_PASSWORD, (tenant.uuid(), id.uuid(), password_hash, self.now))
            .await?;
        end_access(&mut self.tx, Realm::Portal, tenant, id.uuid()).await
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn technicians(&mut self) -> Result<Vec<TechnicianChoice>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<TechnicianChoice>(SELECT_TECHNICIANS, (tenant,))
            .await
    }

    pub(crate) async fn set_own_locale(&mut self, locale: Locale) -> Result<(), StoreError> {
        let (tenant, id) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx
            .execute(UPDATE_STAFF_LOCALE, (tenant, id, locale.tag()))
            .await
            .map(drop)
    }

    pub(crate) async fn set_own_name(&mut self, name: &str) -> Result<(), StoreError> {
        let (tenant, id) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx.execute(UPDATE_STAFF_NAME, (tenant, id, name)).await.map(drop)
    }

    pub(crate) async fn set_own_shortcuts(&mut self, on: bool) -> Result<(), StoreError> {
        let (tenant, id) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx.execute(UPDATE_SHORTCUTS, (tenant, id, on)).await.map(drop)
    }
}

impl TenantTx<'_, Contact> {
    pub(crate) async fn set_own_locale(&mut self, locale: Locale) -> Result<(), StoreError> {
        let (tenant, id) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx
            .execute(UPDATE_PORTAL_LOCALE, (tenant, id, locale.tag()))
            .await
            .map(drop)
    }
}

const SELECT_TENANT_BY_SLUG: &str = r"
    SELECT id
    FROM tenant
    WHERE slug = $1
";

impl<P> SystemTx<'_, P> {
    pub(crate) async fn tenant_by_slug(&mut self, slug: &str) -> Result<Option<TenantId>, StoreError> {
        Ok(self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_TENANT_BY_SLUG, (slug,))
            .await?
            .map(|(id,)| TenantId::from_uuid(id)))
    }
}
