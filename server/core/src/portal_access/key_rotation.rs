//! Seals the portal's secrets again when the master key is replaced.

use crate::db::SystemTx;
use crate::db::purpose::KeyRotation;
use crate::portal_access::links::token_context;
use crate::secrets::{Keyring, SecretError};
use crate::{Core, CoreError, CoreResult};

/// Seals link tokens and feed tokens again under the newest key.
pub(crate) async fn reseal_tokens(tx: &mut SystemTx<'_, KeyRotation>, ring: &Keyring, core: &Core) -> CoreResult<()> {
    let internal = |error: SecretError| CoreError::internal(error);
    for (tenant, id, sealed) in tx.link_tokens().await? {
        let context = token_context(tenant, id);
        let plaintext = ring.unseal(&sealed, &context).map_err(internal)?;
        let sealed = ring.seal(&plaintext, &context, &core.randomness).map_err(internal)?;
        tx.set_link_token(tenant, id, &sealed).await?;
    }
    for (tenant, id, sealed) in tx.feed_tokens().await? {
        let context = crate::portal_access::calendar::feed_context(tenant, id);
        let plaintext = ring.unseal(&sealed, &context).map_err(internal)?;
        let sealed = ring.seal(&plaintext, &context, &core.randomness).map_err(internal)?;
        tx.set_feed_token(tenant, id, &sealed).await?;
    }
    Ok(())
}
