//! Smaller versions of pictures for lists and galleries. A worker creates each once, after the picture was checked for malware; until
//! then, and for pictures that are small already, the picture itself is shown.

use bytes::Bytes;
use chrono::TimeDelta;

use crate::db::purpose::FileWork;
use crate::files::decoding::Sender;
use crate::files::model::{BlobKey, NewBlob};
use crate::files::store::Picture;
use crate::files::validation::shrink_photo;
use crate::identity::actors::Actor;
use crate::secrets::sha256;
use crate::{Core, CoreResult};

/// How long a picture is claimed: longer than making takes.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// When a picture is tried again whose content could not be read.
const RETRY: TimeDelta = TimeDelta::minutes(10);
/// After this many attempts the picture itself is shown for good.
const MAX_ATTEMPTS: i64 = 5;

/// Creates the smaller version of the newest picture without one. Returns false if there is none.
///
/// # Errors
/// Database or storage cannot be reached; the picture is tried again later.
pub async fn create_next(core: &Core) -> CoreResult<bool> {
    let mut tx = core.store.begin_system::<FileWork>().await?;
    let claimed = tx.claim_picture(core.clock.now() + LEASE).await?;
    tx.commit().await?;
    let Some(picture) = claimed else { return Ok(false) };
    let outcome = create(core, &picture).await;
    if outcome.is_err() {
        let mut tx = core.store.begin_system::<FileWork>().await?;
        if picture.attempts >= MAX_ATTEMPTS {
            tx.waive_thumbnail(&picture.key).await?;
        } else {
            // Others come first: it may be the content of this one that cannot be read.
            tx.postpone_picture(&picture.key, core.clock.now() + RETRY).await?;
        }
        tx.commit().await?;
    }
    outcome.map(|()| true)
}

async fn create(core: &Core, picture: &Picture) -> CoreResult<()> {
    let content = core.files.get(&picture.key).await?;
    let shrunk = core
        .files
        .decode(Sender::Account, move || Ok(shrink_photo(&content)))
        .await?;
    let Some(bytes) = shrunk else {
        let mut tx = core.store.begin_system::<FileWork>().await?;
        tx.waive_thumbnail(&picture.key).await?;
        return Ok(tx.commit().await?);
    };
    let thumbnail = NewBlob {
        digest: sha256(&bytes),
        media_type: "image/jpeg",
        bytes: bytes.into(),
    };
    let limits = &core.settings.files;
    let size = u64::try_from(thumbnail.bytes.len()).unwrap_or(u64::MAX);
    core.files.ensure_space(size, limits.min_free_bytes)?;
    // Registered before it is written, and named after: a crash between the two leaves a row that leads to the content.
    let mut tx = core.store.begin_system::<FileWork>().await?;
    let key = tx.register_thumbnail(picture, &thumbnail).await?;
    tx.commit().await?;
    core.files.put(&key, thumbnail.bytes).await?;
    if key.generation > 0 {
        let earlier = BlobKey {
            generation: key.generation - 1,
            ..key.clone()
        };
        core.files.delete(&earlier).await?;
    }
    let mut tx = core.store.begin_system::<FileWork>().await?;
    tx.name_thumbnail(&picture.key, &key.digest).await?;
    Ok(tx.commit().await?)
}

/// Reads the smaller version of a picture, or the picture itself where there is none; also returns the digest of what was read.
/// The caller has checked the permission by finding the row that names the picture.
///
/// # Errors
/// See [`super::download`].
pub(crate) async fn content<A: Actor>(core: &Core, actor: &A, digest: &[u8]) -> CoreResult<(Bytes, Vec<u8>)> {
    let thumbnail = core.store.read(actor).await?.thumbnail_of(digest).await?;
    let shown = thumbnail.unwrap_or_else(|| digest.to_vec());
    Ok((super::download(core, actor, &shown).await?, shown))
}
