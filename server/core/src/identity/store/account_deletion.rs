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
/// The emails stay in the list with their kind and time. Those that wait are cancelled.
const ANONYMIZE_MAILS: &str = r#"
    UPDATE mail
    SET
        status = CASE WHEN status IN ('waiting', 'failed') THEN 'cancelled' ELSE status END,
        recipient = 'deleted@deleted.invalid',
        data = '{"tenant": "–"}',
        last_error = NULL
    WHERE tenant_id = $1
      AND recipient = $2
"#;
/// Names of the offering person's choice; the access itself is revoked.
const ANONYMIZE_OFFERS: &str = r"
    UPDATE portal_grant
    SET offered_name = NULL, offered_email = NULL
    WHERE tenant_id = $1
      AND portal_account_id = $2
";
/// Where a technician lives.
const CLEAR_TECHNICIAN_PLACES: &str = r"
    UPDATE technician
    SET
        start_name = NULL, start_latitude = NULL, start_longitude = NULL,
        end_name = NULL, end_latitude = NULL, end_longitude = NULL
    WHERE tenant_id = $1
      AND staff_id = $2
";
const DELETE_ABSENCES: &str = r"
    DELETE FROM technician_absence
    WHERE tenant_id = $1
      AND staff_id = $2
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
        self.tx.execute(statement, arguments).await?;
        let key = (account.tenant.uuid(), account.id);
        let rest: &[&'static str] = match account.realm {
            Realm::Staff => &[CLEAR_TECHNICIAN_PLACES, DELETE_ABSENCES],
            Realm::Portal => &[ANONYMIZE_OFFERS],
            Realm::Partner => &[],
        };
        for statement in rest {
            self.tx.execute(*statement, key).await?;
        }
        Ok(())
    }

    /// Removes address and content of the emails to an address, and cancels those that were not sent yet.
    pub(crate) async fn anonymize_mails(&mut self, tenant: TenantId, email: &str) -> Result<u64, StoreError> {
        self.tx.execute(ANONYMIZE_MAILS, (tenant.uuid(), email)).await
    }

    /// Deletes what an account has typed and not sent.
    pub(crate) async fn delete_drafts(&mut self, account: AccountKey) -> Result<u64, StoreError> {
        let key = (account.tenant.uuid(), account.id, account.realm.name());
        self.tx.execute(DELETE_DRAFTS, key).await
    }
}
