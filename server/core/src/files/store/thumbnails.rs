//! Statements of the worker that makes smaller versions of pictures.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{ADD_USAGE, KEEP_BLOB, TOUCH_BLOB};
use crate::db::purpose::FileWork;
use crate::db::{StoreError, SystemTx};
use crate::files::model::{BlobKey, NewBlob};
use crate::identity::actors::TenantId;

/// The newest picture first, because a person may be waiting for it.
const CLAIM_PICTURE: &str = r"
    UPDATE blob
    SET thumbnail_at = $2, thumbnail_attempts = thumbnail_attempts + 1
    WHERE (tenant_id, digest) = (
          SELECT due.tenant_id, due.digest
          FROM blob AS due
          WHERE due.thumbnail_at <= $1
            AND due.state = 'stored'
            AND due.scan IN ('exempt', 'clean')
          ORDER BY due.thumbnail_at DESC
          LIMIT 1
      )
      AND thumbnail_at <= $1
    RETURNING tenant_id, digest, generation, owner, scan, thumbnail_attempts
";
const POSTPONE_PICTURE: &str = r"
    UPDATE blob
    SET thumbnail_at = $4
    WHERE tenant_id = $1
      AND digest = $2
      AND generation = $3
      AND thumbnail_at IS NOT NULL
";
const INSERT_THUMBNAIL: &str = r"
    INSERT INTO blob (
        tenant_id, digest, generation, owner, media_type, size_bytes, state, scan, scan_attempts, scan_at,
        created_at, touched_at
    )
    VALUES ($1, $2, 0, $3, $4, $5, 'pending', $7, 0, $6, $6, $6)
    ON CONFLICT (tenant_id, digest) DO NOTHING
";
const FINISH_PICTURE: &str = r"
    UPDATE blob
    SET thumbnail_digest = $4, thumbnail_at = NULL
    WHERE tenant_id = $1
      AND digest = $2
      AND generation = $3
";

/// A picture without a smaller version.
pub(crate) struct Picture {
    pub key: BlobKey,
    /// The part of the quota that it counts to.
    pub owner: String,
    /// Whether it was checked for malware; its smaller version is as safe.
    pub scan: String,
    /// How often a smaller version was tried, this time included.
    pub attempts: i64,
}

impl SystemTx<'_, FileWork> {
    /// Claims a picture without a smaller version, until a time.
    pub(crate) async fn claim_picture(&mut self, until: DateTime<Utc>) -> Result<Option<Picture>, StoreError> {
        let now = self.now;
        let claimed = self
            .tx
            .fetch_optional::<(Uuid, Vec<u8>, i64, String, String, i64)>(CLAIM_PICTURE, (now, until))
            .await?;
        Ok(
            claimed.map(|(tenant, digest, generation, owner, scan, attempts)| Picture {
                key: BlobKey {
                    tenant: TenantId::from_uuid(tenant),
                    digest,
                    generation,
                },
                owner,
                scan,
                attempts,
            }),
        )
    }

    pub(crate) async fn postpone_picture(&mut self, key: &BlobKey, until: DateTime<Utc>) -> Result<(), StoreError> {
        let binds = (key.tenant.uuid(), &key.digest, key.generation, until);
        self.tx.execute(POSTPONE_PICTURE, binds).await.map(drop)
    }

    /// Registers the smaller version before its bytes are written, and returns where to write them.
    pub(crate) async fn register_thumbnail(
        &mut self,
        picture: &Picture,
        thumbnail: &NewBlob,
    ) -> Result<BlobKey, StoreError> {
        let (tenant, now) = (picture.key.tenant.uuid(), self.now);
        let size = i64::try_from(thumbnail.bytes.len()).unwrap_or(i64::MAX);
        let binds = (
            tenant,
            &thumbnail.digest,
            &picture.owner,
            thumbnail.media_type,
            size,
            now,
            &picture.scan,
        );
        let generation = if self.tx.execute(INSERT_THUMBNAIL, binds).await? == 1 {
            self.tx
                .execute(ADD_USAGE, (tenant, &picture.owner, now.date_naive(), size))
                .await?;
            0
        } else {
            self.tx
                .fetch_optional::<(i64,)>(TOUCH_BLOB, (tenant, &thumbnail.digest, now))
                .await?
                // The sweeper deleted the row between the two statements.
                .ok_or_else(|| StoreError::Conflict("the content was deleted".to_owned()))?
                .0
        };
        Ok(BlobKey {
            tenant: picture.key.tenant,
            digest: thumbnail.digest.clone(),
            generation,
        })
    }

    /// Names the stored smaller version; false if it has been deleted meanwhile.
    pub(crate) async fn name_thumbnail(&mut self, picture: &BlobKey, thumbnail: &[u8]) -> Result<bool, StoreError> {
        let (tenant, now) = (picture.tenant.uuid(), self.now);
        if self.tx.execute(KEEP_BLOB, (tenant, thumbnail, now)).await? != 1 {
            return Ok(false);
        }
        let binds = (tenant, &picture.digest, picture.generation, Some(thumbnail));
        self.tx.execute(FINISH_PICTURE, binds).await.map(|_| true)
    }

    /// Records that a picture needs no smaller version, or cannot have one.
    pub(crate) async fn waive_thumbnail(&mut self, picture: &BlobKey) -> Result<(), StoreError> {
        let binds = (
            picture.tenant.uuid(),
            &picture.digest,
            picture.generation,
            None::<&[u8]>,
        );
        self.tx.execute(FINISH_PICTURE, binds).await.map(drop)
    }
}
