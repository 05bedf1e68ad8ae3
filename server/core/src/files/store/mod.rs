//! Statements for the register of stored files, its use per day, and submissions with files under way.

mod maintenance;
mod thumbnails;

use chrono::{DateTime, Utc};
use domain::files::{FileOwner, FileScan};
use uuid::Uuid;

pub(crate) use self::maintenance::{BlobId, Deadlines};
pub(crate) use self::thumbnails::Picture;
use crate::db::{StoreError, TenantTx};
use crate::files::model::{BlobKey, NewBlob, Reservation};
use crate::identity::actors::{Actor, FileUploader};

/// The state of the content of a row, for lists of files.
macro_rules! scan_column {
    ($table:literal) => {
        concat!(
            "coalesce((SELECT blob.scan FROM blob WHERE blob.tenant_id = ",
            $table,
            ".tenant_id AND blob.digest = ",
            $table,
            ".content_hash), 'exempt') AS scan"
        )
    };
}
pub(crate) use scan_column;

const INSERT_BLOB: &str = r"
    INSERT INTO blob (
        tenant_id, digest, generation, owner, media_type, size_bytes, state, scan, scan_attempts, scan_at,
        created_at, touched_at, thumbnail_at
    )
    VALUES (
        $1, $2, 0, $3, $4, $5, 'pending', $7, 0, $6, $6, $6, CASE WHEN $4 LIKE 'image/%' THEN $6 END
    )
    ON CONFLICT (tenant_id, digest) DO NOTHING
";
/// Content that is being deleted is stored under another name, because the deletion may take effect later.
const TOUCH_BLOB: &str = r"
    UPDATE blob
    SET
        touched_at = $3,
        generation = CASE WHEN state = 'deleting' THEN generation + 1 ELSE generation END,
        state = CASE WHEN state = 'deleting' THEN 'pending' ELSE state END
    WHERE tenant_id = $1
      AND digest = $2
    RETURNING generation
";
const ADD_USAGE: &str = r"
    INSERT INTO file_usage (tenant_id, owner, day, bytes)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, owner, day)
    DO UPDATE SET bytes = file_usage.bytes + excluded.bytes
";
const SELECT_USAGE: &str = r"
    SELECT
        CAST(coalesce(sum(bytes), 0) AS BIGINT),
        CAST(coalesce(sum(CASE WHEN owner = 'form' AND day = $2 THEN bytes ELSE 0 END), 0) AS BIGINT)
    FROM file_usage
    WHERE tenant_id = $1
";
const KEEP_BLOB: &str = r"
    UPDATE blob
    SET state = 'stored', touched_at = $3
    WHERE tenant_id = $1
      AND digest = $2
      AND state <> 'deleting'
";
/// Only of a picture that can be downloaded, and only one that can be.
const SELECT_THUMBNAIL: &str = r"
    SELECT picture.thumbnail_digest
    FROM blob AS picture
    JOIN blob AS thumbnail ON thumbnail.tenant_id = picture.tenant_id
        AND thumbnail.digest = picture.thumbnail_digest
        AND thumbnail.state = 'stored'
        AND thumbnail.scan IN ('exempt', 'clean')
    WHERE picture.tenant_id = $1
      AND picture.digest = $2
      AND picture.scan IN ('exempt', 'clean')
";
const SELECT_BLOB: &str = "SELECT generation, scan FROM blob WHERE tenant_id = $1 AND digest = $2";
const RESERVE_UPLOAD: &str = r"
    INSERT INTO upload (tenant_id, origin_id, nonce, claim, claimed_until)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, origin_id, nonce)
    DO UPDATE SET claim = excluded.claim, claimed_until = excluded.claimed_until
    WHERE upload.claimed_until <= $6
";
const SELECT_HELD_UPLOAD: &str = r"
    SELECT nonce
    FROM upload
    WHERE tenant_id = $1
      AND origin_id = $2
      AND nonce = $3
      AND claimed_until > $4
