//! Accounts of staff and portal users, as sign-in and administration need them.

use chrono::{DateTime, Utc};
use domain::ids::{Id, PortalUserId, PortalUserKind, StaffId, StaffKind};
use domain::locale::Locale;
use uuid::Uuid;

use crate::db::Key;
use crate::db::{StoreError, all, maybe, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Actor as _, Contact, Staff, TenantId};
use crate::scheduling::model::TechnicianChoice;

/// What sign-in needs of a staff account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StaffIdentity {
    pub tenant_id: Uuid,
    pub id: Key<StaffKind>,
    pub password_hash: String,
    pub role: String,
    pub tenant_name: String,
    pub locked_at: Option<DateTime<Utc>>,
}

/// What sign-in needs of a portal account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct PortalIdentity {
    pub is_active: bool,
    /// Whether a code is asked for after the password.
    pub has_second_factor: bool,
    pub tenant_id: Uuid,
    pub id: Key<PortalUserKind>,
    pub password_hash: String,
    pub tenant_name: String,
    pub locked_at: Option<DateTime<Utc>>,
}

const STAFF_BY_EMAIL: &str = "SELECT a.tenant_id, a.id, a.password_hash, a.role, t.name AS tenant_name, a.locked_at \
    FROM staff_account a JOIN tenant t ON t.id = a.tenant_id WHERE a.email = $1 ORDER BY t.name LIMIT 8";
const PORTAL_BY_EMAIL: &str = "SELECT a.activated_at IS NOT NULL AS is_active, a.second_factor IS NOT NULL AS has_second_factor, a.tenant_id, a.id, a.password_hash, t.name AS tenant_name, a.locked_at \
    FROM portal_account a JOIN tenant t ON t.id = a.tenant_id WHERE a.email = $1 ORDER BY t.name LIMIT 8";
const STAFF_SIGNED_IN: &str = "UPDATE staff_account SET last_sign_in_at = $3 WHERE tenant_id = $1 AND id = $2";
const PORTAL_SIGNED_IN: &str = "UPDATE portal_account SET last_sign_in_at = $3 WHERE tenant_id = $1 AND id = $2";
const INSERT_STAFF: &str = "INSERT INTO staff_account (tenant_id, id, email, display_name, role, password_hash, locale, skills, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const SET_PASSWORD: &str = "UPDATE staff_account SET password_hash = $3 WHERE tenant_id = $1 AND id = $2";
/// An operator's password makes an invited account active, too.
pub(crate) const SET_PORTAL_PASSWORD: &str = "UPDATE portal_account SET password_hash = $3, activated_at = coalesce(activated_at, $4) WHERE tenant_id = $1 AND id = $2";
const LOCK_STAFF: &str = "UPDATE staff_account SET locked_at = $3 WHERE tenant_id = $1 AND id = $2";
const LOCK_PORTAL: &str = "UPDATE portal_account SET locked_at = $3 WHERE tenant_id = $1 AND id = $2";
const SET_STAFF_LOCALE: &str = "UPDATE staff_account SET locale = $3 WHERE tenant_id = $1 AND id = $2";
const SET_PORTAL_LOCALE: &str = "UPDATE portal_account SET locale = $3 WHERE tenant_id = $1 AND id = $2";
const TECHNICIANS: &str = "SELECT id, display_name FROM staff_account WHERE tenant_id = $1 AND role = 'technician' AND locked_at IS NULL ORDER BY display_name, id";

/// A staff account to make.
pub(crate) struct NewStaff<'a> {
    pub email: &'a str,
    pub display_name: &'a str,
    pub role: domain::roles::Role,
    pub password_hash: &'a str,
    pub locale: Option<Locale>,
    pub skills: &'a [String],
}

