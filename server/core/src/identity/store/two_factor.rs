//! Statements for two-factor authentication in every realm: secrets, last used time step, recovery codes, and the roles that
//! must use it.

use domain::ids::PortalUserId;
use uuid::Uuid;

use crate::db::purpose::{ChangesAccounts, KeyRotation};
use crate::db::{StoreError, SystemTx, TenantTx};
use crate::identity::account::AccountKey;
use crate::identity::actors::Staff;
use crate::identity::store::sessions::Realm;

/// The two-factor authentication state of the user's own account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct TwoFactorRow {
    pub is_on: bool,
    /// The sealed secret that has not been confirmed with a code.
    pub pending: Option<Vec<u8>>,
    /// The number of unused recovery codes.
    pub codes: i64,
    pub email: String,
}

/// An account that has passed the first factor and must enter a code.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct WaitingAccount {
    pub epoch: i64,
    /// The sealed secret; `None` if two-factor authentication was turned off in the meantime.
    pub secret: Option<Vec<u8>>,
    pub tenant_name: String,
}

/// An account with its sealed secrets: the confirmed and the pending one.
type SealedSecrets = (Uuid, Uuid, Option<Vec<u8>>, Option<Vec<u8>>);

per_account!(
    select_factor_statement,
    r"
        SELECT
            account.second_factor IS NOT NULL AS is_on, account.second_factor_pending AS pending, account.email,
            (
                SELECT count(*)
                FROM ",
    r"_recovery_code AS code
                WHERE code.tenant_id = account.tenant_id
                  AND code.account_id = account.id
            ) AS codes
        FROM ",
    r"_account AS account
        WHERE account.tenant_id = $1
          AND account.id = $2
    "
);
per_account!(
    update_pending_secret_statement,
    "UPDATE ",
    r"_account
        SET second_factor_pending = $3
        WHERE tenant_id = $1
          AND id = $2
          AND second_factor IS NULL
    "
);
per_account!(
    enable_factor_statement,
    "UPDATE ",
    r"_account
        SET second_factor = second_factor_pending, second_factor_pending = NULL, second_factor_step = $3
        WHERE tenant_id = $1
          AND id = $2
          AND second_factor IS NULL
          AND second_factor_pending = $4
    "
);
per_account!(
    disable_factor_statement,
    "UPDATE ",
    r"_account
        SET second_factor = NULL, second_factor_pending = NULL, second_factor_step = NULL
        WHERE tenant_id = $1
          AND id = $2
          AND second_factor IS NOT NULL
    "
);
per_account!(
    delete_recovery_codes_statement,
    "DELETE FROM ",
    "_recovery_code WHERE tenant_id = $1 AND account_id = $2"
);
per_account!(
    insert_recovery_code_statement,
    "INSERT INTO ",
    "_recovery_code (tenant_id, account_id, code_hash) VALUES ($1, $2, $3)"
);
per_account!(
    select_waiting_statement,
    r"
        SELECT account.epoch, account.second_factor AS secret, tenant.name AS tenant_name
        FROM ",
    r"_account AS account
        JOIN tenant ON tenant.id = account.tenant_id
        WHERE account.tenant_id = $1
          AND account.id = $2
          AND account.locked_at IS NULL
    "
);
// A time step works once, and invalidates all earlier ones (RFC 6238, section 5.2).
per_account!(
    update_last_step_statement,
    "UPDATE ",
    r"_account
        SET second_factor_step = $3
        WHERE tenant_id = $1
          AND id = $2
          AND second_factor IS NOT NULL
          AND coalesce(second_factor_step, 0) < $3
    "
);
per_account!(
    delete_recovery_code_statement,
    "DELETE FROM ",
    "_recovery_code WHERE tenant_id = $1 AND account_id = $2 AND code_hash = $3"
);
per_account!(
    select_secrets_statement,
    "SELECT tenant_id, id, second_factor, second_factor_pending FROM ",
    r"_account
        WHERE second_factor IS NOT NULL OR second_factor_pending IS NOT NULL
        ORDER BY tenant_id, id
    "
);
per_account!(
    update_secrets_statement,
    "UPDATE ",
    "_account SET second_factor = $3, second_factor_pending = $4 WHERE tenant_id = $1 AND id = $2"
);
per_account!(
    select_credentials_statement,
    "SELECT email, password_hash FROM ",
    "_account WHERE tenant_id = $1 AND id = $2"
);
const SELECT_STAFF_ROLE: &str = "SELECT role FROM staff_account WHERE tenant_id = $1 AND id = $2";
const COUNT_STAFF_REQUIREMENTS: &str = r"
    SELECT count(*)
    FROM staff_account AS staff
    JOIN two_factor_requirement AS requirement ON requirement.tenant_id = staff.tenant_id
        AND requirement.role = staff.role
    WHERE staff.tenant_id = $1
      AND staff.id = $2