";
const RELEASE_UPLOAD: &str = r"
    DELETE FROM upload
    WHERE tenant_id = $1
      AND origin_id = $2
      AND nonce = $3
      AND claim = $4
";

impl<A: FileUploader> TenantTx<'_, A> {
    /// Registers content before its bytes are written, and returns where to write them.
    pub(crate) async fn register_blob(
        &mut self,
        owner: FileOwner,
        scan: FileScan,
        blob: &NewBlob,
    ) -> Result<BlobKey, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let size = i64::try_from(blob.bytes.len()).unwrap_or(i64::MAX);
        let inserted = self
            .tx
            .execute(
                INSERT_BLOB,
                (
                    tenant,
                    &blob.digest,
                    owner.name(),
                    blob.media_type,
                    size,
                    now,
                    scan.name(),
                ),
            )
            .await?;
        let generation = if inserted == 1 {
            self.tx
                .execute(ADD_USAGE, (tenant, owner.name(), now.date_naive(), size))
                .await?;
            0
        } else {
            self.tx
                .fetch_optional::<(i64,)>(TOUCH_BLOB, (tenant, &blob.digest, now))
                .await?
                // The sweeper deleted the row between the two statements.
                .ok_or_else(|| StoreError::Conflict("the content was deleted".to_owned()))?
                .0
        };
        Ok(BlobKey {
            tenant: self.tenant_id(),
            digest: blob.digest.clone(),
            generation,
        })
    }

    /// Returns the registered bytes of the tenant: all, and those from forms on this day.
    pub(crate) async fn file_usage(&mut self) -> Result<(i64, i64), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_one::<(i64, i64)>(SELECT_USAGE, (tenant, now.date_naive()))
            .await
    }

    /// Marks content as named; false if it is gone or being deleted.
    pub(crate) async fn keep_blob(&mut self, digest: &[u8]) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self.tx.execute(KEEP_BLOB, (tenant, digest, now)).await? == 1)
    }

    /// Holds a nonce; false if another submission holds it.
    pub(crate) async fn reserve_upload(
        &mut self,
        reservation: &Reservation,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let Reservation { origin, nonce, claim } = reservation;
        Ok(self
            .tx
            .execute(RESERVE_UPLOAD, (tenant, *origin, nonce, *claim, until, now))
            .await?
            == 1)
    }

    /// Returns whether a submission holds the nonce.
    pub(crate) async fn is_upload_held(&mut self, origin: Uuid, nonce: &str) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .fetch_optional::<(String,)>(SELECT_HELD_UPLOAD, (tenant, origin, nonce, now))
            .await?
            .is_some())
    }

    pub(crate) async fn release_upload(&mut self, reservation: &Reservation) -> Result<(), StoreError> {
        let tenant = self.tenant();
        let Reservation { origin, nonce, claim } = reservation;
        self.tx
            .execute(RELEASE_UPLOAD, (tenant, *origin, nonce, *claim))
            .await
            .map(drop)
    }
}

impl<A: Actor> TenantTx<'_, A> {
    /// Returns the digest of the smaller version of a picture, if it has one.
    pub(crate) async fn thumbnail_of(&mut self, digest: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let tenant = self.tenant();
        let found = self
            .tx
            .fetch_optional::<(Vec<u8>,)>(SELECT_THUMBNAIL, (tenant, digest))
            .await?;
        Ok(found.map(|(digest,)| digest))
    }

    /// Finds registered content.
    pub(crate) async fn find_blob(&mut self, digest: &[u8]) -> Result<Option<(BlobKey, FileScan)>, StoreError> {
        let tenant = self.tenant();
        let found = self
            .tx
            .fetch_optional::<(i64, String)>(SELECT_BLOB, (tenant, digest))
            .await?;
        Ok(found.map(|(generation, scan)| {
            let key = BlobKey {
                tenant: self.tenant_id(),
                digest: digest.to_vec(),
                generation,
            };
            (key, FileScan::from_name(&scan).unwrap_or(FileScan::Unchecked))
        }))
    }
}
