//! Statements for the deletion of accounts.

use crate::db::purpose::Administration;
use crate::db::{StoreError, SystemTx};
use crate::identity::account::AccountKey;
use crate::identity::actors::TenantId;
use crate::identity::store::sessions::Realm;

// The address names the row, since it must be unique; the domain never receives mail (RFC 2606).
const ANONYMIZE_STAFF: &str = r"
    UPDATE staff_account
    SET email = 'deleted-' || $4 || '@deleted.invalid', display_name = '–', password_hash = '', locked_at = $3
    WHERE tenant_id = $1
      AND id = $2
";
const ANONYMIZE_PORTAL: &str = r"
    UPDATE portal_account
    SET email = 'deleted-' || $4 || '@deleted.invalid', password_hash = '', locked_at = $3
    WHERE tenant_id = $1
      AND id = $2
";
const ANONYMIZE_PARTNER: &str = r"
    UPDATE partner_account
    SET
        email = 'deleted-' || $4 || '@deleted.invalid',
        display_name = '–',
        password_hash = NULL,
        invitation_hash = NULL,
        invitation_expires_at = NULL,
        locked_at = $3
    WHERE tenant_id = $1
      AND id = $2
";
const CANCEL_MAILS: &str = r"
    UPDATE mail
    SET status = 'cancelled'
    WHERE tenant_id = $1
      AND recipient = $2
      AND status = 'waiting'
";
const DELETE_DRAFTS: &str = r"
    DELETE FROM draft
    WHERE tenant_id = $1
      AND realm = $3
      AND person_id = $2
";

impl SystemTx<'_, Administration> {
    /// Removes what identifies the person from an account, and locks it.
    pub(crate) async fn anonymize_account(&mut self, account: AccountKey) -> Result<(), StoreError> {
        let statement = match account.realm {
            Realm::Staff => ANONYMIZE_STAFF,
            Realm::Portal => ANONYMIZE_PORTAL,
            Realm::Partner => ANONYMIZE_PARTNER,
        };
        let arguments = (
            account.tenant.uuid(),
            account.id,
            self.now,
            account.id.simple().to_string(),
        );
        self.tx.execute(statement, arguments).await.map(drop)
    }

    /// Cancels the emails to an address that were not sent yet.
    pub(crate) async fn cancel_waiting_mails(&mut self, tenant: TenantId, email: &str) -> Result<u64, StoreError> {
        self.tx.execute(CANCEL_MAILS, (tenant.uuid(), email)).await
    }

    /// Deletes what an account has typed and not sent.
    pub(crate) async fn delete_drafts(&mut self, account: AccountKey) -> Result<u64, StoreError> {
        let key = (account.tenant.uuid(), account.id, account.realm.name());
        self.tx.execute(DELETE_DRAFTS, key).await
    }
}
