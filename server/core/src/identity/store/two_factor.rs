//! Statements for two-factor authentication of portal users: secrets, last used time step, recovery codes.

use domain::ids::PortalUserId;
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Actor as _, Contact, Staff, TenantId};

/// The two-factor authentication state of the user's own account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct TwoFactorRow {
    pub is_on: bool,
    /// The sealed secret that has not been confirmed with a code.
    pub pending: Option<Vec<u8>>,
    /// The number of unused recovery codes.
    pub codes: i64,
}

/// An account that has passed the first factor and must enter a code.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct WaitingAccount {
    pub epoch: i64,
    /// The sealed secret; `None` if two-factor authentication was turned off in the meantime.
    pub secret: Option<Vec<u8>>,
    pub tenant_name: String,
}

const SELECT_OWN_FACTOR: &str = r"
    SELECT
        second_factor IS NOT NULL AS is_on, second_factor_pending AS pending,
        (
            SELECT count(*)
            FROM portal_recovery_code
            WHERE portal_recovery_code.tenant_id = portal_account.tenant_id
              AND portal_recovery_code.account_id = portal_account.id
        ) AS codes
    FROM portal_account
    WHERE tenant_id = $1
      AND id = $2
";
const UPDATE_PENDING_SECRET: &str = r"
    UPDATE portal_account
    SET second_factor_pending = $3
    WHERE tenant_id = $1
      AND id = $2
      AND second_factor IS NULL
";
const ENABLE_FACTOR: &str = r"
    UPDATE portal_account
    SET second_factor = second_factor_pending, second_factor_pending = NULL, second_factor_step = $3
    WHERE tenant_id = $1
      AND id = $2
      AND second_factor IS NULL
      AND second_factor_pending = $4
";
const DISABLE_FACTOR: &str = r"
    UPDATE portal_account
    SET second_factor = NULL, second_factor_pending = NULL, second_factor_step = NULL
    WHERE tenant_id = $1
      AND id = $2
      AND second_factor IS NOT NULL
";
const DELETE_RECOVERY_CODES: &str = "DELETE FROM portal_recovery_code WHERE tenant_id = $1 AND account_id = $2";
const INSERT_RECOVERY_CODE: &str =
    "INSERT INTO portal_recovery_code (tenant_id, account_id, code_hash) VALUES ($1, $2, $3)";
const SELECT_WAITING_ACCOUNT: &str = r"
    SELECT account.epoch, account.second_factor AS secret, tenant.name AS tenant_name
    FROM portal_account AS account
    JOIN tenant ON tenant.id = account.tenant_id
    WHERE account.tenant_id = $1
      AND account.id = $2
      AND account.locked_at IS NULL
      AND account.activated_at IS NOT NULL
";
/// A time step works once, and invalidates all earlier ones (RFC 6238, section 5.2).
const UPDATE_LAST_STEP: &str = r"
    UPDATE portal_account
    SET second_factor_step = $3
    WHERE tenant_id = $1
      AND id = $2
      AND second_factor IS NOT NULL
      AND coalesce(second_factor_step, 0) < $3
";
const DELETE_RECOVERY_CODE: &str = r"
    DELETE FROM portal_recovery_code
    WHERE tenant_id = $1
      AND account_id = $2
      AND code_hash = $3
";
const SELECT_SECRETS: &str = r"
    SELECT tenant_id, id, second_factor, second_factor_pending
    FROM portal_account
    WHERE second_factor IS NOT NULL OR second_factor_pending IS NOT NULL
    ORDER BY tenant_id, id
";
const UPDATE_SECRETS: &str = r"
    UPDATE portal_account
    SET second_factor = $3, second_factor_pending = $4
    WHERE tenant_id = $1
      AND id = $2
";

