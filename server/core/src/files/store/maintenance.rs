//! Statements of the file worker: the sweep of unnamed content and the checks by a scanner.

use chrono::{DateTime, Utc};
use domain::files::FileScan;
use uuid::Uuid;

use super::{ADD_USAGE, SELECT_BLOB};
use crate::db::purpose::FileWork;
use crate::db::{StoreError, SystemTx};
use crate::files::model::BlobKey;
use crate::identity::actors::TenantId;

/// Whether a record names the content. Every table of records that refers to files is here.
macro_rules! is_named_by_record {
    () => {
        r"
            (
                EXISTS (
                    SELECT 1
                    FROM attachment
                    WHERE attachment.tenant_id = blob.tenant_id
                      AND attachment.content_hash = blob.digest
                )
                OR EXISTS (
                    SELECT 1
                    FROM request_attachment
                    WHERE request_attachment.tenant_id = blob.tenant_id
                      AND request_attachment.content_hash = blob.digest
                )
                OR EXISTS (
                    SELECT 1
                    FROM day_photo
                    WHERE day_photo.tenant_id = blob.tenant_id
                      AND day_photo.content_hash = blob.digest
                )
            )
        "
    };
}
/// Whether the content is the smaller version of a picture.
macro_rules! is_thumbnail {
    () => {
        r"
            EXISTS (
                SELECT 1
                FROM blob AS picture
                WHERE picture.tenant_id = blob.tenant_id
                  AND picture.thumbnail_digest = blob.digest
            )
        "
    };
}
/// Whether a row names the content.
macro_rules! is_named {
    () => {
        concat!("(", is_named_by_record!(), " OR ", is_thumbnail!(), ")")
    };
}

const SELECT_USAGE_BY_OWNER: &str = r"
    SELECT owner, CAST(sum(bytes) AS BIGINT)
    FROM file_usage
    GROUP BY owner
    ORDER BY owner
";
const SELECT_UNFINISHED: &str = concat!(
    r"
        SELECT tenant_id, digest
        FROM blob
        WHERE state <> 'stored'
          AND (touched_at < $2 OR (owner <> 'import' AND touched_at < $1))
          AND NOT
    ",
    is_named!(),
    r"
        ORDER BY touched_at
        LIMIT $3
    "
);
const SELECT_STORED: &str = concat!(
    r"
        SELECT tenant_id, digest,
    ",
    is_named!(),
    r"
            AS is_named
        FROM blob
        WHERE (tenant_id, digest) > ($1, $2)
          AND state = 'stored'
        ORDER BY tenant_id, digest
        LIMIT $3
    "
);
/// Smaller versions of pictures are left out: they are created again.
const SELECT_STORED_OF_TENANT: &str = concat!(
    r"
        SELECT digest, generation
        FROM blob
        WHERE tenant_id = $1
          AND digest > $2
          AND state = 'stored'
          AND scan <> 'infected'
          AND (NOT
    ",
    is_thumbnail!(),
    " OR ",
    is_named_by_record!(),
    r"
          )
        ORDER BY digest
        LIMIT $3
    "
);
const SELECT_BLOB_STATE: &str = "SELECT generation, state FROM blob WHERE tenant_id = $1 AND digest = $2";
const SELECT_STORED_OF_ALL: &str = r"
    SELECT tenant_id, digest, generation
    FROM blob
    WHERE (tenant_id, digest) > ($1, $2)
      AND state = 'stored'
    ORDER BY tenant_id, digest
    LIMIT $3
";
/// Content whose last row was deleted is kept for the time that unnamed content is kept, because a backup that copied the
/// rows before copies the content after.
const MARK_UNNAMED: &str = concat!(
    r"
        UPDATE blob
        SET state = 'pending', touched_at = $3
        WHERE tenant_id = $1
          AND digest = $2
          AND state = 'stored'
          AND NOT
    ",
    is_named!()
);
/// The condition is checked again here: the content may have been named since it was found.
const MARK_DELETING: &str = concat!(
    r"
        UPDATE blob
        SET state = 'deleting'
        WHERE tenant_id = $1
          AND digest = $2
          AND (touched_at < $4 OR (owner <> 'import' AND touched_at < $3))
          AND NOT
    ",
    is_named!(),
    "RETURNING generation"
);
const DELETE_BLOB: &str = r"
    DELETE FROM blob
    WHERE tenant_id = $1
      AND digest = $2
      AND generation = $3
      AND state = 'deleting'
    RETURNING owner, size_bytes, created_at
