//! Statements for the photos of day entries, which are uploaded before the entry.

use domain::ids::{DayEntryId, DayEntryKind, StaffId, StaffKind, TargetId};
use domain::visits::reports::PhotoMark;
use sqlx::FromRow;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::{Key, OptionalName};
use crate::identity::actors::Staff;
use crate::visits::store::reports::FileRow;

/// A photo of an entry.
#[derive(Debug, Clone, FromRow)]
pub struct DayPhoto {
    pub entry_id: Key<DayEntryKind>,
    /// Zero-based index among the photos of the entry.
    pub position: i64,
    pub file_name: String,
    pub size_bytes: i64,
    /// SHA-256, the key in the file store.
    pub content_hash: Vec<u8>,
    #[sqlx(try_from = "OptionalName<PhotoMark>")]
    pub mark: Option<PhotoMark>,
}

const INSERT_PHOTO: &str = r"
    INSERT INTO day_photo (
        tenant_id, entry_id, position, technician_id, file_name, size_bytes, content_hash, created_at, mark
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (tenant_id, entry_id, position) DO NOTHING
";
macro_rules! select_photos {
    ($rest:literal) => {
        concat!(
            r"
                SELECT
                    day_photo.entry_id, day_photo.position, day_photo.file_name, day_photo.size_bytes,
                    day_photo.content_hash, day_photo.mark
                FROM day_photo
            ",
            $rest
        )
    };
}
const SELECT_OWN_PHOTOS: &str = select_photos!(
    r"
        WHERE day_photo.tenant_id = $1
          AND day_photo.entry_id = $2
          AND day_photo.technician_id = $3
        ORDER BY day_photo.position
        LIMIT 50
    "
);
const SELECT_PHOTOS_OF_OWN_QUEUED_ENTRIES: &str = select_photos!(
    r"
        JOIN day_entry ON day_entry.tenant_id = day_photo.tenant_id AND day_entry.id = day_photo.entry_id
        WHERE day_photo.tenant_id = $1
          AND day_entry.technician_id = $2
          AND day_entry.state = 'waiting'
        ORDER BY day_photo.entry_id, day_photo.position
        LIMIT 2000
    "
);
const SELECT_PHOTOS_OF_FORWARDED_ENTRIES: &str = select_photos!(
    r"
        JOIN day_entry ON day_entry.tenant_id = day_photo.tenant_id AND day_entry.id = day_photo.entry_id
        WHERE day_photo.tenant_id = $1
          AND day_entry.target_id = $2
          AND day_entry.state = 'handed_over'
        ORDER BY day_photo.entry_id, day_photo.position
        LIMIT 500
    "
);
const SELECT_PHOTOS_OF_KEPT_ENTRIES: &str = select_photos!(
    r"
        JOIN day_entry ON day_entry.tenant_id = day_photo.tenant_id AND day_entry.id = day_photo.entry_id
        WHERE day_photo.tenant_id = $1
          AND day_entry.target_id = $2
          AND day_entry.state = 'settled'
        ORDER BY day_photo.entry_id, day_photo.position
        LIMIT 500
    "
);
const SELECT_PHOTO_OWNER: &str = "SELECT technician_id FROM day_photo WHERE tenant_id = $1 AND entry_id = $2 LIMIT 1";
macro_rules! select_photo_file {
    ($rest:literal) => {
        concat!(
            r"
                SELECT day_photo.file_name, 'image/jpeg' AS media_type, day_photo.content_hash
                FROM day_photo
                JOIN day_entry ON day_entry.tenant_id = day_photo.tenant_id
                    AND day_entry.id = day_photo.entry_id
                WHERE day_photo.tenant_id = $1
                  AND day_photo.entry_id = $2
                  AND day_photo.position = $3 AND
            ",
            $rest
        )
    };
}
const SELECT_OWN_PHOTO_FILE: &str =
    select_photo_file!("day_entry.technician_id = $4 AND day_entry.state <> 'discarded'");
const SELECT_FORWARDED_PHOTO_FILE: &str = select_photo_file!("day_entry.state IN ('handed_over', 'settled')");
const DELETE_PHOTOS: &str = "DELETE FROM day_photo WHERE tenant_id = $1 AND entry_id = $2";
impl TenantTx<'_, Staff> {
    /// Inserts a photo unless one with the same entry and position exists.
    pub(crate) async fn insert_day_photo(&mut self, photo: &DayPhoto) -> Result<(), StoreError> {
        let (tenant, own, now) = (self.tenant(), self.own(), self.now);
        self.tx
            .execute(
                INSERT_PHOTO,
                (
                    tenant,
                    photo.entry_id.0.uuid(),
                    photo.position,
                    own,
                    &photo.file_name,
                    photo.size_bytes,
                    &photo.content_hash,
                    now,
                    photo.mark.map(PhotoMark::name),
                ),
            )
            .await
            .map(drop)
    }

    /// Returns the owner of the photos of an entry, if there are any.
    pub(crate) async fn day_photo_owner(&mut self, entry: DayEntryId) -> Result<Option<StaffId>, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .fetch_optional::<(Key<StaffKind>,)>(SELECT_PHOTO_OWNER, (tenant, entry.uuid()))
            .await?
            .map(|(key,)| key.0))
    }

    /// Lists the photos of an entry of the signed-in technician.
    pub(crate) async fn own_day_photos(&mut self, entry: DayEntryId) -> Result<Vec<DayPhoto>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        self.tx
            .fetch_all::<DayPhoto>(SELECT_OWN_PHOTOS, (tenant, entry.uuid(), own))
            .await
    }

    /// Lists the photos of all queued entries of the signed-in technician.
    pub(crate) async fn photos_of_queued_entries(&mut self) -> Result<Vec<DayPhoto>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        self.tx
            .fetch_all::<DayPhoto>(SELECT_PHOTOS_OF_OWN_QUEUED_ENTRIES, (tenant, own))
            .await
    }

    /// Lists the photos of a job's entries that were forwarded to dispatch.
    pub(crate) async fn photos_of_forwarded_entries(&mut self, target: TargetId) -> Result<Vec<DayPhoto>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<DayPhoto>(SELECT_PHOTOS_OF_FORWARDED_ENTRIES, (tenant, target.uuid()))
            .await
    }

    /// Lists the photos of a job's entries that dispatch kept as notes.
    pub(crate) async fn photos_of_kept_entries(&mut self, target: TargetId) -> Result<Vec<DayPhoto>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<DayPhoto>(SELECT_PHOTOS_OF_KEPT_ENTRIES, (tenant, target.uuid()))
            .await
    }

    /// Finds the file of a photo of the signed-in technician, unless its entry was discarded.
    pub(crate) async fn own_photo_file(
        &mut self,
        entry: DayEntryId,
        position: i64,
    ) -> Result<Option<FileRow>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        self.tx
            .fetch_optional::<FileRow>(SELECT_OWN_PHOTO_FILE, (tenant, entry.uuid(), position, own))
            .await
    }

    /// Deletes the photos of an entry.
    pub(crate) async fn delete_day_photos(&mut self, entry: DayEntryId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx.execute(DELETE_PHOTOS, (tenant, entry.uuid())).await?;
        Ok(())
    }

    /// Finds the file of a photo that was forwarded to dispatch.
    pub(crate) async fn forwarded_photo_file(
        &mut self,
        entry: DayEntryId,
        position: i64,
    ) -> Result<Option<FileRow>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<FileRow>(SELECT_FORWARDED_PHOTO_FILE, (tenant, entry.uuid(), position))
            .await
    }
}
