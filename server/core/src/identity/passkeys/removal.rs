//! Removing the passkeys of a person whose devices were lost or stolen, on behalf of an operator.

use crate::db::SystemTx;
use crate::db::purpose::Administration;
use crate::identity::access::end_access;
use crate::identity::account::AccountKey;
use crate::identity::administration::accounts_with_email;
use crate::{Core, CoreError, CoreResult};

/// Removes the passkeys of every account with this address in a tenant, in all realms, and ends the access of these accounts.
/// Returns the number of removed passkeys.
///
/// # Errors
/// `not_found` if there are none.
pub async fn remove_all(core: &Core, slug: &str, email: &str) -> CoreResult<u64> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let mut removed = 0;
    for account in accounts_with_email(&mut tx, slug, email).await? {
        removed += remove_of_account(&mut tx, account).await?;
    }
    if removed == 0 {
        return Err(CoreError::not_found());
    }
    tx.commit().await?;
    Ok(removed)
}

async fn remove_of_account(tx: &mut SystemTx<'_, Administration>, account: AccountKey) -> CoreResult<u64> {
    let removed = tx.delete_passkeys(account).await?;
    if removed > 0 {
        end_access(&mut tx.tx, account.realm, account.tenant, account.id).await?;
        tx.audit(
            account.tenant,
            "operator",
            "account.passkeys_removed",
            &account.id_text(),
        )
        .await?;
    }
    Ok(removed)
}