";
const DELETE_OLD_UPLOADS: &str = "DELETE FROM upload WHERE claimed_until < $1";
const START_SWEEP: &str = r"
    UPDATE file_sweep
    SET started_at = $1
    WHERE started_at IS NULL
       OR started_at <= $2
    RETURNING legacy_before
";
const FINISH_LEGACY: &str = "UPDATE file_sweep SET legacy_before = NULL";
/// Content that a server of an earlier version stored, and that a row names.
const REGISTER_NAMED: &str = r"
    INSERT INTO blob (
        tenant_id, digest, generation, owner, media_type, size_bytes, state, scan, scan_attempts, scan_at,
        created_at, touched_at, thumbnail_at
    )
    SELECT
        $1, $2, 0, named.owner, named.media_type, named.size_bytes, 'stored', 'exempt', 0, $3, named.created_at, $3,
        CASE WHEN named.media_type LIKE 'image/%' THEN $3 END
    FROM (
        SELECT tenant_id, content_hash, 'visit' AS owner, media_type, size_bytes, created_at
        FROM attachment
        UNION ALL
        SELECT tenant_id, content_hash, 'form', media_type, size_bytes, created_at
        FROM request_attachment
        UNION ALL
        SELECT tenant_id, content_hash, 'visit', 'image/jpeg', size_bytes, created_at
        FROM day_photo
    ) AS named
    WHERE named.tenant_id = $1
      AND named.content_hash = $2
    LIMIT 1
    ON CONFLICT (tenant_id, digest) DO NOTHING
";
const REGISTER_DELETING: &str = r"
    INSERT INTO blob (
        tenant_id, digest, generation, owner, media_type, size_bytes, state, scan, scan_attempts, scan_at,
        created_at, touched_at
    )
    VALUES ($1, $2, 0, 'form', 'application/octet-stream', 0, 'deleting', 'exempt', 0, $3, $3, $3)
    ON CONFLICT (tenant_id, digest) DO NOTHING
";

/// The newest file first, because a person may be waiting for it.
const CLAIM_SCAN: &str = r"
    UPDATE blob
    SET scan_at = $2, scan_attempts = scan_attempts + 1
    WHERE scan = 'unchecked'
      AND state = 'stored'
      AND scan_at <= $1
      AND (tenant_id, digest) = (
          SELECT waiting.tenant_id, waiting.digest
          FROM blob AS waiting
          WHERE waiting.scan = 'unchecked'
            AND waiting.state = 'stored'
            AND waiting.scan_at <= $1
          ORDER BY waiting.scan_at DESC
          LIMIT 1
      )
    RETURNING tenant_id, digest, generation
";
const FINISH_SCAN: &str = r"
    UPDATE blob
    SET scan = $4, finding = $5
    WHERE tenant_id = $1
      AND digest = $2
      AND generation = $3
      AND scan = 'unchecked'
";
const POSTPONE_SCAN: &str = r"
    UPDATE blob
    SET scan_at = $4
    WHERE tenant_id = $1
      AND digest = $2
      AND generation = $3
";
const REQUIRE_SCANS: &str = "UPDATE blob SET scan = 'unchecked', scan_at = $1 WHERE scan = 'exempt'";
const WAIVE_SCANS: &str = "UPDATE blob SET scan = 'exempt' WHERE scan = 'unchecked'";

/// Tenant and digest of registered content.
pub(crate) type BlobId = (Uuid, Vec<u8>);

/// Content that was last registered or named before these times may be deleted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    pub usual: DateTime<Utc>,
    /// For imports, whose content no row names.
    pub imports: DateTime<Utc>,
}

