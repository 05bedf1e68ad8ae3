//! Replaces the master key while servers run.
//!
//! The key file contains the old and the new key until the last step, so that whatever a running server seals under the old
//! key meanwhile can still be read, and is sealed again. A server that meets the new key reads the file again.

use std::path::Path;

use crate::db::SystemTx;
use crate::db::purpose::KeyRotation;
use crate::identity::two_factor;
use crate::secrets::{Keyring, SecretError, key_id};
use crate::webhooks::{SECRET_FIELD, SIGNING_KEY_FIELD, place};
use crate::{Core, CoreError, CoreResult};

/// A step of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Adds a key to the file, which is then copied to other machines.
    Prepare,
    /// Adds a key unless one is prepared, and seals everything under it.
    Reseal,
    /// Seals what was made meanwhile, and removes the old keys from the file. All servers were restarted before.
    Finish,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The key is in the file.
    Prepared,
    /// The number of values that were sealed again.
    Resealed(usize),
    /// The last rotation is not finished, or there is none to finish.
    WrongStep,
}

/// Performs a step. It can be repeated after a crash at any point.
///
/// # Errors
/// The key file or a stored value cannot be read.
pub async fn rotate(core: &Core, path: &Path, step: Step) -> CoreResult<Rotation> {
    let mut tx = core.store.begin_system::<KeyRotation>().await?;
    // One rotation at a time: the row is locked until the commit.
    let bound = tx.lock_sealed_check().await?;
    let mut ring = Keyring::open(path).map_err(internal)?;
    let bound = bound.as_deref().and_then(key_id).unwrap_or_else(|| ring.newest_id());
    let is_prepared = ring.newest_id() > bound;
    let is_finished = ring.ids() == [bound];
    match step {
        Step::Finish if is_prepared || is_finished => return Ok(Rotation::WrongStep),
        Step::Prepare | Step::Reseal if !is_prepared && !is_finished => return Ok(Rotation::WrongStep),
        Step::Prepare | Step::Reseal if !is_prepared => {
            ring.add_key(&core.randomness);
            ring.write(path, &core.randomness).map_err(internal)?;
        }
        _ => {}
    }
    if step == Step::Prepare {
        return Ok(Rotation::Prepared);
    }
    let count = reseal(&mut tx, &ring, core).await?;
    if step == Step::Finish {
        // They are hashed under the old key, which is needed for no other value in the database from now on.
        tx.revoke_all_password_links().await?;
        tx.revoke_all_pairing_codes().await?;
    }
    if step == Step::Reseal {
        for tenant in tx.tenant_ids().await? {
            tx.audit(tenant, "operator", "master_key.rotated", "key").await?;
        }
    }
    tx.commit().await?;
    if step == Step::Finish {
        ring.remove_old_keys();
        ring.write(path, &core.randomness).map_err(internal)?;
    }
    Ok(Rotation::Resealed(count))
}

fn internal(error: SecretError) -> CoreError {
    CoreError::internal(error)
}

/// Seals every stored value under the newest key and returns their number.
async fn reseal(tx: &mut SystemTx<'_, KeyRotation>, ring: &Keyring, core: &Core) -> CoreResult<usize> {
    let secrets = tx.webhook_secrets().await?;
    let mut count = secrets.len();
    for (tenant, row, secret, signing_key) in secrets {
        let reseal = |sealed: &[u8], kind| {
            let context = place(kind, tenant, row);
            let plaintext = ring.unseal(sealed, &context).map_err(internal)?;
            ring.seal(&plaintext, &context, &core.randomness).map_err(internal)
        };
        let secret = reseal(&secret, SECRET_FIELD)?;
        let signing_key = signing_key
            .map(|sealed| reseal(&sealed, SIGNING_KEY_FIELD))
            .transpose()?;
        tx.set_webhook_secret(tenant, row, &secret, signing_key.as_deref())
            .await?;
    }
    let mut after = (uuid::Uuid::nil(), uuid::Uuid::nil());
    loop {
        let tokens = tx.tracking_tokens(after, 1_000).await?;
        let Some(last) = tokens.last() else {
            break;
        };
        after = (last.0, last.1);
        count += tokens.len();
        for (tenant, row, sealed) in tokens {
            let context = crate::intake::seal_context(tenant, row);
            let plaintext = ring.unseal(&sealed, &context).map_err(internal)?;
            let sealed = ring.seal(&plaintext, &context, &core.randomness).map_err(internal)?;
            tx.set_tracking_token(tenant, row, &sealed).await?;
        }
    }
    crate::portal_access::key_rotation::reseal_tokens(tx, ring, core).await?;
    two_factor::reseal_secrets(tx, ring, core).await?;
    super::reseal_check(tx, ring).await?;
    crate::audit::verification::reseal_keys(tx, ring).await?;
    Ok(count)
}
