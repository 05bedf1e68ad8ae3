//! The second step when signing in to the portal: secrets, the step that was used last, recovery codes.

use domain::ids::PortalUserId;
use uuid::Uuid;

use crate::db::{StoreError, all, maybe, one, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Actor as _, Contact, Staff, TenantId};

/// Where the own second step stands.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct OwnFactor {
    /// Whether it is turned on.
    pub is_on: bool,
    /// The secret that was shown and not confirmed yet, encrypted.
    pub pending: Option<Vec<u8>>,
    /// How many recovery codes are left.
    pub codes: i64,
}

/// An account at the door that has given its first proof.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct WaitingAccount {
    pub password_hash: String,
    /// The secret, encrypted; none if the second step was turned off meanwhile.
    pub secret: Option<Vec<u8>>,
    pub tenant_name: String,
}

const OWN: &str = "SELECT second_factor IS NOT NULL AS is_on, second_factor_pending AS pending, \
    (SELECT count(*) FROM portal_recovery_code c WHERE c.tenant_id = portal_account.tenant_id AND c.portal_account_id = portal_account.id) AS codes \
    FROM portal_account WHERE tenant_id = $1 AND id = $2";
const SET_PENDING: &str =
    "UPDATE portal_account SET second_factor_pending = $3 WHERE tenant_id = $1 AND id = $2 AND second_factor IS NULL";
const TURN_ON: &str = "UPDATE portal_account SET second_factor = second_factor_pending, second_factor_pending = NULL, second_factor_step = $3 \
    WHERE tenant_id = $1 AND id = $2 AND second_factor IS NULL AND second_factor_pending = $4";
const TURN_OFF: &str = "UPDATE portal_account SET second_factor = NULL, second_factor_pending = NULL, second_factor_step = NULL \
    WHERE tenant_id = $1 AND id = $2 AND second_factor IS NOT NULL";
const FORGET_CODES: &str = "DELETE FROM portal_recovery_code WHERE tenant_id = $1 AND portal_account_id = $2";
const INSERT_CODE: &str =
    "INSERT INTO portal_recovery_code (tenant_id, portal_account_id, code_hash) VALUES ($1, $2, $3)";
const WAITING: &str = "SELECT a.password_hash, a.second_factor AS secret, t.name AS tenant_name FROM portal_account a JOIN tenant t ON t.id = a.tenant_id \
    WHERE a.tenant_id = $1 AND a.id = $2 AND a.locked_at IS NULL AND a.activated_at IS NOT NULL";
/// A step works once, and no step before it works any more.
const USE_STEP: &str = "UPDATE portal_account SET second_factor_step = $3 WHERE tenant_id = $1 AND id = $2 AND second_factor IS NOT NULL AND coalesce(second_factor_step, 0) < $3";
const USE_CODE: &str =
    "DELETE FROM portal_recovery_code WHERE tenant_id = $1 AND portal_account_id = $2 AND code_hash = $3";
const SECRETS: &str = "SELECT tenant_id, id, second_factor, second_factor_pending FROM portal_account \
    WHERE second_factor IS NOT NULL OR second_factor_pending IS NOT NULL ORDER BY tenant_id, id";
const SET_SECRETS: &str =
    "UPDATE portal_account SET second_factor = $3, second_factor_pending = $4 WHERE tenant_id = $1 AND id = $2";

impl TenantTx<'_, Contact> {
    fn whose(&self) -> (Uuid, Uuid) {
        (self.actor.tenant().uuid(), self.actor.id().uuid())
    }

    pub(crate) async fn own_factor(&mut self) -> Result<OwnFactor, StoreError> {
        let (tenant, own) = self.whose();
        one!(&mut self.tx, OwnFactor, OWN, tenant, own)
    }

    /// Keeps a secret until it is confirmed, or forgets it; false if the second step is on.
    pub(crate) async fn set_pending_factor(&mut self, secret: Option<&[u8]>) -> Result<bool, StoreError> {
        let (tenant, own) = self.whose();
        Ok(run!(&mut self.tx, SET_PENDING, tenant, own, secret)? == 1)
    }

    /// Turns on with the secret that was confirmed by a code of this step; false if it is on, or another secret was shown since.
    pub(crate) async fn turn_factor_on(&mut self, secret: &[u8], step: i64) -> Result<bool, StoreError> {
        let (tenant, own) = self.whose();
        Ok(run!(&mut self.tx, TURN_ON, tenant, own, step, secret)? == 1)
    }

    /// Turns off and forgets the recovery codes; false if it was off.
    pub(crate) async fn turn_factor_off(&mut self) -> Result<bool, StoreError> {
        let (tenant, own) = self.whose();
        run!(&mut self.tx, FORGET_CODES, tenant, own)?;
        Ok(run!(&mut self.tx, TURN_OFF, tenant, own)? == 1)
    }

    /// New recovery codes in place of the ones before.
    pub(crate) async fn set_recovery_codes(&mut self, hashes: &[Vec<u8>]) -> Result<(), StoreError> {
        let (tenant, own) = self.whose();
        run!(&mut self.tx, FORGET_CODES, tenant, own)?;
        for hash in hashes {
            run!(&mut self.tx, INSERT_CODE, tenant, own, hash)?;
        }
        Ok(())
    }
}

impl TenantTx<'_, Staff> {
    /// Removes an account's second step; false if it has none.
    pub(crate) async fn remove_factor(&mut self, account: PortalUserId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        run!(&mut self.tx, FORGET_CODES, tenant, account.uuid())?;
        Ok(run!(&mut self.tx, TURN_OFF, tenant, account.uuid())? == 1)
    }
}

impl SystemTx<'_> {
    pub(crate) async fn waiting_account(
        &mut self,
        tenant: TenantId,
        account: PortalUserId,
    ) -> Result<Option<WaitingAccount>, StoreError> {
        maybe!(&mut self.tx, WaitingAccount, WAITING, tenant.uuid(), account.uuid())
    }

    /// Uses a step of the app's clock; false if it, or a later one, was used.
    pub(crate) async fn use_factor_step(
        &mut self,
        tenant: TenantId,
        account: PortalUserId,
        step: i64,
    ) -> Result<bool, StoreError> {
        Ok(run!(&mut self.tx, USE_STEP, tenant.uuid(), account.uuid(), step)? == 1)
    }

    /// Uses a recovery code; false if there is none.
    pub(crate) async fn use_recovery_code(
        &mut self,
        tenant: TenantId,
        account: PortalUserId,
        hash: &[u8],
    ) -> Result<bool, StoreError> {
        Ok(run!(&mut self.tx, USE_CODE, tenant.uuid(), account.uuid(), hash)? == 1)
    }

    /// Secrets of second steps, to be encrypted under another key.
    pub(crate) async fn factor_secrets(
        &mut self,
    ) -> Result<Vec<(Uuid, Uuid, Option<Vec<u8>>, Option<Vec<u8>>)>, StoreError> {
        all!(&mut self.tx, (Uuid, Uuid, Option<Vec<u8>>, Option<Vec<u8>>), SECRETS)
    }

    pub(crate) async fn set_factor_secrets(
        &mut self,
        tenant: Uuid,
        id: Uuid,
        secret: Option<&[u8]>,
        pending: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        run!(&mut self.tx, SET_SECRETS, tenant, id, secret, pending).map(drop)
    }
}