impl<P> SystemTx<'_, P> {
    /// Returns the registered bytes of all tenants by owner.
    pub(crate) async fn file_usage_by_owner(&mut self) -> Result<Vec<(String, i64)>, StoreError> {
        self.tx.fetch_all::<(String, i64)>(SELECT_USAGE_BY_OWNER, ()).await
    }

    /// Lists content that was registered but not named in time, and content whose deletion was interrupted.
    pub(crate) async fn unfinished_blobs(&mut self, before: Deadlines, limit: i64) -> Result<Vec<BlobId>, StoreError> {
        self.tx
            .fetch_all::<BlobId>(SELECT_UNFINISHED, (before.usual, before.imports, limit))
            .await
    }

    /// Lists a page of stored content after an ID, and whether a row names it.
    pub(crate) async fn stored_blobs(
        &mut self,
        after: &BlobId,
        limit: i64,
    ) -> Result<Vec<(Uuid, Vec<u8>, bool)>, StoreError> {
        self.tx
            .fetch_all::<(Uuid, Vec<u8>, bool)>(SELECT_STORED, (after.0, &after.1, limit))
            .await
    }

    /// Returns the stored content of a tenant by digest, without malware.
    pub(crate) async fn stored_content(
        &mut self,
        tenant: TenantId,
        after: &[u8],
        limit: i64,
    ) -> Result<Vec<BlobKey>, StoreError> {
        let rows = self
            .tx
            .fetch_all::<(Vec<u8>, i64)>(SELECT_STORED_OF_TENANT, (tenant.uuid(), after, limit))
            .await?;
        Ok(rows
            .into_iter()
            .map(|(digest, generation)| BlobKey {
                tenant,
                digest,
                generation,
            })
            .collect())
    }

    /// Returns the stored content of all tenants, by tenant and digest.
    pub(crate) async fn stored_content_of_all(
        &mut self,
        after: (Uuid, &[u8]),
        limit: i64,
    ) -> Result<Vec<BlobKey>, StoreError> {
        let rows = self
            .tx
            .fetch_all::<(Uuid, Vec<u8>, i64)>(SELECT_STORED_OF_ALL, (after.0, after.1, limit))
            .await?;
        Ok(rows
            .into_iter()
            .map(|(tenant, digest, generation)| BlobKey {
                tenant: TenantId::from_uuid(tenant),
                digest,
                generation,
            })
            .collect())
    }

    /// Returns whether content is registered as stored, in this generation.
    pub(crate) async fn is_stored(&mut self, key: &BlobKey) -> Result<bool, StoreError> {
        let found = self
            .tx
            .fetch_optional::<(i64, String)>(SELECT_BLOB_STATE, (key.tenant.uuid(), &key.digest))
            .await?;
        Ok(found.is_some_and(|(generation, state)| generation == key.generation && state == "stored"))
    }

    /// Returns whether the register knows the content.
    pub(crate) async fn is_registered(&mut self, key: &BlobKey) -> Result<bool, StoreError> {
        Ok(self
            .tx
            .fetch_optional::<(i64, String)>(SELECT_BLOB, (key.tenant.uuid(), &key.digest))
            .await?
            .is_some())
    }
}

