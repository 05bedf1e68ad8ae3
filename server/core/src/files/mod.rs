//! Files: uploads are validated and re-encoded, registered and stored by the hash of their content, outside any static root.
//!
//! Everything that stores a file goes through [`store`]: first the decision, then the row of the register, then the bytes, then
//! the row that names the file, together with [`keep`]. What a crash leaves between these steps is deleted by [`worker`].

mod decoding;
pub mod inventory;
mod model;
pub mod scanning;
mod storage;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod thumbnails;
mod validation;
pub mod worker;

#[cfg(test)]
mod tests;

pub(crate) use self::decoding::Sender;
pub use self::model::{CleanFile, CleanPhoto, Upload};
pub(crate) use self::model::{NewBlob, Reservation};
pub use self::storage::FileStore;
pub(crate) use self::store::scan_column;
pub use self::validation::{MAX_LOGO_BYTES, MAX_PHOTO_BYTES, clean_file, clean_logo, clean_photo};
pub(crate) use self::validation::{check_file, check_photo};

use bytes::Bytes;
use chrono::TimeDelta;
use domain::files::{FileOwner, FileScan};
use domain::problems::Cause;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::files::model::BlobKey;
use crate::identity::actors::{Actor, FileUploader, TenantId};
use crate::{Core, CoreError, CoreResult};

/// How long a nonce is held. Longer than storing takes; after a crash, the form can be submitted again then.
const RESERVATION_TTL: TimeDelta = TimeDelta::seconds(60);

/// Holds the nonce of a form for one submission; `None` if another submission holds it.
pub(crate) async fn reserve<A: FileUploader>(
    tx: &mut TenantTx<'_, A>,
    origin: Uuid,
    nonce: &str,
) -> CoreResult<Option<Reservation>> {
    let reservation = Reservation {
        origin,
        nonce: nonce.to_owned(),
        claim: tx.store.randomness.uuid_v7(tx.now),
    };
    let until = tx.now + RESERVATION_TTL;
    Ok(tx.reserve_upload(&reservation, until).await?.then_some(reservation))
}

/// Returns whether a submission holds the nonce.
pub(crate) async fn is_reserved<A: FileUploader>(
    tx: &mut TenantTx<'_, A>,
    origin: Uuid,
    nonce: &str,
) -> CoreResult<bool> {
    Ok(tx.is_upload_held(origin, nonce).await?)
}

/// Releases the nonce of a submission that failed, so that it can be submitted again at once.
pub(crate) async fn release<A: FileUploader>(core: &Core, actor: &A, reservation: &Reservation) -> CoreResult<()> {
    let mut tx = core.store.begin(actor).await?;
    release_with(&mut tx, reservation).await?;
    tx.commit().await?;
    Ok(())
}

/// Releases the nonce in the transaction that completes the submission.
pub(crate) async fn release_with<A: FileUploader>(
    tx: &mut TenantTx<'_, A>,
    reservation: &Reservation,
) -> CoreResult<()> {
    Ok(tx.release_upload(reservation).await?)
}

/// Registers content and writes its bytes. It is deleted after an hour unless the caller's next transaction names it with
/// [`keep`]. Call it after everything that can be decided without the content is decided.
///
/// # Errors
/// `temporarily_unavailable` if the storage or a quota is full, or the storage cannot be reached.
pub(crate) async fn store<A: FileUploader>(
    core: &Core,
    actor: &A,
    owner: FileOwner,
    mut blobs: Vec<NewBlob>,
) -> CoreResult<()> {
    if blobs.is_empty() {
        return Ok(());
    }
    let bytes: usize = blobs.iter().map(|blob| blob.bytes.len()).sum();
    ensure_space(core, u64::try_from(bytes).unwrap_or(u64::MAX))?;
    // In one order, so that two uploads of the same files cannot wait for each other.
    blobs.sort_by(|left, right| left.digest.cmp(&right.digest));
    blobs.dedup_by(|left, right| left.digest == right.digest);
    let mut tx = core.store.begin(actor).await?;
    let mut keys = Vec::with_capacity(blobs.len());
    let scan = scanning::initial_state(core);
    for blob in &blobs {
        keys.push(tx.register_blob(owner, scan, blob).await?);
    }
    // The transaction is rolled back if the content is too much.
    ensure_within_quota(core, &mut tx, owner, 0).await?;
    tx.commit().await?;
    for (key, blob) in keys.iter().zip(blobs) {
        core.files.put(key, blob.bytes).await?;
        if key.generation > 0 {
            // The deletion of the earlier content may have been interrupted, and no row leads to it any more.
            let earlier = BlobKey {
                generation: key.generation - 1,
                ..key.clone()
            };
            core.files.delete(&earlier).await?;
        }
    }
    Ok(())
}