impl TenantTx<'_, Contact> {
    fn account_ids(&self) -> (Uuid, Uuid) {
        (self.actor.tenant().uuid(), self.actor.id().uuid())
    }

    pub(crate) async fn own_factor(&mut self) -> Result<TwoFactorRow, StoreError> {
        let (tenant, account) = self.account_ids();
        self.tx
            .fetch_one::<TwoFactorRow>(SELECT_OWN_FACTOR, (tenant, account))
            .await
    }

    /// Stores or removes an unconfirmed secret; false if two-factor authentication is on.
    pub(crate) async fn set_pending_factor(&mut self, secret: Option<&[u8]>) -> Result<bool, StoreError> {
        let (tenant, account) = self.account_ids();
        Ok(self
            .tx
            .execute(UPDATE_PENDING_SECRET, (tenant, account, secret))
            .await?
            == 1)
    }

    /// Turns two-factor authentication on with a confirmed secret; false if it is on or the pending secret has changed.
    pub(crate) async fn turn_factor_on(&mut self, secret: &[u8], step: i64) -> Result<bool, StoreError> {
        let (tenant, account) = self.account_ids();
        Ok(self.tx.execute(ENABLE_FACTOR, (tenant, account, step, secret)).await? == 1)
    }

    /// Turns two-factor authentication off and deletes the recovery codes; false if it was off.
    pub(crate) async fn turn_factor_off(&mut self) -> Result<bool, StoreError> {
        let (tenant, account) = self.account_ids();
        self.tx.execute(DELETE_RECOVERY_CODES, (tenant, account)).await?;
        Ok(self.tx.execute(DISABLE_FACTOR, (tenant, account)).await? == 1)
    }

    /// Replaces the recovery codes.
    pub(crate) async fn set_recovery_codes(&mut self, hashes: &[Vec<u8>]) -> Result<(), StoreError> {
        let (tenant, account) = self.account_ids();
        self.tx.execute(DELETE_RECOVERY_CODES, (tenant, account)).await?;
        for hash in hashes {
            self.tx.execute(INSERT_RECOVERY_CODE, (tenant, account, hash)).await?;
        }
        Ok(())
    }
}

impl TenantTx<'_, Staff> {
    /// Turns an account's two-factor authentication off; false if it was off.
    pub(crate) async fn remove_factor(&mut self, account: PortalUserId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        self.tx.execute(DELETE_RECOVERY_CODES, (tenant, account.uuid())).await?;
        Ok(self.tx.execute(DISABLE_FACTOR, (tenant, account.uuid())).await? == 1)
    }
}

impl SystemTx<'_> {
    pub(crate) async fn waiting_account(
        &mut self,
        tenant: TenantId,
        account: PortalUserId,
    ) -> Result<Option<WaitingAccount>, StoreError> {
        self.tx
            .fetch_optional::<WaitingAccount>(SELECT_WAITING_ACCOUNT, (tenant.uuid(), account.uuid()))
            .await
    }

    /// Uses a time step; false if it or a later one was used.
    pub(crate) async fn use_factor_step(
        &mut self,
        tenant: TenantId,
        account: PortalUserId,
        step: i64,
    ) -> Result<bool, StoreError> {
        Ok(self
            .tx
            .execute(UPDATE_LAST_STEP, (tenant.uuid(), account.uuid(), step))
            .await?
            == 1)
    }

    /// Deletes a recovery code; false if there is no such code.
    pub(crate) async fn use_recovery_code(
        &mut self,
        tenant: TenantId,
        account: PortalUserId,
        hash: &[u8],
    ) -> Result<bool, StoreError> {
        Ok(self
            .tx
            .execute(DELETE_RECOVERY_CODE, (tenant.uuid(), account.uuid(), hash))
            .await?
            == 1)
    }

    /// Returns all sealed secrets, for re-encryption.
    pub(crate) async fn factor_secrets(
        &mut self,
    ) -> Result<Vec<(Uuid, Uuid, Option<Vec<u8>>, Option<Vec<u8>>)>, StoreError> {
        self.tx
            .fetch_all::<(Uuid, Uuid, Option<Vec<u8>>, Option<Vec<u8>>)>(SELECT_SECRETS, ())
            .await
    }

    pub(crate) async fn set_factor_secrets(
        &mut self,
        tenant: Uuid,
        id: Uuid,
        secret: Option<&[u8]>,
        pending: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        self.tx
            .execute(UPDATE_SECRETS, (tenant, id, secret, pending))
            .await
            .map(drop)
    }
}