impl SystemTx<'_, FileWork> {
    /// Marks content as being deleted unless it was named in the meantime; returns where it is.
    pub(crate) async fn mark_deleting(
        &mut self,
        id: &BlobId,
        before: Deadlines,
    ) -> Result<Option<BlobKey>, StoreError> {
        let marked = self
            .tx
            .fetch_optional::<(i64,)>(MARK_DELETING, (id.0, &id.1, before.usual, before.imports))
            .await?;
        Ok(marked.map(|(generation,)| BlobKey {
            tenant: TenantId::from_uuid(id.0),
            digest: id.1.clone(),
            generation,
        }))
    }

    /// Starts the time after which content is deleted that no row names any more.
    pub(crate) async fn mark_unnamed(&mut self, id: &BlobId) -> Result<(), StoreError> {
        let now = self.now;
        self.tx.execute(MARK_UNNAMED, (id.0, &id.1, now)).await.map(drop)
    }

    /// Deletes the row of content that was deleted, unless it was stored again in the meantime.
    pub(crate) async fn delete_blob(&mut self, key: &BlobKey) -> Result<bool, StoreError> {
        let arguments = (key.tenant.uuid(), &key.digest, key.generation);
        let deleted = self
            .tx
            .fetch_optional::<(String, i64, DateTime<Utc>)>(DELETE_BLOB, arguments)
            .await?;
        let Some((owner, size, created_at)) = deleted else {
            return Ok(false);
        };
        self.tx
            .execute(ADD_USAGE, (key.tenant.uuid(), owner, created_at.date_naive(), -size))
            .await?;
        Ok(true)
    }

    /// Claims a file that waits to be checked, until a time.
    pub(crate) async fn claim_scan(&mut self, until: DateTime<Utc>) -> Result<Option<BlobKey>, StoreError> {
        let now = self.now;
        let claimed = self
            .tx
            .fetch_optional::<(Uuid, Vec<u8>, i64)>(CLAIM_SCAN, (now, until))
            .await?;
        Ok(claimed.map(|(tenant, digest, generation)| BlobKey {
            tenant: TenantId::from_uuid(tenant),
            digest,
            generation,
        }))
    }

    /// Records the result of a check; false if it was recorded before.
    pub(crate) async fn finish_scan(
        &mut self,
        key: &BlobKey,
        scan: FileScan,
        finding: Option<&str>,
    ) -> Result<bool, StoreError> {
        let arguments = (key.tenant.uuid(), &key.digest, key.generation, scan.name(), finding);
        Ok(self.tx.execute(FINISH_SCAN, arguments).await? == 1)
    }

    pub(crate) async fn postpone_scan(&mut self, key: &BlobKey, until: DateTime<Utc>) -> Result<(), StoreError> {
        let arguments = (key.tenant.uuid(), &key.digest, key.generation, until);
        self.tx.execute(POSTPONE_SCAN, arguments).await.map(drop)
    }

    /// Lets all files wait to be checked that were stored without a scanner.
    pub(crate) async fn require_scans(&mut self) -> Result<(), StoreError> {
        let now = self.now;
        self.tx.execute(REQUIRE_SCANS, (now,)).await.map(drop)
    }

    /// Makes unchecked files available again, because there is no scanner any more.
    pub(crate) async fn waive_scans(&mut self) -> Result<(), StoreError> {
        self.tx.execute(WAIVE_SCANS, ()).await.map(drop)
    }

    pub(crate) async fn delete_old_uploads(&mut self, before: DateTime<Utc>) -> Result<(), StoreError> {
        self.tx.execute(DELETE_OLD_UPLOADS, (before,)).await.map(drop)
    }

    /// Begins a complete sweep unless one began after a time. Returns the time of the last file without a register.
    pub(crate) async fn start_file_sweep(
        &mut self,
        unless_after: DateTime<Utc>,
    ) -> Result<Option<Option<DateTime<Utc>>>, StoreError> {
        let now = self.now;
        Ok(self
            .tx
            .fetch_optional::<(Option<DateTime<Utc>>,)>(START_SWEEP, (now, unless_after))
            .await?
            .map(|(legacy_before,)| legacy_before))
    }

    pub(crate) async fn finish_legacy_files(&mut self) -> Result<(), StoreError> {
        self.tx.execute(FINISH_LEGACY, ()).await.map(drop)
    }

    /// Registers content of unknown origin as being deleted; false if it was registered in the meantime.
    pub(crate) async fn register_deleting(&mut self, key: &BlobKey) -> Result<bool, StoreError> {
        let now = self.now;
        Ok(self
            .tx
            .execute(REGISTER_DELETING, (key.tenant.uuid(), &key.digest, now))
            .await?
            == 1)
    }

    /// Registers content that a row names; false if none does.
    pub(crate) async fn register_named(&mut self, key: &BlobKey) -> Result<bool, StoreError> {
        let now = self.now;
        Ok(self
            .tx
            .execute(REGISTER_NAMED, (key.tenant.uuid(), &key.digest, now))
            .await?
            == 1)
    }
}
