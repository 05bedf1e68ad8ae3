//! The installation as a whole: which master key belongs to the database.

pub mod export;
pub mod first_steps;
pub mod health;
pub mod key_rotation;
pub mod setup;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use crate::db::purpose::KeyRotation;
use crate::db::{Store, StoreError, SystemTx};
use crate::identity::Realm;
use crate::identity::account::AccountKey;
use crate::identity::actors::TenantId;
use crate::identity::two_factor::secret_context;
use crate::secrets::{AssociatedData, Keyring};
use crate::webhooks::{SECRET_FIELD, place};
use crate::{CoreError, CoreResult};

/// The sealed value of every database.
const CHECK_VALUE: &[u8] = b"ordinavo";

const CHECK_CONTEXT: AssociatedData<'static> = AssociatedData {
    tenant: uuid::Uuid::nil(),
    kind: "installation.sealed_check",
    row: uuid::Uuid::nil(),
};

/// What a database says about a keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyMatch {
    /// The database does not belong to a key yet.
    Unbound,
    Match,
    /// The database belongs to another key.
    Mismatch,
}

/// Whether a database is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// There is no schema.
    Empty,
    /// There is a schema, but no tenant and no key: a first start was interrupted.
    Unused,
    InUse,
}

/// Returns whether the database is in use.
///
/// # Errors
/// The database cannot be reached.
pub async fn usage(store: &Store) -> CoreResult<Usage> {
    if store.has_no_schema().await? {
        return Ok(Usage::Empty);
    }
    let mut tx = store.read_system().await?;
    let has_tenants = match tx.tenant_ids().await {
        Ok(tenants) => !tenants.is_empty(),
        // The first migration was applied and the second was not.
        Err(StoreError::Broken(_)) => false,
        Err(error) => return Err(error.into()),
    };
    drop(tx);
    Ok(if has_tenants || sealed_check(store).await?.is_some() {
        Usage::InUse
    } else {
        Usage::Unused
    })
}

/// Returns the sealed value; `None` before the first key, and in a schema that does not have the table yet.
async fn sealed_check(store: &Store) -> CoreResult<Option<Vec<u8>>> {
    let mut tx = store.read_system().await?;
    match tx.sealed_check().await {
        Err(StoreError::Broken(_)) => Ok(None),
        found => Ok(found?),
    }
}

/// Compares a keyring with the database.
///
/// # Errors
/// The database cannot be reached.
pub async fn match_key(store: &Store, ring: &Keyring) -> CoreResult<KeyMatch> {
    Ok(match sealed_check(store).await? {
        None => KeyMatch::Unbound,
        Some(sealed) if opens(ring, &sealed) => KeyMatch::Match,
        Some(_) => KeyMatch::Mismatch,
    })
}

/// Returns whether a keyring opens the sealed value of a database, such as the one in a backup.
pub fn opens(ring: &Keyring, sealed: &[u8]) -> bool {
    ring.unseal(sealed, &CHECK_CONTEXT)
        .is_ok_and(|value| value == CHECK_VALUE)
}

/// Returns the sealed value, for a backup.
///
/// # Errors
/// The database cannot be reached.
pub async fn key_check(store: &Store) -> CoreResult<Option<Vec<u8>>> {
    sealed_check(store).await
}

/// Binds a database without a key to a keyring, and compares a database that has one. The schema is current.
///
/// # Errors
/// The database cannot be reached.
pub async fn bind_key(store: &Store, ring: &Keyring) -> CoreResult<KeyMatch> {
    match match_key(store, ring).await? {
        KeyMatch::Unbound => {}
        found => return Ok(found),
    }
    let mut tx = store.begin_system::<KeyRotation>().await?;
    if !opens_existing_secrets(&mut tx, ring).await? {
        return Ok(KeyMatch::Mismatch);
    }
    let sealed = ring
        .seal(CHECK_VALUE, &CHECK_CONTEXT, &store.randomness)
        .map_err(CoreError::internal)?;
    tx.insert_sealed_check(&sealed).await?;
    tx.commit().await?;
    // Another server may have been first.
    match_key(store, ring).await
}

/// Returns whether a keyring opens the secrets that are older than the sealed value.
async fn opens_existing_secrets(tx: &mut SystemTx<'_, KeyRotation>, ring: &Keyring) -> CoreResult<bool> {
    for (tenant, row, secret, _) in tx.webhook_secrets().await? {
        if ring.unseal(&secret, &place(SECRET_FIELD, tenant, row)).is_err() {
            return Ok(false);
        }
    }
    for realm in Realm::ALL {
        for (tenant, id, secret, _) in tx.factor_secrets(realm).await? {
            let tenant = TenantId::from_uuid(tenant);
            let context = secret_context(AccountKey { realm, tenant, id });
            if secret.is_some_and(|secret| ring.unseal(&secret, &context).is_err()) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Seals the value again, in the transaction that replaces the master key.
async fn reseal_check(tx: &mut SystemTx<'_, KeyRotation>, ring: &Keyring) -> CoreResult<()> {
    let sealed = ring
        .seal(CHECK_VALUE, &CHECK_CONTEXT, &tx.store.randomness)
        .map_err(CoreError::internal)?;
    tx.insert_sealed_check(&sealed).await?;
    Ok(tx.update_sealed_check(&sealed).await?)
}