/// Rejects uploads before they are decoded if there is no room for them.
///
/// # Errors
/// See [`store`].
pub(crate) async fn ensure_room<A: FileUploader>(
    core: &Core,
    actor: &A,
    owner: FileOwner,
    bytes: usize,
) -> CoreResult<()> {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    ensure_space(core, bytes)?;
    let mut tx = core.store.read(actor).await?;
    ensure_within_quota(core, &mut tx, owner, bytes).await
}

fn ensure_space(core: &Core, bytes: u64) -> CoreResult<()> {
    core.files.ensure_space(bytes, core.settings.files.min_free_bytes)
}

async fn ensure_within_quota<A: FileUploader>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    owner: FileOwner,
    more: u64,
) -> CoreResult<()> {
    let limits = &core.settings.files;
    let (total, forms_today) = tx.file_usage().await?;
    let exceeds = |used: i64, limit: Option<u64>| {
        let used = u64::try_from(used).unwrap_or_default().saturating_add(more);
        limit.is_some_and(|limit| used > limit)
    };
    let reached = if exceeds(total, limits.tenant_quota_bytes) {
        Some(Cause::FileQuotaReached)
    } else if owner == FileOwner::Form && exceeds(forms_today, limits.form_quota_bytes) {
        Some(Cause::FormQuotaReached)
    } else {
        None
    };
    reached.map_or(Ok(()), |cause| {
        tracing::warn!(tenant = %tx.tenant(), total, forms_today, ?cause, "upload rejected");
        Err(CoreError::new(cause))
    })
}

/// Marks stored content as named by a row of the same transaction.
///
/// # Errors
/// `temporarily_unavailable` if it was stored too long ago and has been deleted.
pub(crate) async fn keep<A: FileUploader>(
    tx: &mut TenantTx<'_, A>,
    digests: impl IntoIterator<Item = &[u8]>,
) -> CoreResult<()> {
    let mut digests: Vec<&[u8]> = digests.into_iter().collect();
    digests.sort_unstable();
    digests.dedup();
    for digest in digests {
        if !tx.keep_blob(digest).await? {
            return Err(CoreError::new(Cause::FileStorageUnavailable));
        }
    }
    Ok(())
}

/// Reads content. The caller has checked the permission by finding the row that names it.
///
/// # Errors
/// `not_found` if it is not registered; `temporarily_unavailable`.
pub(crate) async fn content<A: Actor>(core: &Core, actor: &A, digest: &[u8]) -> CoreResult<Bytes> {
    let found = core.store.read(actor).await?.find_blob(digest).await?;
    let (key, _) = found.ok_or_else(CoreError::not_found)?;
    core.files.get(&key).await
}

/// Returns the stored content of a tenant with a digest above `after`, a few files at a time.
///
/// # Errors
/// `temporarily_unavailable`.
pub(crate) async fn stored_files(core: &Core, tenant: TenantId, after: &[u8]) -> CoreResult<Vec<(Vec<u8>, Bytes)>> {
    let keys = core
        .store
        .read_system()
        .await?
        .stored_content(tenant, after, 20)
        .await?;
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        let content = core.files.get(&key).await?;
        found.push((key.digest, content));
    }
    Ok(found)
}

/// Reads content for a download. The caller has checked the permission by finding the row that names it.
///
/// # Errors
/// `temporarily_unavailable` also while it is being checked for malware; `permission_denied` if malware was found.
pub(crate) async fn download<A: Actor>(core: &Core, actor: &A, digest: &[u8]) -> CoreResult<Bytes> {
    let found = core.store.read(actor).await?.find_blob(digest).await?;
    let (key, scan) = found.unwrap_or_else(|| {
        // A server of an earlier version has stored it; the sweeper registers it.
        let key = BlobKey {
            tenant: actor.tenant(),
            digest: digest.to_vec(),
            generation: 0,
        };
        (key, scanning::initial_state(core))
    });
    match scan {
        FileScan::Exempt | FileScan::Clean => core.files.get(&key).await,
        FileScan::Unchecked => Err(CoreError::new(Cause::FileBeingChecked)),
        FileScan::Infected => Err(CoreError::new(Cause::FileQuarantined)),
    }
}
