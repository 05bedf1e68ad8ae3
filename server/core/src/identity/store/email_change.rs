//! Statements that change the email address of an account.

use crate::db::purpose::SignIn;
use crate::db::{StoreError, SystemTx};
use crate::identity::account::AccountKey;
use crate::identity::store::sessions::Realm;

per_account!(
    count_with_email_statement,
    "SELECT count(*) FROM ",
    "_account WHERE tenant_id = $1 AND id <> $2 AND email = $3"
);
per_account!(
    select_epoch_statement,
    "SELECT epoch FROM ",
    "_account WHERE tenant_id = $1 AND id = $2"
);
per_account!(
    update_email_statement,
    "UPDATE ",
    "_account SET email = $3 WHERE tenant_id = $1 AND id = $2"
);

impl SystemTx<'_, SignIn> {
    /// Returns whether another account of the same kind in the organization has an address.
    pub(crate) async fn is_account_email_taken(
        &mut self,
        account: AccountKey,
        email: &str,
    ) -> Result<bool, StoreError> {
        let row = (account.tenant.uuid(), account.id, email);
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(count_with_email_statement(account.realm), row)
            .await?;
        Ok(count > 0)
    }

    pub(crate) async fn account_epoch(&mut self, account: AccountKey) -> Result<i64, StoreError> {
        let row = (account.tenant.uuid(), account.id);
        let (epoch,) = self
            .tx
            .fetch_one::<(i64,)>(select_epoch_statement(account.realm), row)
            .await?;
        Ok(epoch)
    }

    pub(crate) async fn replace_account_email(&mut self, account: AccountKey, email: &str) -> Result<(), StoreError> {
        let row = (account.tenant.uuid(), account.id, email);
        self.tx
            .execute(update_email_statement(account.realm), row)
            .await
            .map(drop)
    }
}
