//! Statements for passkeys, one table for each realm.

use chrono::{DateTime, Utc};
use domain::ids::{PasskeyId, PasskeyKind};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::purpose::{ChangesAccounts, SignIn};
use crate::db::{Key, StoreError, SystemTx};
use crate::identity::account::AccountKey;
use crate::identity::model::PasskeySummary;
use crate::identity::store::sessions::Realm;

/// A passkey to insert.
pub(crate) struct NewPasskey<'a> {
    pub id: PasskeyId,
    pub credential_id: &'a [u8],
    pub credential: Value,
    pub name: &'a str,
}

/// A passkey whose account may sign in.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct UsablePasskey {
    pub tenant_id: Uuid,
    #[sqlx(try_from = "Key<PasskeyKind>")]
    pub id: PasskeyId,
    #[sqlx(json)]
    pub credential: Value,
    pub epoch: i64,
    pub tenant_name: String,
}

per_account!(
    select_own_statement,
    "SELECT id, name, created_at, last_used_at FROM ",
    r"_passkey
        WHERE tenant_id = $1
          AND account_id = $2
        ORDER BY id DESC
    "
);
per_account!(
    select_credential_ids_statement,
    "SELECT credential_id FROM ",
    "_passkey WHERE tenant_id = $1 AND account_id = $2 ORDER BY id"
);
per_account!(
    insert_statement,
    "INSERT INTO ",
    r"_passkey (tenant_id, id, account_id, credential_id, credential, name, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (credential_id) DO NOTHING
    "
);
per_account!(
    select_usable_statement,
    r"
        SELECT passkey.tenant_id, passkey.id, passkey.credential, account.epoch, tenant.name AS tenant_name
        FROM ",
    r"_passkey AS passkey
        JOIN ",
    r"_account AS account ON account.tenant_id = passkey.tenant_id
            AND account.id = passkey.account_id
        JOIN tenant ON tenant.id = passkey.tenant_id
        WHERE passkey.credential_id = $1
          AND passkey.account_id = $2
          AND account.locked_at IS NULL
    "
);
per_account!(
    update_used_statement,
    "UPDATE ",
    r"_passkey
        SET credential = $4, last_used_at = $5
        WHERE tenant_id = $1
          AND account_id = $2
          AND id = $3
          AND (last_used_at IS NULL OR last_used_at < $6)
    "
);
per_account!(
    delete_statement,
    "DELETE FROM ",
    "_passkey WHERE tenant_id = $1 AND account_id = $2 AND id = $3"
);
per_account!(
    delete_all_statement,
    "DELETE FROM ",
    "_passkey WHERE tenant_id = $1 AND account_id = $2"
);

impl<P> SystemTx<'_, P> {
    pub(crate) async fn own_passkeys(&mut self, account: AccountKey) -> Result<Vec<PasskeySummary>, StoreError> {
        let key = (account.tenant.uuid(), account.id);
        self.tx
            .fetch_all::<PasskeySummary>(select_own_statement(account.realm), key)
            .await
    }

    /// Returns the IDs under which devices know the passkeys of an account.
    pub(crate) async fn credential_ids(&mut self, account: AccountKey) -> Result<Vec<Vec<u8>>, StoreError> {
        let key = (account.tenant.uuid(), account.id);
        let rows = self
            .tx
            .fetch_all::<(Vec<u8>,)>(select_credential_ids_statement(account.realm), key)
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}

impl SystemTx<'_, SignIn> {
    /// Inserts a passkey; false if it exists.
    pub(crate) async fn insert_passkey(
        &mut self,
        account: AccountKey,
        new: &NewPasskey<'_>,
    ) -> Result<bool, StoreError> {
        let arguments = (
            account.tenant.uuid(),
            new.id.uuid(),
            account.id,
            new.credential_id,
            Json(&new.credential),
            new.name,
            self.now,
        );
        Ok(self.tx.execute(insert_statement(account.realm), arguments).await? == 1)
    }

    /// Finds a passkey of an account that may sign in.
    pub(crate) async fn passkey_of_account(
        &mut self,
        realm: Realm,
        credential_id: &[u8],
        account: Uuid,
    ) -> Result<Option<UsablePasskey>, StoreError> {
        self.tx
            .fetch_optional::<UsablePasskey>(select_usable_statement(realm), (credential_id, account))
            .await
    }

    /// Records the use of a passkey; false if it was used after the challenge was created.
    pub(crate) async fn use_passkey(
        &mut self,
        account: AccountKey,
        id: PasskeyId,
        credential: &Value,
        challenge_from: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let arguments = (
            account.tenant.uuid(),
            account.id,
            id.uuid(),
            Json(credential),
            self.now,
            challenge_from,
        );
        Ok(self.tx.execute(update_used_statement(account.realm), arguments).await? == 1)
    }

    /// Deletes a passkey; false if there is none.
    pub(crate) async fn delete_passkey(&mut self, account: AccountKey, id: PasskeyId) -> Result<bool, StoreError> {
        let key = (account.tenant.uuid(), account.id, id.uuid());
        Ok(self.tx.execute(delete_statement(account.realm), key).await? == 1)
    }
}

impl<P: ChangesAccounts> SystemTx<'_, P> {
    /// Deletes all passkeys of an account and returns how many there were.
    pub(crate) async fn delete_passkeys(&mut self, account: AccountKey) -> Result<u64, StoreError> {
        let key = (account.tenant.uuid(), account.id);
        self.tx.execute(delete_all_statement(account.realm), key).await
    }
}
