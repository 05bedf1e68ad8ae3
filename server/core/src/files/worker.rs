//! The sweeper: deletes stored content that no row names. It never deletes content that is named, or that was registered or
//! lost its last row within the last hour, on both engines and any storage, also while files are being stored.

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use uuid::Uuid;

use crate::db::purpose::FileWork;
use crate::files::model::BlobKey;
use crate::files::store::{BlobId, Deadlines};
use crate::identity::actors::TenantId;
use crate::{Core, CoreResult};

/// How long content is kept that no row names: longer than any submission takes.
const UNNAMED_TTL: TimeDelta = TimeDelta::hours(1);
/// How long an import file is kept between its upload and its import.
const IMPORT_TTL: TimeDelta = TimeDelta::hours(24);
/// How often all stored content is compared with the rows that name it, which are deleted by other slices.
const FULL_SWEEP_INTERVAL: TimeDelta = TimeDelta::hours(24);
/// Rows of one transaction.
const BATCH: usize = 200;

/// Deletes what interrupted submissions have left and, once a day, all content that is no longer named. Returns how many
/// files were deleted.
///
/// # Errors
/// The database or the storage is unavailable; the next run continues.
pub async fn sweep(core: &Core) -> CoreResult<usize> {
    let mut deleted = 0;
    loop {
        let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let mut tx = core.store.read_system().await?;
        let found = tx.unfinished_blobs(deadlines(core), limit).await?;
        drop(tx);
        let count = delete_unnamed(core, &found).await?;
        deleted += count;
        // Those that were not deleted have been named in the meantime.
        if count == 0 {
            break;
        }
    }
    let mut tx = core.store.begin_system::<FileWork>().await?;
    tx.delete_old_uploads(core.clock.now() - UNNAMED_TTL).await?;
    let full = tx.start_file_sweep(core.clock.now() - FULL_SWEEP_INTERVAL).await?;
    tx.commit().await?;
    if let Some(legacy_before) = full {
        release_unnamed(core).await?;
        deleted += sweep_storage(core, legacy_before).await?;
    }
    if deleted > 0 {
        tracing::info!(deleted, "deleted files that no record names");
    }
    Ok(deleted)
}

pub(super) fn deadlines(core: &Core) -> Deadlines {
    let now = core.clock.now();
    Deadlines {
        usual: now - UNNAMED_TTL,
        imports: now - IMPORT_TTL,
    }
}

/// Marks, deletes and forgets content, in this order: a crash between two steps leaves a row that leads to the content.
async fn delete_unnamed(core: &Core, found: &[BlobId]) -> CoreResult<usize> {
    if found.is_empty() {
        return Ok(0);
    }
    let mut tx = core.store.begin_system::<FileWork>().await?;
    let mut marked = Vec::with_capacity(found.len());
    for id in found {
        marked.extend(tx.mark_deleting(id, deadlines(core)).await?);
    }
    tx.commit().await?;
    finish_deletion(core, &marked).await
}

pub(super) async fn finish_deletion(core: &Core, marked: &[BlobKey]) -> CoreResult<usize> {
    for key in marked {
        core.files.delete(key).await?;
    }
    let mut tx = core.store.begin_system::<FileWork>().await?;
    let mut deleted = 0;
    for key in marked {
        deleted += usize::from(tx.delete_blob(key).await?);
    }
    tx.commit().await?;
    Ok(deleted)
}

/// Finds content whose last row was deleted. It is deleted by a later run, so that a backup that copied the rows before can
/// still copy the content.
async fn release_unnamed(core: &Core) -> CoreResult<()> {
    let mut after: BlobId = (Uuid::nil(), Vec::new());
    loop {
        let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let page = core.store.read_system().await?.stored_blobs(&after, limit).await?;
        let Some((tenant, digest, _)) = page.last() else {
            return Ok(());
        };
        after = (*tenant, digest.clone());
        let mut tx = core.store.begin_system::<FileWork>().await?;
        for (tenant, digest, is_named) in page {
            if !is_named {
                tx.mark_unnamed(&(tenant, digest)).await?;
            }
        }
        tx.commit().await?;
    }
}

/// Deletes interrupted writes and, once, what was stored before there was a register and no row names. Content that is newer
/// than the last file of that time is never touched: another installation may share the storage after a restore.
async fn sweep_storage(core: &Core, legacy_before: Option<DateTime<Utc>>) -> CoreResult<usize> {
    let tenants = core.store.read_system().await?.tenant_ids().await?;
    let mut deleted = 0;
    for tenant in tenants {
        let (files, before) = (core.files.clone(), core.clock.now() - UNNAMED_TTL);
        let outcome = tokio::task::spawn_blocking(move || files.delete_partial_files(tenant, before)).await;
        if let Ok(Err(error)) = outcome {
            tracing::warn!(%error, "failed to delete interrupted uploads");
        }
        if let Some(legacy_before) = legacy_before {
            deleted += sweep_legacy(core, tenant, legacy_before - UNNAMED_TTL).await?;
        }
    }
    if legacy_before.is_some() {
        let mut tx = core.store.begin_system::<FileWork>().await?;
        tx.finish_legacy_files().await?;
        tx.commit().await?;
    }
    Ok(deleted)
}

async fn sweep_legacy(core: &Core, tenant: TenantId, before: DateTime<Utc>) -> CoreResult<usize> {
    let mut deleted = 0;
    let mut batches = Box::pin(core.files.list_before(tenant, before).chunks(BATCH));
    while let Some(batch) = batches.next().await {
        let keys: Vec<BlobKey> = batch.into_iter().collect::<CoreResult<_>>()?;
        let mut unnamed = Vec::new();
        let mut tx = core.store.begin_system::<FileWork>().await?;
        for key in keys {
            let is_known = tx.is_registered(&key).await? || tx.register_named(&key).await?;
            // Registered first, so that the same content can be uploaded while it is being deleted.
            if !is_known && tx.register_deleting(&key).await? {
                unnamed.push(key);
            }
        }
        tx.commit().await?;
        deleted += finish_deletion(core, &unnamed).await?;
    }
    Ok(deleted)
}
