//! The accounts of the people of a sandbox.

use domain::identity::roles::Role;
use domain::ids::{StaffId, StaffKind};
use sqlx::types::Json;

use crate::db::purpose::Administration;
use crate::db::{Key, StoreError, SystemTx};
use crate::identity::actors::TenantId;
use crate::identity::sandbox_crew::EMAIL_DOMAIN;

/// One of the people of a sandbox.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct CrewMember {
    #[sqlx(try_from = "Key<StaffKind>")]
    pub id: StaffId,
    #[sqlx(try_from = "String")]
    pub role: Role,
    pub display_name: String,
}

const SELECT_CREW: &str = r"
    SELECT id, role, display_name
    FROM staff_account
    WHERE tenant_id = $1
      AND email LIKE $2
    ORDER BY email
";
const SELECT_TENANT: &str = "SELECT name, zone FROM tenant WHERE id = $1";
const INSERT_MEMBER: &str = r"
    INSERT INTO staff_account (tenant_id, id, email, display_name, role, password_hash, skills, created_at)
    SELECT id, $2, $3, $4, $5, $6, $7, $8
    FROM tenant
    WHERE id = $1
      AND live_tenant_id IS NOT NULL
    ON CONFLICT (tenant_id, email) DO NOTHING
";

impl<P> SystemTx<'_, P> {
    pub(crate) async fn sandbox_crew(&mut self, tenant: TenantId) -> Result<Vec<CrewMember>, StoreError> {
        let pattern = format!("%{EMAIL_DOMAIN}");
        self.tx
            .fetch_all::<CrewMember>(SELECT_CREW, (tenant.uuid(), &pattern))
            .await
    }

    pub(crate) async fn tenant_name_and_zone(&mut self, tenant: TenantId) -> Result<(String, String), StoreError> {
        self.tx
            .fetch_one::<(String, String)>(SELECT_TENANT, (tenant.uuid(),))
            .await
    }
}

impl SystemTx<'_, Administration> {
    /// Creates an account unless the sandbox has it. A tenant that is no sandbox gets none.
    pub(crate) async fn insert_crew_member(
        &mut self,
        tenant: TenantId,
        role: Role,
        name: &str,
        email: &str,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        let id = self.store.randomness.uuid_v7(self.now);
        let skills: [String; 0] = [];
        let row = (
            tenant.uuid(),
            id,
            email,
            name,
            role.name(),
            password_hash,
            Json(skills),
            self.now,
        );
        self.tx.execute(INSERT_MEMBER, row).await.map(drop)
    }
}