impl SystemTx<'_> {
    pub(crate) async fn staff_by_email(&mut self, email: &str) -> Result<Vec<StaffIdentity>, StoreError> {
        all!(&mut self.tx, StaffIdentity, STAFF_BY_EMAIL, email)
    }

    pub(crate) async fn portal_users_by_email(&mut self, email: &str) -> Result<Vec<PortalIdentity>, StoreError> {
        all!(&mut self.tx, PortalIdentity, PORTAL_BY_EMAIL, email)
    }

    pub(crate) async fn staff_signed_in(&mut self, tenant: TenantId, id: StaffId) -> Result<(), StoreError> {
        run!(&mut self.tx, STAFF_SIGNED_IN, tenant.uuid(), id.uuid(), self.now).map(drop)
    }

    pub(crate) async fn portal_user_signed_in(&mut self, tenant: TenantId, id: PortalUserId) -> Result<(), StoreError> {
        run!(&mut self.tx, PORTAL_SIGNED_IN, tenant.uuid(), id.uuid(), self.now).map(drop)
    }

    pub(crate) async fn insert_staff(&mut self, tenant: TenantId, new: &NewStaff<'_>) -> Result<StaffId, StoreError> {
        let id: StaffId = Id::from_uuid(self.store.randomness.uuid_v7(self.now));
        run!(
            &mut self.tx,
            INSERT_STAFF,
            tenant.uuid(),
            id.uuid(),
            new.email,
            new.display_name,
            new.role.name(),
            new.password_hash,
            new.locale.map(Locale::tag),
            sqlx::types::Json(new.skills),
            self.now
        )?;
        Ok(id)
    }

    /// Sets a password and ends every session of the account.
    pub(crate) async fn set_staff_password(
        &mut self,
        tenant: TenantId,
        id: StaffId,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        run!(&mut self.tx, SET_PASSWORD, tenant.uuid(), id.uuid(), password_hash)?;
        self.end_staff_sessions(tenant, id).await
    }

    /// Sets a password and ends every session of the account.
    pub(crate) async fn set_portal_password(
        &mut self,
        tenant: TenantId,
        id: PortalUserId,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        run!(
            &mut self.tx,
            SET_PORTAL_PASSWORD,
            tenant.uuid(),
            id.uuid(),
            password_hash,
            self.now
        )?;
        self.end_portal_sessions(tenant, id).await
    }

    /// Locks or unlocks an account; locking ends its sessions.
    pub(crate) async fn lock_staff(&mut self, tenant: TenantId, id: StaffId, locked: bool) -> Result<(), StoreError> {
        run!(
            &mut self.tx,
            LOCK_STAFF,
            tenant.uuid(),
            id.uuid(),
            locked.then_some(self.now)
        )?;
        if locked {
            self.end_staff_sessions(tenant, id).await
        } else {
            Ok(())
        }
    }

    /// Locks or unlocks an account; locking ends its sessions.
    pub(crate) async fn lock_portal_user(
        &mut self,
        tenant: TenantId,
        id: PortalUserId,
        locked: bool,
    ) -> Result<(), StoreError> {
        run!(
            &mut self.tx,
            LOCK_PORTAL,
            tenant.uuid(),
            id.uuid(),
            locked.then_some(self.now)
        )?;
        if locked {
            self.end_portal_sessions(tenant, id).await
        } else {
            Ok(())
        }
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn technicians(&mut self) -> Result<Vec<TechnicianChoice>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, TechnicianChoice, TECHNICIANS, tenant)
    }

    pub(crate) async fn set_own_locale(&mut self, locale: Locale) -> Result<(), StoreError> {
        let (tenant, id) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        run!(&mut self.tx, SET_STAFF_LOCALE, tenant, id, locale.tag()).map(drop)
    }
}

impl TenantTx<'_, Contact> {
    pub(crate) async fn set_own_locale(&mut self, locale: Locale) -> Result<(), StoreError> {
        let (tenant, id) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        run!(&mut self.tx, SET_PORTAL_LOCALE, tenant, id, locale.tag()).map(drop)
    }
}

const TENANT_BY_SLUG: &str = "SELECT id FROM tenant WHERE slug = $1";

impl SystemTx<'_> {
    pub(crate) async fn tenant_by_slug(&mut self, slug: &str) -> Result<Option<TenantId>, StoreError> {
        Ok(maybe!(&mut self.tx, (Uuid,), TENANT_BY_SLUG, slug)?.map(|(id,)| TenantId::from_uuid(id)))
    }
}
