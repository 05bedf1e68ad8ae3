//! Statements that list tenants and accounts for the command line, and change them.

use chrono::{DateTime, Utc};
use domain::identity::roles::Role;
use domain::ids::StaffId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::db::purpose::Administration;
use crate::db::{StoreError, SystemTx};
use crate::identity::actors::TenantId;
use crate::identity::store::sessions::Realm;

/// A tenant with the number of its accounts.
#[derive(Debug, Clone, FromRow)]
pub struct TenantSummary {
    pub slug: String,
    pub name: String,
    pub zone: String,
    pub locale: String,
    pub is_demo: bool,
    pub staff: i64,
    pub portal_accounts: i64,
}

/// An account of any realm.
#[derive(Debug, Clone, FromRow)]
pub struct AccountSummary {
    #[sqlx(try_from = "String")]
    pub realm: Realm,
    pub id: Uuid,
    pub email: String,
    /// The role of a staff account.
    pub role: Option<String>,
    pub is_locked: bool,
    pub last_sign_in_at: Option<DateTime<Utc>>,
    pub sessions: i64,
}

const SELECT_TENANTS: &str = r"
    SELECT
        tenant.slug, tenant.name, tenant.zone, tenant.locale, tenant.is_demo,
        (
            SELECT count(*)
            FROM staff_account AS account
            WHERE account.tenant_id = tenant.id AND account.email NOT LIKE '%@deleted.invalid'
        ) AS staff,
        (
            SELECT count(*)
            FROM portal_account AS account
            WHERE account.tenant_id = tenant.id AND account.email NOT LIKE '%@deleted.invalid'
        ) AS portal_accounts
    FROM tenant
    ORDER BY tenant.slug
";
const SELECT_ACCOUNTS: &str = r"
    SELECT
        'staff' AS realm, account.id, account.email, account.role AS role, account.locked_at IS NOT NULL AS is_locked,
        account.last_sign_in_at,
        (
            SELECT count(*)
            FROM staff_session AS session
            WHERE session.tenant_id = account.tenant_id AND session.account_id = account.id AND session.expires_at > $2
        ) AS sessions
    FROM staff_account AS account
    WHERE account.tenant_id = $1
      AND ($3 IS NULL OR account.email = $3)
      AND account.email NOT LIKE '%@deleted.invalid'
    UNION ALL
    SELECT
        'portal', account.id, account.email, NULL, account.locked_at IS NOT NULL, account.last_sign_in_at,
        (
            SELECT count(*)
            FROM portal_session AS session
            WHERE session.tenant_id = account.tenant_id AND session.account_id = account.id AND session.expires_at > $2
        )
    FROM portal_account AS account
    WHERE account.tenant_id = $1
      AND ($3 IS NULL OR account.email = $3)
      AND account.email NOT LIKE '%@deleted.invalid'
    UNION ALL
    SELECT
        'partner', account.id, account.email, NULL, account.locked_at IS NOT NULL, account.last_sign_in_at,
        (
            SELECT count(*)
            FROM partner_session AS session
            WHERE session.tenant_id = account.tenant_id AND session.account_id = account.id AND session.expires_at > $2
        )
    FROM partner_account AS account
    WHERE account.tenant_id = $1
      AND ($3 IS NULL OR account.email = $3)
      AND account.email NOT LIKE '%@deleted.invalid'
    ORDER BY 1 DESC, 3
";
pub(super) const UPDATE_ROLE: &str = r"
    UPDATE staff_account
    SET role = $3
    WHERE tenant_id = $1
      AND id = $2
";

impl<P> SystemTx<'_, P> {
    pub(crate) async fn tenants(&mut self) -> Result<Vec<TenantSummary>, StoreError> {
        self.tx.fetch_all::<TenantSummary>(SELECT_TENANTS, ()).await
    }

    /// Returns the accounts of a tenant in all realms, all or those of an email address.
    pub(crate) async fn accounts(
        &mut self,
        tenant: TenantId,
        email: Option<&str>,
    ) -> Result<Vec<AccountSummary>, StoreError> {
        let now = self.now;
        self.tx
            .fetch_all::<AccountSummary>(SELECT_ACCOUNTS, (tenant.uuid(), now, email))
            .await
    }
}

impl SystemTx<'_, Administration> {
    pub(crate) async fn set_staff_role(&mut self, tenant: TenantId, id: StaffId, role: Role) -> Result<(), StoreError> {
        self.tx
            .execute(UPDATE_ROLE, (tenant.uuid(), id.uuid(), role.name()))
            .await
            .map(drop)
    }
}