";
const COUNT_PARTNER_REQUIREMENTS: &str =
    "SELECT count(*) FROM two_factor_requirement WHERE tenant_id = $1 AND role = 'partner'";
const SELECT_REQUIREMENTS: &str = "SELECT role FROM two_factor_requirement WHERE tenant_id = $1 ORDER BY role";
const DELETE_REQUIREMENTS: &str = "DELETE FROM two_factor_requirement WHERE tenant_id = $1";
const INSERT_REQUIREMENT: &str = "INSERT INTO two_factor_requirement (tenant_id, role) VALUES ($1, $2)";

impl<P> SystemTx<'_, P> {
    pub(crate) async fn own_factor(&mut self, account: AccountKey) -> Result<TwoFactorRow, StoreError> {
        self.tx
            .fetch_one::<TwoFactorRow>(
                select_factor_statement(account.realm),
                (account.tenant.uuid(), account.id),
            )
            .await
    }

    /// Returns the address and the password hash of an account, if it has one.
    pub(crate) async fn account_credentials(
        &mut self,
        account: AccountKey,
    ) -> Result<(String, Option<String>), StoreError> {
        self.tx
            .fetch_one::<(String, Option<String>)>(
                select_credentials_statement(account.realm),
                (account.tenant.uuid(), account.id),
            )
            .await
    }

    /// Returns whether the role of an account must use two-factor authentication.
    pub(crate) async fn is_factor_required(&mut self, account: AccountKey) -> Result<bool, StoreError> {
        let tenant = account.tenant.uuid();
        let (count,) = match account.realm {
            Realm::Staff => {
                self.tx
                    .fetch_one::<(i64,)>(COUNT_STAFF_REQUIREMENTS, (tenant, account.id))
                    .await?
            }
            Realm::Partner => {
                self.tx
                    .fetch_one::<(i64,)>(COUNT_PARTNER_REQUIREMENTS, (tenant,))
                    .await?
            }
            Realm::Portal => (0,),
        };
        Ok(count > 0)
    }

    /// Returns all sealed secrets of a realm, for re-encryption.
    pub(crate) async fn factor_secrets(&mut self, realm: Realm) -> Result<Vec<SealedSecrets>, StoreError> {
        self.tx
            .fetch_all::<SealedSecrets>(select_secrets_statement(realm), ())
            .await
    }
}

