//! Statements that end the access of an account.

use uuid::Uuid;

use crate::db::{StoreError, Tx};
use crate::identity::actors::TenantId;
use crate::identity::store::sessions::{Realm, delete_sessions_of_account};

per_account!(
    raise_epoch_statement,
    "UPDATE ",
    "_account SET epoch = epoch + 1 WHERE tenant_id = $1 AND id = $2 RETURNING epoch"
);

/// What ending the access of an account left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndedAccess {
    /// The epoch in which new access begins.
    pub epoch: i64,
    /// The number of sessions that ended.
    pub sessions: u64,
}

/// Ends every access to an account: a new password, a new address, signing out everywhere and locking all come here.
pub(crate) async fn end_access(
    tx: &mut Tx,
    realm: Realm,
    tenant: TenantId,
    account: Uuid,
) -> Result<EndedAccess, StoreError> {
    let (epoch,) = tx
        .fetch_one::<(i64,)>(raise_epoch_statement(realm), (tenant.uuid(), account))
        .await?;
    // Their epoch is over; without the rows, the list of sessions does not show them either.
    let sessions = tx
        .execute(delete_sessions_of_account(realm), (tenant.uuid(), account))
        .await?;
    Ok(EndedAccess { epoch, sessions })
}
