//! Deletion of accounts. Jobs, reports and the audit log name the account that acted, so the row stays without anything
//! personal, and cannot be used any more.

use domain::fields::FieldCode;
use domain::text;

use crate::db::SystemTx;
use crate::db::purpose::Administration;
use crate::identity::access::end_access;
use crate::identity::account::AccountKey;
use crate::identity::administration::accounts_with_email;
use crate::identity::store::sessions::Realm;
use crate::identity::two_factor;
use crate::{Core, CoreError, CoreResult};

/// Deletes every account with this address in a tenant, in all realms, with its access, passkeys, drafts and grants, and
/// returns how many there were. Emails to the address lose address and content, those that wait are cancelled, and the address
/// can be used again. Contacts belong to their
/// customer and stay. `confirmation` repeats the address.
///
/// # Errors
/// `not_found`; field `confirm` if it is not the address.
pub async fn delete_accounts(core: &Core, slug: &str, email: &str, confirmation: &str) -> CoreResult<usize> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let accounts = accounts_with_email(&mut tx, slug, email).await?;
    let email = text::email(email).map_err(|_| CoreError::not_found())?;
    if !text::email(confirmation).is_ok_and(|confirmed| confirmed == email) {
        return Err(CoreError::field(
            "confirm",
            FieldCode::NotAllowed { allowed: vec![email] },
        ));
    }
    for account in &accounts {
        delete_account(&mut tx, *account).await?;
        tx.anonymize_mails(account.tenant, &email).await?;
    }
    tx.commit().await?;
    Ok(accounts.len())
}

async fn delete_account(tx: &mut SystemTx<'_, Administration>, account: AccountKey) -> CoreResult<()> {
    tx.delete_passkeys(account).await?;
    two_factor::remove(tx, account).await?;
    if account.realm == Realm::Portal {
        tx.revoke_grants(account.tenant, domain::ids::Id::from_uuid(account.id))
            .await?;
    }
    tx.delete_drafts(account).await?;
    end_access(&mut tx.tx, account.realm, account.tenant, account.id).await?;
    tx.anonymize_account(account).await?;
    tx.audit(account.tenant, "operator", "account.deleted", &account.id_text())
        .await?;
    Ok(())
}