impl<P: ChangesAccounts> SystemTx<'_, P> {
    /// Stores or removes an unconfirmed secret; false if two-factor authentication is on.
    pub(crate) async fn set_pending_factor(
        &mut self,
        account: AccountKey,
        secret: Option<&[u8]>,
    ) -> Result<bool, StoreError> {
        let statement = update_pending_secret_statement(account.realm);
        Ok(self
            .tx
            .execute(statement, (account.tenant.uuid(), account.id, secret))
            .await?
            == 1)
    }

    /// Turns two-factor authentication on with a confirmed secret; false if it is on or the pending secret has changed.
    pub(crate) async fn turn_factor_on(
        &mut self,
        account: AccountKey,
        secret: &[u8],
        step: i64,
    ) -> Result<bool, StoreError> {
        let statement = enable_factor_statement(account.realm);
        Ok(self
            .tx
            .execute(statement, (account.tenant.uuid(), account.id, step, secret))
            .await?
            == 1)
    }

    /// Turns two-factor authentication off and deletes the recovery codes; false if it was off.
    pub(crate) async fn turn_factor_off(&mut self, account: AccountKey) -> Result<bool, StoreError> {
        let key = (account.tenant.uuid(), account.id);
        self.tx
            .execute(delete_recovery_codes_statement(account.realm), key)
            .await?;
        Ok(self.tx.execute(disable_factor_statement(account.realm), key).await? == 1)
    }

    /// Replaces the recovery codes.
    pub(crate) async fn set_recovery_codes(
        &mut self,
        account: AccountKey,
        hashes: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        let (tenant, id) = (account.tenant.uuid(), account.id);
        self.tx
            .execute(delete_recovery_codes_statement(account.realm), (tenant, id))
            .await?;
        for hash in hashes {
            self.tx
                .execute(insert_recovery_code_statement(account.realm), (tenant, id, hash))
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn waiting_account(&mut self, account: AccountKey) -> Result<Option<WaitingAccount>, StoreError> {
        self.tx
            .fetch_optional::<WaitingAccount>(
                select_waiting_statement(account.realm),
                (account.tenant.uuid(), account.id),
            )
            .await
    }

    pub(crate) async fn role_of_staff(&mut self, account: AccountKey) -> Result<Option<String>, StoreError> {
        Ok(self
            .tx
            .fetch_optional::<(String,)>(SELECT_STAFF_ROLE, (account.tenant.uuid(), account.id))
            .await?
            .map(|(role,)| role))
    }

    /// Uses a time step; false if it or a later one was used.
    pub(crate) async fn use_factor_step(&mut self, account: AccountKey, step: i64) -> Result<bool, StoreError> {
        let statement = update_last_step_statement(account.realm);
        Ok(self
            .tx
            .execute(statement, (account.tenant.uuid(), account.id, step))
            .await?
            == 1)
    }

    /// Deletes a recovery code; false if there is no such code.
    pub(crate) async fn use_recovery_code(&mut self, account: AccountKey, hash: &[u8]) -> Result<bool, StoreError> {
        let statement = delete_recovery_code_statement(account.realm);
        Ok(self
            .tx
            .execute(statement, (account.tenant.uuid(), account.id, hash))
            .await?
            == 1)
    }
}

impl SystemTx<'_, KeyRotation> {
    pub(crate) async fn set_factor_secrets(
        &mut self,
        account: AccountKey,
        secret: Option<&[u8]>,
        pending: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        self.tx
            .execute(
                update_secrets_statement(account.realm),
                (account.tenant.uuid(), account.id, secret, pending),
            )
            .await
            .map(drop)
    }
}

impl TenantTx<'_, Staff> {
    /// Turns the two-factor authentication of a portal account off; false if it was off.
    pub(crate) async fn remove_factor(&mut self, account: PortalUserId) -> Result<bool, StoreError> {
        let key = (self.tenant(), account.uuid());
        self.tx
            .execute(delete_recovery_codes_statement(Realm::Portal), key)
            .await?;
        Ok(self.tx.execute(disable_factor_statement(Realm::Portal), key).await? == 1)
    }

    /// Returns the names of the roles that must use two-factor authentication.
    pub(crate) async fn factor_requirements(&mut self) -> Result<Vec<String>, StoreError> {
        let tenant = self.tenant();
        let rows = self.tx.fetch_all::<(String,)>(SELECT_REQUIREMENTS, (tenant,)).await?;
        Ok(rows.into_iter().map(|(role,)| role).collect())
    }

    pub(crate) async fn set_factor_requirements(&mut self, roles: &[&str]) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx.execute(DELETE_REQUIREMENTS, (tenant,)).await?;
        for role in roles {
            self.tx.execute(INSERT_REQUIREMENT, (tenant, *role)).await?;
        }
        Ok(())
    }
}
