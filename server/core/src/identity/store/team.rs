//! Statements with which administrators manage the staff accounts of their tenant.

use domain::identity::roles::Role;
use domain::ids::StaffId;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::Administrator;
use crate::identity::model::TeamMember;
use crate::identity::store::access::end_access;
use crate::identity::store::accounts::UPDATE_STAFF_LOCK;
use crate::identity::store::listing::UPDATE_ROLE;
use crate::identity::store::password_links::{NewPasswordLink, insert_link};
use crate::identity::store::sessions::Realm;

/// Accounts that were deleted keep their row for what they did.
const SELECT_TEAM: &str = r"
    SELECT
        account.id, account.email, account.display_name, account.role, account.password_hash <> '' AS has_password,
        (
            SELECT max(link.expires_at)
            FROM password_link AS link
            WHERE link.tenant_id = account.tenant_id
              AND link.staff_account_id = account.id
              AND link.epoch = account.epoch
              AND link.used_at IS NULL
              AND link.expires_at > $2
        ) AS link_expires_at,
        account.second_factor IS NOT NULL AS has_second_factor, account.locked_at, account.last_sign_in_at
    FROM staff_account AS account
    WHERE account.tenant_id = $1
      AND account.email NOT LIKE '%@deleted.invalid'
    ORDER BY account.display_name, account.id
";
const SELECT_MEMBER: &str = r"
    SELECT role, epoch, locked_at IS NOT NULL AS is_locked, password_hash <> '' AS has_password, email, display_name
    FROM staff_account
    WHERE tenant_id = $1
      AND id = $2
      AND email NOT LIKE '%@deleted.invalid'
";
/// An administrator without a password could not do anything yet.
const COUNT_OTHER_ADMINISTRATORS: &str = r"
    SELECT count(*)
    FROM staff_account
    WHERE tenant_id = $1
      AND id <> $2
      AND role = 'admin'
      AND locked_at IS NULL
      AND password_hash <> ''
";
const INSERT_INVITED: &str = r"
    INSERT INTO staff_account (tenant_id, id, email, display_name, role, password_hash, skills, created_at)
    VALUES ($1, $2, $3, $4, $5, '', $6, $7)
    ON CONFLICT (tenant_id, email)
    DO NOTHING
";
const REVOKE_LINKS: &str = r"
    UPDATE password_link
    SET used_at = $3
    WHERE tenant_id = $1
      AND staff_account_id = $2
      AND used_at IS NULL
";

/// What decides whether an account may be changed.
#[derive(sqlx::FromRow)]
pub(crate) struct MemberState {
    pub role: String,
    pub epoch: i64,
    pub is_locked: bool,
    pub has_password: bool,
    pub email: String,
    pub display_name: String,
}

impl<A: Administrator> TenantTx<'_, A> {
    /// Returns the staff accounts by name.
    pub(crate) async fn team(&mut self) -> Result<Vec<TeamMember>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx.fetch_all::<TeamMember>(SELECT_TEAM, (tenant, now)).await
    }

    /// Locks the team, so that two changes at once do not leave it without an administrator.
    pub(crate) async fn lock_team(&mut self) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx.lock_name(&format!("team {tenant}")).await
    }

    /// Returns what decides whether an account may change and be changed.
    pub(crate) async fn member(&mut self, id: StaffId) -> Result<Option<MemberState>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<MemberState>(SELECT_MEMBER, (tenant, id.uuid()))
            .await
    }

    /// Returns whether somebody else can administer the tenant.
    pub(crate) async fn has_other_administrator(&mut self, than: StaffId) -> Result<bool, StoreError> {
        let (tenant, id) = (self.tenant(), than.uuid());
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_OTHER_ADMINISTRATORS, (tenant, id))
            .await?;
        Ok(count > 0)
    }

    /// Inserts an account without a password; `None` if the address has an account in this tenant.
    pub(crate) async fn invite_member(
        &mut self,
        email: &str,
        display_name: &str,
        role: Role,
    ) -> Result<Option<StaffId>, StoreError> {
        let id: StaffId = self.new_id();
        let (tenant, now) = (self.tenant(), self.now);
        let skills = sqlx::types::Json(Vec::<String>::new());
        let new = (tenant, id.uuid(), email, display_name, role.name(), skills, now);
        let written = self.tx.execute(INSERT_INVITED, new).await?;
        Ok((written == 1).then_some(id))
    }

    /// Inserts a link with which an account sets its password.
    pub(crate) async fn insert_member_link(&mut self, new: &NewPasswordLink<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant_id(), self.now);
        insert_link(&mut self.tx, Realm::Staff, tenant, new, now).await
    }

    /// Makes the open links of an account void.
    pub(crate) async fn revoke_member_links(&mut self, id: StaffId) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx.execute(REVOKE_LINKS, (tenant, id.uuid(), now)).await.map(drop)
    }

    /// Sets the role of an account and ends its access, which was that of the earlier role.
    pub(crate) async fn set_member_role(&mut self, id: StaffId, role: Role) -> Result<(), StoreError> {
        let (tenant, name) = (self.tenant(), role.name());
        self.tx.execute(UPDATE_ROLE, (tenant, id.uuid(), name)).await?;
        let tenant = self.tenant_id();
        end_access(&mut self.tx, Realm::Staff, tenant, id.uuid())
            .await
            .map(drop)
    }

    /// Locks or unlocks an account; locking ends its access.
    pub(crate) async fn set_member_lock(&mut self, id: StaffId, is_locked: bool) -> Result<(), StoreError> {
        let (tenant, locked_at) = (self.tenant(), is_locked.then_some(self.now));
        self.tx
            .execute(UPDATE_STAFF_LOCK, (tenant, id.uuid(), locked_at))
            .await?;
        if is_locked {
            let tenant = self.tenant_id();
            end_access(&mut self.tx, Realm::Staff, tenant, id.uuid()).await?;
        }
        Ok(())
    }
}
